"""Keeping ways of looking at the registry: under a name, one by default, deleted and put back."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from common.workflow import NotAllowed, NotPossible
from partners.access import Actor
from partners.models import StoredFilter
from partners.models.listing import StoredFilterQuerySet

#: So long what was deleted can be put back.
PUT_BACK_WITHIN = timedelta(days=30)
MOST = 30


@transaction.atomic
def store(*, name: str, query: str, is_default: bool, by: Actor, at: datetime) -> StoredFilter:
    """Keep a filter under a name; under the same name again it is the same filter, changed.

    Raises NotAllowed for nobody in particular, NotPossible beyond thirty.
    """
    mine = _mine(by)
    row = mine.filter(name=name).first()
    if row is None and mine.count() >= MOST:
        raise NotPossible(_("You keep thirty filters. Delete one first."))
    if is_default:
        mine.update(is_default=False)
    if row is None:
        assert by.organisation_uuid is not None  # noqa: S101 - nobody without one has any
        row = StoredFilter(
            owner=by.user, organisation_uuid=by.organisation_uuid, name=name, created_at=at
        )
    row.query, row.is_default = query, is_default
    row.save()
    return row


@transaction.atomic
def make_default(*, stored: StoredFilter, is_default: bool, by: Actor, at: datetime) -> None:
    """Begin with this filter from now on, or with the whole registry again."""
    mine = _mine(by)
    mine.update(is_default=False)
    if is_default:
        mine.filter(pk=stored.pk).update(is_default=True)


@transaction.atomic
def delete(*, stored: StoredFilter, by: Actor, at: datetime) -> None:
    """Take a filter away; for a month it can be put back. Again, it stays as it is."""
    _mine(by).filter(pk=stored.pk).update(ended_at=at, is_default=False)


@transaction.atomic
def put_back(*, stored: StoredFilter, by: Actor, at: datetime) -> bool:
    """The filter is there again. False where its name was given to another since."""
    if _mine(by).filter(name=stored.name).exclude(pk=stored.pk).exists():
        return False
    StoredFilter.objects.visible_to(by).filter(pk=stored.pk).update(ended_at=None)
    return True


def forget(at: datetime) -> int:
    """Erase what was deleted more than a month ago. How many."""
    number, _by_model = StoredFilter.objects.filter(ended_at__lt=at - PUT_BACK_WITHIN).delete()
    return number


def _mine(by: Actor) -> StoredFilterQuerySet:
    if by.user_id is None or by.organisation_uuid is None:
        raise NotAllowed(_("Sign in first."))
    mine = StoredFilter.objects.visible_to(by).standing()
    # One after the other: two windows would otherwise each make their own the default.
    list(mine.select_for_update(of=("self",)).values_list("pk", flat=True))
    return mine
