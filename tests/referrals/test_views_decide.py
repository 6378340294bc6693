"""Acts upon a referral in the browser: asking back, answering, deciding, withdrawing."""

from datetime import timedelta

import pytest
from django.http import QueryDict
from django.urls import reverse

from accounts.kept import keep
from common.country import current
from referrals.choices import State
from referrals.models import Decision, NegativeProposal, Opinion, Question, Referral
from referrals.services import decisions
from tests.referrals import stages
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
S = State


def where(referral: Referral, name: str) -> str:
    return reverse("referrals:act", args=[referral.uuid, name])


def detail(client, referral: Referral) -> str:
    return words(client.get(reverse("referrals:detail", args=[referral.uuid])))


def words(answer) -> str:
    return answer.content.decode()


def do(client, referral: Referral, name: str, **said):
    return client.post(where(referral, name), {"version": stages.now(referral).version, **said})


@pytest.fixture
def officer(cast: Cast, client_for):
    return client_for(cast.officer)


@pytest.fixture
def second(cast: Cast, client_for):
    return client_for(cast.second_officer)


@pytest.fixture
def desk(cast: Cast, client_for):
    return client_for(cast.ngo_caseworker)


@pytest.fixture
def _ua(monkeypatch):
    with stages.country_is(monkeypatch, "ua"):
        yield


@pytest.mark.usefixtures("_ua")
class TestAskingBack:
    def test_keeps_the_questions_and_sends_it_back(self, cast: Cast, officer, desk) -> None:
        referral = stages.sent(cast)
        do(officer, referral, "return", question_1="Since when?", question_2="", question_3="Who?")
        assert stages.now(referral).state == S.RETURNED
        page = detail(desk, referral)
        assert "Since when?" in page
        assert "Who?" in page

    def test_needs_one_question(self, cast: Cast, officer) -> None:
        referral = stages.sent(cast)
        answer = do(officer, referral, "return", question_1=" ", question_2="Only the second.")
        assert answer.context["form"].errors["question_1"]
        assert "Only the second." in words(answer)
        assert stages.now(referral).state == S.SUBMITTED

    def test_is_answered_question_by_question(self, cast: Cast, desk) -> None:
        referral = stages.returned(cast)
        question = Question.objects.get(referral=referral)
        assert do(desk, referral, "answer").context["form"].errors
        do(desk, referral, "answer", **{f"answer-{question.uuid}": "Since the spring."})
        assert stages.now(referral).state == S.SUBMITTED
        assert "Since the spring." in detail(desk, referral)

    def test_brings_back_what_was_typed_before_the_session_ended(self, cast: Cast, officer) -> None:
        referral = stages.sent(cast)
        typed = QueryDict(mutable=True)
        typed["question_1"] = "Half a question"
        keep(user=cast.officer, path=where(referral, "return"), fields=typed, at=cast.at)
        assert "Half a question" in words(officer.get(where(referral, "return")))


