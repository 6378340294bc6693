"""Who is told what about a referral, as notices; a title says what happened and never to whom."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.marks import Subject
from deadlines.choices import Urgency
from deadlines.notices import register
from deadlines.services.notices import mark_handled, notify
from partners.access import system_actor
from partners.choices import Role
from partners.models import Membership, Organisation
from referrals.deciding import deciders, stage_to_decide
from referrals.models import Referral

SUBJECT = "referral"
#: What the deciders were told and need not be told any more once they have acted.
WAITING = ("referral_received", "referral_answered", "referral_proposed")


def register_kinds() -> None:
    """Called once when the app is ready."""
    titles = {
        "referral_received": _("A referral waits for a decision"),
        "referral_returned": _("Questions about a referral"),
        "referral_answered": _("Questions about a referral were answered"),
        "referral_proposed": _("A proposal waits for a second person"),
        "referral_decided": _("A decision was made on a referral"),
        "referral_opinion": _("An opinion was given on a referral"),
        "referral_draft_expires": _("A draft runs out soon"),
    }
    for kind, title in titles.items():
        register(kind, title=title, link=_link, still_visible=_visible)
    register(
        "referral_access_ended",
        title=_("Access to a referral has ended"),
        link=_inbox,
        still_visible=_always,
    )


def _link(uuid: UUID) -> str:
    return reverse("referrals:detail", args=[uuid])


def _inbox(uuid: UUID) -> str:
    # Nothing is left to see; the notice says all there is to know.
    return reverse("deadlines:inbox")


def _visible(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = Referral.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def _always(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    return set(uuids)


# --- to those who decide --------------------------------------------------------------------------


def received(referral: Referral, event: Any, *, by: Any, at: datetime) -> None:
    """Those who decide get a notice"""
    tell_deciders(referral, "referral_received", event, by=by, at=at)


def answered(referral: Referral, event: Any, *, by: Any, at: datetime) -> None:
    """Those who decide get a notice that the questions are answered"""
    tell_deciders(referral, "referral_answered", event, by=by, at=at)


def tell_deciders(referral: Referral, kind: str, event: Any, *, by: Any, at: datetime) -> None:
    stage = stage_to_decide(referral)
    for organisation in deciders(referral, stage) if stage else []:
        _tell(_officers(organisation, at), kind, referral, organisation, event.pk, by=by, at=at)


def notice_received(notice: Referral, event: Any, *, at: datetime) -> None:
    """The authority is told of a notice without identity, by nobody in particular."""
    if notice.authority is not None:
        _tell(
            _officers(notice.authority, at),
            "referral_received",
            notice,
            notice.authority,
            event.pk,
            by=system_actor("notice", event.at),
            at=event.at,
            # Not at once: a mail of this minute would lead back to the file it was written from.
            urgency=Urgency.DIGEST,
        )


def access_ended(
    referral: Referral, organisations: Iterable[Organisation], *, by: Any, at: datetime, key: object
) -> None:
    """Whoever had received it is told that it is no longer open to them."""
    _settled(referral, at)
    for organisation in organisations:
        _tell(
            _officers(organisation, at),
            "referral_access_ended",
            referral,
            organisation,
            key,
            by=by,
            at=at,
        )


# --- to whoever made it ---------------------------------------------------------------------------


def returned(referral: Referral, event: Any, *, by: Any, at: datetime) -> None:
    """Whoever made the referral gets a notice"""
    _settled(referral, at)
    tell_first_responder(referral, "referral_returned", event.pk, by=by, at=at)


def decided(referral: Referral, event: Any, *, by: Any, at: datetime) -> None:
    """Whoever made the referral gets a notice"""
    _settled(referral, at)
    tell_first_responder(referral, "referral_decided", event.pk, by=by, at=at)


def tell_first_responder(
    referral: Referral,
    kind: str,
    key: object,
    *,
    by: Any,
    at: datetime,
    urgency: Urgency = Urgency.IMMEDIATE,
) -> None:
    """The referrer while they work there; else every caseworker and manager of the organisation."""
    at_work = Membership.objects.active(at).filter(
        organisation=referral.first_responder, role__in=[Role.CASEWORKER, Role.MANAGER]
    )
    referrer = at_work.filter(user=referral.referrer_id)
    members = referrer if referrer.exists() else at_work.filter(is_enforcement=False)
    _tell(members, kind, referral, referral.first_responder, key, by=by, at=at, urgency=urgency)


def _settled(referral: Referral, at: datetime) -> None:
    mark_handled(subject=Subject(SUBJECT, referral.uuid), kinds=WAITING, at=at)


def _officers(organisation: Organisation, at: datetime) -> Any:
    return Membership.objects.active(at).filter(
        organisation=organisation, role=Role.OFFICER, is_enforcement=False
    )


def _tell(
    members: Any,
    kind: str,
    referral: Referral,
    organisation: Organisation,
    key: object,
    *,
    by: Any,
    at: datetime,
    urgency: Urgency = Urgency.IMMEDIATE,
) -> None:
    recipients = members.values_list("user_id", flat=True)
    notify(
        recipients=[user for user in recipients if user != by.user_id],
        kind=kind,
        subject=Subject(SUBJECT, referral.uuid),
        by=by,
        at=at,
        key=f"{kind}:{key}",
        urgency=urgency,
        organisation_uuid=organisation.uuid,
    )
