"""A test client that refuses what no page of ours may do."""

import re
import time
from collections.abc import Callable
from typing import Any

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.userkit import user_id_to_str
from allauth.mfa.models import Authenticator
from django.db import connection
from django.http import HttpResponse
from django.test import Client, TestCase

# Closing braces alone also end nested JSON in a data attribute.
_STRAY = re.compile(r"\{\{|\{%|%\}")
_HANDLER = re.compile(r"<[^>]+\son[a-z]+\s*=", re.IGNORECASE)
_INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>", re.IGNORECASE)
_INLINE_STYLE = re.compile(r"<[^>]+\sstyle\s*=|<style", re.IGNORECASE)
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_SVG = re.compile(r"<svg.*?</svg>", re.DOTALL)
_OFFSET = re.compile(r"\bOFFSET\s+\d", re.IGNORECASE)

REQUIRED_HEADERS = {
    "Content-Security-Policy",
    "Cache-Control",
    "Permissions-Policy",
    "Referrer-Policy",
    "X-Content-Type-Options",
    "X-Robots-Tag",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
}


class NotFit(AssertionError):
    """An answer does what no answer may."""


def _refuse_offset(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
    if _OFFSET.search(sql):
        raise NotFit(f"A query skips rows with OFFSET; use common.paging: {sql[:200]}")
    return execute(sql, *rest)


class StrictClient(Client):
    """Runs what waits for the commit, and looks at every answer and every query."""

    def request(self, **request: Any) -> HttpResponse:
        with (
            connection.execute_wrapper(_refuse_offset),
            TestCase.captureOnCommitCallbacks(execute=True),
        ):
            response = super().request(**request)
        self.look_at(response)
        return response

    def look_at(self, response: Any) -> None:
        """Raise NotFit for a missing header, stray template or inline code, a telling title."""
        if missing := {h for h in REQUIRED_HEADERS if h not in response.headers}:
            raise NotFit(f"{sorted(missing)} missing")
        if response.streaming:
            raise NotFit("A streaming response ends after the actor's context does.")
        if "text/html" not in response.headers.get("Content-Type", ""):
            return
        body = response.content.decode()
        for fault, pattern in {
            "stray template code": _STRAY,
            "an inline handler": _HANDLER,
            "an inline script": _INLINE_SCRIPT,
        }.items():
            if found := pattern.search(body):
                raise NotFit(f"{fault}: {found.group(0)[:80]}")
        if found := _INLINE_STYLE.search(_SVG.sub("", body)):
            raise NotFit(f"an inline style: {found.group(0)[:80]}")
        title = _TITLE.search(body)
        if title and "@" in title.group(1):
            raise NotFit("an address in the title")

    def sign_in(self, user: Any, *, second_factor: bool = True, fresh: bool = True) -> None:
        """Sign in as after the real ceremonies: with a factor proved, just now or long ago."""
        records = [{"method": "password", "at": time.time() - (0 if fresh else 3600)}]
        if second_factor:
            # Before signing in: a new factor ends the person's other sessions.
            Authenticator.objects.get_or_create(
                user=user,
                type=Authenticator.Type.TOTP,
                defaults={"data": {"secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}},
            )
            records.append({**records[0], "method": "mfa", "type": "totp"})
        self.force_login(user)
        session = self.session
        session[AUTHENTICATION_METHODS_SESSION_KEY] = records
        session["account_authentication_methods_user"] = user_id_to_str(user)
        session.save()
