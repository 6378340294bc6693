"""The second lock: what PostgreSQL itself gives to whom, asked in SQL past every `visible_to`."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from common import rowlock
from common.rowlock import APP, NOBODY, SYSTEM, RowsHidden, Sight, beyond_sight, system_work, told
from common.workflow import NotAllowed
from partners.access import anonymous
from partners.sight import sight_of
from referrals import policies
from referrals.checks import check_row_lock, tables_of_cases
from referrals.choices import EmergencyReason
from referrals.models import EmergencyAccess, Referral
from referrals.models.referral import ReferralQuerySet
from referrals.services import (
    decisions,
    disclosures,
    emergency,
    exclusions,
    referrals,
    restrictions,
)
from tests.referrals import stages
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db

REFUSED = "row-level security"
#: Of every case: what somebody to whom it is closed must find nothing in.
OF_THE_CASE = (
    "referrals_referral",
    "referrals_historicalreferral",
    "referrals_referralevent",
    "referrals_track",
    "referrals_packet",
    "referrals_question",
    "referrals_person",
    "referrals_historicalperson",
    "referrals_identity",
    "referrals_consent",
    "referrals_historicalconsent",
    "referrals_referralgrantbasis",
    "referrals_referralgroupgrant",
)
#: What steering a case shows of it.
STEERED = {
    "referrals_referral",
    "referrals_historicalreferral",
    "referrals_referralevent",
    "referrals_track",
    "referrals_referralgrantbasis",
    "referrals_referralgroupgrant",
}


def ask(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def number(table: str) -> int:
    [(found,)] = ask(f"SELECT count(*) FROM {table}")
    return int(found)


def write(sql: str, *params: Any) -> int:
    """How many rows it reached; nothing of it stays."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


def filled(cast: Cast) -> Referral:
    """A case with a row in each of the tables."""
    referral = stages.returned(cast)
    referral.person.save()
    return referral


@contextmanager
def seen_by(cast: Cast, who: str) -> Iterator[None]:
    with told(sight_of(cast.actor(getattr(cast, who)))):
        yield


class TestEveryTable:
    def test_of_a_case_is_locked(self) -> None:
        tables = tables_of_cases()
        assert set(OF_THE_CASE) < set(tables)
        locked = ask(
            "SELECT c.relname FROM pg_class c WHERE c.relrowsecurity AND EXISTS (SELECT 1 FROM "
            "pg_policies p WHERE p.tablename = c.relname AND %s = ANY(p.roles)) AND EXISTS (SELECT "
            "1 FROM pg_policies p WHERE p.tablename = c.relname AND %s = ANY(p.roles))",
            APP,
            SYSTEM,
        )
        assert [table for table in tables if (table,) not in locked] == []

    def test_is_asked_with_exists(self) -> None:
        rules = ask("SELECT tablename, coalesce(qual, '') || with_check FROM pg_policies")
        for table, rule in rules:
            assert " IN ( SELECT" not in (rule or ""), table

    def test_lets_nobody_write_through_the_views(self, cast: Cast) -> None:
        filled(cast)
        views = [*policies.VIEWS, *policies.WORKED_ON]
        made = ask("SELECT viewname FROM pg_views WHERE schemaname = 'public'")
        assert sorted(made) == sorted((view,) for view in views)
        for view in views:
            with seen_by(cast, "ngo_caseworker"), pytest.raises(DatabaseError, match="denied"):
                write(f"DELETE FROM {view}")

    def test_gives_the_roles_rows_and_no_tables(self, cast: Cast) -> None:
        for role in (APP, SYSTEM):
            with told(Sight(role)), pytest.raises(DatabaseError, match="owner"):
                write("ALTER TABLE referrals_referral DISABLE ROW LEVEL SECURITY")


