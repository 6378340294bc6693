"""An agreement's life from the first draft to its end, and an amendment's. Two tables; the only
code that changes either state. The sweep takes the steps that a date takes."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from common.country import local_day
from common.marks import Permission
from common.workflow import Refusal, Transition, Workflow
from partners import access, deed_clocks, deed_grants
from partners import deed_notifications as notifications
from partners.deed_choices import (
    AgreementState,
    AmendmentState,
    ClauseKind,
    DeedEventKind,
)
from partners.models import Agreement, AgreementEvent, Amendment

S = AgreementState
A = AmendmentState
LEAST_PARTIES = 2
P = Permission

EVENTS = {
    "send": DeedEventKind.SENT,
    "take_back": DeedEventKind.TAKEN_BACK,
    "withdraw": DeedEventKind.WITHDRAWN,
    "sign": DeedEventKind.SIGNED,
    "begin": DeedEventKind.BEGUN,
    "near_end": DeedEventKind.EXPIRING,
    "let_end": DeedEventKind.CHANGED,
    "give_notice": DeedEventKind.NOTICE,
    "move_end": DeedEventKind.CHANGED,
    "end": DeedEventKind.ENDED,
    "be_renewed": DeedEventKind.RENEWED,
}
AMENDMENT_EVENTS = {
    "sign": DeedEventKind.AMENDMENT_SIGNED,
    "drop": DeedEventKind.AMENDMENT_DROPPED,
}


def _complete(
    obj: Agreement, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """A party, a signatory or an answer about a clause is missing"""
    parties = list(obj.parties.all())
    if len(parties) < LEAST_PARTIES:
        return Refusal(_("An agreement has at least two parties."))
    if any(not party.signatory_name for party in parties):
        return Refusal(_("Say who signs for each party."))
    if obj.clauses.count() < len(ClauseKind):
        return Refusal(_("Go through the checklist of clauses first."))
    named = {party.organisation_id for party in parties}
    if any(not {d.delegated_by_id, d.carried_by_id} <= named for d in obj.duties.all()):
        return Refusal(_("A duty is delegated by one party to another: name both as parties."))
    return None


def _clear_signatures(agreement: Agreement, event: Any, *, by: Any, at: datetime) -> None:
    """Signatures given to the text before fall away"""
    nobody = {"signed_on": None, "recorded_at": None, "recorded_by": None, "is_on_paper": False}
    agreement.parties.update(**nobody)


def _just_signed(
    obj: Agreement, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """No party has just signed"""
    if not answers or obj.parties.filter(pk=answers["party"], recorded_at=at).exists():
        return None
    return Refusal(_("A signature is recorded together with who gave it, and when."))


def _all_signed(obj: Agreement, answers: Mapping[str, Any]) -> str:
    return S.IN_REVIEW if obj.parties.filter(signed_on__isnull=True).exists() else S.SIGNED


def _day_has_come(
    obj: Agreement, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """Its first day has not come"""
    if obj.from_on > local_day(at):
        return Refusal(_("Its first day has not come."))
    return None


def _is_near_its_end(
    obj: Agreement, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """Its last weeks have not begun"""
    weeks = deed_clocks.last_weeks(at)
    if weeks is None or obj.ends_on - weeks > local_day(at):
        return Refusal(_("Its last weeks have not begun."))
    return None


def _has_passed(
    obj: Agreement, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """Its last day has not passed"""
    if obj.ends_on >= local_day(at):
        return Refusal(_("Its last day has not passed."))
    return None


def earliest_end(agreement: Agreement, at: datetime) -> date:
    """The first day a party can end it on, giving notice now; at the latest its last day."""
    return min(local_day(at) + timedelta(days=agreement.notice_days), agreement.ends_on)


def _notice_is_kept(
    obj: Agreement, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """Notice was given already, by no party, or for a day too early or after its end"""
    if obj.notice_at is not None:
        return Refusal(_("Notice has been given already."))
    if not obj.parties.filter(organisation_id=by.organisation_id).exists():
        return Refusal(_("Only a party gives notice."))
    ends_on = answers.get("ends_on")
    if ends_on is not None and not earliest_end(obj, at) <= ends_on <= obj.ends_on:
        return Refusal(_("The last day keeps the days of notice, and is not after the end."))
    return None


def _ended_how(obj: Agreement, answers: Mapping[str, Any]) -> str:
    return S.TERMINATED if obj.notice_at is not None else S.ENDED


def _renewal_is_in_force(
    obj: Agreement, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The next agreement is not in force"""
    if obj.renewals.in_force().exists():
        return None
    return Refusal(_("The next agreement is not in force."))


def _take_the_place(agreement: Agreement, event: Any, *, by: Any, at: datetime) -> None:
    """The agreement it renews gives way"""
    before = agreement.renews
    if before is not None and before.is_in_force:
        AGREEMENT.apply(before, "be_renewed", by=by, at=at)


