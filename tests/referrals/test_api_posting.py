"""A case system posts a referral: once, whole, and only with consent; and changes its draft."""

from copy import deepcopy
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from common.marks import Permission
from referrals.choices import State, TrackKind, TrackStatus
from referrals.models import Consent, Identity, Packet, Person, PostedReferral, Referral
from tests.referrals import stages
from tests.referrals.test_api import detail
from tests.referrals.test_parallel import POSTED, at_once
from tests.support.cast import Cast
from tests.support.programs import ProgramClient, program_of
from tests.support.queries import at_most

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
P = Permission
LIST = reverse("api:referrals")
WRITES = (P.REFERRAL_SEE, P.REFERRAL_MAKE)
YES = {"agrees": "yes", "language": "sq", "with_interpreter": True}


def body(cast: Cast, **more: Any) -> dict[str, Any]:
    """An adult's referral with consent and a name, to be sent."""
    answers = {**stages.ANSWERS, "authority": str(cast.authority.uuid), "region": "XX-N"}
    whole = {
        "answers": answers,
        "consent": YES,
        "identity": {"name": stages.NAME, "birth_date": "1999-12", "safe_contact": "After six"},
        "send": True,
        "confirmed": True,
    }
    return deepcopy({**whole, **more})


@pytest.fixture
def program(cast: Cast, at: datetime) -> ProgramClient:
    """The case system of Lantern House."""
    client: ProgramClient = program_of(cast.ngo_manager, *WRITES, at=at)
    return client


def faults(response: Any) -> dict[str, str]:
    return {each["field"]: each["code"] for each in response.json()["errors"]}


class TestPosting:
    def test_sends_what_the_pages_would_send(self, cast: Cast, program: ProgramClient) -> None:
        response = program.send("POST", LIST, body(cast, struck=["birth_date"]), key="case-1")
        assert response.status_code == 201
        receipt = response.json()
        referral = Referral.objects.get()
        assert receipt == {
            "uuid": str(referral.uuid),
            "reference": referral.reference,
            "state": "submitted",
            "version": referral.version,
            "url": f"http://testserver{detail(referral)}",
        }
        assert response.headers["Location"] == receipt["url"]
        assert referral.state == State.SUBMITTED
        assert referral.basis == "consent"
        assert referral.narrative == stages.STORY
        assert referral.authority == cast.authority
        assert Identity.objects.get().name == stages.NAME
        packet = Packet.objects.get()
        assert (packet.recipient, packet.struck) == (cast.authority, ["birth_date"])

    def test_keeps_a_draft_with_whatever_there_is(self, program: ProgramClient) -> None:
        response = program.send("POST", LIST, {"answers": {"place": "HERE"}}, key="case-1")
        assert response.json()["state"] == "draft"
        assert Referral.objects.get().place == "HERE"

    def test_of_a_child_needs_no_consent(self, cast: Cast, program: ProgramClient) -> None:
        given = body(cast)
        given["answers"]["is_child_now"] = "yes"
        refused = program.send("POST", LIST, given, key="child-1")
        assert (refused.status_code, faults(refused)) == (400, {"consent": "invalid"})
        del given["consent"]
        assert program.send("POST", LIST, given, key="child-1").status_code == 201
        track = Referral.objects.get().tracks.get(kind=TrackKind.CONSENT)
        assert track.status == TrackStatus.CHILD

    def test_takes_reasons_to_believe_in_a_child_where_the_age_is_not_known(
        self, cast: Cast, program: ProgramClient
    ) -> None:
        given = body(cast, child_reasons="Invented reasons.")
        del given["consent"]
        refused = program.send("POST", LIST, given, key="child-1")
        assert (refused.status_code, faults(refused)) == (400, {"child_reasons": "invalid"})
        given["answers"]["is_child_now"] = "unknown"
        assert program.send("POST", LIST, given, key="child-1").status_code == 201

    def test_asks_a_bounded_number_of_queries(self, cast: Cast, program: ProgramClient) -> None:
        program.send("POST", LIST, body(cast), key="case-1")
        with at_most(140):
            program.send("POST", LIST, body(cast), key="case-2")