@pytest.mark.usefixtures("_ua")
class TestDeciding:
    def test_positively_waits_for_nobody(self, cast: Cast, officer) -> None:
        referral = stages.sent(cast)
        do(officer, referral, "positive", reasons="")
        assert stages.now(referral).state == S.CONCL_POSITIVE
        assert str(current().stages[-1].positive) in detail(officer, referral)

    def test_negatively_is_proposed_by_one_and_made_by_another(
        self, cast: Cast, officer, second
    ) -> None:
        referral = stages.sent(cast)
        assert where(referral, "negative") not in detail(officer, referral)
        do(officer, referral, "propose", reasons="Invented reasons.")
        assert "needs two people" in detail(officer, referral)
        do(officer, referral, "negative")
        assert stages.now(referral).state == S.SUBMITTED
        assert "Invented reasons." in words(second.get(where(referral, "negative")))
        do(second, referral, "negative", reasons="")
        assert stages.now(referral).state == S.CONCL_NEGATIVE
        assert Decision.objects.get().seconded_by == cast.officer

    def test_negatively_needs_reasons(self, cast: Cast, officer) -> None:
        referral = stages.sent(cast)
        assert do(officer, referral, "propose", reasons="").context["form"].errors["reasons"]
        assert not NegativeProposal.objects.exists()

    def test_can_refuse_to_follow_a_proposal(self, cast: Cast, officer, second) -> None:
        referral = stages.sent(cast)
        do(officer, referral, "propose", reasons="Invented reasons.")
        assert "Do not follow the proposal" in detail(second, referral)
        do(second, referral, "take-back")
        assert NegativeProposal.objects.get().closed_by == cast.second_officer

    def test_twice_at_once_shows_both_texts(self, cast: Cast, officer, second) -> None:
        referral = stages.sent(cast)
        version = referral.version
        for client in (officer, second):
            assert client.get(where(referral, "positive")).status_code == 200
        first = {"version": version, "reasons": "What the first one wrote."}
        assert officer.post(where(referral, "positive"), first).status_code == 302
        later = {"version": version, "reasons": "What the second one wrote."}
        answer = second.post(where(referral, "positive"), later)
        assert answer.status_code == 409
        assert "What the first one wrote." in words(answer)
        assert "What the second one wrote." in words(answer)
        assert Decision.objects.count() == 1

    def test_against_a_question_asked_meanwhile_shows_both_texts(
        self, cast: Cast, officer, second
    ) -> None:
        referral = stages.sent(cast)
        version = referral.version
        do(officer, referral, "return", question_1="Where was the kiln?")
        later = {"version": version, "reasons": "What the second one wrote."}
        answer = second.post(where(referral, "positive"), later)
        assert answer.status_code == 409
        assert "Where was the kiln?" in words(answer)
        assert "What the second one wrote." in words(answer)

    def test_too_long_keeps_every_word(self, cast: Cast, officer) -> None:
        referral = stages.sent(cast)
        answer = do(officer, referral, "positive", reasons="x" * 4001)
        assert "x" * 4001 in words(answer)
        assert stages.now(referral).state == S.SUBMITTED

    def test_is_not_for_whoever_referred(self, cast: Cast, desk) -> None:
        referral = stages.sent(cast)
        assert where(referral, "positive") not in detail(desk, referral)
        assert do(desk, referral, "positive").status_code == 403
        assert stages.now(referral).state == S.SUBMITTED

    def test_is_not_for_an_officer_who_also_works_for_the_referrer(
        self, cast: Cast, officer
    ) -> None:
        from partners.choices import Role
        from tests.support.cast import works_for

        referral = stages.sent(cast)
        works_for(cast.officer, cast.ngo, Role.CASEWORKER, cast.at)
        session = officer.session
        session["acting_for"] = str(cast.authority.uuid)
        session.save()
        assert "works for the organisation that referred" in detail(officer, referral)
        assert do(officer, referral, "positive").status_code in (302, 403)
        assert stages.now(referral).state == S.SUBMITTED

    def test_does_not_exist_for_others(self, cast: Cast, client_for) -> None:
        referral = stages.sent(cast)
        other = client_for(cast.other_manager)
        assert other.get(where(referral, "positive")).status_code == 404
        assert do(other, referral, "positive").status_code == 404


class TestHeldBack:
    def test_asks_whether_the_person_wants_it_earlier(
        self, monkeypatch, cast: Cast, officer
    ) -> None:
        with stages.country_is(monkeypatch, "gb"):
            referral = stages.decided(cast, stages.sent(cast), "positive")
            answer = do(officer, referral, "positive", reasons="", person_asks="no")
            assert "held back until" in words(answer)
            do(officer, referral, "positive", reasons="", person_asks="yes")
        assert stages.now(referral).state == S.CONCL_POSITIVE
        assert Decision.objects.get(stage="conclusive").person_asked

    def test_passes_with_time(self, monkeypatch, cast: Cast) -> None:
        with stages.country_is(monkeypatch, "gb"):
            referral = stages.decided(cast, stages.sent(cast), "positive")
            later = cast.at + timedelta(days=40)
            by = cast.actor(cast.second_officer, later)
            decisions.decide(
                referral=referral, outcome="positive", by=by, at=later, person_asks=False
            )
        assert stages.now(referral).state == S.CONCL_POSITIVE


