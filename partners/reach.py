"""Whom to call in an organisation now: one answer for every page, letter, card and list.

The post itself, else the first deputy who can (`PointOfContact.answering`); where neither can, the
organisation's office, and after it the co-ordination's.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from partners.access import Actor
from partners.choices import OUT_OF_BAND, ChannelKind
from partners.models import Channel, Organisation, PointOfContact
from partners.models.contact import PointOfContactQuerySet
from partners.offices import office_to_call, tel

SPOKEN = (ChannelKind.PHONE, ChannelKind.DUTY_LINE)


def posts_in_use(actor: Actor) -> PointOfContactQuerySet:
    """Entries not ended that the actor may see, with all a page shows: a constant few queries."""
    standing = PointOfContact.objects.filter(ended_at__isnull=True).visible_to(actor)
    standing = standing.select_related("area")
    deputies = standing.order_by("rank").prefetch_related("channels")
    return standing.select_related("organisation__area").prefetch_related(
        "channels", Prefetch("deputies", queryset=deputies)
    )


def in_order(channels: Iterable[Channel], *, in_emergency: bool) -> list[Channel]:
    """The ways to reach somebody, in the order in which to try them.

    In an emergency those marked for it come first, then those that work without the internet.
    """

    def key(channel: Channel) -> tuple[bool, bool, int]:
        usual = not in_emergency
        without_internet = channel.kind in OUT_OF_BAND
        return (
            not (usual or channel.is_for_emergencies),
            not (usual or without_internet),
            channel.rank,
        )

    return sorted(channels, key=key)


def who_answers(organisation: Organisation, actor: Actor) -> PointOfContact | None:
    """Whoever is to be called at an organisation now, among those the actor may see."""
    posts = posts_in_use(actor).primary().filter(organisation=organisation).order_by("id")
    acting = (post.answering(actor.at) for post in posts)
    return next((person for person in acting if person is not None), None)


def href(kind: str, value: str) -> str:
    """A channel as the address of a link; empty where it is none."""
    if kind in SPOKEN:
        return tel(value)
    return f"mailto:{value}" if kind == ChannelKind.EMAIL else ""


def whom_to_call(organisation: Organisation | None, actor: Actor) -> dict[str, Any] | None:
    """Whom to call about something sent there, as components/confirm_panel.html takes it.

    The acting point of contact, the office, the registry's page, the co-ordination: the first that
    is known. None where nobody is.
    """
    if organisation is None:
        return office_to_call(actor.at)
    name = organisation.display_name
    person = who_answers(organisation, actor)
    known = person.channels.all() if person else ()
    for channel in in_order(known, in_emergency=actor.in_emergency):
        if person and (link := href(channel.kind, channel.value)):
            text = _("Questions? Call %(person)s, %(name)s.")
            if channel.kind not in SPOKEN:
                text = _("Questions? Write to %(person)s, %(name)s.")
            said = text % {"person": person.person_name, "name": name}
            return {"text": said, "href": link, "label": channel.value}
    if organisation.phone:
        text = _("Questions? Call %(name)s.") % {"name": name}
        return {"text": text, "href": tel(organisation.phone), "label": organisation.phone}
    if organisation.email:
        text = _("Questions? Write to %(name)s.") % {"name": name}
        return {"text": text, "href": f"mailto:{organisation.email}", "label": organisation.email}
    if Organisation.objects.visible_to(actor).filter(pk=organisation.pk).exists():
        text = _("Questions? How to reach whoever decides:")
        return {"text": text, "href": organisation.get_absolute_url(), "label": name}
    return office_to_call(actor.at)
