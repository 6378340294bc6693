"""What bodies and meetings make known to the packages below."""

from ncm import bodies_access, meetings_clocks, meetings_jobs, meetings_notices
from ncm.models import AgendaItem, Body, Meeting, Motion, Resolution
from partners import access


def register() -> None:
    """Rules of access, kinds of deadline and notice."""
    access.register_rule(Body, bodies_access.to_body)
    access.register_rule(Meeting, bodies_access.to_meeting)
    access.register_rule(AgendaItem, bodies_access.to_item)
    access.register_rule(Motion, bodies_access.to_motion)
    access.register_rule(Resolution, bodies_access.to_resolution)
    meetings_clocks.register_kinds()
    meetings_notices.register_kinds()
    meetings_jobs.register()
