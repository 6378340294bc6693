"""The code lists of a referral, with the words of the country and the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.db.models import TextChoices
from django.utils.text import capfirst

from partners.filters import areas
from partners.languages import offered_languages
from referrals import choices, deciding, packets, words
from referrals.nationalities import offered_nationalities

#: Lists that are the same in every country, by the field that takes their codes.
LISTS: Mapping[str, type[TextChoices]] = {
    "is_child_now": choices.YesNoUnknown,
    "age_at_exploitation": choices.AgeGroup,
    "gender": choices.Gender,
    "exploitation": choices.Exploitation,
    "means": choices.Means,
    "indicators": choices.Indicator,
    "place": choices.PlaceOfExploitation,
    "refusal_reason": choices.RefusalReason,
    "basis": choices.Basis,
    "responder_type": choices.ResponderType,
    "section": choices.Section,
    "track": choices.TrackKind,
    "track_status": choices.TrackStatus,
    "event": choices.EventKind,
}


def code_lists() -> list[dict[str, Any]]:
    """Every list with its codes and what they are called; two queries."""
    found: dict[str, list[tuple[str, Any]]] = {
        "state": [*words.states_here(), (choices.CLOSED, words.state_name(choices.CLOSED))],
        **{name: list(codes.choices) for name, codes in LISTS.items()},
        "nationalities": list(offered_nationalities()),
        "language": [(code, capfirst(name)) for code, name in offered_languages()],
        "region": [(code, name) for code, name, _path in areas()],
        "authority": [
            (str(each.uuid), each.display_name)
            for each in deciding.recipients().order_by("name", "pk")
        ],
        "struck": [(name, packets.label(name)) for name in packets.strikable()],
        "stage": [(stage.code, words.stage_name(stage.code)) for stage in deciding.stages()],
        "outcome": list(choices.Outcome.choices),
    }
    return [
        {"name": name, "codes": [{"code": str(code), "label": str(text)} for code, text in codes]}
        for name, codes in found.items()
    ]
