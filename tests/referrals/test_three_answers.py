"""Who may see which referral, answered three times: by `visible_to`, by PostgreSQL's row-level
security, and by an oracle in plain Python that shares no line with either (design §5.11).

Hypothesis draws the cases with their grants, ends, restrictions and exclusions, and who asks when.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.models import User
from common.marks import Permission
from common.references import new_reference
from common.rowlock import told
from partners import grants
from partners.access import Actor, actor_for
from partners.choices import GrantReason, OrganisationState, Role, Scope
from partners.models import Membership, Organisation, RoleGroup
from partners.roles import TOKEN_SCOPES
from partners.services import memberships
from partners.sight import sight_of
from referrals.models import (
    Exclusion,
    ImportBatch,
    Person,
    Referral,
    ReferralGrantBasis,
)
from tests.support.cast import Cast, person, works_for

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
#: Ends are drawn around the moments at which somebody asks.
ENDS = (None, timedelta(0), HOUR, 2 * HOUR, 48 * HOUR)
ASKED = (timedelta(0), HOUR, 2 * HOUR)


# --- who asks -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Works:
    """A membership as the oracle knows it: numbers and words, no row."""

    organisation: int
    role: str
    group: int | None
    enforces: bool = False
    until: datetime | None = None


@dataclass(frozen=True)
class Who:
    """Somebody who asks, for one organisation, in person or as a program."""

    user: int
    organisation: int
    works: tuple[Works, ...]
    is_program: bool = False
    scopes: frozenset[Permission] = frozenset()


@dataclass
class Stage:
    """Everybody there is, as rows for the two real answers and as facts for the oracle."""

    at: datetime
    suspended: int
    co_ordinates: int
    users: list[User] = field(default_factory=list)
    organisations: list[Organisation] = field(default_factory=list)
    groups: list[tuple[int, int]] = field(default_factory=list)
    """(group, organisation)"""
    askers: list[Who] = field(default_factory=list)
    actors: dict[tuple[Who, timedelta], Actor] = field(default_factory=dict)

    def actor(self, who: Who, after: timedelta) -> Actor:
        if (who, after) not in self.actors:
            user = next(each for each in self.users if each.pk == who.user)
            body = next(each for each in self.organisations if each.pk == who.organisation)
            self.actors[who, after] = actor_for(
                user,
                at=self.at + after,
                organisation_uuid=body.uuid,
                scopes=who.scopes if who.is_program else None,
            )
        return self.actors[who, after]


@pytest.fixture
def stage(cast: Cast) -> Stage:
    """Roles, scopes, law enforcement, two employers, a suspended body, an end to come, programs."""
    at = cast.at
    both = person("Works For Both", at)
    works_for(both, cast.ngo, Role.CASEWORKER, at)
    works_for(both, cast.other_ngo, Role.CASEWORKER, at)
    leaving = person("Leaves In An Hour", at)
    works_for(leaving, cast.other_ngo, Role.CASEWORKER, at)
    Membership.objects.filter(user=leaving).update(until_at=at + HOUR)
    alone = person("Own Cases Only", at)
    narrow = works_for(alone, cast.ngo, Role.CASEWORKER, at)
    manager = cast.actor(cast.ngo_manager)
    memberships.change_scope(membership=narrow, scope=Scope.OWN, by=manager, at=at)
    second = person("Second Police Officer", at)
    works_for(second, cast.police, Role.CASEWORKER, at, is_enforcement=True)
    Organisation.objects.filter(pk=cast.unlisted_ngo.pk).update(
        state=OrganisationState.SUSPENDED, files_until_at=at + HOUR
    )
    found = Stage(at=at, suspended=cast.unlisted_ngo.pk, co_ordinates=cast.ministry.pk)
    found.users = [
        cast.ngo_caseworker, cast.ngo_manager, cast.other_manager, cast.unlisted_manager,
        cast.officer, cast.police_officer, cast.co_ordinator, cast.rapporteur, cast.funder,
        both, leaving, alone, second,
    ]  # fmt: skip
    found.organisations = [
        cast.ngo, cast.other_ngo, cast.unlisted_ngo, cast.authority, cast.police, cast.ministry,
        cast.fund,
    ]  # fmt: skip
    at_work = Membership.objects.filter(user__in=found.users).select_related("team")
    groups = {(row.organisation_id, row.role): row.group_id for row in RoleGroup.objects.all()}
    works: dict[int, list[Works]] = {}
    for row in at_work.order_by("pk"):
        group = row.team.group_id if row.team else groups[row.organisation_id, row.role]
        works.setdefault(row.user_id, []).append(
            Works(row.organisation_id, row.role, group, row.is_enforcement, row.until_at)
        )
        if (group, row.organisation_id) not in found.groups:
            found.groups.append((group, row.organisation_id))
    for user in found.users:
        mine = tuple(works[user.pk])
        for body in dict.fromkeys(each.organisation for each in mine):
            found.askers.append(Who(user.pk, body, mine))
            found.askers.append(Who(user.pk, body, mine, True, TOKEN_SCOPES))
    scopes = frozenset({Permission.ORGANISATION_SEE})
    keeper = works[cast.ngo_manager.pk]
    found.askers.append(Who(cast.ngo_manager.pk, cast.ngo.pk, tuple(keeper), True, scopes))
    return found


# --- what is drawn --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Grant:
    """One basis, by the places of its holder in the stage's lists."""

    to_user: bool
    holder: int
    permission: str
    reason: str
    ends: timedelta | None
    is_ended: bool


