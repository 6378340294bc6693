"""The inbox: what is in it, in which order, and that its cost does not grow."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission as AuthPermission
from django.utils import timezone

from common.references import new_reference
from partners.choices import Role
from partners.models import RoleGroup
from referrals.choices import State
from referrals.lists import given_to, inbox, inbox_count, inbox_page, steered_page
from referrals.models import ImportBatch, Referral, ReferralGroupGrant
from tests.referrals import stages
from tests.support.cast import Cast, works_for
from tests.support.queries import counted

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


def many(cast: Cast, number: int) -> None:
    """Referrals as they lie in the two groups of the NGO, written in bulk."""
    rows = Referral.objects.bulk_create(
        Referral(
            reference=new_reference("R"),
            first_responder=cast.ngo,
            created_at=cast.at - timedelta(minutes=n),
            saved_at=cast.at,
        )
        for n in range(number)
    )
    see = AuthPermission.objects.get(codename="see_referral")
    groups = RoleGroup.objects.filter(
        organisation=cast.ngo, role__in=[Role.CASEWORKER, Role.MANAGER]
    )
    table = ReferralGroupGrant.objects
    table.bulk_create(
        ReferralGroupGrant(
            group_id=group,
            permission=see,
            content_object=row,
            sort_at=row.created_at,
            status=row.state,
            due_at=cast.at + timedelta(days=1),
        )
        for row in rows
        for group in groups.values_list("group", flat=True)
    )


class TestInbox:
    def test_holds_what_the_groups_see_newest_first(self, cast: Cast) -> None:
        first = stages.draft(cast)
        later = cast.at + timedelta(hours=1)
        by = cast.actor(cast.ngo_manager, later)
        from referrals.services import referrals

        second = referrals.open_referral(by=by, at=later)
        page = inbox_page(cast.actor(cast.ngo_caseworker))
        assert [line.referral for line in page.rows] == [second, first]
        assert str(page.count) == "2"

    def test_shows_each_once_to_whoever_has_two_roles(self, cast: Cast) -> None:
        works_for(cast.ngo_caseworker, cast.ngo, Role.MANAGER, cast.at)
        referral = stages.draft(cast)
        actor = cast.actor(cast.ngo_caseworker)
        assert len(inbox(actor)) == 2
        page = inbox_page(actor)
        assert [line.referral for line in page.rows] == [referral]
        assert str(inbox_count(actor)) == "1"

    def test_of_the_authority_holds_what_was_sent(self, cast: Cast) -> None:
        stages.draft(cast)
        sent = stages.sent(cast)
        page = inbox_page(cast.actor(cast.officer))
        assert [line.referral for line in page.rows] == [sent]
        assert inbox_page(cast.actor(cast.other_manager)).rows == []
        assert inbox_page(cast.actor(cast.funder)).rows == []

    def test_narrows_to_a_state(self, cast: Cast) -> None:
        stages.draft(cast)
        sent = stages.sent(cast)
        actor = cast.actor(cast.ngo_manager)
        page = inbox_page(actor, status=State.SUBMITTED)
        assert [line.referral for line in page.rows] == [sent]
        assert str(inbox_count(actor, status=State.DRAFT)) == "1"

    def test_orders_by_what_is_due_to_the_authority(self, cast: Cast, monkeypatch) -> None:
        with stages.country_is(monkeypatch, "gb"):
            sent = stages.sent(cast)
            stages.draft(cast)
            page = inbox_page(cast.actor(cast.officer), order="due")
            assert [line.referral for line in page.rows] == [sent]
            assert page.rows[0].due_at > cast.at
            assert inbox_page(cast.actor(cast.ngo_manager), order="due").rows == []
            far = cast.at + timedelta(days=60)
            assert str(inbox_count(cast.actor(cast.officer), overdue_at=far)) == "1"
            assert str(inbox_count(cast.actor(cast.officer), overdue_at=cast.at)) == "0"

    def test_of_law_enforcement_holds_its_own(self, cast: Cast) -> None:
        works_for(cast.stranger, cast.police, Role.CASEWORKER, cast.at, is_enforcement=True)
        own = stages.draft(cast, cast.police_officer)
        page = inbox_page(cast.actor(cast.police_officer))
        assert [line.referral for line in page.rows] == [own]
        assert inbox_page(cast.actor(cast.stranger)).rows == []

    def test_what_was_opened_to_one_person_is_listed_apart(self, cast: Cast) -> None:
        stages.draft(cast)
        assert not given_to(cast.actor(cast.ngo_caseworker)).exists()

    @pytest.mark.parametrize("order", ["received", "due"])
    def test_costs_the_same_for_one_row_and_two_hundred(self, cast: Cast, order: str) -> None:
        works_for(cast.ngo_caseworker, cast.ngo, Role.MANAGER, cast.at)
        actor = cast.actor(cast.ngo_caseworker)
        many(cast, 1)
        with counted() as few:
            inbox_page(actor, order=order)
        many(cast, 199)
        with counted() as lots:
            page = inbox_page(actor, order=order)
        assert len(page.rows) == 25
        # One more names the last row for the cursor; nothing grows with the rows. SQLite takes one
        # query for each of the two groups where PostgreSQL takes one for both.
        assert len(lots) <= len(few) + 1 <= 8

    def test_walks_through_all_pages(self, cast: Cast) -> None:
        works_for(cast.ngo_caseworker, cast.ngo, Role.MANAGER, cast.at)
        many(cast, 60)
        actor, cursor, found = cast.actor(cast.ngo_caseworker), "", []
        for _page in range(10):
            page = inbox_page(actor, cursor=cursor)
            found += [line.referral.pk for line in page.rows]
            cursor = page.next
            if not cursor:
                break
        assert len(found) == len(set(found)) == 60


class TestSteered:
    def test_holds_what_was_sent_and_no_draft(self, cast: Cast) -> None:
        stages.draft(cast)
        sent = stages.sent(cast)
        page = steered_page(cast.actor(cast.co_ordinator))
        assert page.rows == [sent]
        assert steered_page(cast.actor(cast.ngo_manager)).rows == []

    def test_history_is_in_no_list(self, cast: Cast) -> None:
        batch = ImportBatch.objects.create(
            profile="x",
            file_digest="x",
            rows_read=1,
            rows_added=1,
            rows_known=0,
            rows_refused=0,
            imported_at=timezone.now(),
            imported_by=cast.administrator,
        )
        past = Referral.objects.create(
            reference=new_reference("R"),
            origin="historical",
            basis="imported",
            batch=batch,
            import_key="x:1",
            first_responder=cast.ngo,
            state=State.CONCL_POSITIVE,
            created_at=cast.at,
            received_at=cast.at,
            received_on=cast.at.date(),
        )
        for user in (cast.co_ordinator, cast.ngo_manager, cast.officer):
            actor = cast.actor(user)
            assert past not in Referral.objects.visible_to(actor)
            assert inbox_page(actor).rows == []
            assert steered_page(actor).rows == []
