"""Referrals for programs: what a token reads, in lists and one by one, and never more than a page.

Every answer is held to the description of the API by the client itself.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import AccessLog
from common.marks import Permission
from partners import grants
from partners.choices import GrantReason, Role
from partners.models import Membership
from referrals.choices import Section, State
from referrals.models import Question, Referral
from referrals.services import referrals
from tests.referrals import stages
from tests.referrals.test_lists import many
from tests.support.cast import Cast, works_for
from tests.support.programs import program_of
from tests.support.queries import at_most, counted

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
P = Permission
LIST = reverse("api:referrals")
READS = (P.REFERRAL_SEE,)
WRITES = (P.REFERRAL_SEE, P.REFERRAL_MAKE)


def detail(referral: Referral) -> str:
    return reverse("api:referral", args=[referral.uuid])


@pytest.fixture
def program(at: datetime) -> Any:
    def make(user: Any, *scopes: Permission, **more: Any) -> Any:
        return program_of(user, *(scopes or READS), at=at, **more)

    return make


class TestList:
    def test_shows_codes_and_nothing_about_the_person(self, cast: Cast, program: Any) -> None:
        referral = stages.sent(cast)
        response = program(cast.ngo_caseworker).get(LIST)
        (row,) = response.json()["results"]
        assert row["uuid"] == str(referral.uuid)
        assert row["state"] == "submitted"
        assert row["authority"] == {
            "uuid": str(cast.authority.uuid),
            "name": cast.authority.name,
        }
        assert row["region"] == "XX-N"
        for secret in (stages.NAME, stages.STORY, "FORCED_LABOUR", "ALB"):
            assert secret not in response.content.decode()

    def test_of_others_is_empty(self, cast: Cast, program: Any) -> None:
        stages.draft(cast)
        stages.sent(cast)
        assert program(cast.other_manager).get(LIST).json()["results"] == []

    def test_narrows_to_states_in_either_order(
        self, cast: Cast, program: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with stages.country_is(monkeypatch, "gb"):
            draft, sent, back = stages.draft(cast), stages.sent(cast), stages.returned(cast)
            client = program(cast.ngo_manager)

            def found(**asked: Any) -> set[str]:
                return {row["uuid"] for row in client.get(LIST, asked).json()["results"]}

            assert found() == {str(each.uuid) for each in (draft, sent, back)}
            assert found(state=["draft", "returned"]) == {str(draft.uuid), str(back.uuid)}
            due = program(cast.officer).get(LIST, {"order": "due"}).json()["results"]
            assert [row["uuid"] for row in due] == [str(sent.uuid), str(back.uuid)]
            assert due[0]["due_at"] is not None

    @pytest.mark.parametrize(
        ("asked", "field"),
        [({"order": "random"}, "order"), ({"state": "lost"}, "state.0"), ({"page": "2"}, "page")],
    )
    def test_says_which_filter_is_wrong(
        self, asked: dict[str, str], field: str, cast: Cast, program: Any
    ) -> None:
        response = program(cast.ngo_manager).get(LIST, asked)
        assert response.status_code == 400
        assert [each["field"] for each in response.json()["errors"]] == [field]

    def test_leads_through_all_pages(self, cast: Cast, program: Any) -> None:
        many(cast, 60)
        client, address, found = program(cast.ngo_manager), LIST, []
        while address:
            page = client.get(address).json()
            found += [row["uuid"] for row in page["results"]]
            address = page["next"]
        assert len(found) == len(set(found)) == 60

    @pytest.mark.parametrize("number", [1, 200])
    def test_asks_no_more_of_the_database_for_two_hundred(
        self, number: int, cast: Cast, program: Any
    ) -> None:
        works_for(cast.ngo_caseworker, cast.other_ngo, Role.MANAGER, cast.at)
        many(cast, number)
        here = Membership.objects.get(user=cast.ngo_caseworker, organisation=cast.ngo)
        client = program(cast.ngo_caseworker, membership=here)
        client.get(LIST)
        with at_most(8):
            client.get(LIST)

    def test_of_law_enforcement_tells_status_alone_once_sent(
        self, cast: Cast, program: Any
    ) -> None:
        stages.sent(cast, cast.police_officer)
        (row,) = program(cast.police_officer).get(LIST).json()["results"]
        assert (row["state"], row["authority"], row["first_responder"]) == ("submitted", None, None)


class TestDetail:
    def test_gives_its_keeper_the_file_and_never_the_identity(
        self, cast: Cast, program: Any
    ) -> None:
        referral = stages.sent(cast)
        response = program(cast.ngo_caseworker).get(detail(referral))
        body = response.json()
        assert body["file"]["answers"]["narrative"] == stages.STORY
        assert body["file"]["answers"]["exploitation"] == stages.ANSWERS["exploitation"]
        assert body["file"]["answers"]["authority"] == str(cast.authority.uuid)
        assert body["file"]["has_identity"] is True
        assert "packet" not in body
        assert [each["version"] for each in body["sent"]] == [1]
        assert stages.NAME not in response.content.decode()
        assert "neighbour" not in response.content.decode()

    def test_gives_the_recipient_the_packet_as_it_was_sent(self, cast: Cast, program: Any) -> None:
        referral = stages.consented(cast)
        by = cast.actor(cast.ngo_caseworker)
        referrals.send_referral(referral=referral, by=by, at=cast.at, struck=["birth_date"])
        body = program(cast.officer).get(detail(referral)).json()
        assert body["packet"]["content"]["narrative"] == stages.STORY
        assert body["packet"]["content"]["name"] == stages.NAME
        assert "birth_date" not in body["packet"]["content"]
        assert not {"file", "sent", "tracks"} & set(body)
        assert body["actions"] == []

    @pytest.mark.parametrize("who", ["ngo_caseworker", "officer", "police_officer"])
    def test_has_the_sections_the_page_has(self, who: str, cast: Cast, program: Any) -> None:
        from referrals.sections import sections

        maker = cast.police_officer if who == "police_officer" else cast.ngo_caseworker
        referral = stages.sent(cast, maker)
        user = getattr(cast, who)
        body = program(user).get(detail(referral)).json()
        assert set(body["sections"]) == sections(cast.actor(user), referral)
        if who == "police_officer":
            assert not {"file", "packet", "sent", "questions", "opinions", "tracks"} & set(body)
            assert body["authority"] is None

    def test_is_logged_before_it_is_read(self, cast: Cast, program: Any, monkeypatch: Any) -> None:
        referral = stages.sent(cast)
        client, officer = program(cast.ngo_caseworker), program(cast.officer)
        before = AccessLog.objects.count()
        client.get(detail(referral))
        officer.get(detail(referral))
        logged = AccessLog.objects.order_by("-pk")[: AccessLog.objects.count() - before]
        assert {entry.field_group for entry in logged} == {"file", "packet"}
        assert all(entry.subject_uuid == referral.uuid for entry in logged)

        def broken(**_given: Any) -> None:
            raise OSError("the log cannot be written")

        monkeypatch.setattr("referrals.services.identity.log", broken)
        with pytest.raises(OSError, match="log"):
            officer.get(detail(referral))

    def test_shows_questions_and_reasons_to_both_sides(self, cast: Cast, program: Any) -> None:
        referral = stages.returned(cast)
        for user in (cast.ngo_caseworker, cast.officer):
            (question,) = program(user).get(detail(referral)).json()["questions"]
            assert (question["text"], question["answer"]) == ("Since when?", None)
        referral = stages.decided(cast, stages.answered(cast, referral), "negative")
        body = program(cast.ngo_caseworker).get(detail(referral)).json()
        assert body["decisions"][0]["reasons"].startswith("The invented reasons")
        assert body["decisions"][0]["outcome"] == "negative"

    def test_of_the_unseen_is_the_404_of_what_never_was(self, cast: Cast, program: Any) -> None:
        referral = stages.draft(cast)
        client = program(cast.other_manager, *WRITES)
        never = reverse("api:referral", args=["00000000-0000-4000-8000-000000000000"])
        unseen = client.get(detail(referral))
        assert unseen.status_code == 404
        assert unseen.content == client.get(never).content
        for address in ("api:referral-acts", "api:referral"):
            url = reverse(address, args=[referral.uuid])
            assert client.get(url).content == unseen.content
        act = reverse("api:referral-act", args=[referral.uuid, "send"])
        assert client.send("POST", act, {"version": 1}).content == unseen.content

    def test_of_what_was_opened_to_the_person_alone_is_not_for_programs(
        self, cast: Cast, program: Any, client_for: Any
    ) -> None:
        referral = stages.sent(cast)
        grants.grant(
            subject=referral,
            permissions=["see", "work", "identity"],
            to=cast.other_manager,
            reason=GrantReason.INDIVIDUAL,
            by=None,
            at=cast.at,
        )
        assert Referral.objects.visible_to(cast.actor(cast.other_manager)).exists()
        client = program(cast.other_manager)
        assert client.get(detail(referral)).status_code == 404
        assert client.get(LIST).json()["results"] == []

    def test_asks_about_as_much_of_the_database_however_much_there_is(
        self, cast: Cast, program: Any
    ) -> None:
        referral = stages.returned(cast)
        client = program(cast.ngo_caseworker)
        client.get(detail(referral))
        with at_most(34) as few:
            client.get(detail(referral))
        by, later = cast.actor(cast.officer), cast.at + timedelta(minutes=1)
        for _round in range(3):
            stages.answered(cast, referral, at=later)
            referrals.ask_back(referral=referral, by=by, at=later, questions=["Where?", "Who?"])
        assert Question.objects.filter(referral=referral).count() == 7
        with counted() as many_of_them:
            client.get(detail(referral))
        assert len(many_of_them) <= len(few) + 1


class TestScopes:
    def test_reading_needs_its_scope(self, cast: Cast, program: Any) -> None:
        referral = stages.sent(cast)
        for scopes in ([P.ORGANISATION_SEE], [P.REFERRAL_MAKE]):
            client = program(cast.ngo_manager, *scopes)
            for address in (LIST, detail(referral), reverse("api:codes")):
                assert client.get(address).status_code == 403

    def test_steering_is_not_for_programs(self, cast: Cast, program: Any) -> None:
        stages.sent(cast)
        assert program(cast.co_ordinator).get(LIST).status_code == 403

    def test_a_page_session_opens_nothing(self, cast: Cast, client_for: Any) -> None:
        assert client_for(cast.ngo_manager).get(LIST).status_code == 401


class TestCodes:
    def test_name_every_answer_in_the_words_of_the_country(
        self, cast: Cast, program: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = program(cast.ngo_manager)
        with stages.country_is(monkeypatch, "ua"), at_most(8):
            found = client.get(reverse("api:codes")).json()
        lists = {each["name"]: dict(map(dict.values, each["codes"])) for each in found}
        coded = {
            *stages.ANSWERS.keys() - {"narrative"},
            *("region", "authority", "state", "struck", "stage"),
        }
        assert coded <= set(lists)
        assert lists["authority"] == {str(cast.authority.uuid): cast.authority.display_name}
        assert State.PRELIM_POSITIVE not in lists["state"]
        assert set(lists["section"]) == set(Section.values)
