"""What closes a case beyond its grants: which grants give nothing, who is named, who may be told.

Reads only. Restricting, naming and keeping somebody out are in `services/restrictions` and
`services/exclusions`; that an excluded person sees nothing says `kept_out` beside `visible_to`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from accounts.models import User
from partners.choices import Capacity, GrantReason, Role
from partners.grants import Barred, Standing
from partners.models import HeldCapacity, Membership, Organisation, RoleGroup, Team
from referrals.models import Exclusion, Referral, ReferralGrantBasis
from referrals.models.referral import live_at

#: A restricted case has at least so many named people in every organisation with a part in it.
ENOUGH = 2
#: What still opens a restricted case: to one person each.
IN_PERSON = (GrantReason.NAMED, GrantReason.BREAK_GLASS)
#: Who names people for a restricted case: the first of these roles that anybody there holds.
NAMERS = (Role.MANAGER, Role.OFFICER, Role.CASEWORKER)
#: Who can be named: those whose roles work on referrals.
ROLES = (Role.CASEWORKER, Role.MANAGER, Role.OFFICER)


def barred(referrals: Sequence[Referral]) -> Barred:
    """Which bases give nothing: all of groups on a restricted case, those of who is kept out."""
    restricted = {each.pk for each in referrals if each.is_restricted}
    people: set[tuple[int, int | None]] = set()
    bodies: set[tuple[int, int | None]] = set()
    standing = Exclusion.objects.standing().filter(referral__in=referrals)
    for referral, user, organisation in standing.values_list("referral", "user", "organisation"):
        (people if user else bodies).add((referral, user or organisation))
    names = {organisation for _referral, organisation in bodies}
    body_of: dict[int, int] = {}
    for model in (RoleGroup, Team) if names else ():
        found = model.objects.filter(organisation__in=names)
        body_of |= dict(found.values_list("group", "organisation"))

    def bars(basis: Standing) -> bool:
        if basis.subject_id in restricted and basis.reason not in IN_PERSON:
            return True
        if basis.user_id is not None:
            return (basis.subject_id, basis.user_id) in people
        return (basis.subject_id, body_of.get(basis.group_id or 0)) in bodies

    return bars


# --- who is named ---------------------------------------------------------------------------------


def named(referral: Referral, organisation: Organisation, at: datetime) -> QuerySet[User]:
    """The people of an organisation who are named for the case and work there now."""
    bases = ReferralGrantBasis.objects.filter(
        subject=referral, reason=GrantReason.NAMED, permission="see", ended_at=None
    )
    return _workers(organisation, at).filter(pk__in=bases.values("user")).order_by("pk")


def numbers_named(
    referrals: Iterable[Referral], organisation: Organisation, at: datetime
) -> dict[int, int]:
    """For a page of cases: {key of the case: how many `named` would find}, none left out."""
    keys = [referral.pk for referral in referrals]
    bases = ReferralGrantBasis.objects.filter(
        subject__in=keys,
        reason=GrantReason.NAMED,
        permission="see",
        ended_at=None,
        user__in=_workers(organisation, at),
    )
    counted = bases.values_list("subject").annotate(Count("user", distinct=True))
    return {**dict.fromkeys(keys, 0), **dict(counted)}


def nameable(referral: Referral, organisation: Organisation, at: datetime) -> QuerySet[User]:
    """Whom the organisation could still name: its people who work on referrals, not kept out."""
    out = Exclusion.objects.standing().filter(referral=referral, user__isnull=False)
    standing = named(referral, organisation, at)
    return (
        _workers(organisation, at)
        .exclude(pk__in=out.values("user"))
        .exclude(pk__in=standing.values("pk"))
        .order_by("display_name", "pk")
    )


def _workers(organisation: Organisation, at: datetime) -> QuerySet[User]:
    roles = Membership.objects.active(at).filter(organisation=organisation, role__in=ROLES)
    return User.objects.filter(is_active=True, pk__in=roles.values("user"))


def parts_in(referral: Referral, at: datetime) -> QuerySet[Organisation]:
    """The organisations that have a part in the case: whose groups it is open to, or would be."""
    bases = ReferralGrantBasis.objects.filter(
        live_at(at), subject=referral, ended_at=None, group__isnull=False
    )
    out = Exclusion.objects.standing().filter(referral=referral, organisation__isnull=False)
    bodies = Organisation.objects.filter(role_groups__group__in=bases.values("group")).distinct()
    return bodies.exclude(pk__in=out.values("organisation")).order_by("pk")


def permissions_of(referral: Referral, organisation: Organisation, at: datetime) -> list[str]:
    """What the organisation's part in the case opens to its people."""
    bases = ReferralGrantBasis.objects.filter(
        live_at(at),
        subject=referral,
        ended_at=None,
        group__role_group__organisation=organisation,
    )
    return sorted(set(bases.values_list("permission", flat=True)))


