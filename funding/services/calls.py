"""Calls: writing one, its criteria and reviewers, questions and their answers, what a date does.

What moves a call from one state to the next stands in `funding/call_workflow.py`.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from common.marks import Permission
from common.workflow import NotAllowed, NotPossible, Stale
from funding import call_notifications as notifications
from funding.call_choices import CallEventKind, CallState, ReviewState
from funding.call_workflow import CALL, REVIEW
from funding.models import Call, CallEvent, CallQuestion, Criterion, Fund, Reviewer
from funding.services import funds, reviews
from partners.access import Actor, system_actor
from partners.models import Organisation
from partners.services.memberships import require

S = CallState
P = Permission
TEXT = (
    "kind", "title", "purpose", "currency", "amount", "largest", "eligible_kinds",
    "eligible_capacities", "area", "questions_until_at", "closes_at", "decide_by_on",
    "reviews_needed", "second_person", "is_emergency",
)  # fmt: skip
MOST_CRITERIA = 12
MOST_REVIEWERS = 20
MOST_QUESTIONS = 20
"""Of one organisation about one call."""
BATCH = 50


@transaction.atomic
def draft_call(*, client_key: UUID, fund: Fund, by: Actor, at: datetime, **text: Any) -> Call:
    """Begin a draft. The same key again gives the one it made. Raises NotAllowed, NotPossible."""
    require(by, P.FUNDING_KEEP, fund)
    standing = Call.objects.filter(client_key=client_key).first()
    if standing is not None:
        require(by, P.FUNDING_KEEP, standing)
        return standing
    row = Call(
        client_key=client_key, fund=fund, created_at=at, created_by=_person(by), **_known(text)
    )
    _refuse_what_does_not_fit(row)
    row.save()
    note(row, CallEventKind.DRAFTED, by=by, at=at)
    return row


@transaction.atomic
def change_text(*, call: Call, by: Actor, at: datetime, version: int, **text: Any) -> Call:
    """Change what a draft says. Raises NotAllowed, NotPossible, Stale."""
    row = _draft(call, by, version)
    for name, value in _known(text).items():
        setattr(row, name, value)
    _refuse_what_does_not_fit(row)
    return _changed(row, by=by, at=at)


@transaction.atomic
def add_criterion(
    *, call: Call, name: str, words: str, weight: int, by: Actor, at: datetime
) -> Criterion:
    """Enter a criterion; the same name again changes it. Raises NotAllowed, NotPossible."""
    row = _draft(call, by)
    if row.criteria.exclude(name=name).count() >= MOST_CRITERIA:
        raise NotPossible(_("A call has at most %(n)s criteria.") % {"n": MOST_CRITERIA})
    made, _new = Criterion.objects.update_or_create(
        call=row, name=name, defaults={"words": words, "weight": weight}
    )
    _changed(row, by=by, at=at)
    return made


@transaction.atomic
def remove_criterion(*, call: Call, criterion: UUID, by: Actor, at: datetime) -> None:
    """Take a criterion out of a draft. Raises NotAllowed, NotPossible."""
    row = _draft(call, by)
    row.criteria.filter(uuid=criterion).delete()
    _changed(row, by=by, at=at)


@transaction.atomic
def publish(*, call: Call, by: Actor, at: datetime, version: int | None = None) -> Call:
    """Open a call for applications; its fund is made known with it.

    Raises NotAllowed, NotPossible, Stale.
    """
    row = CALL.apply(call, "publish", by=by, at=at, version=version)
    funds.publish(fund=row.fund, by=by, at=at)
    return row


# --- reviewers ------------------------------------------------------------------------------------


@transaction.atomic
def name_reviewer(
    *, call: Call, user: User, organisation: Organisation, by: Actor, at: datetime
) -> Reviewer:
    """Name a person to review; after closing they are asked about every application at once.

    Naming the same person again changes nothing. Raises NotAllowed, NotPossible.
    """
    row = _until_decided(call, by)
    standing: Reviewer | None = row.reviewers.filter(user=user).first()
    if standing is not None:
        if standing.ended_at is not None:
            raise NotPossible(_("This person was released from the call."))
        return standing
    if row.reviewers.filter(ended_at__isnull=True).count() >= MOST_REVIEWERS:
        raise NotPossible(_("A call has at most %(n)s reviewers.") % {"n": MOST_REVIEWERS})
    made = Reviewer.objects.create(
        call=row, user=user, organisation=organisation, named_at=at, named_by=_person(by)
    )
    note(row, CallEventKind.REVIEWER_NAMED, by=by, at=at)
    if row.state == S.IN_REVIEW:
        reviews.ask(call=row, reviewers=[made], by=by, at=at)
    return made


@transaction.atomic
def release_reviewer(*, call: Call, reviewer: UUID, by: Actor, at: datetime) -> None:
    """Wait for a reviewer no longer; what they sent stays. Raises NotAllowed, NotPossible."""
    row = _until_decided(call, by)
    found = row.reviewers.select_for_update(of=("self",)).filter(uuid=reviewer).first()
    if found is None or found.ended_at is not None:
        return
    found.ended_at = at
    found.save(update_fields=["ended_at"])
    system = system_actor("workflow", at)
    for each in found.reviews.filter(state__in=[ReviewState.ASSIGNED, ReviewState.CLEARED]):
        REVIEW.apply(each, "release", by=system, at=at)
    note(row, CallEventKind.REVIEWER_RELEASED, by=by, at=at)


# --- questions ------------------------------------------------------------------------------------


@transaction.atomic
def ask(*, call: Call, words: str, client_key: UUID, by: Actor, at: datetime) -> CallQuestion:
    """Ask what a call means, for one's organisation; nobody is told who asked.

    The same key again gives the question it made. Raises NotAllowed, NotPossible.
    """
    require(by, P.FUNDING_APPLY, call)
    home = by.organisation
    standing = CallQuestion.objects.filter(client_key=client_key).first()
    if standing is not None and standing.organisation_id == by.organisation_id:
        return standing
    row = Call.objects.select_for_update(of=("self",)).get(pk=call.pk)
    if home is None:
        raise NotAllowed(_("A question is asked for an organisation."))
    if not row.takes_applications(at) or at >= row.questions_until_at:
        raise NotPossible(_("The time for questions is over."))
    if row.questions.filter(organisation=home).count() >= MOST_QUESTIONS:
        raise NotPossible(_("An organisation asks at most %(n)s.") % {"n": MOST_QUESTIONS})
    made = CallQuestion.objects.create(
        client_key=client_key, call=row, organisation=home, words=words, asked_at=at,
        asked_by=_person(by),
    )  # fmt: skip
    # The system's line: whose question it is stands in no timeline.
    event = note(row, CallEventKind.ASKED, by=system_actor("workflow", at), at=at)
    notifications.asked(made, event, by=by, at=at)
    return made


@transaction.atomic
def answer(*, question: CallQuestion, words: str, by: Actor, at: datetime) -> CallQuestion:
    """Answer a question, for everybody to read; once. Raises NotAllowed, NotPossible."""
    require(by, P.FUNDING_KEEP, question)
    row = CallQuestion.objects.select_for_update(of=("self",)).get(pk=question.pk)
    if row.answered_at is not None:
        raise NotPossible(_("This question is answered. What was published stays."))
    if row.call.state != S.OPEN:
        raise NotPossible(_("The call is not open."))
    row.answer, row.answered_at, row.answered_by = words, at, _person(by)
    row.save()
    event = note(row.call, CallEventKind.ANSWERED, by=by, at=at)
    notifications.answered(row, event, by=by, at=at)
    return row


# --- what a date does -----------------------------------------------------------------------------


def close(*, call: Call, by: Actor, at: datetime) -> Call:
    """Close a call whose moment has come, and ask its reviewers. Raises NotAllowed, NotPossible."""
    with transaction.atomic():
        row = CALL.apply(call, "close", by=by, at=at)
        if not row.is_emergency:
            named = row.reviewers.filter(ended_at__isnull=True)
            reviews.ask(
                call=row, reviewers=list(named.select_related("organisation")), by=by, at=at
            )
    return row


def keep_up(at: datetime) -> int:
    """Close what is to be closed; how many. Part of the sweep: one query where nothing is due."""
    by = system_actor("sweep", at)
    due = Call.objects.filter(state=S.OPEN, closes_at__lte=at).order_by("closes_at", "pk")
    closed = 0
    for row in due[:BATCH]:
        try:
            close(call=row, by=by, at=at)
        except (NotPossible, Stale):
            continue  # somebody else has just closed it
        closed += 1
    return closed


def note(
    call: Call, kind: CallEventKind, *, by: Actor, at: datetime, comment: str = ""
) -> CallEvent:
    """Write one line of a call's past."""
    return CallEvent.objects.create(
        call=call, kind=kind, at=at, by=by.user, by_organisation=by.organisation, comment=comment
    )


