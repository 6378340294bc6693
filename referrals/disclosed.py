"""What of a case goes into the copy that a court or prosecutor ordered: its parts, by section."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from referrals import words
from referrals.answers import ANSWERS
from referrals.choices import DISCLOSABLE, Section, TrackKind
from referrals.models import Decision, Identity, Referral


@dataclass(frozen=True)
class Part:
    """One section of the copy, as components/summary_list.html takes it."""

    section: str
    title: str
    rows: list[dict[str, Any]]


def parts(referral: Referral, scope: Iterable[str]) -> list[Part]:
    """The sections of the scope, in their order; call it only after it was logged."""
    wanted = set(scope)
    return [
        Part(str(section), str(section.label), READ[section](referral))
        for section in DISCLOSABLE
        if section in wanted
    ]


def _file(referral: Referral) -> list[dict[str, Any]]:
    names = [name for name in ANSWERS if name not in ("authority", "narrative")]
    return [
        {
            "label": capfirst(str(Referral._meta.get_field(name).verbose_name)),  # type: ignore[union-attr]
            "lines": words.answer_lines(name, getattr(referral, name)),
        }
        for name in names
    ]


def _narrative(referral: Referral) -> list[dict[str, Any]]:
    return [{"label": _("Account"), "value": referral.narrative or _("None recorded")}]


def _support(referral: Referral) -> list[dict[str, Any]]:
    tracks = referral.tracks.filter(kind__in=[TrackKind.SUPPORT])
    return [
        {"label": TrackKind(track.kind).label, "value": track.get_status_display()}
        for track in tracks
    ]


def _justice(referral: Referral) -> list[dict[str, Any]]:
    tracks = referral.tracks.filter(kind__in=[TrackKind.JUSTICE, TrackKind.RESIDENCE])
    return [
        {"label": TrackKind(track.kind).label, "value": track.get_status_display()}
        for track in tracks.order_by("kind")
    ]


def _decisions(referral: Referral) -> list[dict[str, Any]]:
    found = Decision.objects.filter(referral=referral).select_related("referral__person")
    return [
        {
            "label": f"{words.stage_name(each.stage)}, {words.day(each.decided_on)}",
            "lines": [words.outcome_tag(each.stage, each.outcome)["text"], each.reasons or ""],
        }
        for each in found.order_by("decided_on", "pk")
    ] or [{"label": _("Decisions"), "value": _("None")}]


def _identity(referral: Referral) -> list[dict[str, Any]]:
    who = _who(referral)
    return [
        {"label": _("Name"), "value": who.name if who else None},
        {"label": _("Other names"), "value": who.other_names if who else None},
        {"label": _("Date of birth"), "value": who.birth_date if who else None},
        {"label": _("Document"), "value": who.document if who else None},
    ]


def _contact(referral: Referral) -> list[dict[str, Any]]:
    who = _who(referral)
    return [
        {"label": _("Contact"), "value": who.contact if who else None},
        {"label": _("How to reach the person safely"), "value": who.safe_contact if who else None},
    ]


def _who(referral: Referral) -> Identity | None:
    return Identity.objects.select_related("person").filter(person=referral.person_id).first()


READ: Mapping[str, Callable[[Referral], list[dict[str, Any]]]] = {
    Section.FILE: _file,
    Section.NARRATIVE: _narrative,
    Section.SUPPORT: _support,
    Section.DECISION: _decisions,
    Section.JUSTICE: _justice,
    Section.IDENTITY: _identity,
    Section.CONTACT: _contact,
}
