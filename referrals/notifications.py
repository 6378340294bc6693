"""Who is told what about a referral, as notices; a title says what happened and never to whom."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.marks import Subject
from common.rowlock import beyond_sight
from deadlines.choices import Urgency
from deadlines.notices import register, register_topic
from deadlines.services.notices import mark_handled, notify
from partners.access import system_actor
from partners.choices import Role
from partners.models import Membership, Organisation
from referrals import closing
from referrals.choices import CLOSED_STATES
from referrals.deciding import deciders, stage_to_decide
from referrals.models import Referral, Restriction

SUBJECT = "referral"
#: Says nothing but that something is over, to those for whom it is.
TOLD_ANYWAY = ("referral_access_ended",)
RESTRICTION = "restriction"
RESTRICTION_SHORT = "restriction_short_of_people"
NO_ALTERNATE = "authority_missing"
#: What the deciders were told and need not be told any more once they have acted.
WAITING = ("referral_received", "referral_answered", "referral_proposed")


def register_kinds() -> None:
    """Called once when the app is ready."""
    # Whoever has to act is told; what became of one's own referrals one may read in the inbox.
    register_topic("referrals_waiting", title=_("Referrals that wait for you"), is_statutory=True)
    register_topic("referrals", title=_("What becomes of referrals"))
    titles = {
        "referral_received": _("A referral waits for a decision"),
        "referral_returned": _("Questions about a referral"),
        "referral_answered": _("Questions about a referral were answered"),
        "referral_proposed": _("A proposal waits for a second person"),
        "referral_decided": _("A decision was made on a referral"),
        "referral_opinion": _("An opinion was given on a referral"),
        "referral_draft_expires": _("A draft runs out soon"),
        "restriction_named": _("You were named for a restricted referral"),
        "restriction_lift_asked": _("A colleague asks to lift the restriction of a referral"),
    }
    to_act_on = {*WAITING, "referral_returned", "referral_draft_expires"}
    for kind, title in titles.items():
        topic = "referrals_waiting" if kind in to_act_on else "referrals"
        register(kind, title=title, link=_link, still_visible=_visible, topic=topic)
    register(
        RESTRICTION_SHORT,
        title=_("People have to be named for a restricted referral"),
        link=_naming,
        still_visible=_to_name,
    )
    register(
        NO_ALTERNATE,
        title=_("A referral waits for an authority that nobody has named"),
        link=_inbox,
        still_visible=_always,
    )
    register(
        "referral_access_ended",
        title=_("Access to a referral has ended"),
        link=_inbox,
        still_visible=_always,
        topic="referrals",
    )


def _link(uuid: UUID) -> str:
    return reverse("referrals:detail", args=[uuid])


def _naming(uuid: UUID) -> str:
    return reverse("referrals:name-people", args=[uuid])


@beyond_sight("notices to name people")
def _to_name(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    named_by = Restriction.objects.to_be_named_by(actor).filter(uuid__in=list(uuids))
    return set(named_by.values_list("uuid", flat=True))


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


def tell_new_deciders(
    referral: Referral, organisations: Iterable[Organisation], *, key: object, by: Any, at: datetime
) -> None:
    """Somebody was named who decides on what waits already: one mail, however much it is."""
    for organisation in organisations:
        _tell(
            _officers(organisation, at),
            "referral_received",
            referral,
            organisation,
            f"seat:{key}:{referral.pk}",
            by=by,
            at=at,
            urgency=Urgency.DIGEST,
        )


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
    """Whoever had received it is told that it is no longer open to them.

    Not who is kept out; and of a restricted case, only who was named for it.
    """
    _settled(referral, at)
    for organisation in organisations:
        officers = closing.officers_left(organisation, referral, at)
        if referral.is_restricted:
            named_there = closing.named(referral, organisation, at)
            officers = officers.filter(user__in=named_there.values("pk"))
        _tell(
            officers,
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
    """The referrer while they work there; else every caseworker and manager of the organisation.

    Of an end that law enforcement may not know, it is not told.
    """
    at_work = Membership.objects.active(at).filter(
        organisation=referral.first_responder, role__in=[Role.CASEWORKER, Role.MANAGER]
    )
    if referral.state in CLOSED_STATES:
        at_work = at_work.filter(is_enforcement=False)
    referrer = at_work.filter(user=referral.referrer_id)
    members = referrer if referrer.exists() else at_work.filter(is_enforcement=False)
    _tell(members, kind, referral, referral.first_responder, key, by=by, at=at, urgency=urgency)


# --- about restricted cases -----------------------------------------------------------------------


def named(
    referral: Referral, users: Iterable[int], organisation: Organisation, *, by: Any, at: datetime
) -> None:
    """Whoever was named is told, and finds the case on the page of referrals."""
    _tell_people(referral, "restriction_named", users, organisation, key=at, by=by, at=at)


def lift_asked(
    referral: Referral, users: Iterable[int], organisation: Organisation, *, by: Any, at: datetime
) -> None:
    """The other named people of the organisation that keeps the file are asked."""
    _tell_people(referral, "restriction_lift_asked", users, organisation, key=at, by=by, at=at)


def _tell_people(
    referral: Referral,
    kind: str,
    users: Iterable[int],
    organisation: Organisation,
    *,
    key: datetime,
    by: Any,
    at: datetime,
) -> None:
    notify(
        recipients=[user for user in users if user != by.user_id],
        kind=kind,
        subject=Subject(SUBJECT, referral.uuid),
        by=by,
        at=at,
        key=f"{kind}:{referral.pk}:{key.isoformat()}",
        urgency=Urgency.IMMEDIATE,
        organisation_uuid=organisation.uuid,
    )


def short_of_people(
    restriction: Restriction, organisation: Organisation, users: Iterable[int], *, at: datetime
) -> None:
    """Whoever names people there is told that too few are named; again each day, until they are."""
    notify(
        recipients=users,
        kind=RESTRICTION_SHORT,
        subject=Subject(RESTRICTION, restriction.uuid),
        by=system_actor("restrictions", at),
        at=at,
        key=f"{RESTRICTION_SHORT}:{restriction.pk}:{organisation.pk}:{at.date().isoformat()}",
        urgency=Urgency.IMMEDIATE,
        organisation_uuid=organisation.uuid,
    )


def people_enough(restriction: Restriction, *, at: datetime) -> None:
    """Nobody need be named any more."""
    about = Subject(RESTRICTION, restriction.uuid)
    mark_handled(subject=about, kinds=[RESTRICTION_SHORT], at=at)


def no_alternate(referral: Referral, users: Iterable[int], *, at: datetime) -> None:
    """The co-ordination is told that a body has to be named; not for which case, nor why."""
    notify(
        recipients=users,
        kind=NO_ALTERNATE,
        # No case: whoever steers must not see which one an authority is kept out of.
        subject=Subject("country", uuid5(NAMESPACE_OID, NO_ALTERNATE)),
        by=system_actor("alternate", at),
        at=at,
        key=f"{NO_ALTERNATE}:{at.date().isoformat()}",
        urgency=Urgency.IMMEDIATE,
    )


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
    users = members.values_list("user_id", flat=True)
    if kind not in TOLD_ANYWAY:
        users = closing.tellable(referral, users, at)
    notify(
        recipients=[user for user in users if user != by.user_id],
        kind=kind,
        subject=Subject(SUBJECT, referral.uuid),
        by=by,
        at=at,
        key=f"{kind}:{key}",
        urgency=urgency,
        organisation_uuid=organisation.uuid,
    )
