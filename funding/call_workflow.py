"""The lives of a call, an application, a review and a complaint: four tables, and nothing else
changes their states. The sweep closes a call at its moment."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from common.marks import Permission
from common.workflow import Refusal, Transition, Workflow
from funding import call_access, call_clocks, eligibility
from funding import call_notifications as notifications
from funding.call_choices import (
    REVIEW_IS_OPEN,
    ApplicationEventKind,
    ApplicationState,
    CallEventKind,
    CallState,
    ComplaintOutcome,
    ComplaintState,
    ReviewState,
    Route,
    Verdict,
)
from funding.models import (
    Application,
    ApplicationEvent,
    Call,
    CallEvent,
    Complaint,
    FundingDecision,
    Review,
    Reviewer,
    ReviewEvent,
)
from partners import access
from partners.models import Emergency, Organisation

P = Permission
C = CallState
A = ApplicationState
R = ReviewState
WHOLE = 100

# --- calls ----------------------------------------------------------------------------------------


def _is_whole(obj: Call, /, *, by: Any, at: datetime, answers: Mapping[str, Any]) -> Refusal | None:
    """It closes in the past, its weights are not 100 per cent, or its fund cannot pay it"""
    if obj.closes_at <= at:
        return Refusal(_("The closing moment lies in the past."))
    if obj.fund.closed_at is not None:
        return Refusal(_("The fund is closed."))
    if obj.amount > obj.fund.left:
        return Refusal(_("The fund does not have so much money left."))
    if obj.is_emergency:
        if not emergency_over(obj, at):
            return Refusal(_("No emergency is on where the call is for."))
        return None
    weights = sum(obj.criteria.values_list("weight", flat=True))
    if weights != WHOLE:
        words = _("The weights of the criteria make %(sum)s per cent; they must make 100.")
        return Refusal(words % {"sum": weights})
    return None


def emergency_over(call: Call, at: datetime) -> bool:
    """Whether an emergency stands in some of the call's area."""
    return Emergency.objects.on(at).over_area(call.area_id).exists()