@dataclass(frozen=True)
class Case:
    """One referral as the oracle knows it."""

    kind: str
    """draft, expired, sent, history"""
    keeper: int
    referrer: int
    is_restricted: bool
    grants: tuple[Grant, ...]
    out_users: tuple[int, ...]
    out_bodies: tuple[int, ...]
    readmitted: bool


USERS, BODIES, GROUPS = 13, 7, 12
GRANT = st.builds(
    Grant,
    to_user=st.sampled_from([False, False, False, True]),
    holder=st.integers(0, USERS - 1),
    permission=st.sampled_from(["see", "see", "see", "work", "identity"]),
    reason=st.sampled_from(["authority", "authority", "named", "break_glass"]),
    ends=st.sampled_from(ENDS[1:] + (None, None)),
    is_ended=st.sampled_from([False] * 5 + [True]),
)
CASE = st.builds(
    Case,
    kind=st.sampled_from(["sent", "sent", "draft", "expired", "history"]),
    keeper=st.integers(0, BODIES - 1),
    referrer=st.integers(0, USERS - 1),
    is_restricted=st.sampled_from([False, False, True]),
    grants=st.lists(GRANT, min_size=3, max_size=9).map(tuple),
    out_users=st.sampled_from(((), (), *((each,) for each in range(USERS)))),
    out_bodies=st.sampled_from(((), (), (), *((each,) for each in range(BODIES)))),
    readmitted=st.booleans(),
)


# --- the oracle -----------------------------------------------------------------------------------


def oracle(stage: Stage, who: Who, after: timedelta, case: Case) -> bool:
    """Design §5 in plain words. Knows no query, no Actor and no permission table."""
    now = stage.at + after
    at_work = [each for each in who.works if each.until is None or now < each.until]
    here = [each for each in at_work if each.organisation == who.organisation]
    if not here:
        # Nothing is done for an employer one has left; the first other one would be acted for.
        here = [each for each in at_work if each.organisation == at_work[0].organisation]
    if not here:
        return False
    acting_for = here[0].organisation
    standing = not case.readmitted
    out_users = {stage.users[each].pk for each in case.out_users if standing}
    out_bodies = {stage.organisations[each].pk for each in case.out_bodies if standing}
    if who.user in out_users or out_bodies & {each.organisation for each in at_work}:
        return False
    roles = {each.role for each in here}
    if _steers(stage, who, acting_for, roles) and case.kind == "sent" and not case.is_restricted:
        return True
    if not _reads(stage, who, acting_for, roles, now):
        return False
    if any(each.enforces for each in here) and stage.users[case.referrer].pk != who.user:
        return False
    if acting_for == stage.suspended and stage.organisations[case.keeper].pk != acting_for:
        return False
    groups = {each.group for each in here}
    return any(_opens(stage, who, groups, grant, case, out_bodies, now) for grant in case.grants)


def _steers(stage: Stage, who: Who, acting_for: int, roles: set[str]) -> bool:
    return acting_for == stage.co_ordinates and "co_ordinator" in roles and not who.is_program


def _reads(stage: Stage, who: Who, acting_for: int, roles: set[str], now: datetime) -> bool:
    if not roles & {"caseworker", "manager", "officer"}:
        return False
    if who.is_program and Permission.REFERRAL_SEE not in who.scopes:
        return False
    if acting_for == stage.suspended:
        return not who.is_program and now < stage.at + HOUR
    return True


def _opens(
    stage: Stage,
    who: Who,
    groups: set[int | None],
    grant: Grant,
    case: Case,
    out_bodies: set[int],
    now: datetime,
) -> bool:
    if grant.permission != "see" or grant.is_ended:
        return False
    if grant.ends is not None and stage.at + grant.ends <= now:
        return False
    in_person = grant.reason in ("named", "break_glass")
    if case.is_restricted and not in_person:
        return False
    if grant.to_user:
        return not who.is_program and stage.users[grant.holder].pk == who.user
    group, organisation = stage.groups[grant.holder % len(stage.groups)]
    return group in groups and organisation not in out_bodies


# --- the two real answers -------------------------------------------------------------------------


