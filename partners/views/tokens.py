"""placeholder until the registry helper writes it"""
from django.http import Http404
from common.marks import Permission, needs


@needs(Permission.SIGNED_IN)
def tokens(request, **kw):
    raise Http404

@needs(Permission.SIGNED_IN)
def revoke(request, **kw):
    raise Http404
