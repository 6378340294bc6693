"""What is owed on the two-way board: kinds of deadline in classes, and to whom each is owed.

Only what organisations owe organisations. Clocks about a person's case are not here: not one of
them, nor a question asked about a case.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from funding import call_clocks, money_clocks, terms_clocks
from funding.call_choices import ApplicationState
from funding.models import Application, Condition, GrantReport, Instalment
from ncm import action_clocks, meetings_clocks
from ncm.models import ActionPoint, AgendaItem, Meeting
from partners import clocks, deed_clocks, facility_clocks, request_clocks, request_notices
from partners.conversation_notices import ANSWER as QUESTION
from partners.models import (
    AccessRequest,
    AgreementParty,
    ContactAttempt,
    Organisation,
    RequestAnswer,
)

Creditors = Callable[[Any], Any]
"""Given a reference to the deadline's subject, the keys of the organisations it is owed to."""


def _through(model: Any, path: str, *, of: str = "uuid", only: Q | None = None) -> Creditors:
    """The organisations at `path` of the subject's row."""

    def creditors(subject: Any) -> Any:
        rows = model.objects.filter(**{of: subject})
        return (rows.filter(only) if only is not None else rows).values(path)

    return creditors


def everybody(subject: Any) -> None:
    """Owed to the mechanism as a whole."""


_APPLICANT = _through(Application, "organisation")
#: In a conversation about nothing in particular, or logged without one: never about a case.
_ABOUT_NO_CASE = Q(conversation=None) | Q(conversation__subject_kind="")


@dataclass(frozen=True)
class Debt:
    """One class of things owed, as one line of the board.

    `owed` names its kinds of deadline and to whom each is owed. `is_between`: only its two sides
    may know of one, so that nobody else is shown one, and few are not counted out to them.
    """

    code: str
    title: str | Promise
    owed: dict[str, Creditors]
    is_between: bool = False


DEBTS = (
    Debt(
        "questions", _("Answers to questions of other organisations"),
        {QUESTION: _through(ContactAttempt, "by_organisation", only=_ABOUT_NO_CASE)},
        is_between=True,
    ),
    Debt(
        "requests", _("Answers to recurring requests that are a duty"),
        {request_notices.ANSWER: _through(RequestAnswer, "round__request__organisation")},
        is_between=True,
    ),
    Debt(
        "feedback", _("What was promised for answers to requests"),
        {
            request_clocks.GIVE_BACK: _through(
                RequestAnswer, "organisation", of="round__uuid", only=Q(said_at__isnull=False)
            )
        },
    ),
    Debt(
        "membership", _("Answers to applications for membership"),
        {clocks.REVIEW: _through(Organisation, "pk")},
    ),
    Debt(
        "access", _("Answers to requests for access to facilities"),
        {facility_clocks.REQUEST: _through(AccessRequest, "organisation")},
    ),
    Debt(
        "money", _("Decisions about money, and answers to complaints"),
        {
            call_clocks.RESULT: _through(
                Application, "organisation", of="call__uuid",
                only=~Q(state__in=(ApplicationState.DRAFT, ApplicationState.WITHDRAWN)),
            ),
            call_clocks.DECISION: _APPLICANT,
            call_clocks.COMPLAINT: _APPLICANT,
        },
        is_between=True,
    ),
    Debt(
        "payments", _("Payments of grants"),
        {
            money_clocks.PAYMENT: _through(Instalment, "award__recipient"),
            call_clocks.PAYMENT: _APPLICANT,
        },
        is_between=True,
    ),
    Debt(
        "conditions", _("Answers to contested conditions of grants"),
        {terms_clocks.CONTEST: _through(Condition, "award__recipient")}, is_between=True,
    ),
    Debt(
        "report-answers", _("Answers to reports on grants"),
        {terms_clocks.READ: _through(GrantReport, "award__recipient")}, is_between=True,
    ),
    Debt(
        "reports", _("Reports on grants"),
        {terms_clocks.WRITE: _through(GrantReport, "award__funder")}, is_between=True,
    ),
    Debt(
        "agreements", _("Whether an agreement goes on"),
        {deed_clocks.RENEWAL: _through(AgreementParty, "organisation", of="agreement__uuid")},
    ),
    Debt(
        "contacts", _("Points of contact to be confirmed"), {clocks.CONTACT: everybody},
    ),
    Debt(
        "agenda", _("Answers to submitted agenda items"),
        # A person's own seat is no organisation: nothing here tells of it.
        {meetings_clocks.ANSWER: _through(AgendaItem, "seat__organisation")},
    ),
    Debt(
        "minutes", _("Minutes of meetings"),
        {
            meetings_clocks.MINUTES: _through(
                Meeting, "body__seats__organisation",
                only=Q(
                    Q(body__seats__until_on__isnull=True) | Q(body__seats__until_on__gte=F("on")),
                    body__seats__from_on__lte=F("on"),
                ),
            )
        },
    ),
    Debt(
        "actions", _("Action points, and seeing whether they are done"),
        {
            action_clocks.DUE: _through(ActionPoint, "by_organisation"),
            action_clocks.VERIFY: _through(ActionPoint, "responsible"),
        },
    ),
)  # fmt: skip

BY_CODE = {debt.code: debt for debt in DEBTS}
DEBT_OF = {kind: debt for debt in DEBTS for kind in debt.owed}


def owed_to(creditors: Creditors, rule: Q) -> Exists | Q:
    """Of a deadline: whether it is owed to such an organisation, other than the debtor itself."""
    keys = creditors(OuterRef(OuterRef("subject_uuid")))
    if keys is None:
        return Q()
    others = Organisation.objects.filter(rule, pk__in=keys)
    return Exists(others.exclude(uuid=OuterRef("organisation_uuid")))
