"""Who may do what to a training or to guidance; `partners.access.may` asks once the role has it."""

from typing import Any

from django.utils.translation import gettext as _

from common.marks import Decision, Permission
from partners.models import Guidance, Training

P = Permission


def _answer(allowed: bool) -> Decision:
    return Decision(allowed, "" if allowed else _("This belongs to another organisation."))


def to_training(actor: Any, permission: Permission, training: Training) -> Decision:
    """Whoever entered it and whoever trains keep it; every other member sees it."""
    if permission == P.TRAINING_KEEP:
        ours = {training.kept_by_id, training.trainer_id}
        return _answer(actor.organisation_id in ours)
    return _answer(Training.objects.filter(pk=training.pk).visible_to(actor).exists())


def to_guidance(actor: Any, permission: Permission, guidance: Guidance) -> Decision:
    """Its keeper writes it; whoever sees it reads it."""
    if permission == P.GUIDANCE_KEEP:
        return _answer(guidance.kept_by_id == actor.organisation_id)
    return _answer(Guidance.objects.filter(pk=guidance.pk).visible_to(actor).exists())
