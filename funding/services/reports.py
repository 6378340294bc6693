"""Reports on grants: planned ahead, opened when their period is over, written part by part.

What moves a report from one state to the next stands in `funding/terms_workflow.py`.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts.models import User
from common.country import local_day
from common.marks import Permission
from common.workflow import NotAllowed, NotPossible, Stale
from funding import terms_clocks as clocks
from funding.models import (
    Award,
    Figure,
    GrantReport,
    Indicator,
    Instalment,
    LineSpent,
    ReportComment,
    TermsEvent,
)
from funding.models.awards import after_months
from funding.models.reports import CELLS, NARRATIVE
from funding.money_choices import AwardState, InstalmentState
from funding.services import awards, payments
from funding.terms_choices import (
    Measures,
    ReportEvery,
    ReportKind,
    ReportState,
    TermsEventKind,
)
from funding.terms_workflow import REPORT
from partners.access import Actor, system_actor
from partners.models import Organisation
from partners.services.memberships import require

P = Permission
R = ReportState
#: Awards whose reports can be planned, and whose reports fall due.
RUNS = (AwardState.PROPOSED, AwardState.AWAITS_SECOND, AwardState.IN_FORCE)
REPORTED_ON = (AwardState.IN_FORCE, AwardState.ENDED)
NEVER = (AwardState.CANCELLED, AwardState.REFUSED)
MOST_INDICATORS = 20
MOST_COMMENTS = 200
BATCH = 200


# --- the plan -------------------------------------------------------------------------------------


@transaction.atomic
def plan_reports(*, award: Award, every: ReportEvery, by: Actor, at: datetime) -> list[GrantReport]:
    """Plan the reports of an award ahead, period by period to its last day.

    Planning anew gives up what is not yet due and begins after what is. Raises NotAllowed,
    NotPossible.
    """
    require(by, P.FUNDING_KEEP, award)
    row = Award.objects.select_for_update(of=("self",)).get(pk=award.pk)
    if row.state not in RUNS:
        raise NotPossible(_("Reports are planned while the award runs."))
    for each in row.reports.filter(state=R.PLANNED):
        REPORT.apply(each, "drop", by=by, at=at, comment=_("Planned anew."))
    kept = row.reports.exclude(state=R.DROPPED).order_by("-until_on").first()
    begins = kept.until_on + timedelta(days=1) if kept else row.from_on
    number = max((each.number for each in row.reports.all()), default=0)
    days = clocks.days_to_write(at)
    made = [
        GrantReport.objects.create(
            award=row,
            number=number + place,
            from_on=first,
            until_on=last,
            due_on=last + days,
            kind=ReportKind.FINAL if last == row.until_on else ReportKind.PROGRESS,
            made_at=at,
        )  # fmt: skip
        for place, (first, last) in enumerate(periods(begins, row.until_on, every), start=1)
    ]
    _note(row, TermsEventKind.REPORTS_PLANNED, by=by, at=at, comment=ReportEvery(every).label)
    return [_open(each, at) for each in made]


def periods(begins: date, ends: date, every: ReportEvery | str) -> Iterator[tuple[date, date]]:
    """(first day, last day) of each period from `begins` to `ends`; the last may be shorter."""
    months, steps = int(every), 0
    first = begins
    while first <= ends:
        steps += 1
        following = after_months(begins, months * steps) if months else ends + timedelta(days=1)
        last = min(following - timedelta(days=1), ends)
        yield first, last
        first = last + timedelta(days=1)


@transaction.atomic
def add_indicator(
    *, award: Award, name: str, measures: Measures, baseline: int, target: int, by: Actor,
    at: datetime,
) -> Indicator:  # fmt: skip
    """Say what an award is measured by; every report to come then has a figure for it.

    The same words again change the rest of it. Raises NotAllowed, NotPossible.
    """
    require(by, P.FUNDING_KEEP, award)
    others = award.indicators.exclude(name=name)
    if others.count() >= MOST_INDICATORS:
        raise NotPossible(_("A grant has at most %(n)s indicators.") % {"n": MOST_INDICATORS})
    known = award.indicators.filter(name=name).first()
    if known is not None and known.measures != measures and known.figures.exists():
        raise NotPossible(_("Figures were reported already: what it counts stays as it is."))
    made, _new = Indicator.objects.update_or_create(
        award=award, name=name,
        defaults={"measures": measures, "baseline": baseline, "target": target},
    )  # fmt: skip
    return made


@transaction.atomic
def remove_indicator(*, award: Award, indicator: UUID, by: Actor, at: datetime) -> None:
    """Take an indicator out, as long as nobody reported on it. Raises NotAllowed, NotPossible."""
    require(by, P.FUNDING_KEEP, award)
    found = award.indicators.filter(uuid=indicator).first()
    if found is None:
        return
    if found.figures.exists():
        raise NotPossible(_("Figures were reported already: it stays."))
    found.delete()


@transaction.atomic
def keep_up(at: datetime) -> int:
    """Let reports fall due when their period is over, and give up those of awards that never were.

    Part of the sweep: two queries where nothing is due, and safe to run twice. How many moved.
    """
    over = GrantReport.objects.filter(state=R.PLANNED)
    ended = over.filter(until_on__lt=local_day(at), award__state__in=REPORTED_ON)
    moved = sum(_opened(each, at) for each in ended.order_by("until_on", "pk")[:BATCH])
    by = system_actor("sweep", at)
    for each in over.filter(award__state__in=NEVER).order_by("pk")[:BATCH]:
        REPORT.apply(each, "drop", by=by, at=at, comment=_("The award is cancelled."))
        moved += 1
    return moved


def _open(report: GrantReport, at: datetime) -> GrantReport:
    """The report as it is, due already where its period is over."""
    if report.until_on < local_day(at) and report.award.state in REPORTED_ON:
        _opened(report, at)
        return GrantReport.objects.get(pk=report.pk)
    return report


def _opened(report: GrantReport, at: datetime) -> int:
    try:
        with transaction.atomic():
            row = REPORT.apply(report, "open", by=system_actor("sweep", at), at=at)
            _take_over(row)
    except (NotPossible, Stale, IntegrityError):
        return 0  # somebody else has just moved it; the next round looks again
    return 1


def _take_over(report: GrantReport) -> None:
    """Begin with the words of the report before: what was to come is what was done, or not."""
    earlier = report.award.reports.filter(number__lt=report.number).exclude(state=R.DROPPED)
    last = earlier.order_by("-number").first()
    if last is None or not (last.ahead or last.obstacles):
        return
    report.done, report.obstacles = last.ahead, last.obstacles
    report.is_taken_over = True
    report.save(update_fields=["done", "obstacles", "is_taken_over"])


# --- writing --------------------------------------------------------------------------------------


@transaction.atomic
def write_words(
    *, report: GrantReport, by: Actor, at: datetime, version: int, **words: str
) -> GrantReport:
    """Write what was done, what stood in the way and what comes next.

    Raises NotAllowed, NotPossible, Stale.
    """
    row = _writable(report, by, version)
    if unknown := set(words) - set(NARRATIVE):
        raise TypeError(f"A report has no {sorted(unknown)}")
    for name, value in words.items():
        setattr(row, name, value)
    row.is_taken_over = False
    return _saved(row, by=by, at=at)


@transaction.atomic
def write_figures(
    *,
    report: GrantReport,
    figures: Mapping[UUID, Mapping[str, int]],
    by: Actor,
    at: datetime,
    version: int,
) -> GrantReport:
    """Write what each indicator came to: its total, and of people each cell by sex and age.

    `figures` is {indicator: {"total": …, cell: …}}. Raises NotAllowed, NotPossible (people who do
    not add up to the total), Stale.
    """
    row = _writable(report, by, version)
    for indicator in row.award.indicators.filter(uuid__in=list(figures)):
        given = figures[indicator.uuid]
        cells = {name: given.get(name, 0) if indicator.is_of_people else 0 for name in CELLS}
        if indicator.is_of_people and sum(cells.values()) != given["total"]:
            raise NotPossible(
                _("%(name)s: by sex and age it comes to %(sum)s, the total says %(total)s.")
                % {"name": indicator.name, "sum": sum(cells.values()), "total": given["total"]}
            )
        Figure.objects.update_or_create(
            report=row, indicator=indicator,
            defaults={"is_of_people": indicator.is_of_people, "total": given["total"], **cells},
        )  # fmt: skip
    return _saved(row, by=by, at=at)


@transaction.atomic
def write_money(
    *,
    report: GrantReport,
    spent: Mapping[str, Decimal],
    words: str,
    by: Actor,
    at: datetime,
    version: int,
) -> GrantReport:
    """State how much of each line was spent until the end of the period, in all.

    `spent` is {kind of line: amount since the award began}. The statement goes to the award's own
    lines; the report keeps a copy. Raises NotAllowed, NotPossible, Stale.
    """
    row = _writable(report, by, version)
    awards.state_spending(award=row.award, spent=spent, as_of_on=row.until_on, by=by, at=at)
    for line in row.award.lines.all():
        LineSpent.objects.update_or_create(
            report=row, line=line, defaults={"amount": line.amount, "spent": line.spent}
        )
    row.money_words = words
    return _saved(row, by=by, at=at)


@transaction.atomic
def write_comment(
    *, client_key: UUID, report: GrantReport, field: str, words: str, by: Actor, at: datetime
) -> ReportComment:
    """Say something beside a field: the funder while it reads, the recipient while it mends.

    The same key again gives the comment it made. Raises NotAllowed, NotPossible.
    """
    person, organisation = may_comment(report, by)
    known = ReportComment.objects.filter(client_key=client_key, report=report)
    standing: ReportComment | None = known.first()
    if standing is not None:
        return standing
    row = GrantReport.objects.select_for_update(of=("self",)).get(pk=report.pk)
    if field not in commented(row):
        raise NotPossible(_("The report has no such field."))
    if row.comments.count() >= MOST_COMMENTS:
        raise NotPossible(_("There is no room for more comments."))
    made: ReportComment = ReportComment.objects.create(
        client_key=client_key, report=row, field=field, words=words, round=row.round, at=at,
        by=person, by_organisation=organisation,
    )  # fmt: skip
    _note(row.award, TermsEventKind.COMMENTED, by=by, at=at, report=row)
    return made


def may_comment(report: GrantReport, by: Actor) -> tuple[User, Organisation]:
    """Who writes, and for whom. Raises NotAllowed, or NotPossible while it is the other side's
    turn."""
    award = report.award
    ours = award.funder_id == by.organisation_id
    require(by, P.FUNDING_KEEP if ours else P.FUNDING_APPLY, report)
    if by.user is None or by.organisation is None:
        raise NotAllowed(_("A person speaks for an organisation, never the system."))
    if report.state != (R.SENT if ours else R.SENT_BACK):
        raise NotPossible(_("Comments are written by whoever has the report in hand."))
    return by.user, by.organisation


def commented(report: GrantReport) -> list[str]:
    """The fields of a report that a comment can stand beside."""
    figures = [f"figure-{each.uuid}" for each in report.award.indicators.all()]
    lines = [f"line-{each.kind}" for each in report.award.lines.all()]
    return [*NARRATIVE, *figures, *lines, "money_words"]


def figures_before(report: GrantReport) -> dict[int, int]:
    """{key of an indicator: what the reports sent before this one came to}."""
    sent = Figure.objects.filter(
        report__award=report.award_id,
        report__number__lt=report.number,
        report__sent_at__isnull=False,
    ).exclude(report__state=R.DROPPED)
    summed = sent.order_by().values("indicator_id").annotate(number=Sum("total"))
    return {row["indicator_id"]: row["number"] for row in summed}


def free_instalments(report: GrantReport) -> models.QuerySet[Instalment]:
    """What of the same award is still to come and waits for no report."""
    return Instalment.objects.filter(
        award=report.award_id, state=InstalmentState.PLANNED, report_uuid__isnull=True
    ).order_by("number")


def _writable(report: GrantReport, by: Actor, version: int) -> GrantReport:
    """The row, locked, while the recipient writes it."""
    require(by, P.FUNDING_APPLY, report)
    row: GrantReport = GrantReport.objects.select_for_update(of=("self",)).get(pk=report.pk)
    if not row.is_being_written:
        raise NotPossible(_("A report is written once its period is over, until it is sent."))
    if row.version != version:
        raise Stale(row)
    return row


def _saved(row: GrantReport, *, by: Actor, at: datetime) -> GrantReport:
    row.version += 1
    row.save()
    # One line for what one person wrote in one sitting.
    last = row.events.order_by("-at", "-id").first()
    recent = last is not None and last.at > at - timedelta(hours=1)
    if not (last and recent and last.kind == TermsEventKind.REPORT_SAVED and last.by == by.user):
        _note(row.award, TermsEventKind.REPORT_SAVED, by=by, at=at, report=row)
    return row


@transaction.atomic
def let_wait(*, report: GrantReport, instalment: Instalment, by: Actor, at: datetime) -> Instalment:
    """Let an instalment of the same award wait until this report is accepted.

    Raises NotAllowed, NotPossible.
    """
    require(by, P.FUNDING_KEEP, report)
    if instalment.award_id != report.award_id or report.state in (R.ACCEPTED, R.DROPPED):
        raise NotPossible(_("It waits for a report of its own award that is still to come."))
    return payments.wait_for_report(instalment=instalment, report_uuid=report.uuid, by=by, at=at)


@transaction.atomic
def accept(
    *, report: GrantReport, by: Actor, at: datetime, version: int | None = None
) -> GrantReport:
    """Accept a report; an instalment that waited for it waits no longer.

    Raises NotAllowed, NotPossible, Stale.
    """
    row = REPORT.apply(report, "accept", by=by, at=at, version=version)
    payments.report_accepted(report_uuid=row.uuid, at=at)
    return row


def _note(
    award: Award, kind: TermsEventKind, *, by: Actor, at: datetime, comment: Any = "", **about: Any
) -> TermsEvent:
    return TermsEvent.objects.create(
        award=award, kind=kind, at=at, by=by.user, by_organisation=by.organisation,
        comment=str(comment), **about,
    )  # fmt: skip
