"""What rounds, declarations, programmes and endings make known to the packages below."""

from deadlines import sweeps
from funding import programme_clocks, survival_access, survival_notices
from funding.models.declarations import SurveyRound
from funding.models.programmes import EmpowermentProgramme
from funding.services import rounds
from partners import access


def register() -> None:
    """Rules of access, kinds of notice and deadline, and what the sweep does."""
    access.register_rule(SurveyRound, survival_access.to_round)
    access.register_rule(EmpowermentProgramme, survival_access.to_programme)
    survival_notices.register_kinds()
    programme_clocks.register_kinds()
    sweeps.register("rounds of questions that end", rounds.close_due)
