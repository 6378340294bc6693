"""An organisation fills in its application over HTTP: pages, conflicts, sending, taking back."""

import re
from datetime import timedelta

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import translation

from accounts.kept import keep
from accounts.models import KeptForm
from partners.choices import CONDUCT_OF_THE_REGISTERED, OrganisationState, Role
from partners.models import Organisation, PointOfContact
from partners.services import contacts
from partners.workflow import ORGANISATION
from tests.partners import stages
from tests.support.cast import Cast, works_for
from tests.support.queries import counted

pytestmark = pytest.mark.django_db
S = OrganisationState
LIST = reverse("partners:application")
CHECK = reverse("partners:application-check")
PAGES = ("about", "work", "capacities", "reach", "contact", "conduct")


def page_url(topic: str) -> str:
    return reverse("partners:application-page", args=[topic])


def act_url(name: str) -> str:
    return reverse("partners:application-act", args=[name])


def filled_in(form) -> dict:
    """What a browser would post of a form as it stands, without a change."""
    posted = {}
    for field in form:
        value = field.value()
        if value is True:
            posted[field.html_name] = "on"
        elif value is not False and value not in (None, ""):
            posted[field.html_name] = getattr(value, "pk", value)
    return posted


def open_page(client, topic: str) -> dict:
    return filled_in(client.get(page_url(topic)).context["form"])


def save(client, topic: str, **changes):
    return client.post(page_url(topic), {**open_page(client, topic), **changes})


@pytest.fixture
def applicant(cast: Cast, client_for):
    return client_for(cast.applicant)


class TestWhoMay:
    def test_only_those_who_answer_for_an_organisation(
        self, cast: Cast, client_for, applicant
    ) -> None:
        others = (cast.ngo_caseworker, cast.co_ordinator, cast.funder, cast.stranger)
        for outsider in map(client_for, others):
            for url in (LIST, CHECK, page_url("about")):
                assert applicant.get(url).status_code == 200
                assert outsider.get(url).status_code == 403
            assert outsider.post(act_url("withdraw")).status_code == 403
        assert stages.now(cast).state == S.DRAFT

    def test_not_a_caseworker_of_the_same_organisation(self, cast: Cast, client_for) -> None:
        works_for(cast.stranger, cast.applying, Role.CASEWORKER, cast.at)
        assert client_for(cast.stranger).get(LIST).status_code == 403

    def test_shows_each_their_own_and_never_anothers(self, cast: Cast, client_for) -> None:
        other = client_for(cast.other_manager)
        shown = other.get(LIST).content.decode()
        assert cast.other_ngo.name in shown
        assert cast.applying.name not in shown
        posted = other.post(
            page_url("about"), {"version": "1", "name": "Taken over", "kind": "cso"}
        )
        assert posted.status_code == 200  # invalid without the digest of what was opened
        assert not Organisation.objects.filter(name="Taken over").exists()

    def test_answers_404_for_a_page_or_act_that_does_not_exist(self, applicant) -> None:
        assert applicant.get(page_url("colour")).status_code == 404
        assert applicant.post(act_url("admit")).status_code == 404
        assert applicant.post(act_url("explode")).status_code == 404


