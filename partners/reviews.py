"""What an application consists of, what of it is missing, and what the reviewer said about it.

Reads only; `partners/services/reviews.py` writes.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from partners.choices import (
    ASKED_AS_GROUPS,
    CONDUCT_OF_GROUPS,
    CONDUCT_OF_THE_REGISTERED,
    CONDUCT_OF_THE_STATE,
    Conduct,
    OrganisationKind,
    Verdict,
)
from partners.models import FieldReview, Organisation
from partners.models.organisation import answers

#: Every part of an application that gets a verdict, with the page on which it is answered.
REVIEWED: dict[str, str] = {
    "name": "about",
    "short_name": "about",
    "kind": "about",
    "cso_class": "about",
    "level": "about",
    "registration": "about",
    "description": "work",
    "area": "work",
    "languages": "work",
    "capacities": "capacities",
    "email": "reach",
    "phone": "reach",
    "website": "reach",
    "postal_address": "reach",
    "is_listed": "reach",
    "contact": "contact",
    "conduct": "conduct",
}

LABELS: dict[str, Any] = {
    "name": _("Name"),
    "short_name": _("Short name"),
    "kind": _("Kind of organisation"),
    "cso_class": _("Kind of civil society actor"),
    "level": _("Level"),
    "registration": _("Registration"),
    "description": _("What the organisation does"),
    "area": _("Area it works in"),
    "languages": _("Languages spoken"),
    "capacities": _("Capacities asked for"),
    "email": _("Office e-mail"),
    "phone": _("Office phone"),
    "website": _("Website"),
    "postal_address": _("Postal address"),
    "is_listed": _("Shown to other members"),
    "contact": _("Whom to call"),
    "conduct": _("How it works"),
}

PAGES: tuple[tuple[str, Any], ...] = (
    ("about", _("About the organisation")),
    ("work", _("What it does and where")),
    ("capacities", _("What it wants to do in the mechanism")),
    ("reach", _("How to reach the office")),
    ("contact", _("Point of contact and deputy")),
    ("conduct", _("How the organisation works")),
)


@dataclass(frozen=True)
class Answer:
    """One reviewed part of an application with what was said about it.

    `changed` is true when the answer is no longer the one the verdict was about.
    """

    field: str
    label: str
    page: str
    value: Any
    verdict: str
    comment: str
    changed: bool

    @property
    def is_right(self) -> bool:
        return self.verdict == Verdict.RIGHT and not self.changed

    @property
    def in_question(self) -> bool:
        return self.verdict == Verdict.QUESTION and not self.changed


def digest(value: Any) -> str:
    """A fingerprint of an answer, so that a verdict knows which answer it was about."""
    text = json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def raw_answers(organisation: Organisation) -> dict[str, Any]:
    """Every reviewed part as plain comparable values, keyed as in `REVIEWED`."""
    plain = answers(organisation)
    plain["registration"] = [plain.pop("is_informal"), plain.pop("registration_number")]
    conduct = plain.pop("conduct")
    asked = asked_conduct(organisation)
    plain["conduct"] = [
        [[str(item), conduct[item]] for item in asked if item in conduct],
        plain.pop("conduct_words"),
    ]
    plain["capacities"] = sorted(
        held.capacity for held in organisation.capacities.all() if held.ended_at is None
    )
    plain["contact"] = [
        [
            contact.rank,
            contact.person_name,
            contact.post,
            contact.hours,
            [[channel.kind, channel.value] for channel in contact.channels.all()],
        ]
        for contact in _contacts(organisation)
    ]
    return {field: plain[field] for field in REVIEWED}


def asked_conduct(organisation: Organisation) -> tuple[Conduct, ...]:
    """What the checklist asks of this kind of organisation: less of groups without an office."""
    if organisation.kind in (OrganisationKind.STATE_AGENCY, OrganisationKind.INTERNATIONAL):
        return CONDUCT_OF_THE_STATE
    if organisation.is_informal or organisation.kind in ASKED_AS_GROUPS:
        return CONDUCT_OF_GROUPS
    return CONDUCT_OF_THE_REGISTERED


def _contacts(organisation: Organisation) -> list[Any]:
    standing = organisation.contacts.filter(ended_at__isnull=True)
    return list(standing.order_by("rank", "id").prefetch_related("channels"))


def reviewed_answers(organisation: Organisation) -> list[Answer]:
    """The whole application, part by part, with the reviewer's verdicts."""
    said = {review.field: review for review in organisation.field_reviews.all()}
    return [
        _answer(field, value, said.get(field)) for field, value in raw_answers(organisation).items()
    ]


def _answer(field: str, value: Any, review: FieldReview | None) -> Answer:
    return Answer(
        field=field,
        label=str(LABELS[field]),
        page=REVIEWED[field],
        value=value,
        verdict=review.verdict if review else "",
        comment=review.comment if review else "",
        changed=bool(review) and review.answer_seen != digest(value),
    )


def answers_in_question(organisation: Organisation) -> list[str]:
    return [a.field for a in reviewed_answers(organisation) if a.in_question]


def answers_not_yet_right(organisation: Organisation) -> list[str]:
    return [a.field for a in reviewed_answers(organisation) if not a.is_right]


def missing_answers(organisation: Organisation) -> list[str]:
    """Parts that must be answered before an application can be sent, in page order.

    An informal group needs no registration number (seed B, 1.3; the lighter profile of S50).
    """
    given = raw_answers(organisation)
    needed = ["name", "kind", "level", "description", "area", "languages", "capacities"]
    if organisation.kind == OrganisationKind.CSO:
        needed.append("cso_class")
    missing = [field for field in needed if not given[field]]
    if not organisation.is_informal and not organisation.registration_number:
        missing.append("registration")
    if not (organisation.email or organisation.phone):
        missing.append("email")
    if len({contact[0] for contact in given["contact"]}) < 2:
        missing.append("contact")
    if len(given["conduct"][0]) < len(asked_conduct(organisation)):
        missing.append("conduct")
    order = list(REVIEWED)
    return sorted(missing, key=order.index)
