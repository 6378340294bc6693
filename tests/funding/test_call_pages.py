"""Calls and applications in pages: bad input is said in words and nothing is lost."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from common.country import local_day
from funding.call_choices import ApplicationState
from funding.models import Application, Award, Call, Review
from funding.services import calls, decisions
from partners.models import Organisation
from tests.funding import money, rounds
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
LIST = reverse("funding:calls")
APPLICATIONS = reverse("funding:applications")


def page(row: Application, name: str) -> str:
    return reverse("funding:application-page", args=[row.uuid, name])


def act(row: Any, name: str) -> str:
    kind = "call" if isinstance(row, Call) else "application"
    return reverse(f"funding:{kind}-act", args=[row.uuid, name])


def day(name: str, on: Any) -> dict[str, str]:
    return {f"{name}_{part}": str(getattr(on, part)) for part in ("day", "month", "year")}


class TestWritingACall:
    def test_goes_page_by_page_until_it_is_published(self, cast: Cast, client_for: Any) -> None:
        fund, client = money.fund(cast), client_for(cast.funder)
        today = local_day(cast.at)
        typed = {
            "version": "0", "client_key": str(uuid4()), "fund": str(fund.uuid),
            "kind": "networking", "title": "Meetings (invented)", "purpose": "Meet.",
            "currency": "USD", "amount": "10,000", "reviews_needed": "1",
            **day("questions_until", today + timedelta(days=5)),
            **day("closes_on", today + timedelta(days=10)),
            **day("decide_by_on", today + timedelta(days=30)),
        }  # fmt: skip
        refused = client.post(reverse("funding:call-new"), typed).content.decode()
        assert "The fund is in EUR" in refused
        assert "no comma, no blank" in refused
        assert 'value="10,000"' in refused
        assert "Meetings (invented)" in refused
        good = typed | {"currency": "EUR", "amount": "10000"}
        for _twice in range(2):
            client.post(reverse("funding:call-new"), good)
        call = Call.objects.get()
        criterion = {"name": "Need", "weight": "100"}
        client.post(reverse("funding:call-page", args=[call.uuid, "criteria"]), criterion)
        people = reverse("funding:call-page", args=[call.uuid, "reviewers"])
        body = client.post(people, {"email": "nobody@example.org"}).content.decode()
        assert "Nobody works for a member with this address." in body
        home = Organisation.objects.filter(pk=cast.actor(cast.officer).organisation_id)
        home.update(is_listed=False)
        body = client.post(people, {"email": cast.officer.email}).content.decode()
        assert "Nobody works for a member with this address." in body
        home.update(is_listed=True)
        client.post(people, {"email": cast.officer.email})
        client.post(act(call, "publish"))
        assert rounds.now(call).state == "open"
        assert client.post(act(call, "publish"), follow=True).status_code == 200


class TestAnApplication:
    def test_with_a_comma_in_an_amount_loses_nothing(self, cast: Cast, client_for: Any) -> None:
        call, client = rounds.opened(cast), client_for(cast.ngo_manager)
        client.post(act(call, "apply"))
        row = Application.objects.get()
        typed = {"version": str(row.version), "staff": "20,000", "staff_words": "One post",
                 "shelter": "5000"}  # fmt: skip
        body = client.post(page(row, "money"), typed).content.decode()
        assert "no comma, no blank" in body
        assert 'value="20,000"' in body
        assert 'value="One post"' in body
        assert not row.lines.exists()
        client.post(page(row, "money"), typed | {"staff": "20000"})
        row.refresh_from_db()
        assert row.amount == Decimal("25000.00")

    def test_after_closing_says_so_and_keeps_the_draft(self, cast: Cast, client_for: Any) -> None:
        call = rounds.opened(cast)
        row = rounds.written(cast, call, cast.ngo_manager)
        Call.objects.filter(pk=call.pk).update(
            closes_at=cast.at - timedelta(minutes=1),
            questions_until_at=cast.at - timedelta(minutes=1),
        )
        client = client_for(cast.ngo_manager)
        check = reverse("funding:application-check", args=[row.uuid])
        body = client.post(check, follow=True).content.decode()
        assert "your draft is kept" in body
        row.refresh_from_db()
        assert (row.state, row.title) == (ApplicationState.DRAFT, "Six beds (invented)")
        body = client.get(row.get_absolute_url()).content.decode()
        assert "The call has closed. The draft is kept" in body

    def test_shows_both_texts_where_two_wrote(self, cast: Cast, client_for: Any) -> None:
        row = rounds.written(cast, rounds.opened(cast), cast.ngo_manager)
        client = client_for(cast.ngo_manager)
        typed = {"version": str(row.version - 1), "title": "Mine", "purpose": "Six beds."}
        answer = client.post(page(row, "about"), typed)
        assert answer.status_code == 409
        body = answer.content.decode()
        assert "Mine" in body
        assert "Six beds (invented)" in body

    def test_gives_its_documents_to_who_reads_it(self, cast: Cast, client_for: Any) -> None:
        row = rounds.written(cast, rounds.opened(cast), cast.ngo_manager)
        client = client_for(cast.ngo_manager)
        wrong = SimpleUploadedFile("plan.pdf", b"<html>")
        body = client.post(page(row, "papers"), {"title": "Plan", "file": wrong}).content.decode()
        assert "Attach a PDF" in body
        right = SimpleUploadedFile("plan.pdf", b"%PDF-1.7 invented")
        client.post(page(row, "papers"), {"title": "Plan", "file": right})
        url = reverse("funding:application-file", args=[row.uuid, row.files.get().uuid])
        assert client.get(url)["Content-Disposition"].startswith("attachment")
        assert client_for(cast.funder).get(url).status_code == 404
        assert client_for(cast.other_manager).get(url).status_code == 404

    def test_of_an_emergency_in_another_currency_is_asked_again(
        self, cast: Cast, client_for: Any
    ) -> None:
        call, today = rounds.emergency_call(cast), local_day(cast.at)
        typed = {
            "client_key": str(uuid4()), "title": "Rooms (invented)", "purpose": "Rooms.",
            "line": "quarantine", "amount": "4000", "currency": "USD", **day("from_on", today),
            **day("until_on", today),
        }  # fmt: skip
        client = client_for(cast.ngo_manager)
        assert call.title in client.get(LIST).content.decode()
        body = client.post(act(call, "emergency"), typed).content.decode()
        assert "The call is in EUR" in body
        assert "Rooms." in body
        assert not Application.objects.exists()


class TestAReview:
    def test_opens_after_the_declaration_and_stays_locked_in_a_conflict(
        self, cast: Cast, client_for: Any
    ) -> None:
        call = rounds.closed(cast)
        row = rounds.own(call, cast, cast.ngo_manager)
        client = client_for(cast.officer)
        url = reverse("funding:review", args=[rounds.review_of(call, cast.officer, row).uuid])
        assert "Six beds" not in client.get(url).content.decode()
        body = client.post(url, {"tied": "yes"}).content.decode()
        assert "Say in a few words what ties you." in body
        client.post(url, {"tied": "no"})
        assert "Six beds" in client.get(url).content.decode()
        client.post(url, {"tied": "yes", "conflict": "My cousin works there."})
        body = client.get(url).content.decode()
        assert "Six beds" not in body
        assert "locked for you" in body
        assert client_for(cast.second_officer).get(url).status_code == 404

    def test_is_never_named_to_the_applicant(self, cast: Cast, client_for: Any) -> None:
        call = rounds.announced(cast)
        for user, state in ((cast.ngo_manager, "Awarded"), (cast.other_manager, "Refused")):
            row = rounds.own(call, cast, user)
            client = client_for(user)
            seen = client.get(row.get_absolute_url()).content.decode()
            seen += client.get(call.get_absolute_url()).content.decode()
            assert state in seen
            for hidden in (cast.rapporteur.display_name, cast.officer.display_name, "Need: 5"):
                assert hidden not in seen
            assert "Open Door (invented)" not in seen or user == cast.other_manager

    def test_is_read_by_the_fund_once_all_are_in(self, cast: Cast, client_for: Any) -> None:
        call = rounds.closed(cast)
        first = rounds.own(call, cast, cast.ngo_manager)
        rounds.scored(cast, call, cast.rapporteur, first, 5)
        client = client_for(cast.funder)
        ranking = reverse("funding:call-ranking", args=[call.uuid])
        assert "100.00" not in client.get(ranking).content.decode()
        assert "Need: 5" not in client.get(first.get_absolute_url()).content.decode()
        for review in Review.objects.open().select_related("reviewer__user", "application"):
            rounds.scored(cast, call, review.reviewer.user, review.application, 5)
        assert "100.00" in client.get(ranking).content.decode()
        assert "Need: 5" in client.get(first.get_absolute_url()).content.decode()


class TestTheResult:
    def test_names_no_organisation_that_is_not_listed(self, cast: Cast, client_for: Any) -> None:
        call = rounds.announced(cast)
        award = Award.objects.get(call_uuid=call.uuid)
        Organisation.objects.filter(pk=award.recipient_id).update(is_listed=False)

        def read_by(user: Any) -> str:
            return client_for(user).get(call.get_absolute_url()).content.decode()

        body = read_by(cast.other_manager)
        assert "An organisation that is not named, for its safety" in body
        assert award.recipient.display_name not in body
        assert award.title not in body
        for user in (cast.ngo_manager, cast.funder, cast.co_ordinator):
            assert award.recipient.display_name in read_by(user)

    def test_keeps_every_word_of_a_long_application(self, cast: Cast) -> None:
        call = rounds.reviewed(cast)
        Application.objects.filter(call=call).update(purpose="x" * 4000)
        rounds.decided(cast, call)
        at = rounds.after(call)
        decisions.announce(call=call, by=cast.actor(money.second_officer(cast), at), at=at)
        assert Award.objects.get(call_uuid=call.uuid).purpose == "x" * 4000


class TestLists:
    @pytest.mark.parametrize("n", [1, 12])
    def test_ask_at_most_eight_questions(self, n: int, cast: Cast, client_for: Any) -> None:
        fund = money.fund(cast)
        for _one in range(n):
            call = rounds.opened(cast, fund=fund, amount=Decimal(1_000), largest=None)
            rounds.submitted(cast, call, cast.ngo_manager, staff=100)
            rounds.reviewer(cast, call, cast.officer)
        calls.keep_up(rounds.after(call))
        for user, url in (
            (cast.ngo_manager, LIST),
            (cast.ngo_manager, APPLICATIONS),
            (cast.funder, APPLICATIONS),
            (cast.officer, reverse("funding:reviews")),
        ):
            client = client_for(user)
            client.get(url)
            with at_most(8):
                body = client.get(url).content.decode()
            assert "(invented)" in body