class TestTaskList:
    def status(self, client) -> dict[str, str]:
        items = client.get(LIST).context["items"]
        return {item["href"].rstrip("/").split("/")[-1]: item["status"] for item in items}

    def test_begins_with_nothing_started(self, applicant) -> None:
        assert set(self.status(applicant).values()) == {"Not started"}

    def test_tells_a_page_begun_from_one_complete(self, cast: Cast, applicant) -> None:
        save(applicant, "about", level="regional")
        assert self.status(applicant)["about"] == "Answers missing"
        save(applicant, "about", cso_class="advocacy", registration_number="R-1")
        assert self.status(applicant)["about"] == "Complete"

    def test_says_why_it_cannot_be_sent_yet(self, applicant) -> None:
        body = applicant.get(LIST).content.decode()
        assert "Some answers are still missing" in body
        assert "Check your answers and send" not in body

    def test_offers_sending_once_complete(self, cast: Cast, applicant) -> None:
        stages.filled(cast)
        assert set(self.status(applicant).values()) == {"Complete"}
        assert "Check your answers and send" in applicant.get(LIST).content.decode()

    def test_shows_questions_with_their_text_and_whether_they_were_answered(
        self, cast: Cast, applicant
    ) -> None:
        stages.returned(cast, description="For whom?", phone="Day and night?")
        save(applicant, "reach", phone="+000 777")
        shown = applicant.get(LIST)
        tags = {q["label"]: q["tag"]["text"] for q in shown.context["questions"]}
        assert tags == {
            "What the organisation does": "To answer",
            "Office phone": "Answered",
        }
        body = shown.content.decode()
        assert "For whom?" in body
        assert "Please answer." in body
        assert self.status(applicant)["work"] == "Question"
        assert self.status(applicant)["reach"] == "Complete"

    @pytest.mark.parametrize(
        ("stage", "words"),
        [
            ("sent", "You get a notice when"),
            ("under_review", "reading your answers"),
            ("returned", "send the application again"),
            ("admitted", "same rights as every other member"),
            ("withdrawn", "You withdrew this application"),
        ],
    )
    def test_says_what_happens_next(self, cast: Cast, applicant, stage: str, words: str) -> None:
        getattr(stages, stage)(cast)
        assert words in applicant.get(LIST).content.decode()

    def test_names_whom_to_call(self, cast: Cast, applicant) -> None:
        cast.ministry.phone = "+000 100 200"
        cast.ministry.save()
        body = applicant.get(LIST).content.decode()
        assert 'href="tel:+000100200"' in body
        assert cast.ministry.name in body

    def test_names_the_other_sides_organisation_and_not_the_person(
        self, cast: Cast, applicant
    ) -> None:
        stages.returned(cast)
        body = applicant.get(LIST).content.decode()
        assert cast.ministry.name in body
        assert cast.co_ordinator.display_name not in body
        assert cast.applicant.display_name in body

    def test_runs_as_many_queries_with_one_event_as_with_many(self, cast: Cast, applicant) -> None:
        stages.sent(cast)
        applicant.get(LIST)
        with counted() as few:
            applicant.get(LIST)
        for _turn in range(2):
            stages.withdrawn(cast)
            stages.step(cast, "reopen", "applicant")
            stages.step(cast, "send", "applicant")
        with counted() as many:
            applicant.get(LIST)
        assert len(many) == len(few) <= 24


