"""Being away: a colleague gets the reminders too, sees no more than before, and nothing is lost."""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse

from common.marks import Subject
from common.workflow import NotAllowed, NotPossible
from deadlines import notices as notice_kinds
from deadlines.choices import AwayReason
from deadlines.models import Absence, Deadline, Notice
from deadlines.services import absences, clocks
from deadlines.services.reminders import remind
from tests.deadlines.conftest import make_rule
from tests.support.cast import Cast
from tests.support.client import StrictClient

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FIRST, LAST = date(2026, 3, 9), date(2026, 3, 20)


@pytest.fixture(autouse=True)
def _on_a_monday() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def at() -> datetime:
    return NOW


@pytest.fixture
def away(cast: Cast) -> Callable[..., Absence]:
    """The caseworker is away, and the manager stands in."""

    def go(**changed: Any) -> Absence:
        values = {
            "deputy_id": cast.ngo_manager.pk, "from_on": FIRST, "until_on": LAST,
            "reason": AwayReason.LEAVE, "by": cast.actor(cast.ngo_caseworker, NOW), "at": NOW,
            **changed,
        }  # fmt: skip
        return absences.be_away(**values)

    return go


@pytest.fixture
def start(cast: Cast, deadline_kind: Any) -> Callable[..., Deadline]:
    """A clock of ten days (to 12 March) for the caseworker, in their organisation."""

    def go(hidden: Any = frozenset(), **options: Any) -> Deadline:
        return clocks.start(
            kind=deadline_kind(hidden), rule=make_rule(10), subject=Subject("parcel", uuid.uuid4()),
            holders=[cast.ngo_caseworker], starts_at=NOW, by=cast.actor(cast.ngo_caseworker),
            at=NOW, organisation_uuid=options.pop("place", cast.ngo.uuid),
        )[0]  # fmt: skip

    return go


def told(user: Any) -> int:
    return Notice.objects.filter(recipient=user, kind__startswith="deadline").count()


class TestReminders:
    def test_reach_the_colleague_as_well(self, away, start, cast):
        away(), start()
        remind(NOW + timedelta(days=10))
        assert (told(cast.ngo_caseworker), told(cast.ngo_manager)) == (1, 1)

    def test_reach_nobody_else_before_and_after_the_days(self, away, start, cast):
        away(from_on=date(2026, 3, 13)), start()
        remind(NOW + timedelta(days=10))
        assert told(cast.ngo_manager) == 0

    def test_reach_nobody_else_once_it_is_ended(self, away, start, cast):
        absence = away()
        start()
        absences.end(absence=absence, by=cast.actor(cast.ngo_manager, NOW), at=NOW)
        remind(NOW + timedelta(days=10))
        assert told(cast.ngo_manager) == 0

    def test_of_another_organisation_stay_with_their_owner(self, away, start, cast):
        away(), start(place=cast.other_ngo.uuid)
        remind(NOW + timedelta(days=10))
        assert told(cast.ngo_manager) == 0

    def test_open_nothing_that_the_colleague_may_not_see(self, away, start, cast):
        hidden: set[uuid.UUID] = set()
        away()
        row = start(hidden=hidden)
        remind(NOW + timedelta(days=10))
        hidden.add(row.subject_uuid)
        [notice] = Notice.objects.filter(recipient=cast.ngo_manager, kind="deadline_due")
        kind = notice_kinds.kind_of(notice.kind)
        assert kind is not None
        assert kind.still_visible(cast.actor(cast.ngo_manager), {row.uuid}) == set()
        assert told(cast.ngo_caseworker) == 1

    def test_give_the_colleague_no_sight_of_the_deadline_itself(self, away, start, cast):
        away()
        row = start()
        assert not Deadline.objects.visible_to(cast.actor(cast.ngo_manager)).contains(row)


class TestEnter:
    def test_tells_the_colleague(self, away, cast):
        absence = away()
        notice = Notice.objects.get(kind="stands_in")
        assert (notice.recipient, notice.subject_uuid) == (cast.ngo_manager, absence.uuid)

    @pytest.mark.parametrize("who", ["other_manager", "ngo_caseworker", "co_ordinator"])
    def test_takes_only_a_colleague(self, who, away, cast):
        with pytest.raises(NotAllowed):
            away(deputy_id=getattr(cast, who).pk)

    @pytest.mark.parametrize(
        ("first", "last"),
        [(FIRST, date(2026, 3, 8)), (date(2026, 2, 1), date(2026, 3, 1)),
         (FIRST, date(2027, 3, 10))],
    )  # fmt: skip
    def test_refuses_days_that_are_over_or_a_whole_year(self, first, last, away):
        with pytest.raises(NotPossible):
            away(from_on=first, until_on=last)

    def test_refuses_days_entered_twice(self, away):
        away()
        with pytest.raises(NotPossible, match="End it first"):
            away(from_on=LAST, until_on=LAST)

    def test_refuses_oneself_in_the_database_too(self, away, cast):
        absence = away()
        with pytest.raises(IntegrityError, match="somebody_else"), transaction.atomic():
            Absence.objects.filter(pk=absence.pk).update(deputy=cast.ngo_caseworker)


class TestPage:
    def test_enters_shows_and_ends(self, cast, client_for: Callable[..., StrictClient]):
        desk = client_for(cast.ngo_caseworker)
        url = reverse("deadlines:away")
        answers = {
            "from_on_day": "9", "from_on_month": "3", "from_on_year": "2026",
            "until_on_day": "20", "until_on_month": "3", "until_on_year": "2026",
            "deputy": str(cast.ngo_manager.pk), "reason": "leave",
        }  # fmt: skip
        page = desk.post(url, answers, follow=True).content.decode()
        assert "9 March 2026 – 20 March 2026" in page
        assert "There is a problem" in desk.post(url, answers).content.decode()
        mine = client_for(cast.ngo_manager).get(url).content.decode()
        assert cast.ngo_caseworker.display_name in mine
        end = reverse("deadlines:away_end", args=[Absence.objects.get().uuid])
        assert client_for(cast.other_manager).post(end).status_code == 404
        assert "Nobody is away" in desk.post(end, follow=True).content.decode()

    def test_offers_only_colleagues(self, cast, client_for: Callable[..., StrictClient]):
        form = client_for(cast.ngo_caseworker).get(reverse("deadlines:away")).context["form"]
        offered = {choice for choice, _label in form.fields["deputy"].choices}
        assert cast.ngo_manager.pk in offered
        assert not {cast.ngo_caseworker.pk, cast.other_manager.pk} & offered
