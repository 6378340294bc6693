"""Who is told what about calls and applications; never of whom, what or how much."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.marks import Subject
from deadlines.choices import Urgency
from deadlines.notices import register, register_topic
from deadlines.services.notices import mark_handled, notify
from funding import eligibility
from funding.call_choices import IS_DECIDED, ApplicationState, Route
from funding.models import Application, Call, CallQuestion, Complaint, Review
from partners.choices import Role
from partners.models import Membership, Organisation
from partners.notifications import _co_ordinators, _tell_about

OF_CALLS = {
    "call_published": _("A call for applications is open"),
    "call_cancelled": _("A call for applications was cancelled"),
    "call_closed": _("A call is closed: its applications can be read"),
    "call_reviews_in": _("All reviews of a call are in"),
    "call_question": _("Somebody asks what a call means"),
    "call_answer": _("A question about a call is answered"),
}
OF_APPLICATIONS = {
    "application_result": _("An application for money is decided"),
    "application_reached": _("A request for money came in"),
    "emergency_request": _("Emergency money is asked for"),
    "complaint_made": _("A complaint about a decision on money"),
    "complaint_answered": _("A complaint about a decision on money is answered"),
}
REVIEW = "review_asked"


def register_kinds() -> None:
    """Called once when the app is ready."""
    register_topic("calls", title=_("Calls and applications for money"))
    for kind, title in OF_CALLS.items():
        register(kind, title=title, link=_to_call, still_visible=_calls, topic="calls")
    for kind, title in OF_APPLICATIONS.items():
        register(
            kind, title=title, link=_to_application, still_visible=_applications, topic="calls"
        )
    register(
        REVIEW,
        title=_("You are asked to review applications for money"),
        link=_to_reviews,
        still_visible=_reviewed,
        topic="calls",
    )


def _to_call(uuid: UUID) -> str:
    return reverse("funding:call", args=[uuid])


def _to_application(uuid: UUID) -> str:
    return reverse("funding:application", args=[uuid])


def _to_reviews(uuid: UUID) -> str:
    return reverse("funding:reviews")


def _calls(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = Call.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def _applications(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = Application.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def _reviewed(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    own = Review.objects.own(actor).filter(reviewer__call__uuid__in=list(uuids))
    return set(own.values_list("reviewer__call__uuid", flat=True))


# --- calls ----------------------------------------------------------------------------------------


def published(call: Call, event: Any, *, by: Any, at: datetime) -> None:
    """Whoever manages an organisation that may apply gets a notice"""
    who = Membership.objects.active(at).filter(
        organisation__in=eligibility.organisations(call).values("pk"), role=Role.MANAGER
    )
    _about_call(call, "call_published", who, event, by=by, at=at)


def closed(call: Call, event: Any, *, by: Any, at: datetime) -> None:
    """The fund gets a notice"""
    _handled(call, "call_published", at)
    _about_call(call, "call_closed", funders(call.fund.keeper, at), event, by=by, at=at)


def announced(call: Call, event: Any, *, by: Any, at: datetime) -> None:
    """Notices that wait for the result are done"""
    for kind in ("call_closed", "call_reviews_in"):
        _handled(call, kind, at)


def cancelled(call: Call, event: Any, *, by: Any, at: datetime) -> None:
    """Whoever has an application in it gets a notice"""
    _handled(call, "call_published", at)
    if call.opened_at is None:
        return
    homes = call.applications.exclude(state=ApplicationState.WITHDRAWN).values("organisation")
    who = Membership.objects.active(at).filter(organisation__in=homes, role=Role.MANAGER)
    _about_call(call, "call_cancelled", who, event, by=by, at=at)


def asked(question: CallQuestion, event: Any, *, by: Any, at: datetime) -> None:
    """The fund gets a notice."""
    who = funders(question.call.fund.keeper, at)
    _about_call(question.call, "call_question", who, event, by=by, at=at)


def answered(question: CallQuestion, event: Any, *, by: Any, at: datetime) -> None:
    """Who asked gets a notice, and whoever has begun an application."""
    call = question.call
    homes = {question.organisation_id, *call.applications.values_list("organisation", flat=True)}
    who = Membership.objects.active(at).filter(organisation__in=homes, role=Role.MANAGER)
    _about_call(call, "call_answer", who, event, by=by, at=at)


def reviews_in(call: Call, *, by: Any, at: datetime) -> None:
    """The fund gets a notice once nothing is waited for."""
    subject = Subject("call", call.uuid)
    _tell_about(funders(call.fund.keeper, at), "call_reviews_in", subject, by=by, at=at, once="in")


def asked_to_review(reviews: Iterable[Review], *, by: Any, at: datetime) -> None:
    """Each reviewer gets one notice for the call."""
    for named in {review.reviewer for review in reviews}:
        notify(
            recipients=[named.user_id],
            kind=REVIEW,
            subject=Subject("call", named.call.uuid),
            by=by,
            at=at,
            key=f"{REVIEW}:{named.uuid}",
            organisation_uuid=named.organisation.uuid,
        )


# --- applications ---------------------------------------------------------------------------------


def submitted(application: Application, event: Any, *, by: Any, at: datetime) -> None:
    """Outside a call the fund gets a notice, in an emergency at once"""
    if application.route == Route.CALL:
        return
    urgent = application.route == Route.EMERGENCY
    _about_application(
        application,
        "emergency_request" if urgent else "application_reached",
        funders(application.fund.keeper, at),
        event,
        by=by,
        at=at,
        urgency=Urgency.IMMEDIATE if urgent else Urgency.DIGEST,
    )


def decided(application: Application, event: Any, *, by: Any, at: datetime) -> None:
    """The applicant gets a notice"""
    for kind in ("emergency_request", "application_reached"):
        _application_handled(application, kind, at)
    if application.state in IS_DECIDED:
        who = _managers(application.organisation, at)
        _about_application(application, "application_result", who, event, by=by, at=at)


def complained(complaint: Complaint, event: Any, *, by: Any, at: datetime) -> None:
    """The fund and every co-ordinator get a notice."""
    application = complaint.application
    who = funders(application.fund.keeper, at) | _co_ordinators(at)
    _about_application(application, "complaint_made", who, event, by=by, at=at)


def complaint_answered(complaint: Complaint, event: Any, *, by: Any, at: datetime) -> None:
    """The applicant gets a notice"""
    application = complaint.application
    _application_handled(application, "complaint_made", at)
    who = _managers(application.organisation, at)
    _about_application(application, "complaint_answered", who, event, by=by, at=at)


def funders(organisation: Organisation, at: datetime) -> Any:
    """The memberships of those who keep its funds."""
    return Membership.objects.active(at).filter(organisation=organisation, role=Role.FUNDER)


def _managers(organisation: Organisation, at: datetime) -> Any:
    return Membership.objects.active(at).filter(organisation=organisation, role=Role.MANAGER)


def _about_call(call: Call, kind: str, who: Any, event: Any, *, by: Any, at: datetime) -> None:
    others = who.exclude(user=by.user_id) if by.user_id else who
    _tell_about(others, kind, Subject("call", call.uuid), by=by, at=at, once=str(event.pk))


def _about_application(
    application: Application,
    kind: str,
    who: Any,
    event: Any,
    *,
    by: Any,
    at: datetime,
    urgency: Urgency = Urgency.DIGEST,
) -> None:
    others = who.exclude(user=by.user_id) if by.user_id else who
    subject = Subject("application", application.uuid)
    _tell_about(others, kind, subject, by=by, at=at, once=str(event.pk), urgency=urgency)


def _handled(call: Call, kind: str, at: datetime) -> None:
    mark_handled(subject=Subject("call", call.uuid), kinds=[kind], at=at)


def _application_handled(application: Application, kind: str, at: datetime) -> None:
    mark_handled(subject=Subject("application", application.uuid), kinds=[kind], at=at)
