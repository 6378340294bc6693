"""The questions of the yearly survey. A changed wording is a new version beside the old one.

Each question has a base of its own: whoever answered *it*. No question is asked depending on what
another was answered, so no share is a part of another's (reference `domain.md`, F2 to F4: of the
figures once published, one that should have been a part was larger than its whole).
The wordings are this platform's own; the questionnaire behind the published figures was not found.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise


class Answer(StrEnum):
    """How a question is answered."""

    YES_NO = "yes_no"
    SEVERAL = "several"


@dataclass(frozen=True)
class Question:
    """One question in one wording; `short` names it in a chart; `options` are (code, words)."""

    code: str
    version: int
    page: str
    words: Words
    short: Words = ""
    indicator: str = ""
    answer: Answer = Answer.YES_NO
    options: tuple[tuple[str, Words], ...] = ()


NONE_OF_THESE = "none"
PAGES: dict[str, Words] = {
    "money": _("Money"),
    "services": _("Services"),
    "staff": _("Staff and means"),
    "obstacles": _("What stands in the way"),
}
BANK = (
    Question(
        "additional", 1, "money",
        _("Do you need more money than you have now to keep up your services against "
          "trafficking?"),
        short=_("Need more money"),
        indicator="F2",
    ),
    Question(
        "within_12", 1, "money",
        _("In the next 12 months, will you need money that nobody has promised you yet?"),
        short=_("Need money within a year"),
        indicator="F3",
    ),
    Question(
        "fully_operational", 1, "services",
        _("Could you keep all your services fully open for the next 12 months without more money?"),
        short=_("Could stay fully open"),
        indicator="F4",
    ),
    Question(
        "full_today", 1, "services", _("Do all your services work in full today?"),
        short=_("Work in full today"),
    ),
    Question(
        "lost_staff", 1, "staff",
        _("In the last 12 months, did trained staff leave because there was no money for them?"),
        short=_("Lost trained staff"),
    ),
    Question(
        "remote_means", 1, "staff",
        _("Do your staff have what they need to help people safely from a distance?"),
        short=_("Can help from a distance"),
    ),
    Question(
        "authorities_reached", 1, "staff",
        _("In the last 12 months, could you reach the authorities whenever a case needed it?"),
        short=_("Reached the authorities"),
    ),
    Question(
        "obstacles", 1, "obstacles", _("What stands in the way of your work? Tick all that apply."),
        answer=Answer.SEVERAL,
        options=(
            ("short_grants", _("Grants that are too short")),
            ("no_overhead", _("Grants that pay for no overhead")),
            ("late_payment", _("Money that comes late")),
            ("conditions", _("Conditions that restrict us")),
            ("paperwork", _("Too much paperwork")),
            ("no_calls", _("No call for what we do")),
            (NONE_OF_THESE, _("None of these")),
        ),
    ),
)  # fmt: skip


def newest() -> tuple[Question, ...]:
    """The bank as a round begins with it: of each question the newest wording."""
    latest: dict[str, Question] = {}
    for question in BANK:
        standing = latest.get(question.code)
        if standing is None or standing.version < question.version:
            latest[question.code] = question
    return tuple(latest.values())


def wording(code: str, version: int) -> Question:
    """The question as it was asked. Raises KeyError for one that was never in the bank."""
    return _by_version[code, version]


_by_version = {(question.code, question.version): question for question in BANK}


# --- what others published ------------------------------------------------------------------------


@dataclass(frozen=True)
class Quoted:
    """A figure as somebody else published it: shown beside ours, and never computed with."""

    code: str
    indicator: str
    figure: str
    words: Words


QUOTED_SOURCE = _(
    "Statement of the Alliance Expert Co-ordination Team, 2020, after a survey of 355 "
    "representatives of civil society in 102 countries; base of each figure not stated"
)
QUOTED = (
    Quoted("government", "F1", "< 38 %", _("of the funding of civil society comes from "
                                           "governments on average")),
    Quoted("additional", "F2", "77 %", _("need additional funding")),
    Quoted("within_12", "F3", "87 %", _("need it within the next twelve months")),
    Quoted("fully_operational", "F4", "24 %",
           _("could stay fully operational without additional money in 2020 and 2021")),
)  # fmt: skip