class TestReading:
    @pytest.mark.parametrize("who", ["other_manager", "funder", "rapporteur", "stranger", "former"])
    def test_gives_nothing_of_what_is_closed(self, cast: Cast, who: str) -> None:
        filled(cast)
        with seen_by(cast, who):
            assert {table: number(table) for table in OF_THE_CASE} == dict.fromkeys(OF_THE_CASE, 0)

    def test_gives_nothing_to_whoever_said_nothing(self, cast: Cast) -> None:
        filled(cast)
        for sight in (NOBODY, sight_of(anonymous(cast.at))):
            with told(sight):
                assert {number(table) for table in OF_THE_CASE} == {0}

    @pytest.mark.parametrize("who", ["ngo_caseworker", "officer"])
    def test_gives_what_a_grant_opens(self, cast: Cast, who: str) -> None:
        filled(cast)
        with seen_by(cast, who):
            assert all(number(table) for table in OF_THE_CASE)

    def test_gives_the_co_ordination_what_it_steers_by(self, cast: Cast) -> None:
        filled(cast)
        stages.draft(cast)
        with seen_by(cast, "co_ordinator"):
            assert {table for table in OF_THE_CASE if number(table)} == STEERED
            assert number("referrals_referral") == 1

    def test_gives_law_enforcement_its_own(self, cast: Cast) -> None:
        own = stages.sent(cast, cast.police_officer)
        stages.sent(cast)
        with seen_by(cast, "police_officer"):
            assert ask("SELECT id FROM referrals_referral") == [(own.pk,)]

    def test_ends_with_the_grant(self, cast: Cast) -> None:
        referral = filled(cast)
        Referral.objects.get(pk=referral.pk).group_grants.update(until_at=cast.at)
        for who in ("ngo_caseworker", "officer"):
            with seen_by(cast, who):
                assert number("referrals_referral") == number("referrals_identity") == 0

    def test_gives_nothing_to_who_is_kept_out(self, cast: Cast) -> None:
        referral = filled(cast)
        by = cast.actor(cast.ngo_manager)
        exclusions.exclude(
            referral=referral, by=by, at=cast.at, reason="Invented.", user=cast.officer
        )
        with seen_by(cast, "officer"):
            assert {number(table) for table in OF_THE_CASE} == {0}
            assert number("referrals_exclusion") == 1  # so that `kept_out` finds it
        with seen_by(cast, "other_manager"):
            assert number("referrals_exclusion") == 0

    def test_gives_no_order_to_an_approver_who_is_kept_out(self, cast: Cast) -> None:
        from tests.referrals.test_disclosures import enter

        referral = stages.sent(cast)
        enter(cast, referral)
        with seen_by(cast, "other_manager"):
            assert number("referrals_disclosure") == 1
        exclusions.exclude(
            referral=referral, by=cast.actor(cast.ngo_manager), at=cast.at, reason="Invented.",
            user=cast.other_manager,
        )  # fmt: skip
        with seen_by(cast, "other_manager"):
            assert number("referrals_disclosure") == 0

    def test_gives_emergency_access_to_who_works_on_the_case(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        for user in (cast.other_manager, cast.unlisted_manager):
            emergency.ask(
                reference=referral.reference, by=cast.actor(user), at=cast.at,
                reason_code=EmergencyReason.DANGER, reason="Invented.",
            )  # fmt: skip
        own = ("other_manager", "unlisted_manager")
        for who in (*own, "ngo_caseworker", "co_ordinator", "police_officer"):
            found = EmergencyAccess.objects.visible_to(cast.actor(getattr(cast, who)))
            with seen_by(cast, who):
                rows = number("referrals_emergencyaccess")
            assert rows == len(found) == (1 if who in own else 0 if who == "police_officer" else 2)

    def test_gives_law_enforcement_no_emergency_access_upon_its_own(self, cast: Cast) -> None:
        referral = stages.sent(cast, cast.police_officer)
        emergency.ask(
            reference=referral.reference, by=cast.actor(cast.other_manager), at=cast.at,
            reason_code=EmergencyReason.DANGER, reason="Invented.",
        )  # fmt: skip
        with seen_by(cast, "police_officer"):
            assert number("referrals_referral") == 1
            assert number("referrals_emergencyaccess") == 0

    def test_gives_a_restricted_case_to_the_named_alone(self, cast: Cast) -> None:
        referral = filled(cast)
        people = [cast.ngo_manager, cast.without_factor]
        restrictions.restrict(
            referral=referral,
            by=cast.actor(cast.ngo_manager),
            at=cast.at,
            people=people,
            reason="Invented.",
        )
        for who, found in (("ngo_manager", 1), ("ngo_caseworker", 0), ("co_ordinator", 0)):
            with seen_by(cast, who):
                assert number("referrals_referral") == found, who

    def test_gives_the_system_everything(self, cast: Cast) -> None:
        filled(cast)
        with told(Sight(SYSTEM)):
            assert all(number(table) for table in OF_THE_CASE)


class TestWriting:
    def test_reaches_nothing_that_is_closed(self, cast: Cast) -> None:
        filled(cast)
        with seen_by(cast, "other_manager"):
            for table in OF_THE_CASE:
                assert write(f"UPDATE {table} SET id = id") == 0, table
                assert write(f"DELETE FROM {table}") == 0, table

    def test_deletes_no_case_and_no_past(self, cast: Cast) -> None:
        filled(cast)
        with seen_by(cast, "ngo_caseworker"):
            for table in ("referrals_referral", "referrals_historicalreferral", "referrals_person"):
                assert write(f"DELETE FROM {table}") == 0, table
            assert write("UPDATE referrals_historicalreferral SET history_type = '-'") == 0

    def test_adds_nothing_to_a_case_that_is_closed(self, cast: Cast) -> None:
        referral = filled(cast)
        line = (
            "INSERT INTO referrals_track (referral_id, kind, status, since_at) "
            "VALUES (%s, 'data', 'held', now())"
        )
        with seen_by(cast, "other_manager"), pytest.raises(DatabaseError, match=REFUSED):
            write(line, referral.pk)

    @pytest.mark.parametrize("who", ["ngo_caseworker", "other_manager"])
    def test_makes_no_grant(self, cast: Cast, who: str) -> None:
        """Not even whoever holds the case: `partners/grants.py` does, as the system."""
        referral = filled(cast)
        [(permission,)] = ask(
            "SELECT permission_id FROM referrals_referralgroupgrant WHERE content_object_id = %s "
            "LIMIT 1",
            referral.pk,
        )
        line = (
            "INSERT INTO referrals_referralusergrant (content_object_id, user_id, permission_id, "
            "sort_at, status) VALUES (%s, %s, %s, now(), 'draft')"
        )
        with seen_by(cast, who):
            with pytest.raises(DatabaseError, match=REFUSED):
                write(line, referral.pk, cast.other_manager.pk, permission)
            assert write("UPDATE referrals_referralgroupgrant SET until_at = NULL") == 0

    def test_begins_no_case_by_itself(self, cast: Cast) -> None:
        begun = Referral(first_responder=cast.ngo, reference="R-TEST", created_at=cast.at)
        with (
            seen_by(cast, "ngo_caseworker"),
            pytest.raises(DatabaseError, match=REFUSED),
            transaction.atomic(),
        ):
            begun.save()


class TestOff:
    """What the proofs above rest on: without it they fail."""

    def test_without_it_everybody_reads_everything(self, cast: Cast) -> None:
        filled(cast)
        ask("SET CONSTRAINTS ALL IMMEDIATE; SELECT 1")
        for table in OF_THE_CASE:
            ask(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY; SELECT 1")
        with seen_by(cast, "other_manager"):
            assert all(number(table) for table in OF_THE_CASE)

    def test_of_one_table_is_noticed(self) -> None:
        ask("ALTER TABLE referrals_packet DISABLE ROW LEVEL SECURITY; SELECT 1")
        with pytest.raises(AssertionError, match="referrals_packet"):
            TestEveryTable().test_of_a_case_is_locked()

    def test_is_said_by_a_setting(self, cast: Cast, settings) -> None:
        filled(cast)
        settings.ROW_LOCK = False
        with seen_by(cast, "other_manager"):
            assert number("referrals_referral") == 1


class TestCheck:
    def test_says_what_is_off(self, settings) -> None:
        assert [each.id for each in check_row_lock(databases=["default"])] == ["referrals.W004"]
        ask("ALTER TABLE referrals_packet DISABLE ROW LEVEL SECURITY; SELECT 1")
        found = check_row_lock(databases=["default"])
        assert [(each.id, each.obj) for each in found][:1] == [
            ("referrals.E001", "referrals_packet")
        ]
        settings.ROW_LOCK = False
        assert [each.id for each in check_row_lock(databases=["default"])] == ["referrals.W003"]

    def test_is_for_whoever_asks_for_the_database(self) -> None:
        assert check_row_lock() == []


@pytest.mark.sqlite_too
def test_says_that_sqlite_has_no_second_lock() -> None:
    found = [each.id for each in check_row_lock(databases=["default"])]
    expected = "referrals.W004" if connection.vendor == "postgresql" else "referrals.W003"
    assert found == [expected]


class TestPages:
    @pytest.fixture(autouse=True)
    def first_lock_open(self, monkeypatch) -> None:
        """Somebody forgot `visible_to`."""
        monkeypatch.setattr(ReferralQuerySet, "visible_to", lambda self, actor: self)

    def test_show_nothing_more(self, cast: Cast, client_for) -> None:
        referral = stages.sent(cast)
        page = reverse("referrals:detail", args=[referral.uuid])
        for who, status in (("other_manager", 404), ("police_officer", 404), ("officer", 200)):
            assert client_for(getattr(cast, who)).get(page).status_code == status, who

    def test_show_it_once_the_second_lock_is_off(self, cast: Cast, client_for, settings) -> None:
        """The other half of the proof: it was the second lock that held."""
        settings.ROW_LOCK = False
        referral = stages.sent(cast)
        page = reverse("referrals:detail", args=[referral.uuid])
        with pytest.raises(AssertionError):
            assert client_for(cast.other_manager).get(page).status_code == 404


class TestSight:
    def test_goes_out_with_the_first_statement(self, cast: Cast) -> None:
        with seen_by(cast, "ngo_caseworker"), at_most(2) as queries:
            assert ask("SELECT current_user::text") == [(APP,)]
            assert ask("SELECT current_setting('concord.user')") == [(str(cast.ngo_caseworker.pk),)]
        assert [("set_config" in sql) for sql in queries.sql] == [True, False]

    def test_falls_away_after_the_block(self, cast: Cast) -> None:
        [(before,)] = ask("SELECT current_user::text")
        with seen_by(cast, "ngo_caseworker"):
            ask("SELECT 1")
        assert ask("SELECT current_user::text, current_setting('concord.user')") == [(before, "")]

    def test_is_said_again_after_a_step_was_taken_back(self, cast: Cast) -> None:
        with seen_by(cast, "officer"):
            with pytest.raises(DatabaseError), transaction.atomic(), told(Sight(SYSTEM)):
                ask("SELECT 1 FROM pg_roles WHERE current_user = %s AND 1 / 0 = 1", SYSTEM)
            assert ask("SELECT current_user::text") == [(APP,)]

    def test_goes_in_front_of_many_statements_and_open_cursors_too(self, cast: Cast) -> None:
        referral = filled(cast)
        with seen_by(cast, "other_manager"):
            assert list(Referral.objects.iterator(chunk_size=1)) == []
        with seen_by(cast, "officer"):
            assert list(Referral.objects.iterator(chunk_size=1)) == [referral]
        with seen_by(cast, "other_manager"), connection.cursor() as cursor:
            cursor.executemany("SELECT %s", [(1,), (2,)])
            assert ask("SELECT current_user::text") == [(APP,)]

    def test_says_nothing_but_numbers_and_moments(self) -> None:
        for name, value in (("user", "1'; DROP"), ("groups", "{1} "), ("other", "1")):
            with pytest.raises(ValueError, match="cannot say"):
                Sight(APP, ((name, value),))

    def test_of_a_program_is_without_what_was_opened_to_the_person(self, cast: Cast) -> None:
        from partners.access import actor_for
        from partners.roles import TOKEN_SCOPES

        program = actor_for(cast.ngo_caseworker, at=cast.at, scopes=TOKEN_SCOPES)
        said = dict(sight_of(program).values)
        assert said["person"] == ""
        assert said["groups"] != "{}"


@pytest.mark.django_db(transaction=True)
class TestATransaction:
    def test_takes_the_sight_with_it_when_it_ends(self, cast: Cast) -> None:
        with seen_by(cast, "officer"):
            with transaction.atomic():
                assert ask("SELECT current_user::text") == [(APP,)]
            [(outside, user)] = ask("SELECT current_user::text, current_setting('concord.user')")
            assert (outside == APP, user) == (False, "")
            with transaction.atomic():
                assert ask("SELECT current_user::text") == [(APP,)]


class TestBeyondSight:
    def test_is_the_system_for_as_long_as_the_block(self, cast: Cast, caplog) -> None:
        filled(cast)
        caplog.set_level(logging.INFO, rowlock.__name__)
        with seen_by(cast, "other_manager"):
            with beyond_sight("a test"):
                assert number("referrals_referral") == 1
            assert number("referrals_referral") == 0
        assert caplog.messages == ["rows as the system: a test"]

    def test_does_nothing_where_nobody_was_told_of(self) -> None:
        [(before,)] = ask("SELECT current_user::text")
        with beyond_sight("a test"):
            assert ask("SELECT current_user::text") == [(before,)]

    def test_is_refused_to_the_web_applications_sign_in(self, monkeypatch) -> None:
        monkeypatch.setitem(connection.settings_dict, "USER", APP)
        with pytest.raises(RowsHidden, match=SYSTEM), system_work("a report"):
            pass


class TestServices:
    """Each act under the sight of whoever does it, from the first statement to the last."""

    def test_bring_a_case_from_draft_to_decision(self, cast: Cast) -> None:
        keeper, officer = cast.actor(cast.ngo_caseworker), cast.actor(cast.officer)
        with told(sight_of(keeper)):
            referral = stages.sent(cast)
        with told(sight_of(officer)):
            referrals.ask_back(referral=referral, by=officer, at=cast.at, questions=["Since when?"])
        with told(sight_of(keeper)):
            stages.answered(cast, referral)
        with told(sight_of(officer)):
            decisions.decide(referral=referral, outcome="positive", by=officer, at=cast.at)
        assert stages.now(referral).decisions.count() == 1

    def test_let_somebody_step_back_from_a_case(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        officer = cast.actor(cast.officer)
        with told(sight_of(officer)):
            exclusions.step_back(referral=referral, by=officer, at=cast.at, reason="Invented.")
            assert number("referrals_referral") == 0
        assert stages.now(referral).exclusions.count() == 1

    def test_refuse_in_words_what_is_not_there_to_be_locked(self, cast: Cast) -> None:
        referral = stages.consented(cast)
        other = cast.actor(cast.other_manager)
        with told(sight_of(other)), pytest.raises(NotAllowed):
            referrals.send_referral(referral=referral, by=other, at=cast.at)

    def test_let_the_approver_outside_answer_an_order(self, cast: Cast) -> None:
        from tests.referrals.test_disclosures import enter

        order = enter(cast, stages.sent(cast))
        other = cast.actor(cast.other_manager)
        with told(sight_of(other)):
            assert number("referrals_disclosure") == 1
            assert number("referrals_referral") == 0
            disclosures.approve(disclosure=order, by=other, at=cast.at)
        order.refresh_from_db()
        assert order.first_by == cast.other_manager


def test_no_uuid_of_a_closed_case_is_told_from_none(cast: Cast, client_for) -> None:
    """With both locks on, the answer is the same."""
    client = client_for(cast.other_manager)
    there, nowhere = stages.sent(cast).uuid, uuid4()
    pages = [client.get(reverse("referrals:detail", args=[uuid])) for uuid in (there, nowhere)]
    assert [page.status_code for page in pages] == [404, 404]