def _time_is_up(
    obj: Call, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """Its closing moment has not come"""
    if at < obj.closes_at:
        return Refusal(_("The call is open until its closing moment; nobody reads before it."))
    return None


def _all_decided(
    obj: Call, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """An application is undecided, or the actor decided one and another person is asked for"""
    waiting = obj.applications.filter(state=A.SUBMITTED, decision__isnull=True).count()
    if waiting:
        return Refusal(_("Applications without a decision: %(n)s.") % {"n": waiting})
    told = obj.applications.filter(state=A.SUBMITTED, decision__isnull=False)
    if obj.second_person and told.filter(decision__decided_by_id=by.user_id).exists():
        return Refusal(_("The result is published by somebody who decided none of it."))
    return None


def _call_event(
    obj: Call,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> CallEvent:
    kind = {
        "publish": CallEventKind.PUBLISHED,
        "close": CallEventKind.CLOSED,
        "announce": CallEventKind.ANNOUNCED,
        "cancel": CallEventKind.CANCELLED,
    }[transition.name]
    return CallEvent.objects.create(
        call=obj, kind=kind, at=at, by=by.user, by_organisation=by.organisation, comment=comment,
        old_state=old, new_state=new,
    )  # fmt: skip


CALL = Workflow(
    "funding.Call",
    (
        Transition(
            "publish",
            from_=C.DRAFT,
            to=C.OPEN,
            permission=P.FUNDING_KEEP,
            guard=_is_whole,
            stamps="opened",
            then=(notifications.published,),
            label=_("Publish the call"),
        ),
        Transition(
            "close",
            from_=C.OPEN,
            to=C.IN_REVIEW,
            permission=P.FUNDING_KEEP,
            guard=_time_is_up,
            stamps="closed",
            then=(call_clocks.call_closed, notifications.closed),
            label=_("Close for applications"),
            follows=_("Each reviewer is asked about each application; the fund may read them"),
        ),
        Transition(
            "announce",
            from_=C.IN_REVIEW,
            to=C.DECIDED,
            permission=P.FUNDING_KEEP,
            guard=_all_decided,
            stamps="announced",
            then=(call_clocks.call_announced, notifications.announced),
            label=_("Publish the result"),
            follows=_("Awards come into force, and every applicant is told with the reason"),
        ),
        Transition(
            "cancel",
            from_=(C.DRAFT, C.OPEN, C.IN_REVIEW),
            to=C.CANCELLED,
            permission=P.FUNDING_KEEP,
            asks=("comment",),
            stamps="cancelled",
            then=(call_clocks.call_cancelled, notifications.cancelled),
            label=_("Cancel the call"),
        ),
    ),
    event=_call_event,
    may=access.may,
)

# --- applications ---------------------------------------------------------------------------------


def _can_be_sent(
    obj: Application, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The call is closed or not for this organisation, or something is missing"""
    return closed_for(obj, at) or _not_whole(obj) or not_for(obj, at)


def closed_for(obj: Application, at: datetime) -> Refusal | None:
    """The refusal where the application can no longer be sent; its draft stays as it is."""
    if obj.call is None or obj.call.takes_applications(at):
        return None
    if obj.call.state == C.CANCELLED:
        return Refusal(_("The call was cancelled. Your draft is kept."))
    return Refusal(_("The call has closed. Nothing can be sent any more; your draft is kept."))


def not_for(obj: Application, at: datetime) -> Refusal | None:
    """The refusal where the registry says that the organisation cannot apply."""
    organisation = Organisation.objects.select_related("area").get(pk=obj.organisation_id)
    if obj.call is not None:
        reasons = eligibility.why_not(obj.call, organisation)
        if reasons:
            return Refusal(" ".join(reasons))
    if obj.route == Route.EMERGENCY:
        there = organisation.area_id
        if not Emergency.objects.on(at).over_area(there).exists():
            return Refusal(_("No emergency is on where your organisation works."))
    return None


def _not_whole(obj: Application) -> Refusal | None:
    if not obj.title or not obj.purpose or (obj.route != Route.EMERGENCY and not obj.need):
        return Refusal(_("Say what you will do and why it is needed."))
    if obj.from_on is None or obj.until_on is None:
        return Refusal(_("Say from when until when."))
    if obj.amount <= 0:
        return Refusal(_("Say how much money you ask for, and for what."))
    if not obj.fund.from_on <= obj.from_on <= obj.fund.until_on:
        return Refusal(_("The work begins while the fund runs."))
    largest = obj.call.largest if obj.call else None
    if largest is not None and obj.amount > largest:
        words = _("At most %(largest)s %(currency)s can be asked for.")
        return Refusal(words % {"largest": largest, "currency": obj.currency})
    return None


def _can_be_changed(
    obj: Application, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The call has closed, or a decision is being made"""
    if FundingDecision.objects.filter(application=obj).exists():
        return Refusal(_("The fund is deciding about it already."))
    return closed_for(obj, at)


def _decided_so(verdict: Verdict) -> Any:
    def guard(
        obj: Application, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
    ) -> Refusal | None:
        if FundingDecision.objects.filter(application=obj, verdict=verdict).exists():
            return None
        return Refusal(_("It was not decided so."))

    guard.__doc__ = f"It was not decided so: {verdict}"
    return guard


def _upheld(
    obj: Application, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """No complaint was upheld"""
    if Complaint.objects.filter(application=obj, state=ComplaintState.UPHELD).exists():
        return None
    return Refusal(_("No complaint was upheld."))


def _not_told(application: Application, at: datetime) -> Mapping[str, Any]:
    return {"announced_at": None}


def _application_event(
    obj: Application,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> ApplicationEvent:
    kind = {
        "submit": ApplicationEventKind.SUBMITTED,
        "reopen": ApplicationEventKind.REOPENED,
        "withdraw": ApplicationEventKind.WITHDRAWN,
        "award": ApplicationEventKind.AWARDED,
        "refuse": ApplicationEventKind.REFUSED,
        "decide_anew": ApplicationEventKind.DECIDED_ANEW,
    }[transition.name]
    return ApplicationEvent.objects.create(
        application=obj, kind=kind, at=at, by=by.user, by_organisation=by.organisation,
        comment=comment, old_state=old, new_state=new,
    )  # fmt: skip


def _release_reviews(application: Application, event: Any, *, by: Any, at: datetime) -> None:
    """Its reviews are no longer needed"""
    system = access.system_actor("workflow", at)
    for review in application.reviews.filter(state__in=REVIEW_IS_OPEN):
        REVIEW.apply(review, "release", by=system, at=at)


APPLICATION = Workflow(
    "funding.Application",
    (
        Transition(
            "submit",
            from_=A.DRAFT,
            to=A.SUBMITTED,
            permission=P.FUNDING_APPLY,
            guard=_can_be_sent,
            stamps="submitted",
            then=(call_clocks.submitted, notifications.submitted),
            label=_("Submit the application"),
        ),
        Transition(
            "reopen",
            from_=(A.SUBMITTED, A.WITHDRAWN),
            to=A.DRAFT,
            permission=P.FUNDING_APPLY,
            guard=_can_be_changed,
            then=(call_clocks.taken_back,),
            label=_("Reopen to change it"),
            follows=_("It is a draft again, and counts only once it is submitted again"),
        ),
        Transition(
            "withdraw",
            from_=(A.DRAFT, A.SUBMITTED),
            to=A.WITHDRAWN,
            permission=P.FUNDING_APPLY,
            then=(call_clocks.taken_back, _release_reviews),
            label=_("Withdraw"),
        ),
        Transition(
            "award",
            from_=A.SUBMITTED,
            to=A.AWARDED,
            permission=P.FUNDING_KEEP,
            asks=("award_uuid",),
            guard=_decided_so(Verdict.AWARD),
            stamps="announced",
            then=(call_clocks.decided, notifications.decided),
            label=_("Award"),
        ),
        Transition(
            "refuse",
            from_=A.SUBMITTED,
            to=A.REFUSED,
            permission=P.FUNDING_KEEP,
            guard=_decided_so(Verdict.REFUSE),
            stamps="announced",
            then=(call_clocks.decided, notifications.decided),
            label=_("Refuse"),
        ),
        Transition(
            "decide_anew",
            from_=A.REFUSED,
            to=A.SUBMITTED,
            permission=P.FUNDING_KEEP,
            guard=_upheld,
            stamps="announced",
            sets=_not_told,
            label=_("Let it be decided anew"),
        ),
    ),
    event=_application_event,
    may=access.may,
)

# --- reviews --------------------------------------------------------------------------------------


def _is_scored(
    obj: Review, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """A criterion has no points"""
    wanted = obj.reviewer.call.criteria.count()
    if obj.scores.count() < wanted:
        return Refusal(_("Give points by every criterion."))
    return None


def _review_event(
    obj: Review,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> ReviewEvent:
    return ReviewEvent.objects.create(
        review=obj, act=transition.name, at=at, by=by.user, old_state=old, new_state=new
    )


def _perhaps_all_in(review: Review, event: Any, *, by: Any, at: datetime) -> None:
    """The fund is told once nothing of the call is waited for"""
    call = review.reviewer.call
    if not Review.objects.open().filter(reviewer__call=call).exists():
        notifications.reviews_in(call, by=by, at=at)


REVIEW = Workflow(
    "funding.Review",
    (
        Transition(
            "clear",
            from_=R.ASSIGNED,
            to=R.CLEARED,
            permission=P.SIGNED_IN,
            stamps="declared",
            label=_("Declare that there is no conflict of interest"),
            follows=_("The application is open to the reviewer"),
        ),
        Transition(
            "conflict",
            from_=(R.ASSIGNED, R.CLEARED),
            to=R.CONFLICT,
            permission=P.SIGNED_IN,
            asks=("conflict",),
            stamps="declared",
            then=(_perhaps_all_in,),
            label=_("Declare a conflict of interest"),
            follows=_("The application is locked for the reviewer"),
        ),
        Transition(
            "submit",
            from_=R.CLEARED,
            to=R.SUBMITTED,
            permission=P.SIGNED_IN,
            may_ask=("words",),
            guard=_is_scored,
            stamps="submitted",
            then=(_perhaps_all_in,),
            label=_("Send the scores"),
            follows=_("Nobody reads them until all reviews of the call are in"),
        ),
        Transition(
            "release",
            from_=(R.ASSIGNED, R.CLEARED),
            to=R.RELEASED,
            permission=P.FUNDING_KEEP,
            then=(_perhaps_all_in,),
            label=_("Release from the review"),
        ),
    ),
    event=_review_event,
    may=call_access.to_review,
)

# --- complaints -----------------------------------------------------------------------------------


def took_part(application: Application, user_id: int | None) -> bool:
    """Whether the person decided, published or scored: whoever did answers no complaint."""
    if FundingDecision.objects.filter(application=application, decided_by=user_id).exists():
        return True
    call = application.call
    if call is None:
        return False
    named = Reviewer.objects.filter(call=call, user=user_id).exists()
    return named or (call.announced_by_id is not None and call.announced_by_id == user_id)


def _by_somebody_else(
    obj: Complaint, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The actor took part in the decision"""
    if by.user_id is None or took_part(obj.application, by.user_id):
        return Refusal(_("Somebody who took no part in the decision answers the complaint."))
    return None


def _outcome(obj: Complaint, answers: Mapping[str, Any]) -> str:
    upheld = answers.get("outcome") == ComplaintOutcome.UPHELD
    return ComplaintState.UPHELD if upheld else ComplaintState.REJECTED


def _complaint_event(
    obj: Complaint,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> ApplicationEvent:
    return ApplicationEvent.objects.create(
        application=obj.application, kind=ApplicationEventKind.COMPLAINT_ANSWERED, at=at,
        by=by.user, by_organisation=by.organisation, comment=str(ComplaintState(new).label),
    )  # fmt: skip


def _decide_anew(complaint: Complaint, event: Any, *, by: Any, at: datetime) -> None:
    """A refused application whose complaint is upheld is decided anew"""
    application = complaint.application
    if complaint.state == ComplaintState.UPHELD and application.state == A.REFUSED:
        system = access.system_actor("workflow", at)
        APPLICATION.apply(application, "decide_anew", by=system, at=at)


COMPLAINT = Workflow(
    "funding.Complaint",
    (
        Transition(
            "answer",
            from_=ComplaintState.OPEN,
            to=(ComplaintState.UPHELD, ComplaintState.REJECTED),
            permission=P.FUNDING_SEE,
            asks=("outcome", "answer"),
            guard=_by_somebody_else,
            chooses=_outcome,
            stamps="answered",
            then=(
                _decide_anew,
                call_clocks.complaint_answered,
                notifications.complaint_answered,
            ),
            label=_("Answer the complaint"),
        ),
    ),
    event=_complaint_event,
    may=access.may,
)
