"""Who is told what about trainings and guidance; a mail says only that something waits."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.marks import Subject
from deadlines.notices import register, register_topic
from deadlines.services.notices import mark_handled
from partners.choices import Role
from partners.models import Guidance, Membership, Organisation, Training, TrainingParty
from partners.notifications import _managers, _tell_about

TRAINING_KINDS = {
    "training_planned": _("A training is planned for your organisation"),
    "training_postponed": _("A training was postponed"),
    "training_held": _("A training was held: enter who took part"),
    "training_cancelled": _("A training was cancelled"),
}
GUIDANCE_KINDS = {
    "guidance_new": _("New guidance is to be read by your points of contact"),
    "guidance_unread": _("Guidance has not been read by all your points of contact"),
}


def register_kinds() -> None:
    """Called once when the app is ready."""
    register_topic("learning", title=_("Trainings and guidance"))
    for kind, title in TRAINING_KINDS.items():
        register(
            kind, title=title, link=_to_training, still_visible=_training_visible, topic="learning"
        )
    for kind, title in GUIDANCE_KINDS.items():
        register(
            kind, title=title, link=_to_guidance, still_visible=_guidance_visible, topic="learning"
        )


def _to_training(uuid: UUID) -> str:
    return reverse("partners:training", args=[uuid])


def _to_guidance(uuid: UUID) -> str:
    return reverse("partners:guidance-one", args=[uuid])


def _training_visible(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = Training.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def _guidance_visible(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = Guidance.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def party_named(training: Training, organisation: Organisation, *, by: Any, at: datetime) -> None:
    """The managers of an organisation whose people it is for get a notice."""
    subject = Subject("training", training.uuid)
    people = _managers(organisation, at)
    _tell_about(people, "training_planned", subject, by=by, at=at, once=str(organisation.uuid))


def postponed(training: Training, event: Any, *, by: Any, at: datetime) -> None:
    """The managers of the organisations it is for get a notice"""
    _tell(training, "training_postponed", event, by=by, at=at)


def held(training: Training, event: Any, *, by: Any, at: datetime) -> None:
    """The managers of the organisations it was for get a notice"""
    mark_handled(
        subject=Subject("training", training.uuid),
        kinds=["training_planned", "training_postponed"], at=at,
    )  # fmt: skip
    _tell(training, "training_held", event, by=by, at=at)


def cancelled(training: Training, event: Any, *, by: Any, at: datetime) -> None:
    """The managers of the organisations it was for get a notice"""
    mark_handled(
        subject=Subject("training", training.uuid),
        kinds=["training_planned", "training_postponed"], at=at,
    )  # fmt: skip
    _tell(training, "training_cancelled", event, by=by, at=at)


def _tell(training: Training, kind: str, event: Any, *, by: Any, at: datetime) -> None:
    homes = TrainingParty.objects.filter(training=training).values("organisation")
    people = Membership.objects.active(at).filter(organisation__in=homes, role=Role.MANAGER)
    if by.user_id:
        people = people.exclude(user=by.user_id)
    subject = Subject("training", training.uuid)
    _tell_about(people, kind, subject, by=by, at=at, once=str(event.pk))


def published(guidance: Guidance, event: Any, *, by: Any, at: datetime) -> None:
    """The managers of every organisation whose points of contact are to read it get a notice"""
    _tell_homes(guidance, "guidance_new", guidance.readers(), event, by=by, at=at)


def over(guidance: Guidance, event: Any, *, by: Any, at: datetime) -> None:
    """Nobody need read it any more"""
    about = Subject("guidance", guidance.uuid)
    mark_handled(subject=about, kinds=list(GUIDANCE_KINDS), at=at)


def unread(guidance: Guidance, event: Any, *, by: Any, at: datetime) -> None:
    """The managers of organisations where somebody has not read it get a notice."""
    _tell_homes(guidance, "guidance_unread", guidance.unread(), event, by=by, at=at)


def _tell_homes(
    guidance: Guidance, kind: str, posts: Any, event: Any, *, by: Any, at: datetime
) -> None:
    people = Membership.objects.active(at).filter(
        organisation__in=posts.values("organisation"), role=Role.MANAGER
    )
    subject = Subject("guidance", guidance.uuid)
    _tell_about(people, kind, subject, by=by, at=at, once=str(event.pk))
