"""One referral, to each as far as it is open; the identity behind a reason; who looked."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AccessLog
from referrals.choices import Basis, State
from referrals.models import Referral
from tests.referrals import stages
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db


def url(referral: Referral, name: str = "detail") -> str:
    return reverse(f"referrals:{name}", args=[referral.uuid])


def page(client, referral: Referral, name: str = "detail") -> str:
    answer = client.get(url(referral, name))
    assert answer.status_code == 200
    return answer.content.decode()


class TestWhatIsOpen:
    def test_is_the_working_file_to_whoever_keeps_it(self, cast: Cast, client_for) -> None:
        text = page(client_for(cast.ngo_manager), stages.sent(cast))
        assert stages.STORY in text
        assert "Working file" in text
        assert "Who looked at this referral" in text
        assert stages.NAME not in text

    def test_is_the_packet_to_whoever_decides(self, cast: Cast, client_for) -> None:
        text = page(client_for(cast.officer), stages.sent(cast))
        assert stages.STORY in text
        assert stages.NAME in text
        assert "Only by the neighbour" not in text
        assert "Working file" not in text

    def test_is_the_header_to_the_co_ordination(self, cast: Cast, client_for) -> None:
        referral = stages.decided(cast, stages.answered(cast, stages.returned(cast)), "positive")
        text = page(client_for(cast.co_ordinator), referral)
        assert referral.reference in text
        for secret in (stages.STORY, stages.NAME, "Since when?", "Since the spring."):
            assert secret not in text

    def test_is_nothing_to_others(self, cast: Cast, client_for) -> None:
        referral = stages.sent(cast)
        for user in (cast.other_manager, cast.funder, cast.stranger, cast.rapporteur):
            assert client_for(user).get(url(referral)).status_code == 404

    def test_is_a_draft_to_nobody_else(self, cast: Cast, client_for) -> None:
        draft = stages.draft(cast)
        for user in (cast.officer, cast.co_ordinator, cast.other_manager):
            assert client_for(user).get(url(draft)).status_code == 404
        answer = client_for(cast.ngo_manager).get(url(draft))
        assert answer["Location"] == url(draft, "log")

    def test_is_the_status_to_law_enforcement_once_it_is_sent(self, cast: Cast, client_for) -> None:
        referral = stages.sent(cast, cast.police_officer)
        text = page(client_for(cast.police_officer), referral)
        assert referral.reference in text
        assert stages.STORY not in text

    def test_is_codes_where_it_is_a_notice(self, monkeypatch, cast: Cast, client_for) -> None:
        with stages.country_is(monkeypatch, "gb"):
            from referrals.services import consents

            refused = stages.refused(cast, cast.police_officer)
            notice = consents.notify_without_identity(
                referral=refused,
                by=cast.actor(cast.police_officer),
                at=cast.at,
                authority=cast.authority,
            )
            text = page(client_for(cast.officer), notice)
        assert notice.basis == Basis.NOTIFIED
        assert "Albania" in text
        assert stages.STORY not in text

    def test_is_logged_before_it_is_shown(self, cast: Cast, client_for) -> None:
        referral = stages.sent(cast)
        page(client_for(cast.officer), referral)
        entries = AccessLog.objects.about("referral", referral.uuid)
        assert entries[0].user == cast.officer
        assert entries[0].field_group == "packet"

    def test_takes_as_many_queries_for_a_long_past_as_for_a_short_one(
        self, cast: Cast, client_for
    ) -> None:
        client = client_for(cast.ngo_manager)
        short = stages.sent(cast)
        client.get(url(short))

        def count(referral: Referral) -> int:
            with CaptureQueriesContext(connection) as seen:
                client.get(url(referral))
            return sum("SAVEPOINT" not in query["sql"] for query in seen.captured_queries)

        before = count(short)
        from referrals.services import referrals as services

        for _n in range(3):
            asked = services.ask_back(
                referral=short,
                by=cast.actor(cast.officer),
                at=cast.at,
                questions=["One?", "Two?"],
            )
            stages.answered(cast, asked)
        assert count(short) <= before + 2


class TestThePast:
    def test_names_ones_own_people_and_of_others_the_organisation(
        self, cast: Cast, client_for
    ) -> None:
        referral = stages.returned(cast)
        text = page(client_for(cast.ngo_manager), referral)
        assert cast.authority.display_name in text
        assert cast.officer.display_name not in text
        assert cast.ngo_caseworker.display_name in text


class TestTheIdentity:
    def test_is_shown_once_and_only_for_a_reason(self, cast: Cast, client_for) -> None:
        referral = stages.sent(cast)
        desk = client_for(cast.ngo_manager)
        assert stages.NAME not in page(desk, referral, "identity")
        assert stages.NAME not in desk.post(url(referral, "identity")).content.decode()
        answer = desk.post(url(referral, "identity"), {"reason": "safety"})
        assert stages.NAME in answer.content.decode()
        assert "no-store" in answer["Cache-Control"]
        entry = AccessLog.objects.about("referral", referral.uuid)[0]
        assert (entry.user, entry.reason_code) == (cast.ngo_manager, "safety")

    def test_is_not_shown_when_the_log_cannot_be_written(
        self, monkeypatch, cast: Cast, client_for
    ) -> None:
        referral = stages.sent(cast)

        def broken(**_kwargs: object) -> None:
            raise RuntimeError("the log is full")

        monkeypatch.setattr("referrals.services.identity.log", broken)
        desk = client_for(cast.ngo_manager)
        with pytest.raises(RuntimeError, match="the log is full"):
            desk.post(url(referral, "identity"), {"reason": "safety"})

    def test_is_not_the_recipients_to_open(self, cast: Cast, client_for) -> None:
        referral = stages.sent(cast)
        for user, status in ((cast.officer, 403), (cast.other_manager, 404)):
            answer = client_for(user).post(url(referral, "identity"), {"reason": "safety"})
            assert answer.status_code == status


class TestWhoLooked:
    def test_is_told_to_the_organisation_that_keeps_the_file(self, cast: Cast, client_for) -> None:
        referral = stages.sent(cast)
        page(client_for(cast.officer), referral)
        text = page(client_for(cast.ngo_manager), referral, "who-looked")
        assert cast.authority.display_name in text
        assert cast.officer.display_name not in text
        assert "File opened" in text

    def test_is_nobody_elses(self, cast: Cast, client_for) -> None:
        referral = stages.sent(cast)
        assert client_for(cast.officer).get(url(referral, "who-looked")).status_code == 403
        assert client_for(cast.other_manager).get(url(referral, "who-looked")).status_code == 404


class TestSent:
    def test_is_a_page_of_its_own_only_while_it_waits(self, cast: Cast, client_for) -> None:
        desk = client_for(cast.ngo_manager)
        assert stages.now(sent := stages.sent(cast)).state == State.SUBMITTED
        assert sent.reference in page(desk, sent, "sent")
        decided = stages.decided(cast, sent, "positive")
        assert desk.get(url(decided, "sent"))["Location"] == url(decided)
