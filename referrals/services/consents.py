"""Consent, given, refused or withdrawn for one purpose; the way for children; the duty to notify.

An adult agrees, or nothing leaves the organisation. What is recorded about a refusal stays in the
working file: no row, number or date of it can be seen from outside.
"""

from collections.abc import Iterable
from datetime import datetime, time

from django.db import transaction
from django.utils.translation import gettext as _

from common.country import current, local_day
from common.marks import Permission
from common.references import new_reference
from common.rowlock import beyond_sight
from common.workflow import MissingAnswers, NotPossible
from partners import grants
from partners.access import Actor
from partners.choices import GrantReason, Role
from partners.models import Organisation
from partners.services.memberships import role_group
from referrals import deciding, notifications, steps
from referrals.answers import check_note, may_notify
from referrals.choices import (
    AT_HOME,
    EVENT_SECTION,
    OPEN,
    Basis,
    EventKind,
    RefusalReason,
    State,
    TrackKind,
    TrackStatus,
    YesNoUnknown,
)
from referrals.models import Consent, GivenBy, Purpose, Referral, ReferralEvent, Track
from referrals.services.working import (
    OPEN_TO_THE_REFERRER,
    follow_basis,
    lock,
    person_of,
    save,
)
from referrals.steps import move_track, record
from referrals.workflow import referral_workflow


@transaction.atomic
def record_consent(
    *,
    referral: Referral,
    by: Actor,
    at: datetime,
    language: str,
    purposes: Iterable[Purpose | str] = (Purpose.REFERRAL,),
    with_interpreter: bool = False,
    given_by: GivenBy | str = GivenBy.PERSON,
    version: int | None = None,
) -> Referral:
    """The person agreed, after it was explained in `language`; each purpose stands on its own.

    To be referred can be agreed to while it is a draft or was sent back, also after a no; the other
    purposes at any time. What stands already is kept, with how it was explained
    put right. Raises NotAllowed, NotPossible, Stale.
    """
    wanted = [Purpose(purpose) for purpose in purposes]
    states = OPEN_TO_THE_REFERRER if Purpose.REFERRAL in wanted else None
    row = lock(referral, by=by, version=version, states=states)
    if row.person is None:
        raise NotPossible(_("There is nobody here whose consent could be recorded."))
    for purpose in wanted:
        consent, is_new = Consent.objects.get_or_create(
            person=row.person,
            purpose=purpose,
            withdrawn_at=None,
            defaults={
                "given_by": given_by,
                "language": language,
                "with_interpreter": with_interpreter,
                "given_at": at,
                "recorded_by": person_of(by),
            },
        )
        if not is_new:
            _correct(consent, language, with_interpreter)
        if purpose == Purpose.REFERRAL:
            row.consent = consent
            move_track(row, TrackKind.CONSENT, TrackStatus.GIVEN, at=at)
        if is_new:
            record(row, EventKind.CONSENT_GIVEN, by=by, at=at, detail=purpose)
    save(row, ["consent", *follow_basis(row)], at=at)
    return row


def _correct(consent: Consent, language: str, with_interpreter: bool) -> None:
    """What was recorded of the explanation is put right; its history keeps what stood there."""
    if (consent.language, consent.with_interpreter) != (language, with_interpreter):
        consent.language, consent.with_interpreter = language, with_interpreter
        consent.save(update_fields=["language", "with_interpreter"])


