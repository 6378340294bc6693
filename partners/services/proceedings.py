"""Suspending a member and refusing an application: notice, panel, votes, and what lapses.

Answering, appealing and deciding are transitions of `partners/workflow.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from common.marks import Permission, Subject
from common.workflow import NotAllowed, NotPossible, Refusal
from partners import clocks, notifications, panels
from partners.access import Actor, system_actor
from partners.choices import (
    BEFORE_THE_REVIEWER,
    CIVIL_SOCIETY,
    REASONS_FOR,
    EventKind,
    Instance,
    OrganisationState,
    ProceedingKind,
    ProceedingReason,
    ProceedingState,
    Vote,
)
from partners.models import Membership, Organisation, OrganisationEvent, PanelSeat, Proceeding
from partners.models.proceedings import ANSWER_AT_LEAST
from partners.services.memberships import require
from partners.workflow import ORGANISATION, PROCEEDING

#: What can be asked about an organisation, by where it stands.
KIND_BY_STATE = {
    OrganisationState.MEMBER: ProceedingKind.SUSPENSION,
    **dict.fromkeys((*BEFORE_THE_REVIEWER, OrganisationState.RETURNED), ProceedingKind.REFUSAL),
}


class PanelRefused(ValueError):
    """These people cannot be the panel; the message says why."""


@dataclass(frozen=True)
class Named:
    """Somebody to be named to a panel, for the organisation they sit for."""

    user: User
    organisation: Organisation
    has_vote: bool = True


@transaction.atomic
def give_notice(
    *,
    organisation: Organisation,
    reason: ProceedingReason,
    words: str,
    by: Actor,
    at: datetime,
    answer_within: timedelta = ANSWER_AT_LEAST,
    security_words: str = "",
) -> Proceeding:
    """Tell an organisation that its place is in question, why, and until when it can answer.

    `security_words` say why its own files should be closed to it too. Nothing else changes for it
    before a panel has decided. Raises NotAllowed; NotPossible where there is nothing to refuse or
    suspend, the reason is not on the list, or a proceeding is open.
    """
    require(by, Permission.ORGANISATION_REVIEW, organisation)
    if by.user is None:
        raise NotAllowed(_("A person gives notice, never the system."))
    row = Organisation.objects.select_for_update(of=("self",)).get(pk=organisation.pk)
    kind = KIND_BY_STATE.get(OrganisationState(row.state))
    if kind is None:
        raise NotPossible(_("There is neither an application to refuse nor a member to suspend."))
    if reason not in REASONS_FOR[kind]:
        raise NotPossible(_("This reason is not on the closed list."))
    if row.proceedings.undecided().exists():
        raise NotPossible(_("A proceeding about this organisation is open already."))
    if answer_within < ANSWER_AT_LEAST:
        raise NotPossible(_("The organisation has at least 14 days to answer."))
    proceeding = Proceeding.objects.create(
        organisation=row,
        kind=kind,
        reason=reason,
        words=words.strip(),
        withholds_files=bool(security_words.strip()),
        security_words=security_words.strip(),
        noticed_at=at,
        noticed_by=by.user,
        answer_until_at=at + answer_within,
    )
    _event(proceeding, EventKind.NOTICE_GIVEN, ProceedingReason(reason).label, by=by, at=at)
    notifications.notice_given(proceeding, by=by, at=at)
    clocks.proceeding_moved(proceeding, None, by=by, at=at)
    return proceeding


@transaction.atomic
def name_panel(
    *,
    proceeding: Proceeding,
    people: Sequence[Named],
    by: Actor,
    at: datetime,
    body: Subject | None = None,
) -> list[PanelSeat]:
    """Name who decides, or who hears the appeal; replaces seats as long as nobody has voted.

    `body` is the body whose seats these are, where it is not a panel of named people. Raises
    NotAllowed, NotPossible, PanelRefused.
    """
    row = Proceeding.objects.select_for_update(of=("self",)).get(pk=proceeding.pk)
    require(by, Permission.ORGANISATION_REVIEW, row)
    if by.user is None:
        raise NotAllowed(_("A person names a panel, never the system."))
    if row.instance == Instance.APPEAL and by.user_id == row.noticed_by_id:
        raise NotAllowed(_("You gave the notice, so somebody else names who hears the appeal."))
    if row.state not in (
        ProceedingState.NOTICED,
        ProceedingState.ANSWERED,
        ProceedingState.APPEALED,
    ):
        raise NotPossible(_("This proceeding has been decided."))
    standing = row.seats.filter(instance=row.instance)
    if standing.exclude(vote="").exists():
        raise NotPossible(_("Somebody has voted already: the panel stays as it is."))
    standing.delete()
    _refuse_wrong_people(row, people, at)
    seats = [
        PanelSeat(
            proceeding=row,
            instance=row.instance,
            user=named.user,
            organisation=named.organisation,
            has_vote=named.has_vote,
            is_civil_society=named.organisation.kind in CIVIL_SOCIETY,
            body_kind=body.kind if body else "",
            body_uuid=body.uuid if body else None,
            named_at=at,
            named_by=by.user,
        )
        for named in people
    ]
    if panels.is_incomplete([seat for seat in seats if seat.has_vote]):
        raise PanelRefused(
            _("At least three people vote, and at least one of them for civil society.")
        )
    PanelSeat.objects.bulk_create(seats)
    _event(row, EventKind.PANEL_NAMED, Instance(row.instance).label, by=by, at=at)
    clocks.panel_named(row, by=by, at=at)
    notifications.panel_named(row, [seat.user_id for seat in seats], by=by, at=at)
    return seats


def _refuse_wrong_people(row: Proceeding, people: Sequence[Named], at: datetime) -> None:
    voting = [named.organisation.pk for named in people if named.has_vote]
    if len(set(voting)) != len(voting):
        raise PanelRefused(_("Each organisation has one vote: name one voting person for each."))
    users = [named.user.pk for named in people]
    if len(set(users)) != len(users):
        raise PanelRefused(_("Somebody is named twice."))
    active = Membership.objects.active(at).filter(user__in=users)
    works = set(active.values_list("user_id", "organisation_id"))
    seated = set(row.seats.values_list("user_id", flat=True))
    for named in people:
        if named.organisation.state != OrganisationState.MEMBER:
            raise PanelRefused(_("Only members of the mechanism sit on a panel."))
        if (named.user.pk, named.organisation.pk) not in works:
            raise PanelRefused(_("Somebody named does not work for the organisation they sit for."))
        if (named.user.pk, row.organisation_id) in works:
            raise PanelRefused(_("Somebody named works for the organisation it is about."))
        if named.user.pk in {row.noticed_by_id, *seated}:
            raise PanelRefused(_("Whoever gave the notice or has decided already cannot sit."))


@transaction.atomic
def cast_vote(
    *, proceeding: Proceeding, vote: Vote, reasons: str, by: Actor, at: datetime
) -> Proceeding:
    """Record one's vote with its reasons; the last one decides, and that is carried out at once.

    A vote is given once and not changed. Raises NotAllowed, NotPossible.
    """
    row = Proceeding.objects.select_for_update(of=("self",)).get(pk=proceeding.pk)
    require(by, Permission.PANEL_SIT, row)
    if row.state not in (
        ProceedingState.NOTICED,
        ProceedingState.ANSWERED,
        ProceedingState.APPEALED,
    ):
        raise NotPossible(_("This proceeding has been decided."))
    if refusal := panels.not_yet(row, at):
        raise NotPossible(str(refusal.reason))
    if vote == Vote.KEEPS_FILES and not row.withholds_files:
        raise NotPossible(_("Nobody asked to close the organisation’s files."))
    if not reasons.strip():
        raise NotPossible(_("A vote is recorded with its reasons."))
    seats = row.seats.sat_on_by(by).select_for_update(of=("self",))
    seat = seats.get(instance=row.instance)
    if seat.vote:
        raise NotPossible(_("You have voted already."))
    seat.vote, seat.reasons, seat.voted_at = vote, reasons.strip(), at
    seat.save(update_fields=["vote", "reasons", "voted_at"])
    if isinstance(panels.votes_missing(row), Refusal):
        return row
    act = "decide_appeal" if row.instance == Instance.APPEAL else "decide"
    return PROCEEDING.apply(row, act, by=by, at=at)


def lapse_overdue(at: datetime) -> int:
    """Lift suspensions whose appeal nobody decided in time; safe at any time. How many.

    An organisation does not stay shut out because others were slow.
    """
    late = Proceeding.objects.filter(
        kind=ProceedingKind.SUSPENSION,
        state=ProceedingState.APPEALED,
        appeal_due_at__lte=at,
        organisation__state=OrganisationState.SUSPENDED,
    )
    system = system_actor("sweep", at)
    lifted = 0
    for proceeding in late.select_related("organisation"):
        try:
            ORGANISATION.apply(proceeding.organisation, "reinstate", by=system, at=at)
        except NotPossible:
            continue  # decided, or lifted by another sweep, a moment ago
        lifted += 1
    return lifted


def _event(
    proceeding: Proceeding, kind: EventKind, comment: object, *, by: Actor, at: datetime
) -> None:
    OrganisationEvent.objects.create(
        organisation=proceeding.organisation,
        kind=kind,
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=str(comment),
    )
