"""What the sweep does with drafts: tell that one runs out, and let it run out."""

from datetime import datetime

from django.db import transaction

from common.workflow import NotPossible
from deadlines.choices import Urgency
from partners.access import system_actor
from referrals.choices import State
from referrals.clocks import DRAFT_KEPT, DRAFT_WARNED
from referrals.models import Referral
from referrals.notifications import tell_first_responder
from referrals.workflow import referral_workflow

BATCH = 500


def expire_drafts(at: datetime) -> int:
    """Drafts nobody worked on for 30 days run out; a notice goes out seven days before.

    Safe to run twice or in two places at once. Whoever keeps the file can take it up again. Returns
    how many were told about or ran out.
    """
    return _warn(at) + _expire(at)


def _warn(at: datetime) -> int:
    # All that are near their end, or past it: after an outage somebody is told first, all the same.
    near = Referral.objects.filter(
        state=State.DRAFT, saved_at__lte=at - DRAFT_KEPT + DRAFT_WARNED, warned_at__isnull=True
    ).order_by("saved_at", "pk")
    by = system_actor("sweep", at)
    told = 0
    for pk in list(near.values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            draft = near.select_for_update(of=("self",), skip_locked=True).filter(pk=pk).first()
            if draft is None:
                continue  # worked on, or told by another sweep
            tell_first_responder(
                draft,
                "referral_draft_expires",
                f"{draft.pk}:{draft.version}",
                by=by,
                at=at,
                urgency=Urgency.DIGEST,
            )
            # No version: whoever has the draft open in a browser loses nothing by being told.
            told += Referral.objects.filter(pk=pk).update(warned_at=at)
    return told


def _expire(at: datetime) -> int:
    over = Referral.objects.filter(
        state=State.DRAFT, saved_at__lte=at - DRAFT_KEPT, warned_at__lte=at - DRAFT_WARNED
    ).order_by("saved_at", "pk")
    by = system_actor("sweep", at)
    ended = 0
    for draft in over[:BATCH]:
        try:
            referral_workflow().apply(draft, "expire", by=by, at=at)
        except NotPossible:
            continue  # somebody worked on it, or another sweep was faster
        ended += 1
    return ended
