"""An organisation takes the files it keeps with it: everything of them that is open to the actor.

The organisation's own right, also while it is suspended. What it is given is what its pages show:
`sections` decides part by part. Every file is logged before it is read.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet
from django.db.models.functions import ExtractYear
from django.utils.translation import gettext as _

from accounts.audit import record as log
from accounts.choices import LogAction
from common.marks import Permission, Subject
from common.sealing import Erased
from common.workflow import NotAllowed
from partners.access import Actor
from referrals.answers import ANSWERS
from referrals.choices import Origin, Section
from referrals.models import Referral
from referrals.notifications import SUBJECT
from referrals.sections import STATUS_ONLY, sections, status
from referrals.services.identity import CONTACTS, NAMES

FORMAT = "concord-own-files/1"
REASON = "own_files"


def own_files(actor: Actor) -> QuerySet[Referral]:
    """The files the organisation acted for keeps itself, as far as the actor sees them."""
    kept = Referral.objects.visible_to(actor).filter(
        first_responder_id=actor.organisation_id or 0, origin=Origin.LIVE
    )
    return kept if Permission.REFERRAL_EXPORT in actor.permissions else kept.none()


def years(actor: Actor) -> dict[int, int]:
    """How many of its files were begun in each year, latest first."""
    counted = own_files(actor).annotate(year=ExtractYear("created_at", tzinfo=UTC)).values("year")
    return dict(counted.annotate(n=Count("pk")).order_by("-year").values_list("year", "n"))


@transaction.atomic
def export(*, year: int, by: Actor, at: datetime) -> dict[str, Any]:
    """The files begun in a year, as plain values for JSON; codes as they are kept.

    Raises NotAllowed, and whatever keeps the log from being written: then nothing is given.
    """
    if Permission.REFERRAL_EXPORT not in by.permissions or by.organisation is None:
        raise NotAllowed(_("Your role in this organisation does not include this."))
    since = datetime(year, 1, 1, tzinfo=UTC)
    until = datetime(year + 1, 1, 1, tzinfo=UTC)
    rows = own_files(by).filter(created_at__gte=since, created_at__lt=until)
    rows = rows.select_related("person__identity", "region", "authority", "first_responder")
    rows = rows.prefetch_related(
        "events", "questions", "decisions", "tracks", "person__consents"
    ).order_by("created_at", "pk")
    return {
        "format": FORMAT,
        "organisation": by.organisation.display_name,
        "made_at": at.isoformat(),
        "year": year,
        "files": [_file(row, by, at) for row in rows],
    }


def _file(row: Referral, by: Actor, at: datetime) -> dict[str, Any]:
    opened = sections(by, row)
    log(
        action=LogAction.EXPORT,
        by=by,
        at=at,
        subject=Subject(SUBJECT, row.uuid),
        field_group="file",
        reason_code=REASON,
    )
    header: dict[str, Any] = {"reference": row.reference, "state": status(by, row)}
    if opened == STATUS_ONLY:
        return header
    header |= {
        "basis": row.basis,
        "created_at": row.created_at.isoformat(),
        "received_at": row.received_at.isoformat() if row.received_at else None,
        "sent_to": row.authority.display_name if row.authority else None,
    }
    try:
        return header | _open(row, opened)
    except Erased:
        return header | {"erased": True}


def _open(row: Referral, opened: Collection[str]) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    if Section.FILE in opened:
        coded = [name for name in ANSWERS if name not in ("narrative", "authority", "region")]
        parts["answers"] = {name: getattr(row, name) for name in coded}
        parts["answers"]["region"] = row.region.code if row.region else None
        parts["child_reasons"] = row.child_reasons
        parts["tracks"] = {track.kind: track.status for track in row.tracks.all()}
        parts["consents"] = _consents(row)
        parts["past"] = [
            {"at": each.at.isoformat(), "what": each.kind, "detail": each.detail,
             "comment": each.comment}
            for each in row.events.all() if each.section in opened
        ]  # fmt: skip
        parts["questions"] = [
            {"asked_at": each.asked_at.isoformat(), "text": each.text, "answer": each.answer}
            for each in row.questions.all()
        ]
    if Section.NARRATIVE in opened:
        parts["narrative"] = row.narrative
    if Section.DECISION in opened:
        parts["decisions"] = [
            {"stage": each.stage, "outcome": each.outcome, "on": each.decided_on.isoformat(),
             "reasons": each.reasons}
            for each in row.decisions.all()
        ]  # fmt: skip
    if Section.IDENTITY in opened:
        parts["identity"] = _identity(row, NAMES + (CONTACTS if Section.CONTACT in opened else ()))
    return parts


def _consents(row: Referral) -> list[dict[str, Any]]:
    given = row.person.consents.all() if row.person else []
    return [
        {
            "purpose": each.purpose,
            "language": each.language,
            "given_at": each.given_at.isoformat(),
            "withdrawn_at": each.withdrawn_at.isoformat() if each.withdrawn_at else None,
        }
        for each in given
    ]


def _identity(row: Referral, fields: tuple[str, ...]) -> dict[str, str | None] | None:
    identity = getattr(row.person, "identity", None)
    return identity and {name: getattr(identity, name) for name in fields}