class TestConsent:
    def test_of_an_adult_is_needed_and_nothing_is_kept_without(
        self, cast: Cast, program: ProgramClient
    ) -> None:
        given = body(cast)
        del given["consent"]
        response = program.send("POST", LIST, given, key="case-1")
        assert response.status_code == 422
        problem = response.json()
        assert response.headers["Content-Type"].startswith("application/problem+json")
        assert problem["code"] == "consent_missing"
        assert problem["detail"].startswith("Nothing leaves the organisation without")
        assert problem["what_to_do"]
        assert faults(response) == {"consent": "required"}
        assert not Referral.objects.exists()
        assert not Person.objects.exists()
        given["consent"] = YES
        assert program.send("POST", LIST, given, key="case-1").status_code == 201

    @pytest.mark.parametrize("said", ["no", "not_now"])
    def test_refused_sends_nothing_and_keeps_a_draft_of_ones_own(
        self, said: str, cast: Cast, program: ProgramClient, at: datetime
    ) -> None:
        given = body(cast, consent={"agrees": said, "refusal_reason": "fear"})
        response = program.send("POST", LIST, given, key="case-1")
        assert (response.status_code, response.json()["code"]) == (422, "consent_missing")
        assert not Referral.objects.exists()
        kept = program.send("POST", LIST, {**given, "send": False}, key="case-1").json()
        assert kept["state"] == "draft"
        assert not Consent.objects.exists()
        officer = program_of(cast.officer, P.REFERRAL_SEE, at=at)
        assert officer.get(LIST).json()["results"] == []

    def test_says_how_it_was_explained(self, cast: Cast, program: ProgramClient) -> None:
        response = program.send("POST", LIST, body(cast, consent={"agrees": "yes"}), key="case-1")
        assert faults(response) == {
            "consent.language": "required",
            "consent.with_interpreter": "required",
        }

    def test_nothing_is_sent_that_was_not_gone_through(
        self, cast: Cast, program: ProgramClient
    ) -> None:
        response = program.send("POST", LIST, body(cast, confirmed=False), key="case-1")
        assert (response.status_code, faults(response)) == (400, {"confirmed": "required"})


class TestTheKey:
    def test_twice_gives_one_referral_and_the_same_answer(
        self, cast: Cast, program: ProgramClient, at: datetime
    ) -> None:
        first = program.send("POST", LIST, body(cast), key="case-1")
        # Whatever became of it since, and whichever of the organisation's tokens asks.
        stages.decided(cast, Referral.objects.get(), "positive")
        other = program_of(cast.ngo_caseworker, *WRITES, at=at)
        again = other.send("POST", LIST, dict(reversed(body(cast).items())), key="case-1")
        assert (first.status_code, first.content) == (again.status_code, again.content)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert "Idempotency-Replayed" not in first.headers
        assert Referral.objects.count() == PostedReferral.objects.count() == 1

    def test_with_another_body_is_refused_in_words(
        self, cast: Cast, program: ProgramClient
    ) -> None:
        program.send("POST", LIST, body(cast), key="case-1")
        other = body(cast)
        other["answers"]["narrative"] = "Another invented story."
        response = program.send("POST", LIST, other, key="case-1")
        assert (response.status_code, response.json()["code"]) == (422, "key_used")
        assert "new key" in response.json()["what_to_do"]
        assert Referral.objects.count() == 1

    def test_of_a_draft_begun_on_a_page_is_used(self, cast: Cast, program: ProgramClient) -> None:
        from referrals.services import referrals

        by = cast.actor(cast.ngo_manager)
        referrals.open_referral(by=by, at=cast.at, key="of-the-page")
        response = program.send("POST", LIST, body(cast), key="of-the-page")
        assert (response.status_code, response.json()["code"]) == (422, "key_used")

    def test_is_the_organisations_own(
        self, cast: Cast, program: ProgramClient, at: datetime
    ) -> None:
        program.send("POST", LIST, body(cast), key="case-1")
        other = program_of(cast.other_manager, *WRITES, at=at)
        assert other.send("POST", LIST, body(cast), key="case-1").status_code == 201
        assert Referral.objects.count() == 2

    @pytest.mark.parametrize("key", ["", "x" * 65])
    def test_is_needed(self, key: str, cast: Cast, program: ProgramClient) -> None:
        response = program.send("POST", LIST, body(cast), key=key)
        assert (response.status_code, response.json()["code"]) == (400, "key_missing")
        assert not Referral.objects.exists()


