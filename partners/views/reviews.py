"""placeholder until the apply helper writes it"""
from django.http import Http404
from common.marks import Permission, needs


@needs(Permission.SIGNED_IN)
def queue(request, **kw):
    raise Http404

@needs(Permission.SIGNED_IN)
def review(request, **kw):
    raise Http404

@needs(Permission.SIGNED_IN)
def act(request, **kw):
    raise Http404

@needs(Permission.SIGNED_IN)
def invitations(request, **kw):
    raise Http404

@needs(Permission.SIGNED_IN)
def revoke_invitation(request, **kw):
    raise Http404