def namers(organisation: Organisation, referral: Referral, at: datetime) -> list[int]:
    """Who names people there: its managers; where it has none, whoever works on referrals."""
    out = set(
        Exclusion.objects.standing()
        .filter(referral=referral, user__isnull=False)
        .values_list("user", flat=True)
    )
    at_work = Membership.objects.active(at).filter(organisation=organisation, role__in=NAMERS)
    held = {(role, user) for role, user in at_work.values_list("role", "user") if user not in out}
    for role in NAMERS:
        if found := sorted(user for its, user in held if its == role):
            return found
    return []


def names_people(actor: Any) -> bool:
    """Whether it is this actor's role that names people in the organisation acted for."""
    at_work = Membership.objects.active(actor.at).filter(organisation_id=actor.organisation_id or 0)
    roles = set(at_work.filter(role__in=NAMERS).values_list("role", flat=True))
    first = next((role for role in NAMERS if role in roles), None)
    return first is not None and actor.holds(first)


# --- who may be told ------------------------------------------------------------------------------


def tellable(referral: Referral, users: Iterable[int], at: datetime) -> list[int]:
    """Of these, those to whom a notice may say that there is something: nobody who is kept out,
    and of a restricted case only who is named."""
    return sorted(tellable_each([referral], users, at)[referral.pk])


def tellable_each(
    referrals: Sequence[Referral], users: Iterable[int], at: datetime
) -> dict[int, set[int]]:
    """The same for several cases: {key of the case: who of these}. At most three queries."""
    asked = set(users)
    out = _kept_out_of(referrals, asked, at)
    told = {each.pk: asked - out[each.pk] for each in referrals}
    restricted = [each.pk for each in referrals if each.is_restricted]
    if restricted:
        bases = ReferralGrantBasis.objects.filter(
            subject__in=restricted, reason__in=IN_PERSON, ended_at=None, user__in=asked
        )
        named = set(bases.values_list("subject_id", "user_id"))
        for pk in restricted:
            told[pk] = {user for user in told[pk] if (pk, user) in named}
    return told


def not_kept_out(referral: Referral, users: Iterable[int], at: datetime) -> set[int]:
    """Of these, whom nobody keeps out of the case: in person, or through any organisation."""
    asked = set(users)
    return asked - _kept_out_of([referral], asked, at)[referral.pk]


def _kept_out_of(
    referrals: Sequence[Referral], users: set[int], at: datetime
) -> dict[int, set[int]]:
    standing = Exclusion.objects.standing().filter(referral__in=referrals)
    works = Membership.objects.active(at).filter(user__in=users)
    at_work: dict[int, set[int]] = {}
    for user, organisation in works.values_list("user_id", "organisation_id"):
        at_work.setdefault(organisation, set()).add(user)
    out: dict[int, set[int]] = {each.pk: set() for each in referrals}
    for pk, user, organisation in standing.values_list("referral", "user", "organisation"):
        out[pk] |= {user} if user else at_work.get(organisation, set())
    return out


def officers_left(organisation: Organisation, referral: Referral, at: datetime) -> Any:
    """The officers of an authority who are not kept out in person."""
    out = Exclusion.objects.standing().filter(referral=referral, user__isnull=False)
    officers = Membership.objects.active(at).filter(
        organisation=organisation, role=Role.OFFICER, is_enforcement=False
    )
    return officers.exclude(user__in=out.values("user"))


def co_ordinators(at: datetime) -> list[int]:
    """Whoever co-ordinates the mechanism now."""
    co_ordinating = HeldCapacity.objects.held().filter(capacity=Capacity.CO_ORDINATION)
    members = Membership.objects.active(at).filter(
        role=Role.CO_ORDINATOR, organisation__in=co_ordinating.values("organisation")
    )
    return sorted(set(members.values_list("user_id", flat=True)))