def put_on_stage(stage: Stage, cases: list[Case]) -> list[Referral]:
    """The rows of these cases; the grant rows follow from the bases as everywhere."""
    at, kept_by = stage.at, stage.organisations[0]
    someone = Person.objects.create(kept_by=kept_by, created_at=at)
    batch = ImportBatch.objects.create(
        profile="drawn", file_digest="", rows_read=0, rows_added=0, rows_known=0, rows_refused=0,
        imported_at=at,
    )  # fmt: skip
    made = Referral.objects.bulk_create(
        _referral(stage, case, someone, batch, number) for number, case in enumerate(cases)
    )
    bases, outs = [], []
    for case, referral in zip(cases, made, strict=True):
        bases += [_basis(stage, grant, referral) for grant in case.grants]
        outs += _exclusions(stage, case, referral)
    ReferralGrantBasis.objects.bulk_create(bases)
    Exclusion.objects.bulk_create(outs)
    for case, referral in zip(cases, made, strict=True):
        if case.grants:
            grants.rederive(subject=referral, at=at)
    return made


def _referral(
    stage: Stage, case: Case, someone: Person, batch: ImportBatch, number: int
) -> Referral:
    row = Referral(
        reference=new_reference("R"),
        first_responder=stage.organisations[case.keeper],
        referrer=stage.users[case.referrer],
        is_restricted=case.is_restricted,
        created_at=stage.at,
        state=case.kind,
        is_child_now="yes",
    )
    if case.kind in ("sent", "history"):
        row.state = "submitted"
        row.received_at, row.received_on = stage.at, stage.at.astimezone(UTC).date()
        row.authority = stage.organisations[3]
    if case.kind == "history":
        row.origin, row.basis, row.batch = "historical", "imported", batch
        row.import_key = f"drawn:{number}"
    else:
        row.person, row.basis = someone, "child"
    return row


def _basis(stage: Stage, grant: Grant, referral: Referral) -> ReferralGrantBasis:
    until = None if grant.ends is None else stage.at + grant.ends
    return ReferralGrantBasis(
        subject=referral,
        user=stage.users[grant.holder] if grant.to_user else None,
        group_id=None if grant.to_user else stage.groups[grant.holder % len(stage.groups)][0],
        permission=grant.permission,
        reason=GrantReason(grant.reason),
        since_at=stage.at - HOUR,
        until_at=until,
        ended_at=stage.at if grant.is_ended else None,
    )


def _exclusions(stage: Stage, case: Case, referral: Referral) -> Iterator[Exclusion]:
    by = stage.users[0]
    over: dict[str, Any] = {"ended_at": stage.at, "ended_by": by} if case.readmitted else {}
    about: dict[str, Any] = {"referral": referral, "since_at": stage.at, "excluded_by": by, **over}
    for each in case.out_users:
        yield Exclusion(user=stage.users[each], **about)
    for each in case.out_bodies:
        yield Exclusion(organisation=stage.organisations[each], **about)


def by_policy(actor: Actor, keys: list[int]) -> set[int]:
    return set(Referral.objects.visible_to(actor).filter(pk__in=keys).values_list("pk", flat=True))


def by_database(actor: Actor, keys: list[int]) -> set[int]:
    with told(sight_of(actor)), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM referrals_referral WHERE id = ANY(%s)", [keys])
        return {pk for (pk,) in cursor.fetchall()}


def agree(stage: Stage, cases: list[Case], asked: list[tuple[Who, timedelta]]) -> int:
    """Raise AssertionError where two of the three differ; how many pairs were asked."""
    with transaction.atomic():
        rows = put_on_stage(stage, cases)
        keys = [row.pk for row in rows]
        for who, after in asked:
            actor = stage.actor(who, after)
            expected = {
                row.pk
                for row, case in zip(rows, cases, strict=True)
                if oracle(stage, who, after, case)
            }
            for name, answer in (("policy", by_policy), ("database", by_database)):
                found = answer(actor, keys)
                wrong = [
                    case for pk, case in zip(keys, cases, strict=True) if pk in found ^ expected
                ]
                assert not wrong, (name, who, after, wrong[0])
        transaction.set_rollback(True)
    return len(cases) * len(asked)


def test_three_answers_agree(stage: Stage) -> None:
    """At least 1,000 pairs."""
    assert _agreed(stage, examples=8, cases=12, asking=12) >= 1_000


@pytest.mark.prove
def test_three_answers_agree_a_million_times(stage: Stage) -> None:
    assert _agreed(stage, examples=700, cases=40, asking=36) >= 1_000_000


def _agreed(stage: Stage, *, examples: int, cases: int, asking: int) -> int:
    pairs, saw = 0, {True: 0, False: 0}
    people = st.tuples(st.sampled_from(stage.askers), st.sampled_from(ASKED))

    @settings(
        max_examples=examples,
        database=None,
        # What differs is printed as it is: making it smaller takes minutes.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        drawn=st.lists(CASE, min_size=cases, max_size=cases),
        asked=st.lists(people, min_size=asking, max_size=asking),
    )
    def draw(drawn: list[Case], asked: list[tuple[Who, timedelta]]) -> None:
        nonlocal pairs
        pairs += agree(stage, drawn, asked)
        for who, after in asked:
            for case in drawn:
                saw[oracle(stage, who, after, case)] += 1

    draw()
    # A world in which nobody sees anything would agree, too.
    assert saw[True] * 30 >= saw[False]
    return pairs
