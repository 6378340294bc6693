"""placeholder until the apply helper writes it"""
from django.http import Http404
from common.marks import Permission, needs


@needs(Permission.SIGNED_IN)
def task_list(request, **kw):
    raise Http404

@needs(Permission.SIGNED_IN)
def check(request, **kw):
    raise Http404

@needs(Permission.SIGNED_IN)
def act(request, **kw):
    raise Http404

@needs(Permission.SIGNED_IN)
def page(request, **kw):
    raise Http404
