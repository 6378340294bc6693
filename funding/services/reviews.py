"""Reviews: asking reviewers, declaring conflicts of interest, scoring."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from common.marks import Permission
from common.workflow import NotAllowed, NotPossible
from funding import call_access
from funding import call_notifications as notifications
from funding.call_choices import MOST_POINTS, ApplicationState, CallState, ReviewState
from funding.call_workflow import REVIEW
from funding.models import Call, Review, Reviewer, Score
from partners.access import Actor


def ask(*, call: Call, reviewers: Iterable[Reviewer], by: Actor, at: datetime) -> list[Review]:
    """A review of each submitted application for each reviewer; what stands already stays.

    Whoever works for the applicant has a conflict of interest from the start.
    """
    applications = list(call.applications.filter(state=ApplicationState.SUBMITTED))
    rows = []
    for reviewer in reviewers:
        for application in applications:
            own = reviewer.organisation_id == application.organisation_id
            rows.append(
                Review(
                    reviewer=reviewer,
                    application=application,
                    created_at=at,
                    **(_works_for_the_applicant(at) if own else {}),
                )
            )
    Review.objects.bulk_create(rows, ignore_conflicts=True)
    made = list(
        Review.objects.filter(reviewer__in={row.reviewer_id for row in rows}).select_related(
            "reviewer__call", "reviewer__organisation"
        )
    )
    notifications.asked_to_review(made, by=by, at=at)
    return made


def _works_for_the_applicant(at: datetime) -> dict[str, object]:
    words = _("Works for the organisation that applies.")
    return {"state": ReviewState.CONFLICT, "conflict": words, "declared_at": at}


def declare(*, review: Review, conflict: str, by: Actor, at: datetime) -> Review:
    """Say whether something ties one to the applicant; in words where it does.

    Raises NotAllowed, NotPossible.
    """
    if conflict:
        return REVIEW.apply(review, "conflict", by=by, at=at, conflict=conflict)
    return REVIEW.apply(review, "clear", by=by, at=at)


@transaction.atomic
def score(
    *, review: Review, points: Mapping[int, int], words: str, by: Actor, at: datetime
) -> Review:
    """Save points by criterion, {key of criterion: points}, without sending them yet.

    Raises NotAllowed, NotPossible.
    """
    row = _own(review, by)
    known = set(row.reviewer.call.criteria.values_list("pk", flat=True))
    for criterion, given in points.items():
        if criterion not in known or not 0 <= given <= MOST_POINTS:
            raise NotPossible(_("Points are between 0 and %(n)s.") % {"n": MOST_POINTS})
        Score.objects.update_or_create(
            review=row, criterion_id=criterion, defaults={"points": given}
        )
    row.words = words
    row.version += 1
    row.save(update_fields=["words", "version"])
    return row


@transaction.atomic
def submit(
    *, review: Review, points: Mapping[int, int], words: str, by: Actor, at: datetime
) -> Review:
    """Save the points and send them; nobody reads them until all are in.

    Raises NotAllowed, NotPossible.
    """
    row = score(review=review, points=points, words=words, by=by, at=at)
    return REVIEW.apply(row, "submit", by=by, at=at)


def _own(review: Review, by: Actor) -> Review:
    row = Review.objects.select_for_update(of=("self",)).get(pk=review.pk)
    if not (decision := call_access.to_review(by, Permission.SIGNED_IN, row)):
        raise NotAllowed(str(decision.reason))
    if row.state != ReviewState.CLEARED:
        raise NotPossible(_("Declare first whether there is a conflict of interest."))
    if row.reviewer.call.state != CallState.IN_REVIEW:
        raise NotPossible(_("The call is not being decided."))
    return row


def all_in(call: Call) -> bool:
    """Whether nothing is waited for, so that the scores may be read."""
    return not Review.objects.open().filter(reviewer__call=call).exists()


def waiting(call: Call) -> int:
    """How many reviews of a call are waited for: a number, nobody's name."""
    return Review.objects.open().filter(reviewer__call=call).count()
