"""What the co-ordination says about each answer of an application."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from common.marks import Permission
from common.workflow import NotAllowed, NotPossible, Stale
from partners.access import Actor
from partners.choices import OrganisationState, Verdict
from partners.models import FieldReview, Organisation
from partners.reviews import REVIEWED, digest, raw_answers
from partners.services.memberships import require


@transaction.atomic
def record_verdicts(
    *,
    organisation: Organisation,
    verdicts: Mapping[str, tuple[Verdict, str]],
    by: Actor,
    at: datetime,
    version: int | None = None,
    seen: Mapping[str, str] | None = None,
) -> int:
    """Keep what was said about some answers: field → (verdict, question). Returns how many changed.

    `seen` holds the digest of each answer as the reviewer had it before them; without it the
    verdict is about the answer as it stands. Raises NotAllowed, NotPossible unless the application
    is under review, and Stale when a colleague decided something since `version`.
    """
    require(by, Permission.ORGANISATION_REVIEW, organisation)
    if by.user is None:
        raise NotAllowed(_("A person judges an application, never the system."))
    row = Organisation.objects.select_for_update(of=("self",)).get(pk=organisation.pk)
    if row.state != OrganisationState.UNDER_REVIEW:
        raise NotPossible(_("This application is not under review now."))
    if version is not None and row.version != version:
        raise Stale(row)
    unknown = set(verdicts) - set(REVIEWED)
    if unknown:
        raise TypeError(f"Not answers of an application: {sorted(unknown)}")
    given = raw_answers(row)
    standing = {review.field: review for review in row.field_reviews.all()}
    changed = 0
    for field, (verdict, comment) in verdicts.items():
        # A question that no longer stands is not kept beside "right".
        comment = comment if verdict == Verdict.QUESTION else ""
        answer_seen = (seen or {}).get(field) or digest(given[field])
        known = standing.get(field)
        if known and (known.verdict, known.comment, known.answer_seen) == (
            verdict,
            comment,
            answer_seen,
        ):
            continue
        FieldReview.objects.update_or_create(
            organisation=row,
            field=field,
            defaults={
                "verdict": verdict,
                "comment": comment,
                "answer_seen": answer_seen,
                "at": at,
                "by": by.user,
            },
        )
        changed += 1
    if changed:
        row.version += 1
        row.save(update_fields=["version"])
    return changed
