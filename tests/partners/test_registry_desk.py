"""The co-ordinator's desk: reminders that name their rows first, and what is covered where."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from deadlines.models import Notice
from partners.choices import ReminderOutcome
from partners.models import Agreement, AgreementParty, Organisation, ReminderLine, ReminderRound
from partners.services import changes, entry_reminders, listings
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db
LIST = reverse("partners:registry")
REMINDERS = reverse("partners:reminders")
COVERAGE = reverse("partners:coverage")
KIND = "entry_to_confirm"


def told() -> set[str]:
    return set(Notice.objects.filter(kind=KIND).values_list("recipient__email", flat=True))


def form(page) -> dict[str, object]:
    uuids = [str(each) for each in page.context["uuids"]]
    return {"round": str(page.context["round"]), "organisation": uuids}


class TestReminders:
    def test_names_everybody_before_anybody_is_asked(self, cast: Cast, client_for) -> None:
        page = client_for(cast.co_ordinator).get(REMINDERS, {"kind": "cso"})
        named = {row[0]["text"]: row[1]["text"] for row in page.context["rows"]}
        assert named[cast.ngo.name] == "Is asked"
        assert page.context["number"] == 3
        assert told() == set()

    def test_asks_each_manager_once_and_says_whom_not_and_why(self, cast: Cast, client_for) -> None:
        client = client_for(cast.co_ordinator)
        page = client.get(REMINDERS)
        answer = client.post(REMINDERS, form(page))
        assert told() == {
            cast.ngo_manager.email,
            cast.without_factor.email,
            cast.other_manager.email,
            cast.unlisted_manager.email,
        }
        result = client.get(answer.url)
        said = {row[0]["text"]: row[1]["text"] for row in result.context["rows"]}
        assert said[cast.ngo.name] == "Was asked"
        assert said[cast.police.name] == "Not asked: nobody there manages the entry"
        assert cast.ngo.events.filter(kind="organisation.reminded").count() == 1

    def test_posted_twice_it_is_one_round(self, cast: Cast, client_for) -> None:
        client = client_for(cast.co_ordinator)
        given = form(client.get(REMINDERS, {"name": "Lantern"}))
        first, second = client.post(REMINDERS, given), client.post(REMINDERS, given)
        assert first.url == second.url
        assert ReminderRound.objects.count() == 1
        assert Notice.objects.filter(kind=KIND).count() == 2

    @pytest.mark.parametrize(("days", "asked"), [(13, False), (15, True)])
    def test_asks_again_after_two_weeks_at_the_earliest(
        self, days, asked, cast: Cast, at: datetime
    ) -> None:
        for later in (timedelta(0), timedelta(days=days)):
            made = entry_reminders.remind(
                round_uuid=uuid4(),
                organisations={cast.ngo.uuid},
                by=cast.actor(cast.co_ordinator, at + later),
                at=at + later,
            )
        wanted = ReminderOutcome.ASKED if asked else ReminderOutcome.LATELY
        assert ReminderLine.objects.get(round=made).outcome == wanted
        assert Notice.objects.filter(kind=KIND).count() == (4 if asked else 2)

    def test_a_notice_is_settled_when_the_entry_is_confirmed(
        self, cast: Cast, at: datetime
    ) -> None:
        entry_reminders.remind(
            round_uuid=uuid4(),
            organisations={cast.ngo.uuid},
            by=cast.actor(cast.co_ordinator),
            at=at,
        )
        changes.confirm_entry(
            organisation=cast.ngo, by=cast.actor(cast.ngo_manager), at=at, on=at.date()
        )
        assert not Notice.objects.filter(kind=KIND, handled_at=None).exists()

    def test_asks_nobody_who_is_no_member_nor_one_it_may_not_see(
        self, cast: Cast, at: datetime
    ) -> None:
        Organisation.objects.filter(pk=cast.other_ngo.pk).update(state="suspended")
        made = entry_reminders.remind(
            round_uuid=uuid4(),
            organisations={cast.other_ngo.uuid, cast.applying.uuid},
            by=cast.actor(cast.co_ordinator),
            at=at,
        )
        (line,) = made.lines.all()
        assert (line.organisation, line.outcome) == (cast.other_ngo, ReminderOutcome.NO_MEMBER)

    def test_says_that_a_list_is_too_long(self, cast: Cast, client_for, monkeypatch) -> None:
        monkeypatch.setattr("partners.views.registry_desk.MOST", 2)
        page = client_for(cast.co_ordinator).get(REMINDERS)
        assert len(page.context["rows"]) == 2
        assert "these are the first 2" in page.content.decode()

    def test_takes_no_nonsense(self, cast: Cast, client_for) -> None:
        client = client_for(cast.co_ordinator)
        assert client.post(REMINDERS, {"round": "x"}).status_code == 404
        assert client.post(REMINDERS, {"round": str(uuid4())}).url == LIST

    def test_asks_no_more_of_the_database_for_many(self, cast: Cast, client_for) -> None:
        client = client_for(cast.co_ordinator)
        client.get(REMINDERS)
        with at_most(8):
            client.get(REMINDERS)


class TestCoverage:
    def test_each_number_is_that_of_the_list_it_leads_to(self, cast: Cast, client_for) -> None:
        Organisation.objects.filter(pk=cast.ngo.pk).update(cso_class="legal")
        listings.relist([cast.ngo.pk])
        for user in (cast.co_ordinator, cast.ngo_caseworker):
            client = client_for(user)
            cells = [
                cell
                for table in client.get(COVERAGE).context["tables"]
                for row in table["rows"]
                for cell in row[1:]
                if cell["href"]
            ]
            assert len(cells) >= 10
            for cell in cells:
                assert str(client.get(cell["href"]).context["page"].count) == str(cell["text"])

    def test_a_gap_is_a_dash_without_a_link(self, cast: Cast, client_for) -> None:
        (duties, _classes) = client_for(cast.funder).get(COVERAGE).context["tables"]
        assert {"text": "–", "href": ""} in duties["rows"][0]

    def test_takes_few_queries(self, cast: Cast, client_for) -> None:
        client = client_for(cast.co_ordinator)
        client.get(COVERAGE)
        with at_most(8):
            client.get(COVERAGE)


class TestEndingAgreements:
    def test_narrow_to_their_parties(self, cast: Cast, client_for, at: datetime) -> None:
        day = at.date()
        agreement = Agreement.objects.create(
            client_key=uuid4(),
            title="Invented agreement",
            from_on=day - timedelta(days=30),
            until_on=day + timedelta(days=40),
            ends_on=day + timedelta(days=40),
            kept_by=cast.ministry,
            state="draft",
            created_at=at,
            created_by=cast.co_ordinator,
        )
        AgreementParty.objects.create(agreement=agreement, organisation=cast.ngo)
        client = client_for(cast.co_ordinator)
        assert client.get(LIST, {"ending": "60"}).context["rows"] == []
        Agreement.objects.filter(pk=agreement.pk).update(state="active", sent_at=at, signed_at=at)
        found = {
            days: [row["name"] for row in client.get(LIST, {"ending": days}).context["rows"]]
            for days in ("30", "60")
        }
        assert found == {"30": [], "60": [cast.ngo.name]}
