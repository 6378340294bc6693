"""Who is told that a round of questions has begun; a mail says only that something waits."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.marks import Subject
from deadlines.notices import register, register_topic
from funding.models.declarations import SurveyRound
from funding.survival_access import NOT_ASKED
from partners.choices import OrganisationState, Role
from partners.models import Membership
from partners.notifications import _tell_about

ROUND_OPENED = "survey_round_opened"


def register_kinds() -> None:
    """Called once when the app is ready."""
    register_topic("sustainability", title=_("Questions about money and staying open"))
    register(
        ROUND_OPENED,
        title=_("Your organisation is asked about its money; answering is voluntary"),
        link=_link,
        still_visible=_visible,
        topic="sustainability",
    )


def round_opened(row: SurveyRound, event: Any, *, by: Any, at: datetime) -> None:
    """The managers of every civil society organisation get a notice"""
    members = (
        Membership.objects.active(at)
        .filter(role=Role.MANAGER, organisation__state=OrganisationState.MEMBER)
        .exclude(organisation__kind__in=NOT_ASKED)
    )
    subject = Subject("survey_round", row.uuid)
    _tell_about(members, ROUND_OPENED, subject, by=by, at=at, once=str(event.pk))


def _link(uuid: UUID) -> str:
    return reverse("funding:survey", args=[uuid])


def _visible(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = SurveyRound.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))