@transaction.atomic
def record_refusal(
    *,
    referral: Referral,
    by: Actor,
    at: datetime,
    reason: RefusalReason | str = RefusalReason.NOT_SAID,
    note: str = "",
    not_now: bool = False,
    version: int | None = None,
) -> Referral:
    """The adult said no (or "not now") to being referred. Nothing leaves; support goes on.

    The person may say yes later. Raises NotAllowed, Stale, NotPossible once it is sent (that is a
    withdrawal) and for a child's referral, which does not rest on consent.
    """
    row = lock(referral, by=by, version=version, states=[State.DRAFT])
    if row.basis == Basis.CHILD:
        raise NotPossible(_("A child’s referral does not rest on consent."))
    if row.consent is not None:
        steps.end_consent(row, None, by=by, at=at)
        row.consent = None
    row.basis = ""
    status = TrackStatus.NOT_NOW if not_now else TrackStatus.REFUSED
    move_track(row, TrackKind.CONSENT, status, at=at)
    save(row, ["consent", "basis"], at=at)
    record(row, EventKind.CONSENT_REFUSED, by=by, at=at, comment=note, detail=RefusalReason(reason))
    return row


@transaction.atomic
def withdraw_consent(
    *,
    referral: Referral,
    by: Actor,
    at: datetime,
    purpose: Purpose | str = Purpose.REFERRAL,
    note: str = "",
    version: int | None = None,
) -> Referral:
    """The person no longer agrees to one purpose; every other one, and support, stays as it is.

    For the referral itself: what waits for a decision is withdrawn; what was decided stays decided.
    In both, whoever had received it loses access and is told. Raises NotAllowed, Stale, NotPossible
    when there is no such consent.
    """
    row = lock(referral, by=by, version=version)
    purpose = Purpose(purpose)
    consent = Consent.objects.filter(
        person=row.person, purpose=purpose, withdrawn_at__isnull=True
    ).first()
    if consent is None:
        raise NotPossible(_("This was not agreed to, or was withdrawn already."))
    if purpose == Purpose.REFERRAL and row.basis == Basis.CONSENT:
        if row.state in OPEN:
            return referral_workflow().apply(row, "withdraw", by=by, at=at, comment=note)
        event = _withdrawal(row, purpose, note, by=by, at=at)
        steps.end_consent(row, event, by=by, at=at)
        if row.state in AT_HOME:
            row.consent, row.basis = None, ""
        else:
            steps.end_access(row, event, by=by, at=at)
        save(row, ["consent", "basis"], at=at)
        return row
    consent.withdrawn_at, consent.withdrawal_recorded_by = at, by.user
    consent.save(update_fields=["withdrawn_at", "withdrawal_recorded_by"])
    _withdrawal(row, purpose, note, by=by, at=at)
    return row


def _withdrawal(
    referral: Referral, purpose: Purpose, note: str, *, by: Actor, at: datetime
) -> ReferralEvent:
    kind = EventKind.CONSENT_WITHDRAWN
    return record(referral, kind, by=by, at=at, comment=note, detail=purpose)


# --- children -------------------------------------------------------------------------------------


@transaction.atomic
def mark_child(
    *,
    referral: Referral,
    by: Actor,
    at: datetime,
    version: int | None = None,
    reasons: str = "",
) -> Referral:
    """Take the way for children: an age under 18 is stated, or `reasons` say why it is believed.

    That the date of birth is unknown is no reason by itself. Raises NotAllowed, Stale, NotPossible,
    MissingAnswers.
    """
    row = lock(referral, by=by, version=version, states=[State.DRAFT, State.RETURNED])
    said = check_note(reasons, "reasons")
    if row.is_child_now != YesNoUnknown.YES and not said:
        raise MissingAnswers(("reasons",))
    if said:
        row.child_reasons = said
    move_track(row, TrackKind.CONSENT, TrackStatus.CHILD, at=at)
    save(row, ["child_reasons_ct", *follow_basis(row)], at=at)
    record(row, EventKind.CHILD_MARKED, by=by, at=at)
    return row


@transaction.atomic
def unmark_child(
    *, referral: Referral, by: Actor, at: datetime, version: int | None = None
) -> Referral:
    """The reasons to believe that the person is a child no longer hold: consent is asked for."""
    row = lock(referral, by=by, version=version, states=[State.DRAFT])
    row.child_reasons = None
    consented = row.consent is not None and row.consent.withdrawn_at is None
    status = TrackStatus.GIVEN if consented else TrackStatus.NOT_ASKED
    save(row, ["child_reasons_ct", *follow_basis(row)], at=at)
    if row.basis != Basis.CHILD:
        move_track(row, TrackKind.CONSENT, status, at=at)
    return row