class TestPage:
    def test_saves_what_is_answered_and_says_that_more_is_missing(
        self, cast: Cast, applicant
    ) -> None:
        response = save(applicant, "about", name="New Way (invented)", level="local")
        assert response.status_code == 302
        assert response["Location"] == LIST
        row = stages.now(cast)
        assert (row.name, row.level) == ("New Way (invented)", "local")
        assert "still missing" in applicant.get(LIST).content.decode()

    def test_saves_as_it_stands(self, cast: Cast, applicant) -> None:
        stages.filled(cast)
        before = applicant.get(CHECK).context["cards"]
        for topic in PAGES:
            assert save(applicant, topic).status_code == 302
        after = applicant.get(CHECK).context["cards"]
        assert [card["rows"] for card in after] == [card["rows"] for card in before]

    def test_is_kept_on_a_time_out_and_comes_back_until_saved(self, cast: Cast, applicant) -> None:
        typed_on = {
            "about": {"short_name": "NP"},
            "work": {"languages": ["fr", "uk"]},
            "capacities": {"capacities": ["watchdog"]},
            "reach": {"phone": "+000 1"},
            "contact": {"primary_person_name": "Dora (invented)"},
            "conduct": {"statute": "not_yet"},
        }
        for topic in PAGES:
            self.is_kept(cast, applicant, topic, typed_on[topic])

    def is_kept(self, cast: Cast, applicant, topic: str, typed: dict) -> None:
        assert "data-keep" in applicant.get(page_url(topic)).content.decode()
        data = QueryDict(mutable=True)
        for name, value in {**open_page(applicant, topic), **typed}.items():
            data.setlist(name, value if isinstance(value, list) else [str(value)])
        keep(user=cast.applicant, path=page_url(topic), fields=data, at=cast.at)
        form = applicant.get(page_url(topic)).context["form"]
        assert not form.is_bound
        for name, value in typed.items():
            assert form[name].value() == value
        assert applicant.post(page_url(topic), filled_in(form)).status_code == 302
        assert not KeptForm.objects.exists()

    def test_shows_the_question_beside_its_field(self, cast: Cast, applicant) -> None:
        stages.returned(cast, description="For whom?", registration="Which register?")
        body = applicant.get(page_url("work")).content.decode()
        assert "For whom?" in body
        assert re.search(r'aria-describedby="id_description_question[^"]*"', body)
        body = applicant.get(page_url("about")).content.decode()
        assert 'id="id_registration_number_question"' in body
        assert "Which register?" in body
        assert "For whom?" not in body

    def test_marks_what_is_optional(self, applicant) -> None:
        form = applicant.get(page_url("about")).context["form"]
        optional = {field.name for field in form.visible_fields() if field.is_marked_optional}
        assert optional == {"short_name"}

    def test_says_what_is_wrong_and_saves_nothing(self, cast: Cast, applicant) -> None:
        dora = {"primary_person_name": "Dora (invented)"}
        wrong = [
            ("about", {"kind": "state_agency", "cso_class": "legal"}, "no civil society actor"),
            ("reach", {"email": "nobody"}, "valid email"),
            ("reach", {"website": "javascript:alert(1)"}, "valid URL"),
            ("work", {"area": "0"}, "valid choice"),
            ("capacities", {"capacities": ["king"]}, "valid choice"),
            ("contact", {"primary_post": "Director"}, "person’s name"),
            ("contact", {"deputy_person_name": "Emil (invented)"}, "before a deputy"),
            ("contact", {**dora, "primary_value_1": "+000 1"}, "what kind"),
            ("contact", {**dora, "primary_kind_1": "phone"}, "number or address"),
            ("contact", {**dora, "primary_kind_1": "email", "primary_value_1": "1"}, "valid email"),
        ]
        for topic, typed, says in wrong:
            response = save(applicant, topic, **typed)
            assert response.status_code == 200
            body = response.content.decode()
            assert "There is a problem" in body
            assert says in body
        assert stages.now(cast).version == cast.applying.version
        assert not PointOfContact.objects.filter(organisation=cast.applying).exists()

    def test_shows_the_areas_as_a_tree_and_the_languages_by_name(self, applicant) -> None:
        body = applicant.get(page_url("work")).content.decode()
        assert "\N{EM SPACE}North" in body
        assert "Ukrainian" in body
        with translation.override("fr"):
            from partners.languages import offered_languages

            assert ("uk", "ukrainien") in offered_languages()

    @pytest.mark.parametrize("stage", ["sent", "under_review", "admitted", "withdrawn"])
    def test_only_shows_the_answers_once_it_is_not_open(
        self, cast: Cast, applicant, stage: str
    ) -> None:
        typed = {**open_page(applicant, "about"), "short_name": "Late"}
        getattr(stages, stage)(cast)
        shown = applicant.get(page_url("about"))
        assert cast.applying.name in shown.content.decode()
        assert "form" not in shown.context
        assert applicant.post(page_url("about"), typed).status_code == 409
        assert stages.now(cast).short_name == ""

    def test_leads_back_to_the_check_page_it_was_opened_from(self, applicant) -> None:
        typed = open_page(applicant, "about")
        response = applicant.post(page_url("about") + "?from=check", typed)
        assert response["Location"] == CHECK


class TestContactPage:
    PEOPLE = {
        "primary_person_name": "Dora (invented)",
        "primary_post": "Director",
        "primary_kind_1": "phone",
        "primary_value_1": "+000 444",
        "primary_kind_2": "email",
        "primary_value_2": "dora@example.org",
        "deputy_person_name": "Emil (invented)",
        "deputy_kind_1": "duty_line",
        "deputy_value_1": "+000 555",
    }

    def test_names_both_with_their_channels_in_order(self, cast: Cast, applicant) -> None:
        assert save(applicant, "contact", **self.PEOPLE).status_code == 302
        post = cast.applying.contacts.primary().get()
        ways = [(c.kind, c.value) for c in post.channels.all()]
        assert ways == [("phone", "+000 444"), ("email", "dora@example.org")]
        assert post.deputies.get().person_name == "Emil (invented)"

    def test_changes_them_and_keeps_what_it_does_not_show(self, cast: Cast, applicant) -> None:
        save(applicant, "contact", **self.PEOPLE)
        post = cast.applying.contacts.primary().get()
        three = [("phone", "1"), ("email", "dora@example.org"), ("radio", "channel 9")]
        contacts.change_contact(
            contact=post,
            channels=three,
            by=cast.actor(cast.applicant),
            at=cast.at,
            version=post.version,
        )
        save(applicant, "contact", primary_value_1="2")
        post.refresh_from_db()
        assert [c.value for c in post.channels.all()] == ["2", "dora@example.org", "channel 9"]
        assert cast.applying.contacts.count() == 2

    def test_leaves_an_unchanged_entry_alone(self, cast: Cast, applicant) -> None:
        save(applicant, "contact", **self.PEOPLE)
        versions = list(cast.applying.contacts.values_list("rank", "version"))
        save(applicant, "contact", deputy_value_1="+000 556")
        assert dict(cast.applying.contacts.values_list("rank", "version")) == {
            rank: version + (rank == 1) for rank, version in versions
        }

    def test_does_not_overwrite_what_was_changed_under_contacts(
        self, cast: Cast, applicant
    ) -> None:
        save(applicant, "contact", **self.PEOPLE)
        typed = open_page(applicant, "contact")
        post = cast.applying.contacts.primary().get()
        contacts.change_contact(
            contact=post,
            channels=[("phone", "+000 999")],
            by=cast.actor(cast.applicant),
            at=cast.at,
            version=post.version,
        )
        response = applicant.post(page_url("contact"), {**typed, "primary_value_1": "+000 1"})
        assert response.status_code == 409
        body = response.content.decode()
        assert "+000 999" in body
        assert "+000 1" in body
        again = filled_in(response.context["again"])
        assert applicant.post(page_url("contact"), again).status_code == 302
        assert post.channels.first().value == "+000 1"


