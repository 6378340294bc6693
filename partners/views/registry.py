"""placeholder until the registry helper writes it"""
from django.http import Http404
from common.marks import Permission, needs


@needs(Permission.SIGNED_IN)
def registry(request, **kw):
    raise Http404

@needs(Permission.SIGNED_IN)
def organisation(request, **kw):
    raise Http404

@needs(Permission.SIGNED_IN)
def act_for(request, **kw):
    raise Http404