def _event(
    obj: Agreement,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> AgreementEvent:
    return AgreementEvent.objects.create(
        agreement=obj,
        kind=EVENTS[transition.name],
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=comment,
        old_state=old,
        new_state=new,
    )


TRANSITIONS = (
    Transition(
        "send",
        from_=S.DRAFT,
        to=S.IN_REVIEW,
        permission=P.AGREEMENT_DRAFT,
        guard=_complete,
        stamps="sent",
        then=(deed_grants.share, notifications.sent),
        label=_("Send to the parties"),
    ),
    Transition(
        "take_back",
        from_=S.IN_REVIEW,
        to=S.DRAFT,
        permission=P.AGREEMENT_DRAFT,
        asks=("comment",),
        then=(_clear_signatures, notifications.taken_back),
        label=_("Take back to change it"),
    ),
    Transition(
        "withdraw",
        from_=(S.DRAFT, S.IN_REVIEW),
        to=S.WITHDRAWN,
        permission=P.AGREEMENT_DRAFT,
        stamps="over",
        then=(deed_clocks.is_over,),
        label=_("Give the draft up"),
    ),
    Transition(
        "sign",
        from_=S.IN_REVIEW,
        to=(S.IN_REVIEW, S.SIGNED),
        permission=P.AGREEMENT_SIGN,
        asks=("party",),
        guard=_just_signed,
        chooses=_all_signed,
        label=_("Sign"),
        follows=_("Signed once every party has; in force when the first day comes"),
    ),
    Transition(
        "begin",
        from_=S.SIGNED,
        to=S.ACTIVE,
        permission=P.AGREEMENT_STEER,
        guard=_day_has_come,
        stamps="in_force",
        then=(_take_the_place, notifications.in_force),
        label=_("Come into force"),
    ),
    Transition(
        "near_end",
        from_=S.ACTIVE,
        to=S.EXPIRING,
        permission=P.AGREEMENT_STEER,
        guard=_is_near_its_end,
        then=(notifications.expiring, deed_clocks.last_weeks_began),
        label=_("Enter its last weeks"),
    ),
    Transition(
        "let_end",
        from_=S.EXPIRING,
        to=S.EXPIRING,
        permission=P.AGREEMENT_SIGN,
        asks=("comment",),
        then=(deed_clocks.decided_on,),
        label=_("Say that it is not renewed"),
    ),
    Transition(
        "give_notice",
        from_=(S.ACTIVE, S.EXPIRING),
        to=S.EXPIRING,
        permission=P.AGREEMENT_SIGN,
        asks=("notice_party", "notice_reason", "notice_words", "ends_on"),
        guard=_notice_is_kept,
        stamps="notice",
        then=(notifications.notice_given, deed_clocks.given_notice),
        label=_("Give notice"),
    ),
    Transition(
        "move_end",
        from_=(S.ACTIVE, S.EXPIRING),
        to=S.ACTIVE,
        permission=P.AGREEMENT_STEER,
        asks=("ends_on",),
        then=(deed_clocks.end_moved,),
        label=_("Take over the last day of an amendment"),
    ),
    Transition(
        "end",
        from_=(S.ACTIVE, S.EXPIRING),
        to=(S.ENDED, S.TERMINATED),
        permission=P.AGREEMENT_STEER,
        guard=_has_passed,
        chooses=_ended_how,
        stamps="over",
        then=(notifications.over, deed_clocks.is_over),
        label=_("End"),
    ),
    Transition(
        "be_renewed",
        from_=(S.ACTIVE, S.EXPIRING),
        to=S.RENEWED,
        permission=P.AGREEMENT_STEER,
        guard=_renewal_is_in_force,
        stamps="over",
        then=(deed_clocks.is_over,),
        label=_("Give way to the next agreement"),
    ),
)

AGREEMENT = Workflow("partners.Agreement", TRANSITIONS, event=_event, may=access.may)


# --- amendments -----------------------------------------------------------------------------------


def _amendment_event(
    obj: Amendment,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> AgreementEvent:
    kind = DeedEventKind.AMENDMENT_IN_FORCE if new == A.IN_FORCE else None
    return AgreementEvent.objects.create(
        agreement=obj.agreement,
        kind=kind or AMENDMENT_EVENTS[transition.name],
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=comment or obj.title,
    )


def _agreement_holds(
    obj: Amendment, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The agreement is no longer in force"""
    if obj.agreement.is_in_force:
        return None
    return Refusal(_("The agreement is no longer in force."))


def _all_signed_it(obj: Amendment, answers: Mapping[str, Any]) -> str:
    parties = obj.agreement.parties.exclude(pk__in=obj.signatures.values("party"))
    return A.PROPOSED if parties.exists() else A.IN_FORCE


def _move_the_end(amendment: Amendment, event: Any, *, by: Any, at: datetime) -> None:
    """The agreement takes over the new last day"""
    if amendment.state == A.IN_FORCE and amendment.new_ends_on is not None:
        system = access.system_actor("workflow", at)
        row = Agreement.objects.get(pk=amendment.agreement_id)
        AGREEMENT.apply(row, "move_end", by=system, at=at, ends_on=amendment.new_ends_on)


AMENDMENT = Workflow(
    "partners.Amendment",
    (
        Transition(
            "sign",
            from_=A.PROPOSED,
            to=(A.PROPOSED, A.IN_FORCE),
            permission=P.AGREEMENT_SIGN,
            guard=_agreement_holds,
            chooses=_all_signed_it,
            then=(_move_the_end, notifications.amendment_settled),
            label=_("Sign the amendment"),
        ),
        Transition(
            "drop",
            from_=A.PROPOSED,
            to=A.DROPPED,
            permission=P.AGREEMENT_SIGN,
            asks=("comment",),
            then=(notifications.amendment_settled,),
            label=_("Drop the amendment"),
        ),
    ),
    event=_amendment_event,
    may=access.may,
)
