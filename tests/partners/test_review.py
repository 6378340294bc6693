"""The co-ordination's screens over HTTP: invitations, the queue, the review and its acts."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.kept import keep
from accounts.models import Invitation, KeptForm
from partners.choices import OrganisationState, Verdict
from partners.models import Organisation
from partners.services import organisations
from tests.partners import stages
from tests.partners.test_application import filled_in
from tests.support.cast import Cast
from tests.support.queries import at_most, counted

pytestmark = pytest.mark.django_db
S = OrganisationState
QUEUE = reverse("partners:reviews")
LETTERS = reverse("partners:invitations")


def review_url(cast: Cast) -> str:
    return reverse("partners:review", args=[cast.applying.uuid])


def act_url(cast: Cast, name: str) -> str:
    return reverse("partners:review-act", args=[cast.applying.uuid, name])


def names(response) -> list[str]:
    return [row[0]["text"] for row in response.context["rows"]]


@pytest.fixture
def ministry(cast: Cast, client_for):
    return client_for(cast.co_ordinator)


@pytest.fixture
def colleague(cast: Cast, client_for):
    return client_for(cast.second_co_ordinator)


def others(cast: Cast, number: int, at=None) -> None:
    """More applications that wait, one a minute earlier than the other."""
    at = at or cast.at
    Organisation.objects.bulk_create(
        Organisation(
            name=f"Waiting {n:03} (invented)",
            kind="cso",
            state=S.APPLIED,
            created_at=at,
            applied_at=at - timedelta(minutes=n),
            applied_by=cast.stranger,
        )
        for n in range(number)
    )


class TestWhoMay:
    def test_only_the_co_ordination(self, cast: Cast, client_for, ministry) -> None:
        stages.sent(cast)
        posted = {"version": stages.now(cast).version}
        others = (cast.applicant, cast.ngo_manager, cast.rapporteur, cast.administrator)
        for outsider in map(client_for, others):
            for url in (QUEUE, review_url(cast), LETTERS):
                assert ministry.get(url).status_code == 200
                assert outsider.get(url).status_code == 403
            assert outsider.post(act_url(cast, "take_up"), posted).status_code == 403
        assert stages.now(cast).state == S.APPLIED
        assert ministry.post(act_url(cast, "take_up"), posted).status_code == 302
        assert stages.now(cast).state == S.UNDER_REVIEW

    def test_a_draft_is_like_one_that_never_existed(self, cast: Cast, ministry) -> None:
        unknown = reverse("partners:review", args=["00000000-0000-4000-8000-000000000000"])
        draft, nothing = ministry.get(review_url(cast)), ministry.get(unknown)
        assert (draft.status_code, nothing.status_code) == (404, 404)
        assert draft.content == nothing.content
        assert ministry.post(act_url(cast, "take_up"), {"version": 1}).status_code == 404
        stages.sent(cast)
        assert ministry.get(review_url(cast)).status_code == 200

    def test_nobody_reviews_their_own_organisation(self, cast: Cast, ministry) -> None:
        own = reverse("partners:review", args=[cast.ministry.uuid])
        assert ministry.get(own).status_code == 403
        state_all = ministry.get(QUEUE, {"state": "all"})
        assert cast.ministry.name not in names(state_all)
        assert cast.ngo.name in names(state_all)

    def test_answers_404_for_an_act_that_does_not_exist(self, cast: Cast, ministry) -> None:
        stages.sent(cast)
        assert ministry.post(act_url(cast, "send")).status_code == 404
        assert ministry.post(act_url(cast, "explode")).status_code == 404


class TestQueue:
    def test_says_what_to_do_when_nothing_waits(self, ministry) -> None:
        body = ministry.get(QUEUE).content.decode()
        assert "No application waits for review" in body
        assert LETTERS in body

    def test_begins_with_the_one_that_waits_longest(self, cast: Cast, ministry) -> None:
        stages.sent(cast)
        others(cast, 3, at=cast.at - timedelta(hours=1))
        assert names(ministry.get(QUEUE)) == [
            "Waiting 002 (invented)",
            "Waiting 001 (invented)",
            "Waiting 000 (invented)",
            cast.applying.name,
        ]

    def test_says_how_long_it_has_been_waiting(self, cast: Cast, ministry) -> None:
        others(cast, 1, at=cast.at - timedelta(days=3))
        row = ministry.get(QUEUE).context["rows"][0]
        assert row[4]["text"].replace("\xa0", " ") == "3 days"

    @pytest.mark.parametrize(
        ("stage", "state"),
        [
            ("sent", S.APPLIED),
            ("under_review", S.UNDER_REVIEW),
            ("returned", S.RETURNED),
            ("admitted", S.MEMBER),
        ],
    )
    def test_filters_by_state(self, cast: Cast, ministry, stage: str, state: S) -> None:
        getattr(stages, stage)(cast)
        for other in OrganisationState:
            if other == S.DRAFT:
                continue
            found = names(ministry.get(QUEUE, {"state": other}))
            assert (cast.applying.name in found) == (other == state)
        waits = cast.applying.name in names(ministry.get(QUEUE))
        assert waits == (state in (S.APPLIED, S.UNDER_REVIEW))

    def test_shows_no_draft_whatever_is_asked(self, cast: Cast, ministry) -> None:
        for state in ("", "all", "draft", "nonsense"):
            assert cast.applying.name not in names(ministry.get(QUEUE, {"state": state}))

    def test_pages_without_losing_or_repeating_any(self, cast: Cast, ministry) -> None:
        others(cast, 60)
        seen, url = [], QUEUE + "?state=applied"
        while url:
            response = ministry.get(url)
            seen += names(response)
            url = QUEUE + response.context["next_href"] if response.context["next_href"] else ""
        assert len(seen) == len(set(seen)) == 60

    def test_runs_the_same_few_queries_for_one_and_for_many(self, cast: Cast, ministry) -> None:
        others(cast, 1)
        ministry.get(QUEUE)
        with at_most(8) as one:
            ministry.get(QUEUE)
        others(cast, 200)
        with at_most(8) as many:
            ministry.get(QUEUE)
        assert len(one) == len(many)


class TestWaiting:
    def test_is_not_told_in_minutes(self, cast: Cast, ministry) -> None:
        others(cast, 2)
        page = ministry.get(QUEUE).content.decode()
        assert page.count("less than an hour") == 2
        assert "minute" not in page.split("<tbody")[-1].split("</tbody")[0]


class TestReview:
    def post(self, client, cast: Cast, **said: tuple[str, str]):
        """Post the page as it is open now, with these verdicts."""
        return client.post(review_url(cast), self.typed(client, cast, **said))

    def typed(self, client, cast: Cast, **said: tuple[str, str]) -> dict:
        posted = filled_in(client.get(review_url(cast)).context["form"])
        for field, (verdict, comment) in said.items():
            posted |= {f"{field}-verdict": verdict, f"{field}-comment": comment}
        return posted

    def test_has_no_verdicts_before_it_is_taken_up(self, cast: Cast, ministry) -> None:
        stages.sent(cast)
        body = ministry.get(review_url(cast)).content.decode()
        assert "Begin the review" in body
        assert "Save the verdicts" not in body
        assert "Shelter and legal advice." in body

    def test_saves_verdicts_and_counts_them(self, cast: Cast, ministry) -> None:
        stages.under_review(cast)
        response = self.post(ministry, cast, name=("right", ""), phone=("question", "Day only?"))
        assert response.status_code == 302
        shown = ministry.get(review_url(cast))
        body = shown.content.decode()
        assert "2 verdicts saved." in body
        assert "1 of 17 right" in body
        assert "data-keep" in body
        form = shown.context["form"]
        assert form["name-verdict"].value() == Verdict.RIGHT
        assert form["phone-comment"].value() == "Day only?"

    def test_wants_words_for_a_question(self, cast: Cast, ministry) -> None:
        stages.under_review(cast)
        response = self.post(ministry, cast, phone=("question", " "), name=("right", ""))
        assert response.status_code == 200
        body = response.content.decode()
        assert 'href="#id_phone-comment"' in body
        assert "Question about “Office phone”" in body
        assert not stages.now(cast).field_reviews.exists()

    def test_says_which_act_is_not_possible_and_why(self, cast: Cast, ministry) -> None:
        stages.under_review(cast)
        body = ministry.get(review_url(cast)).content.decode()
        assert "Mark every answer as right before admitting" in body
        assert "Mark at least one answer with a question" in body
        stages.judge(cast)
        body = ministry.get(review_url(cast)).content.decode()
        assert act_url(cast, "admit") in body
        assert act_url(cast, "return") not in body

    def test_points_out_what_changed_and_asks_for_it_anew(self, cast: Cast, ministry) -> None:
        stages.returned(cast, description="For whom?")
        organisation = stages.now(cast)
        organisation.description = "For women and their children."
        organisation.save()
        stages.step(cast, "send", "applicant")
        stages.step(cast, "take_up", "co_ordinator")
        shown = ministry.get(review_url(cast))
        body = shown.content.decode()
        assert body.count("since you last looked") == 1
        assert "The question was: For whom?" in body
        assert not shown.context["form"]["description-verdict"].value()
        assert shown.context["form"]["name-verdict"].value() == Verdict.RIGHT

    def test_judges_the_answer_that_was_shown(self, cast: Cast, ministry) -> None:
        stages.under_review(cast)
        typed = self.typed(ministry, cast, contact=("right", ""))
        deputy = cast.applying.contacts.get(rank=1)
        deputy.post = "Another post"
        deputy.save()
        ministry.post(review_url(cast), typed)
        assert "since you last looked" in ministry.get(review_url(cast)).content.decode()

    def test_shows_both_when_a_colleague_judged_in_between(
        self, cast: Cast, ministry, colleague
    ) -> None:
        stages.under_review(cast)
        mine = self.typed(ministry, cast, phone=("question", "Mine?"))
        self.post(colleague, cast, phone=("question", "Theirs?"), name=("right", ""))
        response = ministry.post(review_url(cast), mine)
        assert response.status_code == 409
        body = response.content.decode()
        assert "Mine?" in body
        assert "Theirs?" in body
        ministry.post(review_url(cast), filled_in(response.context["again"]))
        said = {r.field: r for r in stages.now(cast).field_reviews.all()}
        assert said["phone"].comment == "Mine?"
        assert said["name"].verdict == Verdict.RIGHT

    def test_shows_what_was_written_when_it_is_no_longer_under_review(
        self, cast: Cast, ministry
    ) -> None:
        stages.under_review(cast)
        mine = self.typed(ministry, cast, phone=("question", "Mine?"))
        stages.withdrawn(cast)
        response = ministry.post(review_url(cast), mine)
        assert response.status_code == 409
        assert "Mine?" in response.content.decode()
        assert response.context["again"] is None

    def test_comes_back_after_a_time_out_until_saved(self, cast: Cast, ministry) -> None:
        stages.under_review(cast)
        data = ministry.get(review_url(cast)).wsgi_request.GET.copy()
        for name, value in self.typed(ministry, cast, phone=("question", "Half a que")).items():
            data[name] = str(value)
        keep(user=cast.co_ordinator, path=review_url(cast), fields=data, at=cast.at)
        form = ministry.get(review_url(cast)).context["form"]
        assert form["phone-comment"].value() == "Half a que"
        ministry.post(review_url(cast), filled_in(form))
        assert not KeptForm.objects.exists()

    def test_runs_as_many_queries_with_verdicts_as_without(self, cast: Cast, ministry) -> None:
        stages.under_review(cast)
        ministry.get(review_url(cast))
        with counted() as bare:
            ministry.get(review_url(cast))
        stages.judge(cast, phone="Day only?")
        with counted() as judged:
            ministry.get(review_url(cast))
        assert len(judged) == len(bare) <= 27


class TestActs:
    def test_sends_back_with_words(self, cast: Cast, ministry) -> None:
        stages.under_review(cast)
        stages.judge(cast, phone="Day only?")
        shown = ministry.get(act_url(cast, "return"))
        assert "Day only?" in shown.content.decode()
        empty = ministry.post(act_url(cast, "return"), filled_in(shown.context["form"]))
        assert "Say what the organisation should do" in empty.content.decode()
        assert stages.now(cast).state == S.UNDER_REVIEW
        words = {**filled_in(shown.context["form"]), "comment": "One question."}
        assert ministry.post(act_url(cast, "return"), words)["Location"] == review_url(cast)
        assert stages.now(cast).state == S.RETURNED

    def test_warns_of_what_reaches_far_and_admits(self, cast: Cast, ministry) -> None:
        stages.filled(cast)
        organisations.ask_for_capacities(
            organisation=stages.now(cast),
            capacities=["co_ordination"],
            by=cast.actor(cast.applicant),
            at=cast.at,
            version=stages.now(cast).version,
        )
        stages.step(cast, "send", "applicant")
        stages.step(cast, "take_up", "co_ordinator")
        stages.judge(cast)
        shown = ministry.get(act_url(cast, "admit"))
        assert "“Co-ordination” lets its people" in shown.content.decode()
        assert stages.now(cast).state == S.UNDER_REVIEW
        ministry.post(act_url(cast, "admit"), filled_in(shown.context["form"]))
        assert stages.now(cast).state == S.MEMBER

    def test_refuses_in_words(self, cast: Cast, ministry) -> None:
        stages.under_review(cast)
        response = ministry.get(act_url(cast, "admit"))
        assert response["Location"] == review_url(cast)
        assert "Mark every answer as right" in ministry.get(review_url(cast)).content.decode()
        version = {"version": stages.now(cast).version}
        assert ministry.post(act_url(cast, "admit"), version).status_code == 302
        assert stages.now(cast).state == S.UNDER_REVIEW

    def test_of_two_at_once_the_second_is_told_what_happened(
        self, cast: Cast, ministry, colleague
    ) -> None:
        stages.under_review(cast)
        stages.judge(cast)
        mine = filled_in(ministry.get(act_url(cast, "admit")).context["form"])
        colleague.post(act_url(cast, "admit"), mine)
        response = ministry.post(act_url(cast, "admit"), mine)
        assert response.status_code == 409
        body = response.content.decode()
        assert "Admitted as a member" in body
        assert cast.second_co_ordinator.display_name in body

    def test_needs_the_version_it_was_decided_on(self, cast: Cast, ministry) -> None:
        stages.sent(cast)
        ministry.post(act_url(cast, "take_up"), {})
        assert stages.now(cast).state == S.APPLIED


class TestInvitations:
    GIVEN = {"name": "Harbour Light (invented)", "kind": "cso", "email": "new@example.org"}

    def letter(self) -> Invitation:
        return Invitation.objects.filter(email="new@example.org").latest("pk")

    def revoke(self, client, letter: Invitation, **posted: str):
        return client.post(reverse("partners:invitation-revoke", args=[letter.uuid]), posted)

    def test_invites_and_shows_what_became_of_it(self, cast: Cast, ministry) -> None:
        assert ministry.post(LETTERS, self.GIVEN)["Location"] == LETTERS
        rows = ministry.get(LETTERS).context["rows"]
        assert [(r["name"], r["tag"]["text"]) for r in rows] == [
            ("Harbour Light (invented)", "Open"),
            (cast.applying.name, "Open"),
        ]
        assert rows[0]["email"] == "new@example.org"
        assert not rows[0]["href"]

    def test_inviting_twice_gives_one(self, ministry) -> None:
        ministry.post(LETTERS, self.GIVEN)
        response = ministry.post(LETTERS, self.GIVEN)
        assert response.status_code == 200
        assert "already invited" in response.content.decode()
        assert Organisation.objects.filter(name=self.GIVEN["name"]).count() == 1

    @pytest.mark.parametrize("left_out", ["name", "kind", "email"])
    def test_asks_for_everything(self, ministry, left_out: str) -> None:
        response = ministry.post(LETTERS, {**self.GIVEN, left_out: ""})
        assert "There is a problem" in response.content.decode()
        assert not Organisation.objects.filter(name=self.GIVEN["name"]).exists()

    def test_shows_the_name_it_was_invited_by_until_it_is_sent(self, cast: Cast, ministry) -> None:
        draft = stages.filled(cast)
        draft.name = "A secret new name (invented)"
        draft.save()
        body = ministry.get(LETTERS).content.decode()
        assert "A secret new name" not in body
        assert cast.applying.name in body
        stages.step(cast, "send", "applicant")
        shown = ministry.get(LETTERS).context["rows"][0]
        assert shown["name"] == "A secret new name (invented)"
        assert shown["href"] == review_url(cast)

    def test_withdraws_and_renews_a_link(self, cast: Cast, ministry) -> None:
        ministry.post(LETTERS, self.GIVEN)
        first = self.letter()
        assert self.revoke(ministry, first)["Location"] == LETTERS
        assert ministry.get(LETTERS).context["rows"][0]["tag"]["text"] == "Withdrawn"
        self.revoke(ministry, first, again="1")
        assert self.letter() != first
        assert Organisation.objects.filter(name=self.GIVEN["name"]).count() == 1
        first.refresh_from_db()
        assert first.revoked_at is not None

    def test_says_when_it_ran_out_or_was_accepted(self, cast: Cast, ministry) -> None:
        ministry.post(LETTERS, self.GIVEN)
        letter = self.letter()
        letter.invited_at = cast.at - timedelta(days=30)
        letter.expires_at = cast.at - timedelta(days=16)
        letter.save()
        tags = {r["email"]: r["tag"]["text"] for r in ministry.get(LETTERS).context["rows"]}
        assert tags["new@example.org"] == "Ran out"
        letter.accepted_at, letter.accepted_by = cast.at, cast.stranger
        letter.save()
        tags = {r["email"]: r["tag"]["text"] for r in ministry.get(LETTERS).context["rows"]}
        assert tags["new@example.org"] == "Accepted"
        self.revoke(ministry, letter, again="1")
        assert "already been accepted" in ministry.get(LETTERS).content.decode()
        assert self.letter() == letter

    def test_knows_no_invitation_of_another_kind(self, cast: Cast, ministry) -> None:
        ministry.post(LETTERS, self.GIVEN)
        letter = self.letter()
        letter.kind = "membership"
        letter.save()
        assert self.revoke(ministry, letter).status_code == 404
        assert "new@example.org" not in ministry.get(LETTERS).content.decode()
        letter.refresh_from_db()
        assert letter.revoked_at is None

    def test_only_the_co_ordination_withdraws(self, cast: Cast, client_for, ministry) -> None:
        ministry.post(LETTERS, self.GIVEN)
        assert self.revoke(client_for(cast.ngo_manager), self.letter()).status_code == 403
        assert (
            ministry.get(
                reverse("partners:invitation-revoke", args=[self.letter().uuid])
            ).status_code
            == 405
        )
        assert self.letter().revoked_at is None

    def test_runs_the_same_few_queries_for_one_and_for_many(self, cast: Cast, ministry) -> None:
        ministry.get(LETTERS)
        with at_most(8) as one:
            ministry.get(LETTERS)
        by = cast.actor(cast.co_ordinator)
        for n in range(30):
            organisations.invite_to_apply(
                name=f"Invited {n} (invented)",
                kind="cso",
                email=f"invited{n}@example.org",
                by=by,
                at=cast.at,
            )
        with at_most(8) as many:
            ministry.get(LETTERS)
        assert len(one) == len(many)
