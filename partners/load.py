"""How many minutes a month each organisation is asked for, by whom: a year back and a year ahead.

What was answered counts with the minutes it took, or with the estimate where nobody said; what was
declined counts nothing. What is to come is counted from the register as it stands today.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Sum, Value, When
from django.db.models.functions import Coalesce, TruncMonth

from partners import schedule
from partners.choices import AnswerState, Capacity, RequestPurpose
from partners.models import HeldCapacity, Organisation, RecurringRequest, RequestAnswer
from partners.models.organisation import OrganisationQuerySet

BACK = AHEAD = 12
"""Months, beside the present one."""

Minutes = dict[date, dict[str, int]]
"""Minutes by month (its first day) and by the name of who asks."""


@dataclass(frozen=True)
class Load:
    """What one organisation is asked for."""

    minutes: Minutes
    months: tuple[date, ...]
    today: date
    twice: tuple["Twice", ...] = ()

    def of(self, month: date) -> int:
        return sum(self.minutes.get(month, {}).values())

    @property
    def present(self) -> date:
        return self.today.replace(day=1)

    @property
    def back(self) -> tuple[date, ...]:
        return tuple(month for month in self.months if month < self.present)

    @property
    def ahead(self) -> tuple[date, ...]:
        return tuple(month for month in self.months if month >= self.present)

    @property
    def this_month(self) -> int:
        return self.of(self.present)

    @property
    def year_back(self) -> int:
        return sum(self.of(month) for month in self.back)

    @property
    def year_ahead(self) -> int:
        """Of the twelve months after this one."""
        return sum(self.of(month) for month in self.ahead[1:])

    @property
    def heaviest(self) -> tuple[date, int]:
        """The month to come with the most, and its minutes."""
        month = max(self.ahead, key=lambda each: (self.of(each), -each.toordinal()))
        return month, self.of(month)


@dataclass(frozen=True)
class Twice:
    """Two or more who ask for the same purpose; `askers` are their names."""

    purpose: RequestPurpose
    askers: tuple[str, ...]


@dataclass
class Register:
    """The requests with rounds to come, with the keys of the organisations chosen by name."""

    requests: list[RecurringRequest]
    named: dict[int, set[int]] = field(default_factory=dict)

    @classmethod
    def standing(cls) -> "Register":
        """One query, with a row for each organisation that a request names."""
        standing = RecurringRequest.objects.asking().select_related("organisation")
        found: dict[int, RecurringRequest] = {}
        named: dict[int, set[int]] = {}
        for each in standing.annotate(chosen=F("asked_by_name")).order_by("pk"):
            found.setdefault(each.pk, each)
            if each.chosen is not None:
                named.setdefault(each.pk, set()).add(each.chosen)
        return cls(list(found.values()), named)

    def asking(self, organisation: Organisation) -> list[RecurringRequest]:
        """Those that ask this organisation, which came through `with_held`."""
        held = {code for code in Capacity.values if getattr(organisation, f"held_{code}")}
        return [
            each
            for each in self.requests
            if each.asks(organisation, named=self.named.get(each.pk, ()), held=held)
        ]


def with_held(organisations: OrganisationQuerySet) -> OrganisationQuerySet:
    """With a column for each capacity that says whether it is held now: no query of its own."""
    held = HeldCapacity.objects.held().filter(organisation=OuterRef("pk"))
    columns = {f"held_{code}": Exists(held.filter(capacity=code)) for code in Capacity.values}
    return organisations.annotate(**columns)


def twice(requests: Iterable[RecurringRequest]) -> tuple[Twice, ...]:
    """Purposes for which more than one of these organisations asks."""
    askers: dict[str, set[str]] = defaultdict(set)
    for each in requests:
        askers[each.purpose].add(each.organisation.display_name)
    return tuple(
        Twice(RequestPurpose(purpose), tuple(sorted(names)))
        for purpose, names in sorted(askers.items())
        if len(names) > 1 and purpose != RequestPurpose.OTHER
    )


def same_purpose(request: RecurringRequest) -> list[RecurringRequest]:
    """What others ask for already with the same purpose; empty for "something else"."""
    if request.purpose == RequestPurpose.OTHER:
        return []
    others = RecurringRequest.objects.asking().filter(purpose=request.purpose)
    others = others.exclude(organisation=request.organisation_id)
    return list(others.select_related("organisation").order_by("title", "pk"))


def loads(organisations: Collection[Organisation], today: date, register: Register) -> list[Load]:
    """The load of each, in their order; they came through `with_held`. One query."""
    months = tuple(schedule.months(_first(today), BACK + 1 + AHEAD))
    end = schedule.next_after(months[-1], "month", 1) - timedelta(days=1)
    minutes: dict[int, Minutes] = {each.pk: {} for each in organisations}
    for pk, month, asker, spent in _spent(minutes, months[0], end):
        _add(minutes[pk], month, asker, spent)
    found = []
    for each in organisations:
        asked = register.asking(each)
        for request in asked:
            _foresee(minutes[each.pk], request, end)
        found.append(Load(minutes[each.pk], months, today, twice(asked)))
    return found


def _first(today: date) -> date:
    return today.replace(year=today.year - 1, day=1)


def _spent(
    organisations: Collection[int], start: date, end: date
) -> Iterable[tuple[int, date, str, int]]:
    """(organisation, month, asker, minutes) of rounds that were opened. One query."""
    rows = (
        RequestAnswer.objects.filter(
            organisation__in=list(organisations),
            answer_until_on__gte=start,
            answer_until_on__lte=end,
        )
        .order_by()
        .annotate(month=TruncMonth("answer_until_on"))
        .values_list("organisation_id", "month", "round__request__organisation__name")
        .annotate(spent=Sum(_minutes_of_an_answer()))
    )
    return list(rows)


def _minutes_of_an_answer() -> Case:
    """As `RequestAnswer.load` says it, for the database."""
    nothing = [AnswerState.DECLINED, AnswerState.DROPPED]
    took = Coalesce("minutes", "estimated_minutes", output_field=IntegerField())
    return Case(When(state__in=nothing, then=Value(0)), default=took, output_field=IntegerField())


def _foresee(minutes: Minutes, request: RecurringRequest, end: date) -> None:
    """Add the rounds that are still to be opened."""
    if request.next_due_on is None:
        return
    anchor = request.first_due_on.day
    for day in schedule.due_days(request.next_due_on, request.every, anchor, end):
        _add(minutes, day.replace(day=1), request.organisation.display_name, request.minutes)


def _add(minutes: Minutes, month: date, asker: str, number: int) -> None:
    of_month = minutes.setdefault(month, {})
    of_month[asker] = of_month.get(asker, 0) + number
