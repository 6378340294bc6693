"""How often a program may ask, token by token, and anybody a page that needs no account."""

import hashlib
import logging
from typing import TYPE_CHECKING

from django.core.cache import cache
from rest_framework.throttling import SimpleRateThrottle

from accounts.audit import network_of

if TYPE_CHECKING:
    # rest_framework.views reads its settings, which name this module, when it is imported.
    from rest_framework.request import Request
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)
READING = ("GET", "HEAD", "OPTIONS")


class TokenThrottle(SimpleRateThrottle):
    """A token's share of reading, and a smaller one of writing; rates stand in the settings.

    Where the cache does not answer, everybody is let in: a lost referral is worse than a busy hour.
    """

    scope = "read"

    def allow_request(self, request: "Request", view: "APIView") -> bool:
        self.scope = "read" if request.method in READING else "write"
        self.rate = self.get_rate()
        self.num_requests, self.duration = self.parse_rate(self.rate)
        try:
            return bool(super().allow_request(request, view))
        except Exception:
            logger.warning("the cache does not answer; the API is not throttled")
            return True

    def get_cache_key(self, request: "Request", view: "APIView") -> str | None:
        if request.auth is None:
            return None
        return self.cache_format % {"scope": f"api-{self.scope}", "ident": request.auth.uuid}


def tried_too_often(name: str, ip: str, *, most: int, seconds: int = 60) -> bool:
    """Whether more than `most` questions of this name came from one network in the last moments.

    For pages open without an account. Where the cache does not answer, everybody is let in.
    """
    key = f"tried:{name}:{network_of(ip) or 'unknown'}"
    try:
        if cache.add(key, 1, seconds):
            return False
        return bool(cache.incr(key) > most)
    except Exception:
        logger.warning("the cache does not answer; %s is not throttled", name)
        return False


class OpenThrottle(SimpleRateThrottle):
    """One address's share of the open directory; the address itself is not kept, only its hash."""

    scope = "open"

    def allow_request(self, request: "Request", view: "APIView") -> bool:
        try:
            return bool(super().allow_request(request, view))
        except Exception:
            logger.warning("the cache does not answer; the open directory is not throttled")
            return True

    def get_cache_key(self, request: "Request", view: "APIView") -> str | None:
        ident = hashlib.sha256(self.get_ident(request).encode()).hexdigest()
        return self.cache_format % {"scope": "open", "ident": ident}
