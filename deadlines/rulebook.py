"""The rules of the country: those of its profile, as its own later changes amend them.

Reads `Rule`; writing one is `deadlines.services.rules`. A change covers the days it says; of two
for one day the newer counts, and where none does the profile's own rule stands.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from common.country import current
from common.profile import DeadlineRule, Pausing, Profile, Weight
from common.workdays import Counting, DayZero, DeadlineLength, Roll, Unit
from deadlines.models.rules import Rule


@dataclass(frozen=True)
class Change:
    """A change of a rule: the row that holds it, and the rule it makes."""

    row: Rule
    rule: DeadlineRule


@dataclass(frozen=True)
class Rulebook:
    """All rules of the country at one moment. `changes` are the newest first."""

    profile: Profile
    changes: tuple[Change, ...]

    def rule(self, code: str, *, on: date, subdivision: str = "") -> DeadlineRule | None:
        """The rule in force on a day, a part's own before the country's; None where none is on."""
        for place in dict.fromkeys((subdivision, "")):
            found = self.of(code, on=on, subdivision=place)
            if found is not None and found.verified:
                return found
        return None

    def of(self, code: str, *, on: date, subdivision: str) -> DeadlineRule | None:
        """What is said for a day of exactly this part, or of the whole country; perhaps off."""
        for change in self.changes:
            if _is_for(change.rule, code, subdivision) and change.rule.is_valid(on):
                return change.rule
        said = [
            rule
            for rule in self.profile.all_rules()
            if _is_for(rule, code, subdivision) and rule.is_valid(on)
        ]
        return next((rule for rule in said if rule.verified), said[0] if said else None)

    def in_force(self, on: date) -> tuple[DeadlineRule, ...]:
        """For each code the country's rule on that day, those of parts left out."""
        found = (self.rule(code, on=on) for code in self._codes())
        return tuple(rule for rule in found if rule is not None)

    def shown(self, on: date) -> tuple[DeadlineRule, ...]:
        """Every rule a page lists: on the day in force first, then the rest, each once.

        A rule of the profile whose days a change took over altogether is left to the history.
        """
        rules: list[DeadlineRule] = []
        for code, place in self._places():
            now = self.of(code, on=on, subdivision=place)
            rules += [now] if now is not None else []
            rules += [
                rule
                for rule in self._said(code, place)
                if rule is not now and self._counts_some_day(rule, on)
            ]
        return tuple(rules)

    def template(self, code: str, subdivision: str = "") -> DeadlineRule | None:
        """What the profile has under this code, whatever its days: title, start and meaning."""
        known = [rule for rule in self.profile.all_rules() if rule.code == code]
        return next((rule for rule in known if rule.subdivision == subdivision), None) or next(
            iter(known), None
        )

    def made_by(self, row: Rule) -> DeadlineRule:
        """The rule a row makes, entered or not. Raises KeyError for a code that is not known."""
        template = self.template(row.code, row.subdivision)
        if template is None:
            raise KeyError(row.code)
        return _as_rule(row, template)

    def _said(self, code: str, place: str) -> list[DeadlineRule]:
        every = (*(change.rule for change in self.changes), *self.profile.all_rules())
        return [rule for rule in every if _is_for(rule, code, place)]

    def _counts_some_day(self, rule: DeadlineRule, on: date) -> bool:
        """Whether some day is this rule's: its first, its last, or the day asked about."""
        days = {rule.valid_from or date.min, rule.valid_to or date.max, on}
        return not rule.verified or any(
            self.of(rule.code, on=day, subdivision=rule.subdivision) is rule
            for day in days
            if rule.is_valid(day)
        )

    def _codes(self) -> Iterable[str]:
        return dict.fromkeys(rule.code for rule in self.profile.all_rules())

    def _places(self) -> Iterable[tuple[str, str]]:
        every = (*self.profile.all_rules(), *(change.rule for change in self.changes))
        return dict.fromkeys((rule.code, rule.subdivision) for rule in every)


def rulebook() -> Rulebook:
    """The rules of this installation's country as they are now. One query."""
    book = Rulebook(current(), ())
    rows = Rule.objects.filter(country=book.profile.code)
    changes = [
        Change(row, _as_rule(row, template))
        for row in rows.order_by("-pk")
        # A code the profile no longer has starts nothing.
        if (template := book.template(row.code, row.subdivision)) is not None
    ]
    return replace(book, changes=tuple(changes))


def _as_rule(row: Rule, template: DeadlineRule) -> DeadlineRule:
    return replace(
        template,
        counting=Counting(length_of(row), DayZero(row.day_zero), Roll(row.roll)),
        weight=Weight(row.weight),
        source=row.source,
        text=row.text,
        verified=row.is_on,
        read_on=row.read_on,
        reading=row.reading,
        pauses=frozenset(Pausing(each) for each in row.stops_for),
        subdivision=row.subdivision,
        remind_before_days=row.remind_before_days,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def length_of(row: Rule) -> DeadlineLength:
    """How long the row says. Raises ValueError for days of the year that cannot be read."""
    pairs = [
        date.fromisoformat(f"2001-{each.strip()}") for each in filter(None, row.yearly.split(","))
    ]
    return DeadlineLength(
        Unit(row.unit),
        row.amount,
        row.fixed_on,
        tuple((day.month, day.day) for day in pairs),
    )


def _is_for(rule: DeadlineRule, code: str, subdivision: str) -> bool:
    return (rule.code, rule.subdivision) == (code, subdivision)