class TestBadInput:
    @pytest.mark.parametrize(
        ("path", "value", "code"),
        [
            ("answers.gender", "WOMAN", "invalid_choice"),
            ("answers.gendr", "FEMALE", "unknown"),
            ("answers.exploitation.1", ["SEXUAL", "TORTURE"], "invalid_choice"),
            ("answers.nationalities", ["XXX"], "invalid"),
            ("answers.language", "elvish", "invalid"),
            ("answers.region", "nowhere", "does_not_exist"),
            ("answers.authority", "0b6f2f5a-31a5-4d0f-8a0c-5b1d6f0c9e77", "does_not_exist"),
            ("answers.authority", "not a uuid", "invalid"),
            ("answers.narrative", "x" * 15_001, "invalid"),
            ("answers.narrative", "nul \x00", "null_characters_not_allowed"),
            ("identity.birth_date", "31.12.1999", "invalid"),
            ("identity.name", "x" * 501, "max_length"),
            ("struck", ["reference"], "invalid_choice"),
            ("state", "concl_positive", "unknown"),
            ("first_responder", "x", "unknown"),
            ("consent.agrees", "maybe", "invalid_choice"),
        ],
    )
    def test_is_named_by_its_path_and_nothing_is_kept(
        self, path: str, value: Any, code: str, cast: Cast, program: ProgramClient
    ) -> None:
        given: Any = body(cast)
        names = [name for name in path.split(".") if not name.isdigit()]
        place = given
        for name in names[:-1]:
            place = place[name]
        place[names[-1]] = value
        response = program.send("POST", LIST, given, key="case-1")
        assert response.status_code == 400
        (fault,) = response.json()["errors"]
        assert fault["field"] in (path, f"{path}.0")
        assert fault["code"] == code
        assert fault["detail"]
        # Nothing of what was sent is in the answer.
        if isinstance(value, str) and len(value) > 4:
            assert value not in response.content.decode()
        assert not Referral.objects.exists()

    @pytest.mark.parametrize("raw", [b"{", b"[]", b'"text"', b"\xff"])
    def test_that_is_no_object_is_refused(self, raw: bytes, program: ProgramClient) -> None:
        response = program.generic(
            "POST",
            LIST,
            raw,
            content_type="application/json",
            headers={"Idempotency-Key": "case-1"},
        )
        assert response.status_code == 400

    def test_of_another_kind_is_415_and_of_half_a_megabyte_413(
        self, cast: Cast, program: ProgramClient
    ) -> None:
        form = program.post(LIST, {"place": "HERE"}, headers={"Idempotency-Key": "a"})
        assert (form.status_code, form.json()["code"]) == (415, "unsupported_media_type")
        large = program.send("POST", LIST, {"answers": {"narrative": "x" * 600_000}}, key="a")
        assert (large.status_code, large.json()["code"]) == (413, "too_large")


