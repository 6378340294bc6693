"""How the API knows a program: `Authorization: Token …`. What it may do, partners.access says."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox.auth import TokenAuthentication as KnoxAuthentication
from knox.crypto import hash_token
from rest_framework.exceptions import AuthenticationFailed

from accounts.models import ApiToken, User

USE_STORED_EVERY: Final = timedelta(minutes=1)


class TokenAuthentication(KnoxAuthentication):
    """knox's header and hashing; our lookup, which keeps ended tokens and gives one answer for all.

    knox deletes what has run out, and with it the trace of who used it.
    """

    def authenticate_credentials(self, token: bytes) -> tuple[User, ApiToken]:
        """The token's person and the token. Raises AuthenticationFailed, in one wording."""
        at = timezone.now()  # noqa: TID251 - the edge of a request
        found = None
        try:
            digest = hash_token(token.decode("ascii"))
        except UnicodeDecodeError:
            digest = ""
        if digest:
            unlocked = Q(user__locked_until_at=None) | Q(user__locked_until_at__lte=at)
            live = ApiToken.objects.live(at).filter(unlocked, user__is_active=True)
            found = live.select_related("user").filter(digest=digest).first()
        if found is None:
            raise AuthenticationFailed(_("Invalid token."))
        self._note_use(found, at)
        return found.user, found

    def _note_use(self, token: ApiToken, at: datetime) -> None:
        before = at - USE_STORED_EVERY
        if token.last_used_at is None or token.last_used_at < before:
            stale = Q(last_used_at=None) | Q(last_used_at__lt=before)
            ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=at)
