"""What a program may do with a referral, and what it is told when it cannot."""

from datetime import datetime
from typing import Any

import pytest
from django.urls import reverse

from common.marks import Permission
from partners.choices import Capacity, OrganisationKind
from partners.models import HeldCapacity
from referrals.choices import State
from referrals.models import Decision, Opinion, Question, Referral
from referrals.serializers import ACTS
from referrals.services import consents
from referrals.workflow import referral_workflow
from tests.referrals import stages
from tests.referrals.test_api import detail
from tests.support.cast import Cast
from tests.support.programs import ProgramClient, program_of

pytestmark = pytest.mark.django_db
P = Permission
WRITES = (P.REFERRAL_SEE, P.REFERRAL_MAKE)


def act(referral: Referral, name: str) -> str:
    return reverse("api:referral-act", args=[referral.uuid, name])


def listed(client: ProgramClient, referral: Referral) -> dict[str, Any]:
    found = client.get(reverse("api:referral-acts", args=[referral.uuid])).json()
    return {each["name"]: each for each in found}


@pytest.fixture
def program(cast: Cast, at: datetime) -> ProgramClient:
    client: ProgramClient = program_of(cast.ngo_manager, *WRITES, at=at)
    return client


class TestTheList:
    def test_says_what_each_asks_and_why_not(self, cast: Cast, program: ProgramClient) -> None:
        referral = stages.draft(cast)
        send = listed(program, referral)["send"]
        assert send["possible"] is False
        assert send["reason"].startswith("Nothing leaves the organisation without")
        assert send["asks"] == ["version", "confirmed"]
        assert send["may_ask"] == ["struck"]
        assert send["unless"].startswith("An answer is missing")
        assert send["url"].endswith(act(referral, "send"))
        consents.record_consent(
            referral=referral, by=cast.actor(cast.ngo_manager), at=cast.at, language="sq"
        )
        assert listed(program, referral)["send"]["possible"] is True
        assert program.get(detail(referral)).json()["actions"] == [
            *listed(program, referral).values()
        ]

    def test_asks_what_the_table_of_the_workflow_asks(self) -> None:
        table = referral_workflow()
        for transition in table.transitions:
            if transition.name not in ACTS:
                continue
            fields = set(ACTS[transition.name]().fields) - {"version", "confirmed", "note"}
            assert fields == {*transition.asks, *transition.may_ask}, transition.name

    def test_offers_a_recipient_nothing(self, cast: Cast, at: datetime) -> None:
        referral = stages.sent(cast)
        officer = program_of(cast.officer, *WRITES, at=at)
        assert listed(officer, referral) == {}

    def test_of_a_token_that_only_reads_offers_at_most_a_reason(
        self, cast: Cast, at: datetime
    ) -> None:
        referral = stages.sent(cast)
        reader = program_of(cast.ngo_manager, P.REFERRAL_SEE, at=at)
        assert "withdraw" not in listed(reader, referral)
        response = reader.send("POST", act(referral, "withdraw"), {"version": referral.version})
        assert response.status_code == 403


