"""What calls and applications make known to the packages below."""

from deadlines import sweeps
from funding import call_access, call_clocks, call_notifications
from funding.models import Application, Call, CallQuestion, Complaint
from funding.services import calls
from partners import access


def register() -> None:
    """Rules of access, kinds of deadline and notice, and what the sweep does."""
    access.register_rule(Call, call_access.to_call)
    access.register_rule(CallQuestion, call_access.to_question)
    access.register_rule(Application, call_access.to_application)
    access.register_rule(Complaint, call_access.to_complaint)
    call_clocks.register_kinds()
    call_notifications.register_kinds()
    sweeps.register("calls for applications that close", calls.keep_up)
