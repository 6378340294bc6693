"""Beginning a conversation about a case, from its page; it is read on the pages of `partners`."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from common.marks import Permission, Subject, needs
from partners.conversation_choices import CASE_TOPICS
from partners.views.conversation_start import begin_page
from referrals import talk
from referrals.notifications import SUBJECT
from referrals.views.shown import acting, visible

P = Permission


@needs(P.SIGNED_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The first message; offered are the organisations to which the case is open now."""
    actor, referral = acting(request), visible(request, uuid)
    if not talk.may_talk(actor, referral):
        raise Http404
    context = {
        "reference": referral.reference,
        "back": reverse("referrals:detail", args=[referral.uuid]),
    }
    return begin_page(
        request,
        others=talk.others(actor, referral),
        topics=CASE_TOPICS,
        subject=Subject(SUBJECT, referral.uuid),
        context=context,
    )