# --- the duty to notify ---------------------------------------------------------------------------

#: The codes a notice repeats. No language: few speak some.
NOTICE_CODES = (
    "responder_type",
    "region",
    "age_at_exploitation",
    "gender",
    "nationalities",
    "exploitation",
    "means",
    "indicators",
    "place",
)


@transaction.atomic
def notify_without_identity(
    *,
    referral: Referral,
    by: Actor,
    at: datetime,
    authority: Organisation,
    version: int | None = None,
) -> Referral:
    """Carry out the duty to notify after an adult's refusal: a new record of codes, about nobody.

    Nothing connects the two rows: no key, no time of day, no name of the officer. Raises
    NotAllowed, Stale, and NotPossible where the country has no such duty, it does not bind the
    organisation, the person has not refused, or it was carried out already.
    """
    permission = Permission.REFERRAL_MAKE  # it sends something out
    row = lock(referral, by=by, permission=permission, version=version, states=[State.DRAFT])
    _refuse_notice(row, authority)
    return _notify(row, authority, by=by, at=at)


@beyond_sight("a notice without identity")
def _notify(row: Referral, authority: Organisation, *, by: Actor, at: datetime) -> Referral:
    on = local_day(at)
    # Noon of the day, so that the moment does not lead back to the file it was written from.
    noon = datetime.combine(on, time(12), tzinfo=current().time_zone)
    refusal = ReferralEvent.objects.filter(referral=row, kind=EventKind.CONSENT_REFUSED).first()
    notice = Referral(
        reference=new_reference("R"),
        basis=Basis.NOTIFIED,
        state=State.NOTIFIED,
        first_responder=row.first_responder,
        authority=authority,
        created_at=noon,
        received_at=noon,
        received_on=on,
        refusal_reason=refusal.detail if refusal else "",
        **{name: getattr(row, name) for name in NOTICE_CODES},
    )
    notice.save()
    _share_notice(notice, authority, at=noon)
    event = ReferralEvent.objects.create(
        referral=notice,
        kind=EventKind.NOTIFIED,
        section=EVENT_SECTION[EventKind.NOTIFIED],
        at=noon,
        by=None,
        by_organisation=row.first_responder,
        new_state=State.NOTIFIED,
    )
    notifications.notice_received(notice, event, at=at)
    record(row, EventKind.DUTY_DONE, by=by, at=at)
    return notice


def _refuse_notice(referral: Referral, authority: Organisation) -> None:
    if reason := may_notify(referral):
        raise NotPossible(reason)
    refused = Track.objects.filter(
        referral=referral, kind=TrackKind.CONSENT, status=TrackStatus.REFUSED
    )
    if referral.basis or not refused.exists():
        raise NotPossible(_("A notice follows only when an adult has refused to be referred."))
    if ReferralEvent.objects.filter(referral=referral, kind=EventKind.DUTY_DONE).exists():
        raise NotPossible(_("This was notified already."))
    if not deciding.recipients().filter(pk=authority.pk).exists():
        raise NotPossible(_("Choose an authority that decides on identification."))


def _share_notice(notice: Referral, authority: Organisation, *, at: datetime) -> None:
    """Its own people and the authority see the notice; there is no working file behind it."""
    own = GrantReason.FIRST_RESPONDER
    for organisation, role, reason in (
        (notice.first_responder, Role.CASEWORKER, own),
        (notice.first_responder, Role.MANAGER, own),
        (authority, Role.OFFICER, GrantReason.AUTHORITY),
    ):
        group = role_group(organisation=organisation, role=role, at=at).group
        grants.grant(subject=notice, permissions=["see"], to=group, reason=reason, by=None, at=at)
