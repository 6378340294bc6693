"""Who is told what about an organisation, as notices; a mail says only that something waits."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import AccountLock, FactorReset
from common.marks import Subject
from deadlines import mails
from deadlines.choices import Urgency
from deadlines.notices import register, register_topic
from deadlines.services.mail import post_mail
from deadlines.services.notices import Telling, mark_handled, notify, notify_each
from partners.choices import Capacity, ChannelKind, OrganisationState, Role
from partners.models import (
    ChangeRequest,
    HeldCapacity,
    Membership,
    Organisation,
    OrganisationEvent,
    PanelSeat,
    PointOfContact,
    Proceeding,
    ReminderRound,
)

FACTOR_RESET_ASKED = "factor_reset_asked"
CHANGE_KINDS = {
    "change_asked": _("A change of an entry waits for review"),
    "change_decided": _("Your change of the entry was decided"),
}
CONTACT_KINDS = {
    "contact_handed_over": _("A deputy now answers for a point of contact"),
    "contact_uncovered": _("Nobody answers for a point of contact"),
    "contact_corrected": _("A point of contact corrected the entry: please look"),
}
#: Mails to points of contact, who need no account: check the entry, stand in, no longer so.
CONTACT_LINK = "contact_link"
CONTACT_STANDS_IN = "contact_stands_in"
CONTACT_RELIEVED = "contact_relieved"
#: What is said about a proceeding, by the kind of notice; never about whom.
PROCEEDING_KINDS = {
    "proceeding_noticed": _("Your organisation’s place is in question: please answer"),
    "proceeding_answered": _("A notice was answered"),
    "proceeding_panel": _("You were named to a panel"),
    "proceeding_decided": _("A panel has decided"),
    "proceeding_appealed": _("An appeal waits for a panel"),
    "proceeding_dropped": _("A notice was taken back"),
}


ENTRY_TO_CONFIRM = "entry_to_confirm"


def entries_to_confirm(
    organisations: Collection[Organisation], made: ReminderRound, *, by: Any, at: datetime
) -> None:
    """The managers of each organisation get a notice, in three statements for all of them"""
    told: dict[int, set[int]] = {}
    managing = Membership.objects.active(at).filter(
        organisation__in=[each.pk for each in organisations], role=Role.MANAGER
    )
    for organisation, user in managing.values_list("organisation", "user"):
        told.setdefault(organisation, set()).add(user)
    notify_each(
        [
            Telling(
                frozenset(told.get(each.pk, ())),
                ENTRY_TO_CONFIRM,
                Subject("organisation", each.uuid),
                f"{ENTRY_TO_CONFIRM}:{each.uuid}:{made.uuid}",
                organisation_uuid=each.uuid,
            )
            for each in organisations
        ],
        by=by,
        at=at,
    )


def entry_confirmed(organisation: Organisation, *, at: datetime) -> None:
    """Nobody there need confirm it any more"""
    about = Subject("organisation", organisation.uuid)
    mark_handled(subject=about, kinds=[ENTRY_TO_CONFIRM], at=at)


def _to_review(uuid: UUID) -> str:
    return reverse("partners:review", args=[uuid])


def _to_entry(uuid: UUID) -> str:
    return reverse("partners:organisation", args=[uuid])


def _to_application(uuid: UUID) -> str:
    return reverse("partners:application")


#: What is said about an organisation: the words, where they lead, the topic.
ORGANISATION_KINDS = {
    "organisation_applied": (_("An application waits for review"), _to_review, "registry"),
    "organisation_returned": (_("Questions about your application"), _to_application, "registry"),
    "organisation_admitted": (_("Your organisation is now a member"), _to_entry, "registry"),
    "organisation_standing": (
        _("What your organisation may do here has changed"),
        _to_entry,
        "standing",
    ),
    "organisation_left": (_("An organisation has left the mechanism"), _to_entry, "registry"),
}


def register_kinds() -> None:
    """Called once when the app is ready."""
    register_topic("registry", title=_("Applications and your organisation’s entry"))
    register_topic("standing", title=_("The standing of an organisation"), is_statutory=True)
    register(
        ENTRY_TO_CONFIRM,
        title=_("Please confirm your organisation’s entry"),
        link=lambda uuid: reverse("partners:entry"),
        still_visible=_visible,
        topic="registry",
    )
    for kind, (title, link, topic) in ORGANISATION_KINDS.items():
        register(kind, title=title, link=link, still_visible=_visible, topic=topic)
    for kind, title in CHANGE_KINDS.items():
        register(
            kind, title=title, link=_to_change, still_visible=_change_visible, topic="registry"
        )
    for kind, title in CONTACT_KINDS.items():
        register(
            kind, title=title, link=_to_contact, still_visible=_contact_visible, topic="registry"
        )
    mails.register(CONTACT_LINK, variables=frozenset({"date", "url"}))
    mails.register(CONTACT_STANDS_IN, variables=frozenset({"date", "url"}))
    mails.register(CONTACT_RELIEVED, variables=frozenset())
    for kind, title in PROCEEDING_KINDS.items():
        register(
            kind,
            title=title,
            link=_to_proceeding,
            still_visible=_proceeding_visible,
            topic="standing",
        )
    register(
        "account_locked",
        title=_("An account was locked for safety"),
        link=lambda uuid: reverse("partners:locks"),
        still_visible=_lock_visible,
        topic="account",
    )
    register(
        FACTOR_RESET_ASKED,
        title=_("Somebody asks you to agree: a lost second factor"),
        link=lambda uuid: reverse("partners:resets"),
        still_visible=_reset_visible,
        topic="account",
    )


def _visible(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = Organisation.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def _to_change(uuid: UUID) -> str:
    return reverse("partners:change", args=[uuid])


def _change_visible(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = ChangeRequest.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def change_asked(request: ChangeRequest, *, by: Any, at: datetime) -> None:
    """Every co-ordinator gets a notice"""
    _tell_about(_co_ordinators(at), "change_asked", Subject("change", request.uuid), by=by, at=at)


def change_decided(
    request: ChangeRequest, event: OrganisationEvent, *, by: Any, at: datetime
) -> None:
    """The organisation's managers get a notice"""
    subject = Subject("change", request.uuid)
    mark_handled(subject=subject, kinds=["change_asked"], at=at)
    _tell_about(_managers(request.organisation, at), "change_decided", subject, by=by, at=at)


