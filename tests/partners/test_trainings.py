"""Trainings: planned, moved, held, cancelled; who took part, and whose training counts."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from common.country import local_day
from common.workflow import MissingAnswers, NotAllowed, NotPossible
from deadlines.models import Deadline, Notice
from deadlines.services.reminders import remind
from partners import learning_clocks
from partners.currency import Share, colleagues, shares
from partners.learning_choices import TrainingState
from partners.learning_workflow import TRAINING
from partners.models import Attendance, Membership, Training
from partners.services import trainings
from tests.partners import learning_stages as stages
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db
LIST = reverse("partners:trainings")


@pytest.fixture
def at() -> datetime:
    """Monday, 9 February 2026, in the morning."""
    return datetime(2026, 2, 9, 9, 0, tzinfo=UTC)


def told(kind: str) -> set[Any]:
    return {notice.recipient for notice in Notice.objects.filter(kind=kind)}


def enter(cast: Cast, row: Training, *users: Any) -> list[Attendance]:
    here = Membership.objects.filter(organisation=cast.ngo, user__in=users)
    return trainings.enter_attendances(
        training=row, people=list(here.values_list("uuid", flat=True)),
        by=cast.actor(cast.ngo_manager), at=cast.at,
    )  # fmt: skip


class TestATraining:
    def test_reaches_every_state(self) -> None:
        TRAINING.assert_complete(TrainingState.values)

    @pytest.mark.sqlite_too
    def test_keeps_the_day_it_was_planned_for_at_first(self, cast: Cast) -> None:
        row = stages.planned(cast, days=10)
        assert told("training_planned") >= {cast.ngo_manager}
        with pytest.raises(MissingAnswers):
            TRAINING.apply(
                row, "postpone", by=cast.actor(cast.other_manager), at=cast.at, reason="money"
            )
        row = stages.moved(cast, row)
        assert (row.state, row.on, row.first_on) == ("postponed", None, stages.day(cast, 10))
        assert row.late_by(stages.day(cast, 50)) == 40
        row = stages.moved(cast, row, on=stages.day(cast, 100))
        assert row.late_by(stages.day(cast, 50)) == 90
        assert told("training_postponed") >= {cast.ngo_manager}

    def test_is_asked_about_after_its_day(self, cast: Cast) -> None:
        row = stages.planned(cast, days=3)
        clock = Deadline.objects.open().get(kind=learning_clocks.OUTCOME, subject_uuid=row.uuid)
        assert clock.due_at.date() in (date(2026, 2, 12), date(2026, 2, 13))
        stages.moved(cast, row, on=stages.day(cast, 20))
        later = Deadline.objects.open().get(kind=learning_clocks.OUTCOME, subject_uuid=row.uuid)
        assert later.due_at > clock.due_at
        remind(cast.at + timedelta(days=30))
        assert Notice.objects.filter(recipient=cast.other_manager).exists()

    def test_is_not_held_on_a_day_to_come(self, cast: Cast) -> None:
        row, by = stages.planned(cast), cast.actor(cast.other_manager)
        with pytest.raises(NotPossible):
            TRAINING.apply(row, "hold", by=by, at=cast.at, on=stages.day(cast, 1))

    def test_is_moved_by_its_keeper_or_trainer_alone(self, cast: Cast) -> None:
        row = stages.planned(cast)
        for user in (cast.ngo_manager, cast.ngo_caseworker, cast.co_ordinator):
            with pytest.raises(NotAllowed):
                TRAINING.apply(
                    row, "cancel", by=cast.actor(user), at=cast.at, reason="few", reason_words="-"
                )

    def test_counts_people_once_it_was_held(self, cast: Cast) -> None:
        by = cast.actor(cast.other_manager)
        row = stages.planned(cast, days=0)
        party = row.parties.get(organisation=cast.ngo)
        with pytest.raises(NotPossible):
            trainings.count_participants(training=row, numbers={party.uuid: 4}, by=by, at=cast.at)
        row = TRAINING.apply(row, "hold", by=by, at=cast.at, on=stages.day(cast))
        trainings.count_participants(training=row, numbers={party.uuid: 4}, by=by, at=cast.at)
        party.refresh_from_db()
        assert (party.participants, party.counted_by) == (4, cast.other_manager)
        with pytest.raises(NotPossible):
            trainings.remove_party(training=row, party=party.uuid, by=by, at=cast.at)


class TestAttendance:
    def test_counts_for_as_long_as_the_rule_says(self, cast: Cast) -> None:
        made = enter(cast, stages.held(cast), cast.ngo_caseworker)
        assert made[0].valid_until_on in (date(2028, 2, 8), date(2028, 2, 9))
        clock = Deadline.objects.open().get(kind=learning_clocks.CURRENCY)
        assert clock.user == cast.ngo_caseworker
        remind(cast.at + timedelta(days=730 - 58))
        about = Notice.objects.filter(recipient=cast.ngo_caseworker)
        assert about.exists()

    def test_of_a_training_that_does_not_count_says_nothing(self, cast: Cast) -> None:
        made = enter(cast, stages.held(cast, is_for_currency=False), cast.ngo_caseworker)
        assert made[0].valid_until_on is None
        assert not Deadline.objects.filter(kind=learning_clocks.CURRENCY).exists()

    def test_is_corrected_and_its_clock_goes(self, cast: Cast) -> None:
        row = stages.held(cast)
        enter(cast, row, cast.ngo_caseworker, cast.ngo_manager)
        enter(cast, row, cast.ngo_manager)
        assert [each.user for each in Attendance.objects.all()] == [cast.ngo_manager]
        clock = Deadline.objects.open().get(kind=learning_clocks.CURRENCY)
        assert clock.user == cast.ngo_manager

    def test_of_a_later_training_replaces_the_earlier_clock(self, cast: Cast) -> None:
        enter(cast, stages.held(cast, ago=100), cast.ngo_caseworker)
        later = enter(cast, stages.held(cast, ago=1), cast.ngo_caseworker)[0]
        clock = Deadline.objects.open().get(kind=learning_clocks.CURRENCY)
        assert clock.subject_uuid == later.uuid

    @pytest.mark.sqlite_too
    def test_is_known_to_ones_own_organisation_alone(self, cast: Cast) -> None:
        enter(cast, stages.held(cast), cast.ngo_caseworker, cast.ngo_manager)

        def sees(user: Any) -> int:
            return Attendance.objects.visible_to(cast.actor(user)).count()

        assert (sees(cast.ngo_manager), sees(cast.ngo_caseworker)) == (2, 1)
        for user in (cast.other_manager, cast.co_ordinator, cast.rapporteur, cast.police_officer):
            assert sees(user) == 0

    def test_is_refused_where_the_training_was_not_for_it(self, cast: Cast) -> None:
        row = stages.held(cast)
        with pytest.raises(NotPossible):
            trainings.enter_attendances(
                training=row, people=[], by=cast.actor(cast.unlisted_manager), at=cast.at
            )


class TestCurrency:
    def test_names_ones_own_and_tells_others_a_share(self, cast: Cast, client_for: Any) -> None:
        enter(cast, stages.held(cast), cast.ngo_caseworker)
        known = {each.name: each.until_on for each in colleagues(cast.actor(cast.ngo_manager))}
        assert known[cast.ngo_caseworker.display_name] is not None
        assert known[cast.ngo_manager.display_name] is None
        assert len(colleagues(cast.actor(cast.ngo_caseworker))) == 1
        found = shares([cast.ngo, cast.police], cast.at, stages.day(cast))[cast.ngo.pk]
        assert (found.current, found.words) == (1, "Some")
        page = client_for(cast.co_ordinator).get(reverse("partners:currency-shares"))
        assert cast.ngo.name in page.text
        assert cast.ngo_caseworker.display_name not in page.text

    @pytest.mark.parametrize(
        ("people", "current", "words"),
        [(0, 0, "Nobody has an account"), (1, 1, "All"), (4, 1, "Some"), (4, 0, "Nobody"),
         (8, 2, "25 %")],
    )  # fmt: skip
    def test_says_a_share_of_few_in_words(self, people: int, current: int, words: str) -> None:
        assert Share(people, current, None).words == words


class TestPages:
    def test_show_the_register_in_few_queries(self, cast: Cast, client_for: Any) -> None:
        rows = [stages.planned(cast, days=n, title=f"Training {n} (invented)") for n in range(1, 4)]
        stages.moved(cast, rows[0])
        client = client_for(cast.ngo_caseworker)
        client.get(LIST)
        with at_most(8):
            page = client.get(LIST)
        assert "No new day yet" in page.text
        assert "Open Door" in page.text
        narrowed = client.get(f"{LIST}?state=postponed&topic=indicators")
        assert narrowed.text.count("Training 1 (invented)") == 1
        assert "Training 2 (invented)" not in narrowed.text

    def test_plan_hold_count_and_enter(self, cast: Cast, client_for: Any) -> None:
        client, today = client_for(cast.other_manager), local_day(cast.at)
        sent = {
            "version": 0, "title": "Night work (invented)", "topics": ["labour"], "form": "online",
            "places": 12, "trainer_name": "Institute (invented)", "is_for_currency": "on",
            "on_day": today.day, "on_month": today.month, "on_year": today.year,
        }  # fmt: skip
        assert client.post(reverse("partners:training-new"), sent).status_code == 302
        row = Training.objects.get()
        for name, data in (
            ("parties", {"organisation": cast.ngo.pk}),
            ("hold", {k: v for k, v in sent.items() if k.startswith("on_")}),
        ):
            url = reverse("partners:training-act", args=[row.uuid, name])
            assert client.post(url, data).status_code == 302
        party = row.parties.get()
        url = reverse("partners:training-act", args=[row.uuid, "count"])
        assert client.post(url, {str(party.uuid): 3}).status_code == 302
        party.refresh_from_db()
        assert party.participants == 3

        home = client_for(cast.ngo_manager)
        member = Membership.objects.get(user=cast.ngo_caseworker)
        url = reverse("partners:training-attendances", args=[row.uuid])
        assert home.post(url, {"people": [str(member.uuid)]}).status_code == 302
        assert cast.ngo_caseworker.display_name in home.get(row.get_absolute_url()).text
        assert cast.ngo_caseworker.display_name not in client.get(row.get_absolute_url()).text

    def test_hide_an_organisation_that_is_not_shown(self, cast: Cast, client_for: Any) -> None:
        row = stages.planned(cast, trainer=cast.unlisted_ngo)
        Training.objects.filter(pk=row.pk).update(kept_by=cast.other_ngo)
        page = client_for(cast.ngo_manager).get(row.get_absolute_url()).text
        assert "An organisation that is not shown to you" in page
        assert cast.unlisted_ngo.name not in page
