"""A referral that an organisation's own program posts: made, amended and sent in one act each.

Every step is the service the pages use, with its checks; either all of them are done or none is.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from common.workflow import NotPossible
from partners.access import Actor
from referrals.answers import missing_to_send
from referrals.choices import Basis, RefusalReason, State, YesNoUnknown
from referrals.models import PostedReferral, Referral
from referrals.services import consents, identity
from referrals.services.referrals import open_referral, save_answers, send_referral

AGREES, REFUSES, NOT_NOW = "yes", "no", "not_now"


class KeyUsed(Exception):
    """The key was used already, for something else. `str()` is fit for the answer."""

    def __init__(self) -> None:
        super().__init__(_("This key was used for another referral already."))


class NotReady(NotPossible):
    """It cannot be sent yet; `missing` names the answers that are needed, as `NEEDED` does."""

    def __init__(self, reason: str, missing: tuple[str, ...]) -> None:
        self.missing = missing
        super().__init__(reason)


@dataclass(frozen=True)
class Said:
    """What the person said to being referred, and how it was explained."""

    agrees: str
    language: str = ""
    with_interpreter: bool = False
    refusal_reason: str = RefusalReason.NOT_SAID


@dataclass(frozen=True)
class Given:
    """What was posted of a referral. `child_reasons` is None where nothing was said of it.

    An empty text takes recorded reasons back.
    """

    answers: Mapping[str, Any] = field(default_factory=dict)
    consent: Said | None = None
    child_reasons: str | None = None
    identity: Mapping[str, str] = field(default_factory=dict)


Step = Callable[[Referral, int], Referral]


@transaction.atomic
def post_referral(
    *,
    by: Actor,
    at: datetime,
    key: str,
    digest: str,
    given: Given,
    send: bool = False,
    struck: Iterable[str] = (),
) -> tuple[PostedReferral, bool]:
    """Make a referral, and send it where `send` says so; nothing is kept unless all of it works.

    `key` is what the program calls it and `digest` stands for the whole body: the same twice, or at
    the same moment, gives what was answered first, and True. Raises KeyUsed for another body,
    NotAllowed, NotReady, NotPossible, and ValidationError keyed by the path in the body.
    """
    with _named("answers"):
        referral = open_referral(by=by, at=at, key=key, **given.answers)
    known = PostedReferral.objects.select_related("referral").filter(referral=referral).first()
    if known is not None:
        if not constant_time_compare(known.digest, digest):
            raise KeyUsed
        return known, True
    if referral.created_at != at:
        raise KeyUsed  # begun on a page under the same key
    referral = _in_turn(referral, referral.version, _steps(given, by=by, at=at, is_new=True))
    if send:
        referral = send_when_ready(referral=referral, by=by, at=at, struck=struck)
    posted = PostedReferral.objects.create(
        referral=referral,
        digest=digest,
        state=referral.state,
        version=referral.version,
        posted_at=at,
    )
    return posted, False


@transaction.atomic
def amend_referral(
    *, referral: Referral, by: Actor, at: datetime, version: int, given: Given
) -> Referral:
    """Change a draft, or a referral that was sent back: what was given and nothing else.

    Raises NotAllowed, Stale, NotPossible, and ValidationError keyed by the path in the body.
    """
    return _in_turn(referral, version, _steps(given, by=by, at=at, is_new=False))


def _in_turn(referral: Referral, version: int, steps: Iterable[Step]) -> Referral:
    """Each step upon what the one before left; the version that was read counts for the first."""
    for step in steps:
        referral = step(referral, version)
        version = referral.version
    return referral


def _steps(given: Given, *, by: Actor, at: datetime, is_new: bool) -> Iterator[Step]:
    common: dict[str, Any] = {"by": by, "at": at}
    said, reasons = given.consent, given.child_reasons
    if said is not None and said.agrees == AGREES:
        # Before the answers: of what was sent as a child's, it lets the age be put right.
        yield lambda row, version: consents.record_consent(
            referral=row,
            language=said.language,
            with_interpreter=said.with_interpreter,
            version=version,
            **common,
        )
    if given.answers and not is_new:
        yield lambda row, version: _save(row, version, given.answers, common)
    if reasons == "":
        yield lambda row, version: consents.unmark_child(referral=row, version=version, **common)
    elif reasons or given.answers.get("is_child_now") == YesNoUnknown.YES:
        yield lambda row, version: _mark_child(row, version, reasons or "", common)
    if said is not None:
        yield _no_child_consents
    if said is not None and said.agrees != AGREES:
        yield lambda row, version: consents.record_refusal(
            referral=row,
            reason=said.refusal_reason or RefusalReason.NOT_SAID,
            not_now=said.agrees == NOT_NOW,
            version=version,
            **common,
        )
    if given.identity:
        yield lambda row, version: _record_identity(row, version, given.identity, common)


def _save(
    row: Referral, version: int, answers: Mapping[str, Any], common: dict[str, Any]
) -> Referral:
    with _named("answers"):
        return save_answers(referral=row, version=version, **answers, **common)


def _mark_child(row: Referral, version: int, reasons: str, common: dict[str, Any]) -> Referral:
    if row.is_child_now == YesNoUnknown.NO:
        words = _("Reasons to believe in a child go with an age that is not known.")
        raise ValidationError({"child_reasons": words})
    return consents.mark_child(referral=row, reasons=reasons, version=version, **common)


def _no_child_consents(row: Referral, version: int) -> Referral:
    if row.basis == Basis.CHILD:
        words = _("A child’s referral does not rest on consent: leave it out.")
        raise ValidationError({"consent": words})
    return row


def _record_identity(
    row: Referral, version: int, values: Mapping[str, Any], common: dict[str, Any]
) -> Referral:
    with _named("identity"):
        return identity.record_identity(referral=row, version=version, **values, **common)


def send_when_ready(
    *,
    referral: Referral,
    by: Actor,
    at: datetime,
    version: int | None = None,
    struck: Iterable[str] = (),
) -> Referral:
    """Send it as `send_referral` does; NotReady says which answers are needed first."""
    missing = missing_to_send(referral)
    try:
        return send_referral(referral=referral, by=by, at=at, version=version, struck=struck)
    except NotPossible as error:
        if missing and referral.state == State.DRAFT:
            raise NotReady(str(error), missing) from error
        raise


@contextmanager
def _named(prefix: str) -> Iterator[None]:
    """Name the fields of a ValidationError by their paths in the body."""
    try:
        yield
    except ValidationError as error:
        if not hasattr(error, "error_dict"):
            raise
        raise ValidationError(
            {f"{prefix}.{name}": problems for name, problems in error.error_dict.items()}
        ) from error