class TestActing:
    def test_sends_what_is_ready(self, cast: Cast, program: ProgramClient) -> None:
        referral = stages.consented(cast)
        given = {"version": referral.version, "confirmed": True, "struck": ["narrative"]}
        response = program.send("POST", act(referral, "send"), given)
        assert (response.status_code, response.json()["state"]) == (200, "submitted")
        assert stages.now(referral).packets.get().struck == ["narrative"]

    def test_says_what_is_missing_before_it_can_be_sent(
        self, cast: Cast, program: ProgramClient
    ) -> None:
        referral = stages.consented(cast, gender="", place="")
        given = {"version": referral.version, "confirmed": True}
        response = program.send("POST", act(referral, "send"), given)
        assert (response.status_code, response.json()["code"]) == (422, "answers_missing")
        named = [each["field"] for each in response.json()["errors"]]
        assert named == ["answers.gender", "answers.place"]

    def test_answers_every_question_and_none_that_was_not_asked(
        self, cast: Cast, program: ProgramClient
    ) -> None:
        referral = stages.returned(cast)
        question = Question.objects.get()
        given: dict[str, Any] = {
            "version": referral.version,
            "answers": {str(question.uuid): "Since the spring.", "nobody": "Asked this."},
        }
        wrong = program.send("POST", act(referral, "answer"), given)
        assert wrong.status_code == 400
        assert [each["field"] for each in wrong.json()["errors"]] == ["answers.nobody"]
        del given["answers"]["nobody"]
        assert program.send("POST", act(referral, "answer"), given).status_code == 200
        question.refresh_from_db()
        assert question.answer == "Since the spring."
        assert stages.now(referral).state == State.SUBMITTED

    def test_withdraws_and_says_it_once(self, cast: Cast, program: ProgramClient) -> None:
        referral = stages.sent(cast)
        given = {"version": referral.version, "note": "An invented note."}
        assert program.send("POST", act(referral, "withdraw"), given).json()["state"] == "withdrawn"
        again = program.send("POST", act(referral, "withdraw"), given)
        assert again.status_code == 409
        now = again.json()["theirs"]
        assert (now["state"], now["version"]) == ("withdrawn", stages.now(referral).version)

    def test_gives_an_opinion(self, cast: Cast, program: ProgramClient) -> None:
        referral = stages.sent(cast)
        response = program.send("POST", act(referral, "opinion"), {"text": "Invented."})
        assert response.status_code == 200
        assert Opinion.objects.get().text == "Invented."

    def test_notifies_without_a_way_back_to_the_draft(
        self, cast: Cast, at: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cast.ngo.kind = OrganisationKind.STATE_AGENCY
        cast.ngo.save(update_fields=["kind"])
        with stages.country_is(monkeypatch, "gb"):
            referral = stages.refused(cast)
            program = program_of(cast.ngo_manager, *WRITES, at=at)
            given = {"version": referral.version, "authority": str(cast.authority.uuid)}
            response = program.send("POST", act(referral, "notify"), given)
            assert response.status_code == 200
            assert response.json()["uuid"] == str(referral.uuid)
            notice = Referral.objects.get(state=State.NOTIFIED)
            assert str(notice.uuid) not in response.content.decode()
            assert notice.reference not in response.content.decode()
            shown = program.get(detail(notice)).json()
            assert shown["packet"]["content"]["exploitation"] == stages.ANSWERS["exploitation"]
            assert stages.STORY not in str(shown)


class TestStale:
    def test_tells_what_was_decided_meanwhile_beside_what_was_sent(
        self, cast: Cast, program: ProgramClient
    ) -> None:
        referral = stages.sent(cast)
        stages.decided(cast, referral, "negative")
        given = {"version": referral.version, "note": "Your invented note."}
        response = program.send("POST", act(referral, "withdraw"), given)
        assert (response.status_code, response.json()["code"]) == (409, "stale")
        assert response.json()["yours"] == {"note": "Your invented note."}
        theirs = response.json()["theirs"]
        assert theirs["state"] == stages.now(referral).state
        assert "The invented reasons of the first officer." in theirs["texts"]

    def test_is_in_the_log_of_who_looked(self, cast: Cast, program: ProgramClient) -> None:
        from accounts.models import AccessLog

        referral = stages.sent(cast)
        stages.decided(cast, referral, "negative")
        before = AccessLog.objects.count()
        program.send("POST", act(referral, "withdraw"), {"version": referral.version})
        assert AccessLog.objects.count() == before + 1


class TestPersons:
    @pytest.mark.parametrize("name", ["positive", "first_positive", "return", "vote", "identity"])
    def test_decide_and_open_identities_and_no_token_does(
        self, name: str, cast: Cast, at: datetime
    ) -> None:
        referral = stages.sent(cast)
        officer = program_of(cast.officer, *WRITES, P.REFERRAL_DECIDE, at=at)
        response = officer.send("POST", act(referral, name), {"version": referral.version})
        assert response.status_code == 403
        assert not Decision.objects.exists()

    def test_are_named_to_whoever_may_act_at_all(self, cast: Cast, program: ProgramClient) -> None:
        referral = stages.sent(cast)
        response = program.send("POST", act(referral, "positive"), {"version": 1})
        assert (response.status_code, response.json()["code"]) == (403, "needs_a_person")
        assert program.send("POST", act(referral, "elsewhere"), {}).status_code == 404


class TestWithoutTheCapacity:
    def test_goes_on_with_what_was_made_and_makes_nothing_new(
        self, cast: Cast, program: ProgramClient
    ) -> None:
        referral, ready = stages.sent(cast), stages.consented(cast)
        HeldCapacity.objects.filter(
            organisation=cast.ngo, capacity=Capacity.FIRST_RESPONDER
        ).update(ended_at=cast.at)
        given = {"version": referral.version}
        assert program.send("POST", act(referral, "withdraw"), given).status_code == 200
        given = {"version": ready.version, "answers": {"place": "BOTH"}}
        assert program.send("PATCH", detail(ready), given).status_code == 200
        given = {"version": stages.now(ready).version, "confirmed": True}
        assert program.send("POST", act(ready, "send"), given).status_code == 403
        made = program.send("POST", reverse("api:referrals"), {"answers": {}}, key="case-1")
        assert made.status_code == 403
