"""What another body gets of a working file: allow-listed, minus what the sender struck, frozen.

The preview and the packet are drawn by the same function from the same content, so that the sender
sees what the recipient will see. Not here: writing a packet's row (`referrals/workflow.py` when a
referral is sent) and logging that one was opened (`referrals/services/identity.py`).
"""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from partners.languages import language_name
from referrals.choices import (
    AgeGroup,
    Basis,
    Exploitation,
    Gender,
    Indicator,
    Means,
    PlaceOfExploitation,
    RecipientKind,
    RefusalReason,
    ResponderType,
    YesNoUnknown,
)
from referrals.models import Identity, Packet, Referral
from referrals.nationalities import nationality_name

FILE = Path(__file__).parent / "packets.toml"
NOTICE = "notice"

IDENTITY_FIELDS = frozenset({"name", "other_names", "birth_date"})
LISTS: Mapping[str, type[models.TextChoices]] = {
    "basis": Basis,
    "responder_type": ResponderType,
    "is_child_now": YesNoUnknown,
    "age_at_exploitation": AgeGroup,
    "gender": Gender,
    "exploitation": Exploitation,
    "means": Means,
    "indicators": Indicator,
    "place": PlaceOfExploitation,
    "refusal_reason": RefusalReason,
}
#: Every field a packet could hold; the file may allow fewer of them and no others.
KNOWN = (
    frozenset(LISTS)
    | IDENTITY_FIELDS
    | {"reference", "first_responder", "region", "child_reasons", "nationalities", "language"}
    | {"narrative"}
)

Content = dict[str, Any]


@dataclass(frozen=True)
class Allowed:
    """The fields one kind of recipient may get, in order, and those that cannot be struck."""

    kind: str
    fields: tuple[str, ...]
    always: frozenset[str]


@dataclass(frozen=True)
class Shown:
    """One line of a packet as it is read: what it is called and what it says."""

    name: str
    label: str
    values: tuple[str, ...]
    can_strike: bool


@lru_cache
def allowed(kind: str) -> Allowed:
    """What this kind of recipient may get. Raises ImproperlyConfigured for a wrong file."""
    table = tomllib.loads(FILE.read_text("utf-8")).get(kind)
    if table is None:
        raise ImproperlyConfigured(f"{FILE.name} has no [{kind}].")
    fields, always = tuple(table["fields"]), frozenset(table["always"])
    if unknown := sorted(set(fields) - KNOWN) + sorted(always - set(fields)):
        raise ImproperlyConfigured(f"{FILE.name}: [{kind}] names {', '.join(unknown)}.")
    return Allowed(kind, fields, always)


def strikable(kind: str = RecipientKind.AUTHORITY) -> tuple[str, ...]:
    """The fields a sender can take out."""
    rules = allowed(kind)
    return tuple(name for name in rules.fields if name not in rules.always)


def struck_fields(struck: Iterable[str], kind: str = RecipientKind.AUTHORITY) -> tuple[str, ...]:
    """The fields struck, in order. Raises ValueError for one that cannot be."""
    wanted = set(struck)
    if wrong := wanted - set(strikable(kind)):
        raise ValueError(f"cannot be struck: {', '.join(sorted(wrong))}")
    return tuple(name for name in strikable(kind) if name in wanted)


def content_of(
    referral: Referral, *, kind: str = RecipientKind.AUTHORITY, struck: Iterable[str] = ()
) -> Content:
    """What a packet of this kind would hold now: allowed fields that are answered and not struck.

    Opens sealed values: the caller logs it.
    """
    out = set(struck_fields(struck, kind))
    identity = None
    if IDENTITY_FIELDS & (set(allowed(kind).fields) - out) and referral.person_id:
        identity = Identity.objects.select_related("person").filter(person=referral.person).first()
    found: Content = {}
    for name in allowed(kind).fields:
        value = None if name in out else _value(referral, identity, name)
        if value:
            found[name] = value
    return found


def _value(referral: Referral, identity: Identity | None, name: str) -> Any:
    if name in IDENTITY_FIELDS:
        return getattr(identity, name) if identity else None
    if name == "first_responder":
        return referral.first_responder.name
    if name == "region":
        return referral.region.name if referral.region else None
    value = getattr(referral, name)
    return list(value) if isinstance(value, tuple) else value


def frozen(content: Content) -> str:
    """The content as a packet's row keeps it, before it is sealed."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True)


def shown(content: Content, kind: str = RecipientKind.AUTHORITY) -> tuple[Shown, ...]:
    """A content as it is read, in the reader's language: the preview's and the packet's."""
    rules = allowed(kind)
    return tuple(
        Shown(name, label(name), _words(name, content[name]), name not in rules.always)
        for name in rules.fields
        if name in content
    )


def opened(packet: Packet) -> tuple[Shown, ...]:
    """A packet as its recipient reads it. Opens sealed values: the caller logs it."""
    return shown(json.loads(packet.content or "{}"), packet.kind)


def notice_shown(referral: Referral) -> tuple[Shown, ...]:
    """What a notice without identity says: its row holds codes only and nothing is sealed."""
    return shown(content_of(referral, kind=NOTICE), NOTICE)


def label(name: str) -> str:
    """What a field of a packet is called."""
    labels = {
        "basis": _("On what it is sent"),
        "first_responder": _("Referred by"),
        "responder_type": _("Kind of first responder"),
        "child_reasons": _("Why the person is believed to be a child"),
        "narrative": _("Account"),
        "refusal_reason": _("Why the person said no"),
        "name": _("Name"),
        "other_names": _("Other names"),
        "birth_date": _("Date of birth"),
    }
    if name in labels:
        return labels[name]
    text = str(Referral._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return text[:1].upper() + text[1:]


def _words(name: str, value: Any) -> tuple[str, ...]:
    values = [str(each) for each in value] if isinstance(value, list) else [str(value)]
    if name in LISTS:
        labels = dict(LISTS[name].choices)
        return tuple(str(labels.get(each, each)) for each in values)
    if name == "nationalities":
        return tuple(capfirst(nationality_name(each)) for each in values)
    if name == "language":
        return tuple(language_name(each) for each in values)
    return tuple(values)