class TestVoting:
    def test_of_a_joint_authority_is_offered_to_each_seat(
        self, monkeypatch, cast: Cast, client_for, officer
    ) -> None:
        with stages.country_is(monkeypatch, "joint"):
            panel = stages.Panel(cast)
            referral = stages.sent(cast)
            social = client_for(panel.social_officer)
            for client in (officer, social):
                assert where(referral, "vote") in detail(client, referral)
                do(client, referral, "vote", outcome="positive", reasons="")
            do(officer, referral, "positive", reasons="")
            assert stages.now(referral).state == S.PRELIM_POSITIVE

    def test_negatively_needs_reasons(self, monkeypatch, cast: Cast, officer) -> None:
        with stages.country_is(monkeypatch, "joint"):
            stages.Panel(cast)
            referral = stages.sent(cast)
            answer = do(officer, referral, "vote", outcome="negative", reasons="")
        assert answer.context["form"].errors["reasons"]


@pytest.mark.usefixtures("_ua")
class TestOpinion:
    def test_of_the_ngo_has_to_be_answered(self, cast: Cast, desk, officer) -> None:
        referral = stages.sent(cast)
        do(desk, referral, "opinion", text="What the invented NGO thinks.")
        assert Opinion.objects.get().organisation == cast.ngo
        assert "What the invented NGO thinks." in detail(officer, referral)
        page = words(officer.get(where(referral, "propose")))
        assert "Answer to the opinion" in page


@pytest.mark.usefixtures("_ua")
class TestWithdrawing:
    def test_says_first_what_happens_and_that_support_goes_on(self, cast: Cast, desk) -> None:
        page = words(desk.get(where(stages.sent(cast), "withdraw")))
        assert "Support goes on as before" in page

    def test_ends_the_access_of_the_authority(self, cast: Cast, desk, officer) -> None:
        referral = stages.sent(cast)
        do(desk, referral, "withdraw", note="")
        assert stages.now(referral).state == S.WITHDRAWN
        url = reverse("referrals:detail", args=[referral.uuid])
        assert officer.get(url).status_code == 404
        assert desk.get(url).status_code == 200

    def test_after_the_decision_ends_access_and_undoes_nothing(
        self, cast: Cast, desk, officer
    ) -> None:
        referral = stages.decided(cast, stages.sent(cast), "positive")
        do(desk, referral, "withdraw", note="")
        assert stages.now(referral).state == S.CONCL_POSITIVE
        assert officer.get(reverse("referrals:detail", args=[referral.uuid])).status_code == 404

    def test_is_not_for_a_child(self, cast: Cast, desk) -> None:
        referral = stages.child(cast)
        assert "duty to protect a child" in detail(desk, referral)
        answer = desk.get(where(referral, "withdraw"))
        assert answer["Location"] == reverse("referrals:detail", args=[referral.uuid])


class TestTheWords:
    def test_no_template_and_no_code_holds_a_countrys_term(self) -> None:
        from pathlib import Path

        from django.conf import settings

        root = Path(settings.BASE_DIR)
        texts = [*root.glob("templates/**/*.html"), *root.glob("referrals/**/*.py")]
        assert [str(p) for p in texts if "reasonable grounds" in p.read_text().lower()] == []

    def test_an_act_that_nobody_knows_does_not_exist(self, cast: Cast, desk) -> None:
        assert desk.get(where(stages.sent(cast), "burn")).status_code == 404
