"""The reach-out log: three answers by hand, later answers, and figures that tell of no case."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from common.workflow import NotAllowed, NotPossible
from partners import response_times
from partners.conversation_choices import Outcome
from partners.models import ContactAttempt, Organisation
from partners.services import attempts
from tests.partners.test_conversations import TestAsking
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db
LOG = reverse("partners:attempts")


def logged(cast: Cast, outcome: str = "no_answer", *, by=None, upon=None, **more) -> ContactAttempt:
    at = more.pop("at", cast.at)
    return attempts.log_attempt(
        organisation=upon or cast.other_ngo,
        channel="phone",
        purpose="question",
        outcome=outcome,
        client_key=more.pop("client_key", str(uuid4())),
        by=cast.actor(by or cast.ngo_manager, at),
        at=at,
        **more,
    )


class TestByHand:
    def form(self, cast: Cast, client, contact=None, **typed):
        url = reverse("partners:attempt-new", args=[cast.other_ngo.uuid])
        given = {"channel": "phone", "purpose": "question", "outcome": "no_answer",
                 "client_key": "one"}  # fmt: skip
        query = f"?contact={contact.uuid}" if contact else ""
        return client.post(url + query, {**given, **typed})

    def test_asks_three_things_and_twice_gives_one(self, cast: Cast, client_for) -> None:
        client = client_for(cast.ngo_caseworker)
        shown = client.get(reverse("partners:attempt-new", args=[cast.other_ngo.uuid]))
        visible = [each.name for each in shown.context["form"].visible_fields()]
        assert visible == ["channel", "purpose", "outcome"]
        assert self.form(cast, client).status_code == 302
        assert self.form(cast, client).status_code == 302
        row = ContactAttempt.objects.get()
        assert (row.organisation, row.by_organisation) == (cast.other_ngo, cast.ngo)
        assert "Nobody answered" in client.get(LOG).content.decode()

    def test_names_a_point_of_contact_that_may_be_seen(self, cast: Cast, client_for) -> None:
        url = reverse("partners:attempt-new", args=[cast.ngo.uuid])
        client = client_for(cast.other_manager)
        assert "Ada Example" in client.get(f"{url}?contact={cast.contact.uuid}").content.decode()
        for wrong in (cast.other_contact.uuid, uuid4(), "nonsense"):
            assert client.get(f"{url}?contact={wrong}").status_code == 404

    def test_not_upon_oneself_nor_upon_who_is_not_seen(self, cast: Cast, client_for) -> None:
        with pytest.raises(NotPossible):
            logged(cast, upon=cast.ngo)
        with pytest.raises(NotAllowed):
            logged(cast, upon=cast.unlisted_ngo)
        client = client_for(cast.ngo_manager)
        for organisation, status in ((cast.ngo, 403), (cast.unlisted_ngo, 404)):
            url = reverse("partners:attempt-new", args=[organisation.uuid])
            assert client.get(url).status_code == status

    def test_they_call_back(self, cast: Cast, client_for) -> None:
        row = logged(cast, at=cast.at - timedelta(minutes=30))
        url = reverse("partners:attempt-answered", args=[row.uuid])
        assert "They have answered now" in client_for(cast.ngo_caseworker).get(LOG).content.decode()
        assert client_for(cast.other_manager).post(url).status_code == 403
        assert client_for(cast.officer).post(url).status_code == 404
        assert client_for(cast.ngo_caseworker).post(url).status_code == 302
        row.refresh_from_db()
        assert row.outcome == Outcome.ANSWERED
        assert row.took >= timedelta(minutes=30)

    def test_a_wrong_number_does_not_become_an_answer(self, cast: Cast) -> None:
        row = logged(cast, "wrong")
        with pytest.raises(NotPossible):
            attempts.answered_later(attempt=row, by=cast.actor(cast.ngo_manager), at=cast.at)

    def test_a_question_asked_here_is_answered_here(self, cast: Cast) -> None:
        row = TestAsking().asked(cast)
        with pytest.raises(NotPossible):
            attempts.answered_later(attempt=row, by=cast.actor(cast.ngo_manager), at=cast.at)


class TestLog:
    def test_is_of_both_sides_and_nobody_else(self, cast: Cast, client_for) -> None:
        logged(cast)
        for user, number in (
            (cast.ngo_caseworker, 1),
            (cast.other_manager, 1),
            (cast.officer, 0),
            (cast.co_ordinator, 0),
        ):
            assert len(client_for(user).get(LOG).context["rows"]) == number

    @pytest.mark.parametrize("number", [1, 60])
    def test_asks_no_more_for_sixty(self, number: int, cast: Cast, client_for) -> None:
        for each in range(number):
            if each % 2:
                logged(cast)
            else:
                logged(cast, by=cast.other_manager, upon=cast.ngo)
        client = client_for(cast.ngo_manager)
        client.get(LOG)
        with at_most(8):
            response = client.get(LOG)
        if number > 25:
            assert len(client.get(LOG + response.context["next_href"]).context["rows"]) == 25


class TestFigures:
    def month_ago(self, at: datetime) -> datetime:
        _since, until = response_times.period(at)
        return until - timedelta(days=20)

    def past(self, cast: Cast, *hours: int | None, asked: int = 24) -> None:
        """Attempts of last month upon Open Door, each answered after so many hours or not."""
        tried = self.month_ago(cast.at)
        ContactAttempt.objects.bulk_create(
            ContactAttempt(
                organisation=cast.other_ngo,
                by_organisation=cast.ngo,
                tried_by=cast.ngo_manager,
                channel="phone",
                purpose="question",
                tried_at=tried,
                answer_by=tried + timedelta(hours=asked),
                outcome="no_answer" if after is None else "answered",
                answered_at=None if after is None else tried + timedelta(hours=after),
                client_key=str(uuid4()),
            )
            for after in hours
        )

    def of(self, organisation: Organisation, at: datetime) -> response_times.Figures:
        return response_times.figures([organisation.pk], at)[organisation.pk]

    def test_median_share_and_unanswered(self, cast: Cast) -> None:
        self.past(cast, 2, 2, 3, 4, 5, 6, 30, 40, 50, None, None, None)
        found = self.of(cast.other_ngo, cast.at)
        assert (found.attempts, found.unanswered) == (12, 3)
        assert found.median == timedelta(hours=5)
        assert found.share_in_time == 50

    def test_stand_on_the_page_of_the_organisation_and_with_the_co_ordination(
        self, cast: Cast, client_for
    ) -> None:
        self.past(cast, *[2] * 9, None)
        sheet = reverse("partners:organisation", args=[cast.other_ngo.uuid])
        body = client_for(cast.officer).get(sheet).content.decode()
        assert "How it answers" in body
        assert "2 hours" in body
        times = reverse("partners:response-times")
        client = client_for(cast.co_ordinator)
        assert "2 hours" in client.get(times).content.decode()
        with at_most(8):
            client.get(times)
        assert client_for(cast.ngo_manager).get(times).status_code == 403

    def test_are_not_shown_below_the_minimum_cell(self, cast: Cast, client_for) -> None:
        self.past(cast, *[2] * 9)
        sheet = reverse("partners:organisation", args=[cast.other_ngo.uuid])
        body = client_for(cast.officer).get(sheet).content.decode()
        assert "fewer than 10 times" in body
        assert "2 hours" not in body

    def test_do_not_move_with_what_happens_now(self, cast: Cast) -> None:
        self.past(cast, *[2] * 9, None)
        before = self.of(cast.other_ngo, cast.at)
        logged(cast, "answered")
        late = ContactAttempt.objects.filter(answered_at=None).get()
        attempts.answered_later(attempt=late, by=cast.actor(cast.ngo_manager), at=cast.at)
        assert self.of(cast.other_ngo, cast.at) == before

    def test_leave_out_a_wrong_number_and_a_question_taken_back(self, cast: Cast) -> None:
        self.past(cast, *[None] * 10)
        ContactAttempt.objects.update(outcome=Outcome.WRONG)
        assert self.of(cast.other_ngo, cast.at).attempts == 0

    def test_know_of_no_restricted_case(self, cast: Cast) -> None:
        from referrals.models import Referral
        from tests.referrals.talk import begun as written

        for _each in range(10):
            written(cast)
        ContactAttempt.objects.update(tried_at=self.month_ago(cast.at))
        assert self.of(cast.authority, cast.at).attempts == 10
        Referral.objects.update(is_restricted=True)
        assert self.of(cast.authority, cast.at).attempts == 0

    @pytest.mark.parametrize(
        ("at", "first", "end"),
        [
            ("2026-01-01T00:30:00+01:00", "2025-10-01", "2026-01-01"),
            ("2026-03-31T23:30:00+02:00", "2025-12-01", "2026-03-01"),
        ],
    )
    def test_count_whole_months_of_the_country(self, at: str, first: str, end: str) -> None:
        since, until = response_times.period(datetime.fromisoformat(at))
        assert (str(since.date()), str(until.date())) == (first, end)
