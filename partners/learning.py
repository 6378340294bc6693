"""What trainings and guidance make known to the packages below."""

from deadlines import sweeps
from partners import access, learning_access, learning_clocks, learning_notifications
from partners.models import Guidance, Training
from partners.services import guidance


def register() -> None:
    """Rules of access, kinds of deadline and notice, and what the sweep does."""
    access.register_rule(Training, learning_access.to_training)
    access.register_rule(Guidance, learning_access.to_guidance)
    learning_clocks.register_kinds()
    learning_notifications.register_kinds()
    sweeps.register("guidance that lies unread", guidance.keep_up)
