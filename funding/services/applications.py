"""Applications: writing one step by step, its money, its documents, and complaints about decisions.

What moves one from state to state stands in `funding/call_workflow.py`; what a fund decides in
`funding/services/decisions.py`.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts.models import User
from common.marks import Permission
from common.references import new_reference
from common.uploads import checked
from common.workflow import NotAllowed, NotPossible, Stale
from funding import call_clocks, eligibility
from funding import call_notifications as notifications
from funding.application_files import MOST_FILES, application_storage
from funding.call_choices import (
    IS_DECIDED,
    ApplicationEventKind,
    ApplicationState,
    Route,
)
from funding.call_workflow import APPLICATION, closed_for, not_for
from funding.models import (
    Application,
    ApplicationEvent,
    ApplicationFile,
    ApplicationLine,
    Call,
    Complaint,
    Fund,
)
from funding.models.funds import NOTHING
from funding.money_choices import FundingKind, LineKind
from partners.access import Actor
from partners.models import Organisation
from partners.services.memberships import require

S = ApplicationState
P = Permission
TEXT = ("title", "purpose", "need", "results", "area", "from_on", "until_on")
TRIES = 5


@transaction.atomic
def begin(*, call: Call, client_key: UUID, by: Actor, at: datetime) -> Application:
    """Begin an application in a call, or go on with the one that is there.

    Raises NotAllowed; NotPossible with every reason where the organisation cannot apply.
    """
    require(by, P.FUNDING_APPLY, call)
    home = _home(by)
    standing = call.applications.filter(organisation=home, route=Route.CALL).first()
    if standing is not None:
        return standing
    if not call.takes_applications(at):
        raise NotPossible(_("The call takes no applications."))
    organisation = Organisation.objects.select_related("area").get(pk=home.pk)
    if reasons := eligibility.why_not(call, organisation):
        raise NotPossible(" ".join(reasons))
    return _begun(
        client_key=client_key, by=by, at=at, call=call, route=Route.CALL, fund=call.fund,
        kind=call.kind, currency=call.currency,
    )  # fmt: skip


@transaction.atomic
def begin_proposal(
    *, fund: Fund, kind: FundingKind | str, client_key: UUID, by: Actor, at: datetime
) -> Application:
    """Begin a proposal that nobody asked for. Raises NotAllowed, NotPossible."""
    require(by, P.FUNDING_APPLY, fund)
    if fund.closed_at is not None:
        raise NotPossible(_("The fund is closed."))
    if fund.keeper_id == by.organisation_id:
        raise NotPossible(_("Nobody applies to its own fund."))
    if fund.kinds and kind not in fund.kinds:
        raise NotPossible(_("The fund does not pay for this."))
    return _begun(
        client_key=client_key, by=by, at=at, route=Route.PROPOSAL, fund=fund,
        kind=kind, currency=fund.currency,
    )  # fmt: skip


@transaction.atomic
def ask_in_emergency(
    *,
    call: Call,
    client_key: UUID,
    line: LineKind | str,
    amount: Decimal,
    by: Actor,
    at: datetime,
    **text: Any,
) -> Application:
    """Ask for emergency money on one page: written and sent at once.

    The same key again gives the request it made. Raises NotAllowed, NotPossible (no emergency
    where the organisation works, closed, more than one request may ask for).
    """
    require(by, P.FUNDING_APPLY, call)
    if not call.is_emergency:
        raise NotPossible(_("This call is not for emergencies."))
    row = _begun(
        client_key=client_key, by=by, at=at, call=call, route=Route.EMERGENCY, fund=call.fund,
        kind=call.kind, currency=call.currency, **_known(text),
    )  # fmt: skip
    if row.state != S.DRAFT:
        return row
    if refusal := closed_for(row, at) or not_for(row, at):
        raise NotPossible(str(refusal.reason))
    _write_lines(row, [(line, amount, "")])
    row.save()
    return APPLICATION.apply(row, "submit", by=by, at=at)


def _begun(*, client_key: UUID, by: Actor, at: datetime, **values: Any) -> Application:
    standing = Application.objects.filter(client_key=client_key).first()
    if standing is not None:
        require(by, P.FUNDING_APPLY, standing)
        return standing
    row = _insert(
        client_key=client_key, organisation=_home(by), created_at=at, created_by=_person(by),
        **values,
    )  # fmt: skip
    note(row, ApplicationEventKind.BEGUN, by=by, at=at)
    return row


def _insert(**values: Any) -> Application:
    """A new application under a reference nobody has; whoever inserts tries again."""
    for _try in range(TRIES):
        reference = new_reference("A")
        if not Application.objects.filter(reference=reference).exists():
            break
    return Application.objects.create(reference=reference, **values)


@transaction.atomic
def change_text(
    *, application: Application, by: Actor, at: datetime, version: int, **text: Any
) -> Application:
    """Save what a draft says, whole or not; also after closing, so that nothing is lost.

    Raises NotAllowed, NotPossible, Stale.
    """
    row = _draft(application, by, version)
    for name, value in _known(text).items():
        setattr(row, name, value)
    return _changed(row, by=by, at=at)


@transaction.atomic
def set_lines(
    *,
    application: Application,
    lines: Sequence[tuple[LineKind | str, Decimal, str]],
    by: Actor,
    at: datetime,
    version: int,
) -> Application:
    """Say for what how much is asked: (line, amount, how it is reckoned); the sum follows.

    Raises NotAllowed, NotPossible, Stale.
    """
    row = _draft(application, by, version)
    _write_lines(row, lines)
    return _changed(row, by=by, at=at)


def _write_lines(row: Application, lines: Sequence[tuple[LineKind | str, Decimal, str]]) -> None:
    if any(amount < 0 for _kind, amount, _words in lines):
        raise NotPossible(_("An amount is more than nothing."))
    kept = [each for each in lines if each[1]]
    overhead = any(kind == LineKind.OVERHEAD for kind, _amount, _words in kept)
    if overhead and not row.fund.allows_overhead:
        raise NotPossible(_("The fund does not pay overhead."))
    row.lines.all().delete()
    ApplicationLine.objects.bulk_create(
        ApplicationLine(application=row, kind=kind, amount=amount, words=words)
        for kind, amount, words in kept
    )
    row.amount = row.lines.aggregate(sum=Sum("amount"))["sum"] or NOTHING


@transaction.atomic
def add_file(
    *, application: Application, title: str, name: str, content: bytes, by: Actor, at: datetime
) -> ApplicationFile:
    """Add a document to a draft, known by its content and without metadata.

    The same content twice is one. Raises NotAllowed; NotPossible for what is not taken.
    """
    row = _draft(application, by)
    try:
        upload = checked(name=name, content=content)
    except ValidationError as error:
        raise NotPossible(" ".join(error.messages)) from error
    digest = hashlib.sha256(upload.content).hexdigest()
    standing: ApplicationFile | None = row.files.filter(digest=digest).first()
    if standing is not None:
        return standing
    if row.files.count() >= MOST_FILES:
        raise NotPossible(_("An application has at most %(n)s documents.") % {"n": MOST_FILES})
    made = ApplicationFile(
        application=row, title=title, kind=upload.ending, size=len(upload.content), digest=digest,
        added_at=at, added_by=_person(by),
    )  # fmt: skip
    made.content.save(upload.name, ContentFile(upload.content))
    note(row, ApplicationEventKind.FILE_ADDED, by=by, at=at, comment=title)
    return made


@transaction.atomic
def remove_file(*, application: Application, file: UUID, by: Actor, at: datetime) -> None:
    """Take a document out of a draft. Raises NotAllowed, NotPossible."""
    row = _draft(application, by)
    found = row.files.filter(uuid=file).first()
    if found is None:
        return
    name, title = found.content.name, found.title
    found.delete()
    transaction.on_commit(lambda: application_storage().delete(name))
    note(row, ApplicationEventKind.FILE_REMOVED, by=by, at=at, comment=title)


@transaction.atomic
def complain(*, application: Application, words: str, by: Actor, at: datetime) -> Complaint:
    """Say that a decision was wrong; once. Raises NotAllowed, NotPossible."""
    require(by, P.FUNDING_APPLY, application)
    row = Application.objects.select_for_update(of=("self",)).get(pk=application.pk)
    standing: Complaint | None = Complaint.objects.filter(application=row).first()
    if standing is not None:
        return standing
    if row.state not in IS_DECIDED:
        raise NotPossible(_("A complaint is about a decision; there is none yet."))
    made = Complaint.objects.create(application=row, words=words, made_at=at, made_by=_person(by))
    event = note(row, ApplicationEventKind.COMPLAINED, by=by, at=at)
    call_clocks.complained(made, by=by, at=at)
    notifications.complained(made, event, by=by, at=at)
    return made


def note(
    application: Application,
    kind: ApplicationEventKind,
    *,
    by: Actor,
    at: datetime,
    comment: str = "",
) -> ApplicationEvent:
    """Write one line of an application's past."""
    return ApplicationEvent.objects.create(
        application=application, kind=kind, at=at, by=by.user, by_organisation=by.organisation,
        comment=comment,
    )  # fmt: skip


def _draft(application: Application, by: Actor, version: int | None = None) -> Application:
    require(by, P.FUNDING_APPLY, application)
    row = Application.objects.select_for_update(of=("self",)).get(pk=application.pk)
    if row.state != S.DRAFT:
        raise NotPossible(_("Only a draft is changed. Reopen the application first."))
    if version is not None and row.version != version:
        raise Stale(row)
    return row


def _changed(row: Application, *, by: Actor, at: datetime) -> Application:
    row.version += 1
    row.save()
    last = row.events.first()
    if last is None or last.kind != ApplicationEventKind.CHANGED or last.by != by.user:
        note(row, ApplicationEventKind.CHANGED, by=by, at=at)
    return row


def _known(given: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(given) - set(TEXT):
        raise TypeError(f"An application has no {sorted(unknown)}")
    return given


def _home(by: Actor) -> Organisation:
    if by.organisation is None:
        raise NotAllowed(_("An application is made for an organisation."))
    return by.organisation


def _person(by: Actor) -> User:
    if by.user is None:
        raise NotAllowed(_("A person does this, never the system."))
    return by.user
