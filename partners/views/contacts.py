"""placeholder until the registry helper writes it"""
from django.http import Http404
from common.marks import Permission, needs


@needs(Permission.SIGNED_IN)
def contacts(request, **kw):
    raise Http404

@needs(Permission.SIGNED_IN)
def new(request, **kw):
    raise Http404

@needs(Permission.SIGNED_IN)
def contact(request, **kw):
    raise Http404

@needs(Permission.SIGNED_IN)
def new_deputy(request, **kw):
    raise Http404

@needs(Permission.SIGNED_IN)
def edit(request, **kw):
    raise Http404

@needs(Permission.SIGNED_IN)
def act(request, **kw):
    raise Http404
