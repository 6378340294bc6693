"""How an organisation answers: how often, how fast, how often not. No case, no person, no day.

Counted over the three whole months before this one, as things stood when they ended, and shown from
the country's minimum cell on: a single question, which may be about a case that the reader must not
know of, never moves a figure that they can look at.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.db.models import Q

from common.country import current, local_day
from partners import about
from partners.conversation_choices import Outcome
from partners.models import ContactAttempt

MONTHS = 3
#: What says nothing about how an organisation answers.
NOT_COUNTED = (Outcome.TAKEN_BACK, Outcome.WRONG)


@dataclass(frozen=True)
class Figures:
    """Of one organisation; `attempts` alone says whether there is enough to show the rest."""

    attempts: int
    answered: int = 0
    median: timedelta | None = None
    asked_in_time: int = 0
    in_time: int = 0

    @property
    def unanswered(self) -> int:
        return self.attempts - self.answered

    @property
    def is_enough(self) -> bool:
        return self.attempts >= current().minimum_cell

    @property
    def share_in_time(self) -> int | None:
        """Per cent of what had a date and was answered by it; None where too few had one."""
        if self.asked_in_time < current().minimum_cell:
            return None
        return round(100 * self.in_time / self.asked_in_time)


def period(at: datetime) -> tuple[datetime, datetime]:
    """The beginning and end of the months that are counted, in the country's time."""
    zone = current().time_zone
    today = local_day(at)
    months = today.year * 12 + today.month - 1

    def first(month: int) -> datetime:
        return datetime(month // 12, month % 12 + 1, 1, tzinfo=zone)

    return first(months - MONTHS), first(months)


def figures(organisations: Collection[int], at: datetime) -> Mapping[int, Figures]:
    """The figures of these organisations. One query, whatever their number."""
    since, until = period(at)
    rows = (
        ContactAttempt.objects.filter(
            Q(conversation=None) | about.counted(prefix="conversation__"),
            organisation__in=list(organisations),
            tried_at__gte=since,
            tried_at__lt=until,
        )
        .exclude(outcome__in=NOT_COUNTED)
        .values_list("organisation_id", "tried_at", "answer_by", "answered_at")
    )
    by_organisation: dict[int, list[tuple[datetime, datetime | None, datetime | None]]] = {
        pk: [] for pk in organisations
    }
    for pk, tried, asked, answered in rows:
        # As it stood when the months ended: what came later counts for nobody.
        in_period = answered if answered is not None and answered < until else None
        by_organisation[pk].append((tried, asked, in_period))
    return {pk: _figures(found) for pk, found in by_organisation.items()}


def _figures(rows: list[tuple[datetime, datetime | None, datetime | None]]) -> Figures:
    took = [answered - tried for tried, _asked, answered in rows if answered is not None]
    asked = [(due, answered) for _tried, due, answered in rows if due is not None]
    return Figures(
        attempts=len(rows),
        answered=len(took),
        median=median(took) if took else None,
        asked_in_time=len(asked),
        in_time=sum(answered is not None and answered <= due for due, answered in asked),
    )
