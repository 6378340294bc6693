"""Grants that run out, and the proof that every row follows from a basis: each kind is broken."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from deadlines.sweeps import registered
from partners import grants, upkeep
from partners.choices import GrantReason, Role
from partners.models import OrganisationGroupGrant
from partners.upkeep import Fault
from referrals.lists import given_to, inbox_count
from referrals.models import (
    Referral,
    ReferralGrantBasis,
    ReferralGroupGrant,
    ReferralUserGrant,
)
from referrals.sections import sections
from tests.referrals import stages
from tests.support.cast import Cast, works_for

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


def give(cast: Cast, referral: Referral, **more: Any) -> None:
    """The referral opened to the caseworker of another NGO, in person."""
    works_for(cast.stranger, cast.other_ngo, Role.CASEWORKER, cast.at)
    grants.grant(
        subject=referral,
        permissions=["see"],
        to=cast.stranger,
        reason=GrantReason.INDIVIDUAL,
        by=None,
        at=cast.at,
        **more,
    )


def rows(cast: Cast, referral: Referral, permission: str = "see") -> Any:
    """The rows of the authority that decides."""
    return ReferralGroupGrant.objects.filter(
        content_object=referral,
        group__role_group__organisation=cast.authority,
        permission__codename=f"{permission}_referral",
    )


def run(*args: str) -> tuple[str, int]:
    """What the command said, and how it ended."""
    out = StringIO()
    try:
        call_command("check_grants", *args, stdout=out, stderr=out)
    except CommandError as error:
        return out.getvalue() + str(error), error.returncode
    return out.getvalue(), 0


class TestTheEnd:
    def test_closes_list_detail_and_page_at_that_moment_and_the_sweep_only_tidies(
        self, cast: Cast, client_for
    ) -> None:
        referral = stages.sent(cast)
        give(cast, referral, until=cast.at + timedelta(hours=1))
        over = cast.at + timedelta(hours=1)
        before, after = cast.actor(cast.stranger), cast.actor(cast.stranger, over)
        assert list(given_to(before)) == [referral]
        assert list(given_to(after)) == []
        assert sections(after, referral) == frozenset()
        page = reverse("referrals:detail", args=[referral.uuid])
        assert client_for(cast.stranger).get(page).status_code == 200
        ReferralUserGrant.objects.update(until_at=cast.at - timedelta(seconds=1))
        assert client_for(cast.stranger).get(page).status_code == 404
        assert ReferralUserGrant.objects.count() == 1, "the row is still there"

    def test_of_a_groups_grant_empties_its_inbox(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        over = cast.at + timedelta(hours=1)
        assert inbox_count(cast.actor(cast.officer)).number == 1
        rows(cast, referral).update(until_at=over)
        assert inbox_count(cast.actor(cast.officer, over)).number == 0

    def test_is_tidied_once(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        until = cast.at + timedelta(hours=1)
        give(cast, referral, until=until)
        assert upkeep.end_expired(cast.at) == 0
        assert upkeep.end_expired(until + timedelta(days=3)) == 1
        assert upkeep.end_expired(until + timedelta(days=3)) == 0
        basis = ReferralGrantBasis.objects.get(reason=GrantReason.INDIVIDUAL)
        assert basis.ended_at == until, "it ended when it ran out"
        assert not ReferralUserGrant.objects.exists()
        assert rows(cast, referral).count() == 1, "what has no end stays"

    def test_is_no_drift_while_the_sweep_has_not_come(self, cast: Cast) -> None:
        give(cast, stages.sent(cast), until=cast.at + timedelta(hours=1))
        assert not list(upkeep.drift(at=cast.at + timedelta(hours=2)))

    def test_is_in_the_sweep(self) -> None:
        assert {"grants that ended", "grants proved"} <= set(registered())


#: What somebody did past the code, and how it shows.
BROKEN = {
    "a row was deleted": (lambda cast, referral: rows(cast, referral).delete(), Fault.MISSING),
    "a basis was ended without its row": (
        lambda cast, referral: ReferralGrantBasis.objects.filter(
            subject=referral, reason=GrantReason.AUTHORITY
        ).update(ended_at=cast.at),
        Fault.UNFOUNDED,
    ),
    "a row was given to somebody else": (
        lambda cast, referral: ReferralUserGrant.objects.create(
            content_object=referral,
            user=cast.stranger,
            permission=rows(cast, referral).get().permission,
            sort_at=referral.received_at,
            status=referral.state,
        ),
        Fault.UNFOUNDED,
    ),
    "its end was moved": (
        lambda cast, referral: rows(cast, referral).update(until_at=cast.at + timedelta(days=9)),
        Fault.DIFFERS,
    ),
    "its place in the inbox was changed": (
        lambda cast, referral: rows(cast, referral).update(sort_at=cast.at - timedelta(days=9)),
        Fault.DIFFERS,
    ),
    "its status lags behind": (
        lambda cast, referral: rows(cast, referral).update(status="draft"),
        Fault.DIFFERS,
    ),
    "its deadline was lost": (
        lambda cast, referral: rows(cast, referral).update(due_at=None),
        Fault.DIFFERS,
    ),
    "a deadline was copied to a group that has none": (
        lambda cast, referral: ReferralGroupGrant.objects.filter(
            content_object=referral,
            group__role_group__organisation=cast.ngo,
            group__role_group__role=Role.MANAGER,
            permission__codename="see_referral",
        ).update(due_at=cast.at),
        Fault.DIFFERS,
    ),
}


class TestDrift:
    @pytest.fixture(autouse=True)
    def _with_a_clock(self, monkeypatch) -> Any:
        with stages.country_is(monkeypatch, "joint"):
            yield

    @pytest.mark.parametrize("how", BROKEN)
    def test_is_found_and_repaired(self, cast: Cast, how: str) -> None:
        stages.Panel(cast)
        referral, other = stages.sent(cast), stages.draft(cast)
        due = rows(cast, referral).values_list("due_at", flat=True).get()
        assert due is not None
        assert not list(upkeep.drift(at=cast.at))
        breaks, fault = BROKEN[how]
        breaks(cast, referral)
        found = list(upkeep.drift(at=cast.at))
        assert {(each.kind, each.subject, each.fault) for each in found} == {
            ("referral", referral.uuid, fault)
        }
        said, code = run()
        assert code == 1
        assert str(referral.uuid) in said
        assert str(other.uuid) not in said
        assert run("--repair")[1] == 0
        assert not list(upkeep.drift(at=cast.at))
        if "basis" not in how:
            assert rows(cast, referral).values_list("due_at", flat=True).get() == due

    def test_of_an_organisations_grants_is_found_too(self, cast: Cast) -> None:
        OrganisationGroupGrant.objects.filter(content_object=cast.ngo).delete()
        assert {(each.kind, each.fault) for each in upkeep.drift(at=cast.at)} == {
            ("organisation", Fault.MISSING)
        }

    def test_costs_the_same_for_one_and_for_many(
        self, cast: Cast, django_assert_max_num_queries
    ) -> None:
        for _each in range(5):
            stages.draft(cast)
        with django_assert_max_num_queries(9):
            list(upkeep.drift(at=cast.at, kinds=[Referral]))


class TestTheSweep:
    @pytest.mark.parametrize("last", [1, 1439, 1440, 1441, 1_000_003])
    def test_proves_every_key_within_a_day(self, last: int) -> None:
        shares = [upkeep.share(last, part) for part in range(upkeep.MINUTES_A_DAY)]
        ends = [share.stop for share in shares]
        assert shares[0].start == 1
        assert [share.start for share in shares[1:]] == ends[:-1], "no key twice, none left out"
        assert ends[-1] > last

    def test_repairs_and_says_how_many_and_nothing_else(self, cast: Cast, caplog) -> None:
        referral = stages.draft(cast)
        ReferralGroupGrant.objects.filter(content_object=referral).delete()
        last = Referral.objects.order_by("-pk").values_list("pk", flat=True)[0]
        parts = range(upkeep.MINUTES_A_DAY)
        minute = next(part for part in parts if referral.pk in upkeep.share(last, part))
        midnight = cast.at.replace(hour=0, minute=0)
        assert upkeep.prove_a_part(midnight + timedelta(minutes=minute + 1)) == 0
        assert upkeep.prove_a_part(midnight + timedelta(minutes=minute)) == 6
        assert "6 grant rows did not follow from their bases (missing)" in caplog.text
        assert str(referral.uuid) not in caplog.text
        assert not list(upkeep.drift(at=cast.at))