def _to_proceeding(uuid: UUID) -> str:
    return reverse("partners:proceeding", args=[uuid])


def _proceeding_visible(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = Proceeding.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def _reset_visible(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    from partners.services.resets import visible_to  # it tells people through this module

    shown = visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def _lock_visible(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    from partners.services.locks import visible_to  # it tells people through this module

    shown = visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def account_locked(lock: AccountLock, *, by: Any, at: datetime) -> None:
    """Managers wherever the person works, and co-ordinators: somebody may have to act for them"""
    works = Membership.objects.active(at).filter(user=lock.user_id).values("organisation")
    managers = Membership.objects.active(at).filter(organisation__in=works, role=Role.MANAGER)
    told = (managers | _co_ordinators(at)).exclude(user_id__in={lock.user_id, by.user_id})
    subject = Subject("account_lock", lock.uuid)
    _tell_about(told, "account_locked", subject, by=by, at=at, urgency=Urgency.IMMEDIATE)


def factor_reset_asked(
    reset: FactorReset, organisation: Organisation, *, by: Any, at: datetime
) -> None:
    """Whoever could agree: co-ordinators, and the organisation's other managers"""
    asked = _co_ordinators(at) | _managers(organisation, at)
    concerned = {reset.user_id, reset.asked_by_id}
    others = asked.exclude(user_id__in=concerned)
    _tell_about(others, FACTOR_RESET_ASKED, Subject("factor_reset", reset.uuid), by=by, at=at)


def application_sent(
    organisation: Organisation, event: OrganisationEvent, *, by: Any, at: datetime
) -> None:
    """Every co-ordinator gets a notice"""
    _tell(_co_ordinators(at), "organisation_applied", organisation, event, by=by, at=at)


def application_returned(
    organisation: Organisation, event: OrganisationEvent, *, by: Any, at: datetime
) -> None:
    """The organisation's managers get a notice"""
    _tell(_managers(organisation, at), "organisation_returned", organisation, event, by=by, at=at)


def organisation_admitted(
    organisation: Organisation, event: OrganisationEvent, *, by: Any, at: datetime
) -> None:
    """The organisation's managers get a notice"""
    _tell(_managers(organisation, at), "organisation_admitted", organisation, event, by=by, at=at)


def standing_changed(
    organisation: Organisation, event: OrganisationEvent, *, by: Any, at: datetime
) -> None:
    """Everybody who works there gets a notice"""
    everybody = Membership.objects.active(at).filter(organisation=organisation)
    _tell(everybody, "organisation_standing", organisation, event, by=by, at=at)


def organisation_left(
    organisation: Organisation, event: OrganisationEvent, *, by: Any, at: datetime
) -> None:
    """Every co-ordinator gets a notice"""
    _tell(_co_ordinators(at), "organisation_left", organisation, event, by=by, at=at)


# --- points of contact ----------------------------------------------------------------------------


def _to_contact(uuid: UUID) -> str:
    return reverse("partners:contact", args=[uuid])


def _contact_visible(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = PointOfContact.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def address_of(contact: PointOfContact) -> str:
    """Where mail reaches a point of contact: the first e-mail address in the entry, or nothing."""
    letters = contact.channels.filter(kind=ChannelKind.EMAIL).order_by("rank")
    return letters.values_list("value", flat=True).first() or ""


def contact_handed_over(post: PointOfContact, *, by: Any, at: datetime) -> None:
    """The organisation's managers get a notice"""
    _tell_of_contact(post, "contact_handed_over", _managers(post.organisation, at), by=by, at=at)


def contact_uncovered(post: PointOfContact, *, by: Any, at: datetime) -> None:
    """The organisation's managers and every co-ordinator get a notice and a mail at once"""
    told = _managers(post.organisation, at) | _co_ordinators(at)
    _tell_of_contact(post, "contact_uncovered", told, by=by, at=at, urgency=Urgency.IMMEDIATE)


def contact_corrected(contact: PointOfContact, *, by: Any, at: datetime) -> None:
    """The organisation's managers get a notice: an entry changed and none of them did it"""
    told = _managers(contact.organisation, at)
    _tell_of_contact(contact, "contact_corrected", told, by=by, at=at)


def contact_relieved(deputy: PointOfContact, *, by: Any, at: datetime) -> None:
    """The deputy gets a mail: somebody is in the post again"""
    address = address_of(deputy)
    if address:
        key = f"{CONTACT_RELIEVED}:{deputy.uuid}:{at.isoformat()}"
        post_mail(kind=CONTACT_RELIEVED, to=address, variables={}, key=key, at=at)


def contact_settled(post: PointOfContact, *, at: datetime) -> None:
    """What was said before about who answers holds no more"""
    about = Subject("contact", post.uuid)
    mark_handled(subject=about, kinds=["contact_handed_over", "contact_uncovered"], at=at)


def _tell_of_contact(
    contact: PointOfContact,
    kind: str,
    members: Any,
    *,
    by: Any,
    at: datetime,
    urgency: Urgency = Urgency.DIGEST,
) -> None:
    subject = Subject("contact", contact.uuid)
    once = at.isoformat()
    _tell_about(members, kind, subject, by=by, at=at, urgency=urgency, once=once)


# --- proceedings ----------------------------------------------------------------------------------


def notice_given(proceeding: Proceeding, *, by: Any, at: datetime) -> None:
    """The organisation's managers get a notice and a mail at once"""
    managers = _managers(proceeding.organisation, at)
    _tell_of(proceeding, "proceeding_noticed", managers, by=by, at=at, urgency=Urgency.IMMEDIATE)


def notice_answered(
    proceeding: Proceeding, event: OrganisationEvent, *, by: Any, at: datetime
) -> None:
    """The panel and every co-ordinator get a notice"""
    people = _panel(proceeding, at) | _reviewing(proceeding, at)
    _tell_of(proceeding, "proceeding_answered", people, by=by, at=at)
    _settle(proceeding, "proceeding_noticed", at)


def panel_named(proceeding: Proceeding, users: list[int], *, by: Any, at: datetime) -> None:
    """Whoever was named gets a notice"""
    _tell_of(proceeding, "proceeding_panel", _panel(proceeding, at), by=by, at=at)
    _settle(proceeding, "proceeding_appealed", at)


def panel_decided(
    proceeding: Proceeding, event: OrganisationEvent, *, by: Any, at: datetime
) -> None:
    """The organisation's managers get a notice and a mail at once, every co-ordinator a notice"""
    _settle(proceeding, "proceeding_panel", at)
    managers = _managers(proceeding.organisation, at)
    _tell_of(proceeding, "proceeding_decided", managers, by=by, at=at, urgency=Urgency.IMMEDIATE)
    _tell_of(proceeding, "proceeding_decided", _reviewing(proceeding, at), by=by, at=at)


def appeal_made(proceeding: Proceeding, event: OrganisationEvent, *, by: Any, at: datetime) -> None:
    """Every co-ordinator but the one who gave the notice gets a notice"""
    others = _reviewing(proceeding, at).exclude(user=proceeding.noticed_by_id)
    _tell_of(proceeding, "proceeding_appealed", others, by=by, at=at, urgency=Urgency.IMMEDIATE)


def notice_dropped(
    proceeding: Proceeding, event: OrganisationEvent, *, by: Any, at: datetime
) -> None:
    """The organisation's managers get a notice"""
    _settle(proceeding, "proceeding_noticed", at)
    _settle(proceeding, "proceeding_panel", at)
    managers = _managers(proceeding.organisation, at)
    _tell_of(proceeding, "proceeding_dropped", managers, by=by, at=at)


def _panel(proceeding: Proceeding, at: datetime) -> Any:
    """The memberships by which the panel whose turn it is sits."""
    seats = PanelSeat.objects.filter(proceeding=proceeding, instance=proceeding.instance)
    seated = seats.filter(user=OuterRef("user"), organisation=OuterRef("organisation"))
    return Membership.objects.active(at).filter(Exists(seated))


def _reviewing(proceeding: Proceeding, at: datetime) -> Any:
    return _co_ordinators(at).exclude(organisation=proceeding.organisation)


def _tell_of(
    proceeding: Proceeding,
    kind: str,
    members: Any,
    *,
    by: Any,
    at: datetime,
    urgency: Urgency = Urgency.DIGEST,
) -> None:
    subject = Subject("proceeding", proceeding.uuid)
    _tell_about(members, kind, subject, by=by, at=at, urgency=urgency, once=proceeding.state)


def _tell_about(
    members: Any,
    kind: str,
    subject: Subject,
    *,
    by: Any,
    at: datetime,
    urgency: Urgency = Urgency.DIGEST,
    once: str = "",
) -> None:
    """A notice for each member, for the organisation they are told for; once for each `once`."""
    by_organisation: dict[UUID, set[int]] = {}
    for member in members.select_related("organisation"):
        by_organisation.setdefault(member.organisation.uuid, set()).add(member.user_id)
    for organisation_uuid, recipients in by_organisation.items():
        notify(
            recipients=recipients,
            kind=kind,
            subject=subject,
            by=by,
            at=at,
            key=f"{kind}:{subject.uuid}:{once}",
            urgency=urgency,
            organisation_uuid=organisation_uuid,
        )


def _settle(proceeding: Proceeding, kind: str, at: datetime) -> None:
    mark_handled(subject=Subject("proceeding", proceeding.uuid), kinds=[kind], at=at)


def _co_ordinators(at: datetime) -> Any:
    co_ordinating = HeldCapacity.objects.held().filter(capacity=Capacity.CO_ORDINATION)
    return Membership.objects.active(at).filter(
        role=Role.CO_ORDINATOR,
        organisation__state=OrganisationState.MEMBER,
        organisation__in=co_ordinating.values("organisation"),
    )


def _managers(organisation: Organisation, at: datetime) -> Any:
    return Membership.objects.active(at).filter(organisation=organisation, role=Role.MANAGER)


def _tell(
    members: Any, kind: str, organisation: Organisation, event: Any, *, by: Any, at: datetime
) -> None:
    subject = Subject("organisation", organisation.uuid)
    _tell_about(members, kind, subject, by=by, at=at, once=str(event.pk))
