"""Who decides: which organisations stand behind the profile's names, and what follows from it.

Naming is at once; that a new seat receives what waits already, and that one that ended does not see
it any more, is done by the sweep, referral by referral.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from common.country import current
from common.marks import Permission
from common.wake import wake
from common.workflow import NotAllowed, NotPossible
from partners import grants
from partners.access import Actor, system_actor
from partners.choices import Capacity, EventKind, GrantReason, OrganisationState, Role
from partners.models import Organisation, OrganisationEvent
from partners.models.organisation import OrganisationQuerySet
from partners.services.memberships import role_group
from referrals import clocks, deciding, notifications, steps
from referrals.deciding import DecidingStage
from referrals.models import DecidingSeat, Decision, Referral

SWEEP = "deadlines.sweep"


def able_to_decide() -> OrganisationQuerySet:
    """The organisations that can be named: members that hold the capacity to decide."""
    return Organisation.objects.members().holding(Capacity.COMPETENT_AUTHORITY)


@transaction.atomic
def name_decider(
    *, authority: str, organisation: Organisation, by: Actor, at: datetime
) -> DecidingSeat:
    """Say that an organisation decides, or sits among those who do, under a name of the profile.

    The co-ordination does, or the installation. An equal standing seat is returned as it is. Raises
    NotAllowed, NotPossible for a name the profile does not have, or an organisation that does not
    hold the capacity.
    """
    _require_naming(by)
    if authority not in {each.id for each in current().authorities}:
        raise NotPossible(_("The country has no such authority."))
    if not able_to_decide().filter(pk=organisation.pk).exists():
        raise NotPossible(_("The organisation does not hold the capacity to decide."))
    seat, is_new = DecidingSeat.objects.get_or_create(
        authority=authority,
        organisation=organisation,
        ended_at=None,
        defaults={"since_at": at, "named_by": by.user},
    )
    if is_new:
        _record(seat, EventKind.SEAT_NAMED, by=by, at=at)
        wake(SWEEP)
    return seat


@transaction.atomic
def end_seat(*, seat: DecidingSeat, by: Actor, at: datetime) -> DecidingSeat:
    """The organisation decides no longer; what it decided stands. Raises NotAllowed."""
    _require_naming(by)
    row = DecidingSeat.objects.select_for_update(of=("self",)).get(pk=seat.pk)
    if row.ended_at is None:
        row.ended_at, row.ended_by, row.followed_at = at, by.user, None
        row.save(update_fields=["ended_at", "ended_by", "followed_at"])
        _record(row, EventKind.SEAT_ENDED, by=by, at=at)
        wake(SWEEP)
    return row


def _require_naming(by: Actor) -> None:
    if not by.system and Permission.DECIDER_NAME not in by.permissions:
        raise NotAllowed(_("The co-ordination says who decides."))


def _record(seat: DecidingSeat, kind: EventKind, *, by: Actor, at: datetime) -> None:
    """One line of the organisation's past; a seat is about no person."""
    OrganisationEvent.objects.create(
        organisation=seat.organisation,
        kind=kind,
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=str(deciding.authority_name(seat.authority)),
    )


# --- what follows ---------------------------------------------------------------------------------


def follow_seats(at: datetime) -> int:
    """Let what waits for a decision follow the seats that were named or ended since.

    Safe to run twice or in two places at once: each referral is looked at under its lock. Returns
    how many referrals were given to somebody or taken from somebody.
    """
    by = system_actor("sweep", at)
    changed = 0
    for seat in DecidingSeat.objects.filter(followed_at__isnull=True).order_by("pk"):
        stages = [each for each in deciding.stages() if seat.authority in each.names]
        for stage in stages:
            waiting = Referral.objects.filter(state__in=deciding.states_awaiting(stage))
            for pk in list(waiting.order_by("pk").values_list("pk", flat=True)):
                changed += _follow(pk, stage, seat, by=by, at=at)
        unchanged = DecidingSeat.objects.filter(pk=seat.pk, ended_at=seat.ended_at)
        unchanged.update(followed_at=at)
    return changed


@transaction.atomic
def _follow(pk: int, stage: DecidingStage, seat: DecidingSeat, *, by: Actor, at: datetime) -> bool:
    referral = Referral.objects.select_for_update(of=("self",)).get(pk=pk)
    if referral.state not in deciding.states_awaiting(stage):
        return False
    wanted = deciding.deciders(referral, stage)
    have = set(steps.recipients_of(referral))
    new = [each for each in wanted if each.pk not in have]
    if new:
        steps.share(referral, new, by=by, at=at)
        clocks.took_seats(referral, by=by, at=at)
        notifications.tell_new_deciders(referral, new, key=seat.pk, by=by, at=at)
    ended = _no_longer(referral, seat, wanted, have)
    for organisation in ended:
        group = role_group(organisation=organisation, role=Role.OFFICER, at=at).group
        grants.revoke(subject=referral, to=group, by=None, at=at, reason=GrantReason.AUTHORITY)
    return bool(new or ended)


def _no_longer(
    referral: Referral, seat: DecidingSeat, wanted: Iterable[Organisation], have: set[int]
) -> list[Organisation]:
    """Whose seat ended, who has no part in it otherwise, and can see it still."""
    organisation = seat.organisation
    stays = {each.pk for each in wanted} | {referral.authority_id}
    stays |= set(Decision.objects.filter(referral=referral).values_list("decided_for", flat=True))
    gone = seat.ended_at is not None or organisation.state != OrganisationState.MEMBER
    return [organisation] if gone and organisation.pk in have - stays else []
