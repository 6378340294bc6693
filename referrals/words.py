"""A referral in the words of the country and of the page: states, decisions, answers, deadlines.

What is shown to whom is decided elsewhere (`referrals/sections.py`). No country's term stands here:
stages and outcomes are called what the profile calls them.
"""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.db.models import TextChoices
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.country import current
from common.profile import Bound, Stage, StartEvent
from common.workdays import Calendar, working_days_between
from deadlines.calendars import working_days
from deadlines.rulebook import rulebook
from deadlines.words import length
from partners.languages import language_name
from referrals.choices import (
    CLOSED,
    CLOSED_STATES,
    STATUSES,
    EventKind,
    Exploitation,
    Outcome,
    PlaceOfExploitation,
    StageCode,
    State,
    TrackKind,
    TrackStatus,
)
from referrals.clocks import decision_due
from referrals.deciding import stage_named, stages
from referrals.models import Decision, Question, Referral, ReferralEvent, Situation
from referrals.nationalities import nationality_name
from referrals.packets import LISTS

STATE_COLOURS: dict[str, str] = {
    State.DRAFT: "grey",
    State.EXPIRED: "grey",
    State.NOTIFIED: "grey",
    State.SUBMITTED: "blue",
    State.RETURNED: "orange",
    State.PRELIM_POSITIVE: "teal",
    State.PRELIM_NEGATIVE: "purple",
    State.CONCL_POSITIVE: "green",
    State.CONCL_NEGATIVE: "purple",
    State.WITHDRAWN: "grey",
    CLOSED: "grey",
}
#: Working days left from which a deadline is near.
SOON = 2
#: State to the decision it is the outcome of.
DECIDED: dict[str, tuple[StageCode, Outcome]] = {
    State.PRELIM_POSITIVE: (StageCode.PRELIMINARY, Outcome.POSITIVE),
    State.PRELIM_NEGATIVE: (StageCode.PRELIMINARY, Outcome.NEGATIVE),
    State.CONCL_POSITIVE: (StageCode.CONCLUSIVE, Outcome.POSITIVE),
    State.CONCL_NEGATIVE: (StageCode.CONCLUSIVE, Outcome.NEGATIVE),
}


def state_name(state: str) -> str:
    """A state as this country calls it: the outcome of a decision by the decision's own name."""
    if state in DECIDED:
        return outcome_name(*DECIDED[state])
    if state == CLOSED:
        return str(dict(STATUSES)[CLOSED])
    return str(State(state).label)


def state_tag(state: str) -> dict[str, str]:
    """A state as components/tag.html takes it."""
    return {"text": state_name(state), "colour": STATE_COLOURS[state]}


def states_here(*, is_enforcement: bool = False) -> list[tuple[str, str]]:
    """The states a referral of this country can be in, with their names, in their order.

    Law enforcement is offered what it can be shown: see `referrals.sections.status`.
    """
    codes = {stage.code for stage in stages()}
    here = [
        (state.value, state_name(state))
        for state in State
        if state not in DECIDED or DECIDED[state][0] in codes
    ]
    if not is_enforcement:
        return here
    told = [(code, name) for code, name in here if code not in CLOSED_STATES]
    return [*told, (CLOSED, state_name(CLOSED))]


def stage_name(code: str) -> str:
    """What this country calls a decision; history may hold one the country no longer takes."""
    stage = stage_named(code)
    return str(stage.rules.name) if stage else str(StageCode(code).label)


def outcome_name(code: str, outcome: str) -> str:
    stage = stage_named(code)
    if stage is None:
        return str(Outcome(outcome).label)
    return str(_of(stage.rules, outcome))


def _of(rules: Stage, outcome: str) -> Any:
    return rules.positive if outcome == Outcome.POSITIVE else rules.negative


def outcome_tag(code: str, outcome: str) -> dict[str, str]:
    colour = "green" if outcome == Outcome.POSITIVE else "purple"
    return {"text": outcome_name(code, outcome), "colour": colour}


def term(name: Any) -> str:
    """The country's own word for something, at the beginning of a line."""
    return capfirst(str(current().term(name)))


def event_title(event: ReferralEvent) -> str:
    """What happened; of a decision also which one, of a state the country's name for it."""
    title = str(EventKind(event.kind).label)
    if event.kind == EventKind.DECIDED and event.new_state in DECIDED:
        code, outcome = DECIDED[event.new_state]
        return f"{stage_name(code)}: {outcome_name(code, outcome)}"
    if event.kind == EventKind.TRACK_MOVED:
        kind, _colon, status = event.detail.partition(":")
        return f"{TrackKind(kind).label}: {TrackStatus(status).label}"
    if event.kind in (EventKind.PROPOSED, EventKind.PROPOSAL_DROPPED, EventKind.VOTED):
        known = [each for each in StageCode if each == event.detail]
        return f"{title}: {stage_name(known[0])}" if known else title
    return title


