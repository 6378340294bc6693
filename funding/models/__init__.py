"""The tables of money for civil society, one module per aggregate.

What organisations declare about themselves (`declarations`, `staffing`) is loaded here and not
offered here: whoever uses it says so by its own module's name, and a test knows who may.
"""

from funding.models import declarations as _declarations  # noqa: F401
from funding.models import dependence as _dependence  # noqa: F401
from funding.models import staffing as _staffing  # noqa: F401
from funding.models.applications import (
    Application,
    ApplicationEvent,
    ApplicationFile,
    ApplicationLine,
    Complaint,
    DecisionLine,
    FundingDecision,
)
from funding.models.awards import (
    Award,
    AwardChange,
    AwardEvent,
    ChangedLine,
    CoFunding,
)
from funding.models.budgets import BudgetLine, Spending
from funding.models.calls import Call, CallEvent, CallQuestion, Criterion
from funding.models.conditions import Condition, Contest, TermsEvent
from funding.models.funds import Fund, FundEvent
from funding.models.payments import Instalment, Payment
from funding.models.programmes import EmpowermentProgramme, ProgrammeFollowUp
from funding.models.reports import Figure, GrantReport, Indicator, LineSpent, ReportComment
from funding.models.reviews import Review, Reviewer, ReviewEvent, Score

__all__ = [
    "Application",
    "ApplicationEvent",
    "ApplicationFile",
    "ApplicationLine",
    "Award",
    "AwardChange",
    "AwardEvent",
    "BudgetLine",
    "Call",
    "CallEvent",
    "CallQuestion",
    "ChangedLine",
    "CoFunding",
    "Complaint",
    "Condition",
    "Contest",
    "Criterion",
    "DecisionLine",
    "EmpowermentProgramme",
    "Figure",
    "Fund",
    "FundEvent",
    "FundingDecision",
    "GrantReport",
    "Indicator",
    "Instalment",
    "LineSpent",
    "Payment",
    "ProgrammeFollowUp",
    "ReportComment",
    "Review",
    "ReviewEvent",
    "Reviewer",
    "Score",
    "Spending",
    "TermsEvent",
]
