"""What we decide where django-allauth asks: no sign-up, sealed secrets, mail that says nothing."""

import logging
import smtplib
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from accounts.factors import open_secret, proved_at
from accounts.models import User

logger = logging.getLogger(__name__)

AUTOMATIC = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
"""What every mail of ours says of itself (RFC 3834): nobody's absence note answers it."""


def name_of(user: User) -> str:
    """How allauth's pages name somebody. (ACCOUNT_USER_DISPLAY)"""
    return user.display_name


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in by invitation only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str | None) -> bool:
        # A path of this site. allauth would also take other hosts of ALLOWED_HOSTS.
        return bool(url) and not urlsplit(url).netloc and bool(super().is_safe_url(url))

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        # After the password, before the second factor: whoever has neither is told nothing.
        if user.is_locked(timezone.now()):  # noqa: TID251 - the edge of a request
            return redirect("accounts:locked")
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return response

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        response = super().post_login(request, user, **kwargs)
        speak(response, user.language)
        return response

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        # allauth would ask again right after signing in, because only repeated proofs count there.
        proved = proved_at(self.request)
        fresh = timedelta(seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
        if proved and timezone.now() - proved < fresh:  # noqa: TID251 - the edge of a request
            return False
        return bool(super().is_reauthentication_required(app=app, **kwargs))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # Per account *and* network: guessing from one place must not lock a hotline out elsewhere.
        key = super()._get_login_attempts_cache_key(request, **credentials)
        return f"{key}:{self.get_client_ip(request)}"

    def get_reset_password_from_key_url(self, key: str) -> str:
        # From the configured address: a forged Host header must not choose where the link leads.
        path = urlsplit(super().get_reset_password_from_key_url(key)).path
        return f"{settings.SITE_URL}{path}"

    def format_email_subject(self, subject: str) -> str:
        return " ".join(str(subject).split())

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        # allauth's own would name the network address and the browser in the mail.
        when = timezone.now()  # noqa: TID251 - the edge of a request
        self.send_mail(template_prefix, email or user.email, {"timestamp": when, **(context or {})})

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Hands the mail to the relay. A relay that is down neither stops the act nor shows in it.

        An error page for known addresses only would tell who has an account.
        """
        # Named after the configured address: neither a Host header nor a request is needed.
        site = {"name": settings.MFA_TOTP_ISSUER, "domain": urlsplit(settings.SITE_URL).netloc}
        known = {"email": email, "site_url": settings.SITE_URL, "current_site": site}
        try:
            self.render_mail(template_prefix, email, {**known, **context}, AUTOMATIC).send()
        except (OSError, smtplib.SMTPException) as fault:
            logger.error("mail %s was not handed over: %s", template_prefix, type(fault).__name__)


class MFAAdapter(DefaultMFAAdapter):
    """The second factor, its secrets sealed with the person's own data key."""

    def encrypt(self, text: str) -> str:
        # Whose secret it is, is known when the row is saved: accounts.factors seals it there.
        return text

    def decrypt(self, encrypted_text: str) -> str:
        return open_secret(encrypted_text)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": settings.MFA_TOTP_ISSUER}


def speak(response: HttpResponse, language: str) -> None:
    """From the next page on in this language; empty leaves it to the browser."""
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            path=settings.LANGUAGE_COOKIE_PATH,
            domain=settings.LANGUAGE_COOKIE_DOMAIN,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite=settings.LANGUAGE_COOKIE_SAMESITE,
        )