class TestTwoAtOnce:
    def test_the_second_sees_both_texts_and_decides(self, cast: Cast, applicant) -> None:
        mine = {**open_page(applicant, "about"), "short_name": "Mine"}
        save(applicant, "about", short_name="Theirs")
        response = applicant.post(page_url("about"), mine)
        assert response.status_code == 409
        body = response.content.decode()
        assert "Mine" in body
        assert "Theirs" in body
        assert stages.now(cast).short_name == "Theirs"
        applicant.post(page_url("about"), filled_in(response.context["again"]))
        assert stages.now(cast).short_name == "Mine"

    def test_another_page_saved_in_between_stops_nobody(self, cast: Cast, applicant) -> None:
        mine = {**open_page(applicant, "about"), "short_name": "Mine"}
        save(applicant, "reach", phone="+000 7")
        assert applicant.post(page_url("about"), mine).status_code == 302
        row = stages.now(cast)
        assert (row.short_name, row.phone) == ("Mine", "+000 7")

    def test_the_same_text_twice_is_no_conflict(self, cast: Cast, applicant) -> None:
        mine = {**open_page(applicant, "about"), "short_name": "Same"}
        save(applicant, "about", short_name="Same")
        assert applicant.post(page_url("about"), mine).status_code == 302

    def test_what_was_typed_is_shown_when_a_colleague_has_sent_it(
        self, cast: Cast, applicant
    ) -> None:
        mine = {**open_page(applicant, "work"), "description": "Words of an hour"}
        stages.sent(cast)
        response = applicant.post(page_url("work"), mine)
        assert response.status_code == 409
        assert response.context["again"] is None
        assert "Words of an hour" in response.content.decode()


class TestSending:
    def test_shows_every_answer_and_what_is_missing(self, cast: Cast, applicant) -> None:
        body = applicant.get(CHECK).content.decode()
        assert "Answer missing" in body
        assert "Send the application" not in body
        stages.filled(cast)
        body = applicant.get(CHECK).content.decode()
        assert "Answer missing" not in body
        assert "Shelter and legal advice." in body
        assert "North, Exampleland" in body

    def test_sends_once(self, cast: Cast, applicant) -> None:
        stages.filled(cast)
        posted = filled_in(applicant.get(CHECK).context["form"]) | {"comment": "We look forward."}
        assert applicant.post(act_url("send"), posted)["Location"] == LIST
        row = stages.now(cast)
        assert row.state == S.APPLIED
        assert row.events.first().comment == "We look forward."
        assert applicant.post(act_url("send"), posted).status_code in (302, 409)
        assert row.events.filter(new_state=S.APPLIED).count() == 1

    def test_refuses_in_words_while_answers_are_missing(self, cast: Cast, applicant) -> None:
        response = applicant.post(act_url("send"), {"version": cast.applying.version})
        assert response["Location"] == LIST
        assert "still missing" in applicant.get(LIST).content.decode()
        assert stages.now(cast).state == S.DRAFT

    def test_says_what_happened_when_something_changed_since_the_check(
        self, cast: Cast, applicant
    ) -> None:
        stages.filled(cast)
        posted = filled_in(applicant.get(CHECK).context["form"])
        save(applicant, "about", short_name="Changed")
        assert applicant.post(act_url("send"), posted).status_code == 409
        assert stages.now(cast).state == S.DRAFT

    def test_checks_the_message(self, cast: Cast, applicant) -> None:
        version = stages.filled(cast).version
        typed = {"version": version, "comment": "x" * 2001}
        response = applicant.post(act_url("send"), typed)
        assert response.status_code == 200
        assert "There is a problem" in response.content.decode()
        assert stages.now(cast).state == S.DRAFT


