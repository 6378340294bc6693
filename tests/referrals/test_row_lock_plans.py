"""The second lock costs no index: what PostgreSQL does for a list, a case and its rows under it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from common.rowlock import told
from partners.access import Actor
from partners.choices import Role
from partners.models import RoleGroup
from partners.sight import sight_of
from referrals.lists import inbox_counts, inbox_page, steered_page
from referrals.models import Identity, Packet, Referral, ReferralEvent, ReferralGroupGrant
from tests.referrals import stages
from tests.support.cast import Cast
from tests.support.queries import counted

pytestmark = pytest.mark.django_db

CASES = 4_000
PAGE = 50
OF_OWN = 100
"""What ten cases of one's own may cost, with all that a line shows; the group holds 2,000."""


@pytest.fixture
def crowded(cast: Cast) -> Cast:
    """Thousands of cases in one inbox, as copies of one; half of them in another's as well."""
    one = stages.sent(cast)
    officers = RoleGroup.objects.get(organisation=cast.authority, role=Role.OFFICER).group_id
    workers = RoleGroup.objects.get(organisation=cast.ngo, role=Role.CASEWORKER).group_id
    copied = [
        field.column
        for field in Referral._meta.concrete_fields
        if field.column not in ("id", "uuid", "reference", "client_key", "import_key")
    ]
    names = ", ".join(copied)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO referrals_referral (uuid, reference, {names}) "
            f"SELECT gen_random_uuid(), 'R-' || n, {names} FROM referrals_referral, "
            "generate_series(1, %s) n WHERE id = %s",
            [CASES, one.pk],
        )
        cursor.execute(
            "INSERT INTO referrals_person (uuid, data_key, kept_by_id, created_at) "
            "SELECT gen_random_uuid(), data_key, kept_by_id, created_at FROM referrals_person, "
            "generate_series(1, %s) n WHERE id = %s",
            [CASES, one.person_id],
        )
        cursor.execute(
            "UPDATE referrals_referral SET person_id = %s + id - %s WHERE id > %s",
            [one.person_id, one.pk, one.pk],
        )
        for group, every in ((officers, 1), (workers, 2)):
            opened_to(cursor, group, one, every=every)
        for table in ("referrals_referral", "referrals_referralgroupgrant", "referrals_person"):
            cursor.execute(f"ANALYZE {table}")
    return cast


def opened_to(cursor: Any, group: int, one: Referral, *, every: int) -> None:
    """A grant of the group on each copy, or on one of `every`."""
    cursor.execute(
        "INSERT INTO referrals_referralgroupgrant "
        "(content_object_id, group_id, permission_id, sort_at, status, due_at) "
        "SELECT r.id, %s, g.permission_id, r.received_at - r.id * interval '1 minute', "
        "r.state, r.received_at FROM referrals_referral r, "
        "(SELECT min(permission_id) AS permission_id FROM referrals_referralgroupgrant g "
        "JOIN auth_permission p ON p.id = g.permission_id "
        "WHERE p.codename = 'see_referral') g "
        "WHERE r.id > %s AND r.id %% %s = 0",
        [group, one.pk, every],
    )


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def plans(actor: Actor, read: Callable[[], Any]) -> list[list[dict[str, Any]]]:
    """The nodes of each statement that `read` sends under the actor's sight."""
    sight = sight_of(actor)
    with told(sight):
        with counted() as queries:
            read()
        with connection.cursor() as cursor:
            found = []
            for sql in queries.sql:
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql.removeprefix(sight.sql)}")
                [(told_plan,)] = cursor.fetchall()
                answer = json.loads(told_plan) if isinstance(told_plan, str) else told_plan
                found.append(list(nodes(answer[0]["Plan"])))
    return found


def whole_tables(plan: list[dict[str, Any]]) -> set[str]:
    """Tables of cases that were read from one end to the other."""
    return {
        node["Relation Name"]
        for node in plan
        if node["Node Type"] == "Seq Scan"
        and node["Relation Name"] in ("referrals_referral", "referrals_referralgroupgrant")
        and node["Actual Loops"] > 0
    }


def most_rows(plan: list[dict[str, Any]]) -> int:
    """The most rows that one node took, over all its turns."""
    return max(node["Actual Rows"] * max(node["Actual Loops"], 1) for node in plan)


class TestTheInbox:
    @pytest.mark.parametrize("who", ["officer", "ngo_caseworker"])
    def test_is_read_in_the_order_of_its_index(self, crowded: Cast, who: str) -> None:
        actor = crowded.actor(getattr(crowded, who))
        found = plans(actor, lambda: inbox_page(actor))
        driving = [p for p in found if any(n.get("Index Name") == "referral_inbox" for n in p)]
        assert driving
        for plan in found:
            assert not whole_tables(plan)
        page = min(most_rows(plan) for plan in driving)
        assert page <= 2 * PAGE

    def test_by_day_is_read_from_the_partial_one(self, crowded: Cast) -> None:
        actor = crowded.actor(crowded.officer)
        found = plans(actor, lambda: inbox_page(actor, order="due"))
        names = {node.get("Index Name") for plan in found for node in plan}
        assert "referral_inbox_by_due" in names
        assert not any(whole_tables(plan) for plan in found)

    @pytest.mark.parametrize("order", ["received", "due"])
    def test_of_law_enforcement_is_read_from_its_own_cases(self, crowded: Cast, order: str) -> None:
        """However few rows the planner takes the group to have: else it flips as a country grows
        (`make bench`, “police officer, by due date”)."""
        group = RoleGroup.objects.get(organisation=crowded.police, role=Role.CASEWORKER).group_id
        with connection.cursor() as cursor:
            opened_to(cursor, group, Referral.objects.earliest("pk"), every=2)
        opened = ReferralGroupGrant.objects.filter(group_id=group).order_by("-content_object")
        own = list(opened.values_list("content_object", flat=True)[:10])
        Referral.objects.filter(pk__in=own).update(referrer=crowded.police_officer)
        actor = crowded.actor(crowded.police_officer)
        assert len(inbox_page(actor).rows) == len(own)
        for plan in plans(actor, lambda: inbox_page(actor, order=order)):
            assert not whole_tables(plan)
            assert not {"referral_inbox", "referral_inbox_by_due"} & {
                node.get("Index Name") for node in plan
            }
            assert most_rows(plan) <= OF_OWN

    def test_is_counted_no_further_than_the_cap(self, crowded: Cast) -> None:
        actor = crowded.actor(crowded.officer)
        found = plans(actor, lambda: inbox_counts(actor, {"waiting": ["submitted"]}))
        for plan in found:
            assert not whole_tables(plan)
            assert most_rows(plan) <= 1_100


class TestTheCoOrdinationsList:
    def test_is_read_in_the_order_of_its_index(self, crowded: Cast) -> None:
        actor = crowded.actor(crowded.co_ordinator)
        for plan in plans(actor, lambda: steered_page(actor)):
            assert not whole_tables(plan)
            assert most_rows(plan) <= 1_100


class TestACase:
    @pytest.mark.parametrize("model", [Referral, ReferralEvent, Packet, Identity])
    def test_and_its_rows_are_found_by_their_key(self, crowded: Cast, model: Any) -> None:
        referral = Referral.objects.latest("pk")
        actor = crowded.actor(crowded.officer)
        wanted = {
            Referral: {"pk": referral.pk},
            Identity: {"person": referral.person_id},
        }.get(model, {"referral": referral.pk})
        for plan in plans(actor, lambda: list(model.objects.filter(**wanted)[:PAGE])):
            assert not whole_tables(plan)
            assert most_rows(plan) <= 10