class TestWhoMay:
    def test_a_token_that_only_reads_makes_nothing(self, cast: Cast, at: datetime) -> None:
        for scopes in ([P.REFERRAL_SEE], [P.REFERRAL_MAKE], [P.ORGANISATION_SEE]):
            client = program_of(cast.ngo_manager, *scopes, at=at)
            assert client.send("POST", LIST, body(cast), key="case-1").status_code == 403
        assert not Referral.objects.exists()

    def test_law_enforcement_records_no_contact(self, cast: Cast, at: datetime) -> None:
        client = program_of(cast.police_officer, *WRITES, at=at)
        response = client.send("POST", LIST, body(cast), key="case-1")
        assert (response.status_code, response.json()["code"]) == (403, "not_allowed")
        assert not Referral.objects.exists()


class TestAmending:
    def test_changes_what_is_given_and_nothing_else(
        self, cast: Cast, program: ProgramClient
    ) -> None:
        referral = stages.draft(cast)
        given = {"version": referral.version, "answers": {"place": "BOTH"}, "consent": YES}
        response = program.send("PATCH", detail(referral), given)
        assert response.status_code == 200
        now = stages.now(referral)
        assert (now.place, now.basis, now.gender) == ("BOTH", "consent", "FEMALE")
        assert response.json()["version"] == now.version

    def test_of_an_old_version_answers_both_texts(self, cast: Cast, program: ProgramClient) -> None:
        referral = stages.draft(cast)
        old = referral.version
        program.send(
            "PATCH", detail(referral), {"version": old, "answers": {"narrative": "Theirs."}}
        )
        given = {"version": old, "answers": {"narrative": "Yours."}}
        response = program.send("PATCH", detail(referral), given)
        assert (response.status_code, response.json()["code"]) == (409, "stale")
        problem = response.json()
        assert problem["yours"] == {"answers": {"narrative": "Yours."}}
        assert problem["theirs"]["answers"] == {"narrative": "Theirs."}
        assert problem["theirs"]["version"] == old + 1
        assert stages.now(referral).narrative == "Theirs."

    def test_of_nothing_at_all_is_refused(self, cast: Cast, program: ProgramClient) -> None:
        referral = stages.draft(cast)
        response = program.send("PATCH", detail(referral), {"version": 1, "answers": {}})
        assert (response.status_code, faults(response)) == (400, {"": "required"})

    def test_of_what_was_sent_is_refused(self, cast: Cast, program: ProgramClient) -> None:
        referral = stages.sent(cast)
        given = {"version": referral.version, "answers": {"place": "BOTH"}}
        response = program.send("PATCH", detail(referral), given)
        assert (response.status_code, response.json()["code"]) == (422, "not_possible")

    def test_a_belief_in_a_child_ends_when_the_person_is_said_to_be_an_adult(
        self, cast: Cast, program: ProgramClient
    ) -> None:
        given = body(cast, send=False, child_reasons="Invented reasons.")
        given["answers"]["is_child_now"] = "unknown"
        del given["consent"]
        made = program.send("POST", LIST, given, key="case-1").json()
        assert Referral.objects.get().basis == "child"
        change = {"version": made["version"], "answers": {"is_child_now": "no"}}
        after = program.send("PATCH", made["url"], change).json()
        act = reverse("api:referral-act", args=[made["uuid"], "send"])
        sent = program.send("POST", act, {"version": after["version"], "confirmed": True})
        assert (sent.status_code, sent.json()["code"]) == (422, "consent_missing")


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="one writer on SQLite")
class TestAtOnce:
    def test_thirty_two_posts_give_one_referral_and_one_answer(
        self, cast: Cast, at: datetime
    ) -> None:
        authorization = program_of(cast.ngo_manager, *WRITES, at=at).defaults["HTTP_AUTHORIZATION"]
        given = body(cast)

        def post() -> Any:
            client = ProgramClient(HTTP_AUTHORIZATION=authorization)
            return client.send("POST", LIST, given, key="case-1")

        results = at_once(*[post] * POSTED)
        assert [each for each in results if isinstance(each, Exception)] == []
        assert {(each.status_code, each.content) for each in results} == {(201, results[0].content)}
        assert Referral.objects.count() == Packet.objects.count() == 1
        assert sum("Idempotency-Replayed" in each.headers for each in results) == POSTED - 1
