"""Kept forms: what somebody had typed when their session ended, for them alone.

Form views call `restore` when they show a page and `discard` when its answers were accepted.
"""

import json
import logging
import re
from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from accounts.models import KeptForm, User
from common.sealing import SealError

LIFE: Final = timedelta(days=30)
LARGEST: Final = 200_000
"""Bytes of one page's answers; a longer form is a mistake or an attack."""
RESTORED: Final = "_kept_form_restored"

_NEVER: Final = re.compile(r"^_|^code$|csrf|passw|token|secret|credential|otp", re.IGNORECASE)

logger = logging.getLogger(__name__)


class NotKeepable(ValueError):
    """The path is no page of this site, or there is too much to keep."""


def keep(*, user: User, path: str, fields: QueryDict, at: datetime) -> bool:
    """Seals the answers for this person and page; False if there is nothing worth keeping.

    Passwords, codes and tokens are left out. Raises NotKeepable.
    """
    answers = {name: values for name, values in fields.lists() if not _NEVER.search(name)}
    if not any(value.strip() for values in answers.values() for value in values):
        return False
    text = json.dumps(answers)
    if not path.startswith("/") or path.startswith("//") or len(path) > 500 or "?" in path:
        raise NotKeepable("path")
    if len(text) > LARGEST:
        raise NotKeepable("size")
    owner = User.objects.get(pk=user.pk)  # `request.user` is a proxy, which a seal does not know
    KeptForm.objects.update_or_create(
        user=owner, path=path, defaults={"fields": text, "saved_at": at}
    )
    return True


def restore(request: HttpRequest) -> QueryDict | None:
    """What this person had typed on this page, or None. Also turns on the page's banner."""
    if request.method not in {"GET", "HEAD"} or not request.user.is_authenticated:
        return None
    oldest = timezone.now() - LIFE  # noqa: TID251 - the edge of a request
    row = _of(request).filter(saved_at__gte=oldest).select_related("user").first()
    if row is None:
        return None
    try:
        answers = json.loads(row.fields or "{}")
    except SealError:
        logger.error("a kept form does not open and is not shown")
        return None
    data = QueryDict(mutable=True)
    for name, values in answers.items():
        data.setlist(name, values)
    data._mutable = False
    setattr(request, RESTORED, True)
    return data


def discard(request: HttpRequest) -> None:
    """Forgets what was kept of this page: its answers were accepted."""
    _of(request).delete()


def purge_kept_forms(at: datetime) -> int:
    """Deletes what was kept for more than 30 days. Returns how many."""
    return KeptForm.objects.filter(saved_at__lt=at - LIFE).delete()[0]


def _of(request: HttpRequest) -> QuerySet[KeptForm]:
    return KeptForm.objects.filter(user_id=request.user.pk, path=request.path)
