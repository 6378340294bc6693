"""Who is told what about conditions and reports, as notices; a mail says only that something
waits."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.marks import Subject
from deadlines.notices import register, register_topic
from deadlines.services.notices import mark_handled
from funding.models import Condition, GrantReport
from partners.choices import Role
from partners.models import Membership, Organisation
from partners.notifications import _tell_about

OF_CONDITIONS = {
    "condition_entered": _("A condition of a grant was entered"),
    "condition_contested": _("A condition of a grant is contested"),
    "condition_settled": _("A condition is no longer contested"),
    "condition_answered": _("The funder answered about a condition"),
}
OF_REPORTS = {
    "grant_report_due": _("A report on a grant is due"),
    "grant_report_sent": _("A report on a grant waits for you"),
    "grant_report_sent_back": _("A report on a grant came back"),
    "grant_report_accepted": _("A report on a grant is accepted"),
    "grant_report_put_off": _("There is more time for a report"),
    "grant_report_dropped": _("A report is no longer asked for"),
}
WAITING_FOR_RECIPIENT = (
    "grant_report_due", "grant_report_sent_back", "grant_report_put_off",
)  # fmt: skip


def register_kinds() -> None:
    """Called once when the app is ready."""
    register_topic("grant_terms", title=_("Conditions of grants and reports on them"))
    for kind, title in OF_CONDITIONS.items():
        register(
            kind, title=title, link=_to_condition, still_visible=_conditions, topic="grant_terms"
        )
    for kind, title in OF_REPORTS.items():
        register(kind, title=title, link=_to_report, still_visible=_reports, topic="grant_terms")


def entered(condition: Condition, event: Any, *, by: Any, at: datetime) -> None:
    """The other side gets a notice"""
    award = condition.award
    ours = by.organisation_id == award.funder_id
    people = _office(award.recipient, at) if ours else _desk(award.funder, at)
    _tell(_about(condition), "condition_entered", people, event, by=by, at=at)


def contested(condition: Condition, event: Any, *, by: Any, at: datetime) -> None:
    """The funder’s officers get a notice"""
    people = _desk(condition.award.funder, at)
    _tell(_about(condition), "condition_contested", people, event, by=by, at=at)


def settled(condition: Condition, event: Any, *, by: Any, at: datetime) -> None:
    """The funder’s officers get a notice"""
    mark_handled(subject=_about(condition), kinds=["condition_contested"], at=at)
    people = _desk(condition.award.funder, at)
    _tell(_about(condition), "condition_settled", people, event, by=by, at=at)


def answered(condition: Condition, event: Any, *, by: Any, at: datetime) -> None:
    """The recipient gets a notice"""
    mark_handled(subject=_about(condition), kinds=["condition_contested"], at=at)
    people = _office(condition.award.recipient, at)
    _tell(_about(condition), "condition_answered", people, event, by=by, at=at)


def report_due(report: GrantReport, event: Any, *, by: Any, at: datetime) -> None:
    """The recipient gets a notice"""
    _to_recipient(report, "grant_report_due", event, by=by, at=at)


def report_sent(report: GrantReport, event: Any, *, by: Any, at: datetime) -> None:
    """The funder’s officers get a notice"""
    mark_handled(subject=_of(report), kinds=WAITING_FOR_RECIPIENT, at=at)
    people = _desk(report.award.funder, at)
    _tell(_of(report), "grant_report_sent", people, event, by=by, at=at)


def report_sent_back(report: GrantReport, event: Any, *, by: Any, at: datetime) -> None:
    """The recipient gets a notice"""
    mark_handled(subject=_of(report), kinds=["grant_report_sent"], at=at)
    _to_recipient(report, "grant_report_sent_back", event, by=by, at=at)


def report_accepted(report: GrantReport, event: Any, *, by: Any, at: datetime) -> None:
    """The recipient gets a notice"""
    mark_handled(subject=_of(report), kinds=["grant_report_sent"], at=at)
    _to_recipient(report, "grant_report_accepted", event, by=by, at=at)


def report_put_off(report: GrantReport, event: Any, *, by: Any, at: datetime) -> None:
    """The recipient gets a notice"""
    _to_recipient(report, "grant_report_put_off", event, by=by, at=at)


def report_dropped(report: GrantReport, event: Any, *, by: Any, at: datetime) -> None:
    """The recipient gets a notice"""
    mark_handled(subject=_of(report), kinds=WAITING_FOR_RECIPIENT, at=at)
    _to_recipient(report, "grant_report_dropped", event, by=by, at=at)


def _to_recipient(report: GrantReport, kind: str, event: Any, *, by: Any, at: datetime) -> None:
    _tell(_of(report), kind, _office(report.award.recipient, at), event, by=by, at=at)


def _tell(subject: Subject, kind: str, members: Any, event: Any, *, by: Any, at: datetime) -> None:
    others = members.exclude(user=by.user_id) if by.user_id else members
    _tell_about(others, kind, subject, by=by, at=at, once=str(event.pk))


def _office(organisation: Organisation, at: datetime) -> Any:
    """Whoever answers for a recipient."""
    return Membership.objects.active(at).filter(organisation=organisation, role=Role.MANAGER)


def _desk(organisation: Organisation, at: datetime) -> Any:
    """A funder's officers."""
    return Membership.objects.active(at).filter(organisation=organisation, role=Role.FUNDER)


def _about(condition: Condition) -> Subject:
    return Subject("condition", condition.uuid)


def _of(report: GrantReport) -> Subject:
    return Subject("grant_report", report.uuid)


def _to_condition(uuid: UUID) -> str:
    return reverse("funding:condition", args=[uuid])


def _to_report(uuid: UUID) -> str:
    return reverse("funding:report", args=[uuid])


def _conditions(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = Condition.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def _reports(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = GrantReport.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))
