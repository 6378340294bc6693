"""The register of recurring requests in the browser: registering, changing, answering."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from common.country import local_day
from deadlines.models import Deadline
from partners.choices import AnswerState, RequestState
from partners.models import RecurringRequest, RequestAnswer, RequestRound
from partners.request_workflow import REQUEST
from tests.partners import asking
from tests.partners.asking import answer_of, say
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
Sign = Callable[..., Any]


def typed(cast: Cast, **changed: Any) -> dict[str, Any]:
    due = local_day(cast.at) + timedelta(days=40)
    given = {name: value for name, value in asking.ANSWERS.items() if name != "asked_capacities"}
    return {
        **given,
        "asked_kinds": ["cso"],
        "version": 0,
        "first_due_on_day": due.day,
        "first_due_on_month": due.month,
        "first_due_on_year": due.year,
        **changed,
    }


class TestRegister:
    URL = "partners:request-new"

    def test_saves_a_draft_that_can_be_announced(self, cast: Cast, client_for: Sign) -> None:
        client = client_for(cast.co_ordinator)
        client.post(reverse(self.URL), typed(cast))
        request = RecurringRequest.objects.get()
        assert request.asked_kinds == ("cso",)
        page = client.get(reverse("partners:request-act", args=[request.uuid, "announce"]))
        assert "2 organisations are asked" in page.content.decode()
        client.post(reverse("partners:request-act", args=[request.uuid, "announce"]))
        assert RecurringRequest.objects.get().state == RequestState.ANNOUNCED

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"basis_source": ""}, "Name the law, agreement or condition"),
            ({"basis": "voluntary"}, "A voluntary request has no source"),
            ({"asked_kinds": []}, "Choose whom you ask"),
            ({"days_to_answer": 60}, "would not have the days to answer"),
            ({"minutes": 3000}, "2400"),
        ],
    )
    def test_says_what_is_wrong(
        self, cast: Cast, client_for: Sign, changed: dict[str, Any], said: str
    ) -> None:
        answer = client_for(cast.co_ordinator).post(reverse(self.URL), typed(cast, **changed))
        assert said in answer.content.decode()
        assert not RecurringRequest.objects.exists()

    def test_offers_no_organisation_that_the_asker_may_not_know(
        self, cast: Cast, client_for: Sign
    ) -> None:
        text = client_for(cast.ngo_manager).get(reverse(self.URL)).content.decode()
        assert cast.other_ngo.name in text
        assert cast.unlisted_ngo.name not in text

    def test_warns_of_another_asker_with_the_same_purpose(
        self, cast: Cast, client_for: Sign
    ) -> None:
        asking.announced(cast, cast.funder, title="Of the fund")
        request = asking.draft(cast)
        client = client_for(cast.co_ordinator)
        for url in (
            reverse("partners:request", args=[request.uuid]),
            reverse("partners:request-act", args=[request.uuid, "announce"]),
        ):
            text = client.get(url).content.decode()
            assert "Others ask partners for the same purpose already" in text
            assert "Of the fund" in text


class TestChange:
    def test_shows_both_texts_when_somebody_was_faster(self, cast: Cast, client_for: Sign) -> None:
        request = asking.draft(cast)
        url = reverse("partners:request-edit", args=[request.uuid])
        client = client_for(cast.co_ordinator)
        client.post(url, typed(cast, version=1, minutes=30))
        answer = client.post(url, typed(cast, version=1, minutes=90, asked_kinds=["cso", "media"]))
        text = answer.content.decode()
        assert answer.status_code == 409
        assert all(word in text for word in ("30", "90", "Media organisation"))
        # The page's own button sends the same over what is there now.
        again = dict(answer.context["again"]) | {"asked_kinds": ["cso", "media"]}
        client.post(url, again)
        request.refresh_from_db()
        assert (request.minutes, request.asked_kinds) == (90, ("cso", "media"))

    def test_asks_for_a_reason_once_it_is_announced(self, cast: Cast, client_for: Sign) -> None:
        request = asking.announced(cast)
        url = reverse("partners:request-edit", args=[request.uuid])
        client = client_for(cast.co_ordinator)
        client.post(url, typed(cast, version=request.version, minutes=30))
        assert RecurringRequest.objects.get().minutes == 60
        said = typed(cast, version=request.version, minutes=30, reason="Invented: less is used.")
        client.post(url, said)
        assert RecurringRequest.objects.get().minutes == 30
        shown = client_for(cast.ngo_manager).get(reverse("partners:request", args=[request.uuid]))
        assert "Invented: less is used." in shown.content.decode()

    def test_of_whom_is_asked_shows_chosen_ones_to_those_who_may_know_them(
        self, cast: Cast, client_for: Sign
    ) -> None:
        request = asking.announced(cast, asked_by_name=[cast.unlisted_ngo])
        url = reverse("partners:request", args=[request.uuid])
        assert cast.unlisted_ngo.name in client_for(cast.co_ordinator).get(url).content.decode()
        assert cast.unlisted_ngo.name not in client_for(cast.ngo_manager).get(url).content.decode()


class TestAsked:
    def act(self, answer: RequestAnswer, name: str) -> str:
        return reverse("partners:request-answer-act", args=[answer.uuid, name])

    def test_is_answered_in_one_click_and_taken_back(self, cast: Cast, client_for: Sign) -> None:
        asking.open_now(cast)
        client, answer = client_for(cast.ngo_manager), answer_of(cast.ngo)
        page = client.get(reverse("partners:asked")).content.decode()
        assert self.act(answer, "answer") in page
        assert self.act(answer, "decline") not in page, "the law asks"
        said = client.post(self.act(answer, "answer"), follow=True).content.decode()
        assert "Marked as answered." in said
        assert self.act(answer, "take_back") in said
        client.post(self.act(answer, "take_back"))
        assert answer_of(cast.ngo).state == AnswerState.WAITING

    def test_takes_the_minutes_where_somebody_says(self, cast: Cast, client_for: Sign) -> None:
        asking.open_now(cast)
        client, answer = client_for(cast.ngo_manager), answer_of(cast.ngo)
        client.post(self.act(answer, "answer"), {"minutes": "long"})
        assert answer_of(cast.ngo).state == AnswerState.WAITING
        client.post(self.act(answer, "answer"), {"minutes": "35"})
        assert answer_of(cast.ngo).minutes == 35

    def test_is_declined_where_it_is_voluntary(self, cast: Cast, client_for: Sign) -> None:
        asking.open_now(cast, basis="voluntary")
        answer = answer_of(cast.ngo)
        url = self.act(answer, "decline")
        assert (
            "no consequence" in client_for(cast.ngo_manager).post(url, follow=True).content.decode()
        )

    def test_says_that_a_round_was_opened_late(self, cast: Cast, client_for: Sign) -> None:
        asking.open_now(cast)
        RequestRound.objects.update(was_late=True)
        url = reverse("partners:request-answer", args=[answer_of(cast.ngo).uuid])
        text = client_for(cast.ngo_manager).get(url).content.decode()
        assert "was opened late" in text
        assert "The time to answer is not shorter for it" in text

    def test_leads_whoever_asked_to_the_round(self, cast: Cast, client_for: Sign) -> None:
        round_ = asking.open_now(cast)
        url = reverse("partners:request-answer", args=[answer_of(cast.ngo).uuid])
        answer = client_for(cast.co_ordinator).get(url)
        assert answer["Location"] == reverse("partners:request-round", args=[round_.uuid])

    def test_shows_nobody_what_another_organisation_said(
        self, cast: Cast, client_for: Sign
    ) -> None:
        round_ = asking.open_now(cast, basis="voluntary")
        say(cast, answer_of(cast.other_ngo), "decline", cast.other_manager)
        client = client_for(cast.ngo_manager)
        for url in (
            reverse("partners:request", args=[round_.request.uuid]),
            reverse("partners:request-round", args=[round_.uuid]),
            reverse("partners:asked"),
        ):
            assert "Declined" not in client.get(url).content.decode()


class TestGivingBack:
    def test_is_written_by_the_asker_and_read_by_the_asked(
        self, cast: Cast, client_for: Sign
    ) -> None:
        round_ = asking.open_now(cast)
        say(cast, answer_of(cast.ngo), "answer", cast.ngo_manager)
        url = reverse("partners:request-round", args=[round_.uuid])
        client = client_for(cast.co_ordinator)
        assert "Say what came back" in client.post(url, {}).content.decode()
        client.post(url, {"given_back": "Invented figures.", "given_back_link": ""})
        text = client_for(cast.ngo_manager).get(url).content.decode()
        assert "Invented figures." in text
        assert "Save and tell them" not in text

    def test_stands_among_the_deadlines_of_the_asker(self, cast: Cast, client_for: Sign) -> None:
        round_ = asking.open_now(cast)
        say(cast, answer_of(cast.ngo), "answer", cast.ngo_manager)
        row = Deadline.objects.get(kind="request_give_back", subject_uuid=round_.uuid)
        page = client_for(cast.co_ordinator).get(reverse("deadlines:deadline", args=[row.uuid]))
        assert "What was promised for answers to a request" in page.content.decode()


class TestEnding:
    def test_asks_why(self, cast: Cast, client_for: Sign) -> None:
        round_ = asking.open_now(cast)
        request = round_.request
        url = reverse("partners:request-act", args=[request.uuid, "end"])
        client = client_for(cast.co_ordinator)
        version = RecurringRequest.objects.get().version
        assert "required" in client.post(url, {"version": version, "reason": ""}).content.decode()
        client.post(url, {"version": version, "reason": "Invented: nobody read it."})
        assert RecurringRequest.objects.get().state == RequestState.ENDED
        told = client_for(cast.ngo_manager).get(reverse("partners:request", args=[request.uuid]))
        assert "Invented: nobody read it." in told.content.decode()

    def test_is_refused_on_a_page_that_is_old(self, cast: Cast, client_for: Sign) -> None:
        request = asking.announced(cast)
        url = reverse("partners:request-act", args=[request.uuid, "end"])
        said = {"version": request.version - 1, "reason": "Invented."}
        answer = client_for(cast.co_ordinator).post(url, said, follow=True)
        assert "Somebody else changed this" in answer.content.decode()
        assert RecurringRequest.objects.get().state == RequestState.ANNOUNCED


def test_a_filter_narrows_the_register(cast: Cast, client_for: Sign) -> None:
    asking.announced(cast)
    asking.announced(cast, cast.funder, title="How money was used", purpose="money")
    ended = asking.announced(cast, title="Ended one", every="year")
    REQUEST.apply(ended, "end", by=cast.actor(cast.co_ordinator), at=cast.at, reason="Invented.")
    client, url = client_for(cast.ngo_manager), reverse("partners:requests")
    assert "Ended one" in client.get(url).content.decode()
    money = client.get(url, {"purpose": "money"}).content.decode()
    assert "How money was used</bdi>" in money
    assert "Ended one" not in money
    assert "No request matches" in client.get(url, {"every": "week"}).content.decode()
