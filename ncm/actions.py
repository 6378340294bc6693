"""What action points make known to the packages below: rules of access, clocks, notices."""

from ncm import action_access, action_clocks, action_notifications
from ncm.models import ActionPoint
from partners import access


def register() -> None:
    """Called once when the app is ready."""
    access.register_rule(ActionPoint, action_access.to_action)
    action_clocks.register_kinds()
    action_notifications.register_kinds()