def situation_name(situation: Situation) -> str:
    """Circumstances in one line of codes; they have no name and no words of their own."""
    parts = [
        day(situation.found_on),
        situation.region.name if situation.region else "",
        *labels(PlaceOfExploitation, situation.place),
        *labels(Exploitation, situation.exploitation),
    ]
    written = ", ".join(part for part in parts if part)
    return written or _("recorded on %(day)s") % {"day": day(situation.created_at)}


def day(moment: datetime | date | None) -> str:
    """The day of a moment, in the country's zone and the page's language."""
    if moment is None:
        return ""
    return date_format(timezone.localtime(moment) if isinstance(moment, datetime) else moment)


def moment(at: datetime) -> str:
    """A moment as a person reads it: the day and the hour."""
    here = timezone.localtime(at)
    return f"{date_format(here)}, {date_format(here, 'H:i')}"


def zone() -> ZoneInfo:
    """The country's time zone."""
    return current().time_zone


# --- how long still -------------------------------------------------------------------------------


DAYS_KEPT = 60


def days_around(at: datetime) -> Calendar:
    """The working days a list needs to say how long is left; as they were a minute ago at most."""

    def read() -> Calendar:
        return working_days(range(at.year - 1, at.year + 2))

    kept: Calendar = cache.get_or_set(f"referrals.days:{current().code}:{at.year}", read, DAYS_KEPT)
    return kept


def left(due: datetime, at: datetime, calendar: Calendar) -> tuple[str, str]:
    """How much time a decision has left, or how late it is, with the colour that repeats it."""
    today, last = at.astimezone(zone()).date(), due.astimezone(zone()).date()
    if due < at:
        late = working_days_between(last, today, calendar)
        if not late:
            return _("Late"), "red"
        words = ngettext("%(n)d working day late", "%(n)d working days late", late)
        return words % {"n": late}, "red"
    if last == today:
        return _("Ends today"), "orange"
    number = working_days_between(today, last, calendar)
    colour = "yellow" if number <= SOON else "grey"
    words = ngettext("%(n)d working day left", "%(n)d working days left", number)
    return words % {"n": number}, colour


# --- answers --------------------------------------------------------------------------------------


def labels(codes: type[TextChoices], given: Any) -> list[str]:
    """Codes as lines; no line where nothing was answered."""
    each = [given] if isinstance(given, str) else list(given)
    return [str(codes(code).label) for code in each if code]


def answer_lines(name: str, value: Any) -> list[str]:
    """One answer of a referral as lines; no line where nothing was answered."""
    if not value:
        return []
    if name in LISTS:
        return labels(LISTS[name], value)
    match name:
        case "nationalities":
            return [capfirst(nationality_name(code)) for code in value]
        case "language":
            return [language_name(value)]
        case "authority":
            return [value.display_name]
        case "region":
            return [value.name]
        case _:
            return str(value).splitlines()


# --- what the other side said -------------------------------------------------------------------


def open_questions(referral: Referral) -> list[Question]:
    """What the authority asked and nobody has answered yet."""
    waiting = Question.objects.filter(referral=referral, answered_at__isnull=True)
    return list(waiting.select_related("referral__person"))


def what_was_said(now: Referral) -> list[str]:
    """The latest decision with its reasons, or the questions that were asked back."""
    questions = [question.text or "" for question in open_questions(now)]
    if questions:
        return questions
    last = Decision.objects.filter(referral=now).order_by("-decided_at").first()
    if last is None:
        return []
    last.referral = now
    return [outcome_name(last.stage, last.outcome), *(last.reasons or "").splitlines()]


# --- what comes next ------------------------------------------------------------------------------


def waiting_for(referral: Referral) -> list[str]:
    """What happens after a referral was sent, and by when as far as the country says so."""
    stage = stages()[0]
    who = referral.authority.display_name if referral.authority else ""
    steps = [_("%(who)s was told and can read what you sent.") % {"who": who}]
    due = decision_due(referral, stage)
    name = str(stage.rules.name)
    if due is not None:
        words = _("It takes the decision “%(name)s” by %(day)s at the latest.")
        steps.append(words % {"name": name, "day": day(due)})
    else:
        words = _("It takes the decision “%(name)s”. This country sets no time for it.")
        steps.append(words % {"name": name})
    steps.append(_("When it has questions, or has decided, you get a notice."))
    steps += _promises(referral)
    steps.append(_("Support goes on, whatever is decided and however long it takes."))
    return steps


def _promises(referral: Referral) -> list[str]:
    """What else the country says that follows from a referral, by when."""
    if referral.received_on is None:
        return []
    decisions = {f"{stage.rules.id}_decision" for stage in stages()}
    return [
        _("%(title)s within %(length)s.")
        % {"title": str(rule.title), "length": length(rule.counting.length)}
        for rule in rulebook().in_force(referral.received_on)
        if rule.starts is StartEvent.REFERRAL_RECEIVED
        and rule.bound is Bound.LATEST
        and rule.code not in decisions
    ]