class TestWithdrawing:
    def test_asks_once_more(self, cast: Cast, applicant) -> None:
        stages.sent(cast)
        assert "Withdraw the application?" in applicant.get(act_url("withdraw")).content.decode()
        assert stages.now(cast).state == S.APPLIED
        assert applicant.post(act_url("withdraw"))["Location"] == LIST
        assert stages.now(cast).state == S.WITHDRAWN

    def test_can_be_taken_back(self, cast: Cast, applicant) -> None:
        stages.sent(cast)
        applicant.post(act_url("withdraw"))
        assert "Take the application up again" in applicant.get(LIST).content.decode()
        assert applicant.get(act_url("reopen")).status_code == 302
        assert stages.now(cast).state == S.WITHDRAWN
        applicant.post(act_url("reopen"))
        assert stages.now(cast).state == S.DRAFT
        assert stages.now(cast).registration_number == "R-100"

    def test_is_refused_in_words_once_a_member(self, cast: Cast, applicant) -> None:
        stages.admitted(cast)
        assert applicant.post(act_url("withdraw"))["Location"] == LIST
        assert "is not possible" in applicant.get(LIST).content.decode()
        assert stages.now(cast).state == S.MEMBER


class TestTheWholeJourney:
    def test_from_the_invitation_to_the_registry(
        self, cast: Cast, client_for, applicant, mailoutbox
    ) -> None:
        """Invited, filled in, sent, asked, answered, sent again, admitted: over HTTP alone."""
        ministry = client_for(cast.co_ordinator)
        review = reverse("partners:review", args=[cast.applying.uuid])
        assert ministry.get(review).status_code == 404

        save(applicant, "about", level="local", cso_class="advocacy", registration_number="7")
        save(applicant, "work", description="Advice.", area=cast.area.pk, languages=["en", "fr"])
        save(applicant, "capacities", capacities=["first_responder", "watchdog"])
        save(applicant, "reach", email="office@example.org")
        save(applicant, "contact", **TestContactPage.PEOPLE)
        save(applicant, "conduct", **dict.fromkeys(CONDUCT_OF_THE_REGISTERED, "yes"))
        check = applicant.get(CHECK)
        applicant.post(act_url("send"), filled_in(check.context["form"]))
        assert "Application sent" in applicant.get(LIST).content.decode()

        queue = ministry.get(reverse("partners:reviews")).content.decode()
        assert cast.applying.name in queue
        shown = ministry.get(review)
        begin = {"version": stages.now(cast).version}
        ministry.post(reverse("partners:review-act", args=[cast.applying.uuid, "take_up"]), begin)
        shown = ministry.get(review)
        verdicts = filled_in(shown.context["form"])
        for answer in shown.context["form"].parts:
            verdicts[f"{answer.field}-verdict"] = "right"
        verdicts |= {"website-verdict": "question", "website-comment": "Have you a website?"}
        ministry.post(review, verdicts)
        back = reverse("partners:review-act", args=[cast.applying.uuid, "return"])
        comment = {**filled_in(ministry.get(back).context["form"]), "comment": "One question."}
        assert ministry.post(back, comment)["Location"] == review

        body = applicant.get(LIST).content.decode()
        assert "One question." in body
        assert "Have you a website?" in body
        save(applicant, "reach", website="https://example.org")
        check = applicant.get(CHECK)
        applicant.post(act_url("send"), filled_in(check.context["form"]))

        begin = {"version": stages.now(cast).version}
        ministry.post(reverse("partners:review-act", args=[cast.applying.uuid, "take_up"]), begin)
        shown = ministry.get(review)
        assert "since you last looked" in shown.content.decode()
        verdicts = {**filled_in(shown.context["form"]), "website-verdict": "right"}
        ministry.post(review, verdicts)
        admit = reverse("partners:review-act", args=[cast.applying.uuid, "admit"])
        ministry.post(admit, filled_in(ministry.get(admit).context["form"]))

        row = stages.now(cast)
        assert row.state == S.MEMBER
        assert row.held_capacities() == ["first_responder", "watchdog"]
        assert "You are a member" in applicant.get(LIST).content.decode()
        # What is left is not a reviewer's: a panel suspends, the organisation itself leaves.
        assert not any(
            may for _act, may in ORGANISATION.available(row, cast.actor(cast.co_ordinator))
        )
        assert row.member_at - cast.at < timedelta(hours=1)
        for mail in mailoutbox:
            assert cast.applying.name not in mail.subject + mail.body