def _draft(call: Call, by: Actor, version: int | None = None) -> Call:
    require(by, P.FUNDING_KEEP, call)
    row = Call.objects.select_for_update(of=("self",)).get(pk=call.pk)
    if row.state != S.DRAFT:
        raise NotPossible(_("Only a draft is changed. What was published stays as it is."))
    if version is not None and row.version != version:
        raise Stale(row)
    return row


def _until_decided(call: Call, by: Actor) -> Call:
    require(by, P.FUNDING_KEEP, call)
    row = Call.objects.select_for_update(of=("self",)).get(pk=call.pk)
    if row.state not in {S.DRAFT, S.OPEN, S.IN_REVIEW}:
        raise NotPossible(_("The call is decided."))
    if row.is_emergency:
        raise NotPossible(_("Emergency money is decided without reviewers."))
    return row


def _changed(row: Call, *, by: Actor, at: datetime) -> Call:
    row.version += 1
    row.save()
    last = row.events.first()
    if last is None or last.kind != CallEventKind.CHANGED or last.by != by.user:
        note(row, CallEventKind.CHANGED, by=by, at=at)
    return row


def _refuse_what_does_not_fit(row: Call) -> None:
    fund = row.fund
    if row.currency != fund.currency:
        words = _("The fund is in %(fund)s. A call from it cannot be in %(asked)s.")
        raise NotPossible(words % {"fund": fund.currency, "asked": row.currency})
    if fund.kinds and row.kind not in fund.kinds:
        raise NotPossible(_("The fund does not pay for this."))
    if row.is_emergency:
        row.reviews_needed, row.second_person = 0, False


def _known(given: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(given) - set(TEXT):
        raise TypeError(f"A call has no {sorted(unknown)}")
    return given


def _person(by: Actor) -> User:
    if by.user is None:
        raise NotAllowed(_("A person does this, never the system."))
    return by.user
