"""Whole pages as a browser asks for them: how many queries, for one row and for two hundred."""

import time
from typing import Any

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.userkit import user_id_to_str
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import User
from bench.people import Registry
from bench.plans import queries
from bench.results import Findings

MOST = 8


def signed_in(user: User) -> Client:
    """A browser of somebody who has just proved both factors."""
    client = Client(SERVER_NAME="localhost")
    if not Authenticator.objects.filter(user=user).exists():
        Authenticator.objects.create(
            user=user,
            type=Authenticator.Type.TOTP,
            data={"secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"},
        )
    user.refresh_from_db()  # a new factor ends the sessions before it
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    session = client.session
    proof: dict[str, Any] = {"method": "password", "at": time.time()}
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        proof,
        {**proof, "method": "mfa", "type": "totp"},
    ]
    session["account_authentication_methods_user"] = user_id_to_str(user)
    session.save()
    return client


def asked(client: Client, path: str, **headers: str) -> list[str]:
    """The statements of one page, asked for a second time: whatever is kept between pages is."""

    def get() -> None:
        answer = client.get(path, headers=headers or None)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}.")

    get()
    return queries(get)


def count_queries(findings: Findings, registry: Registry) -> None:
    """Each list page: the same queries for one row and for more than two hundred."""
    inbox, entries = reverse("referrals:inbox"), reverse("partners:registry")
    for name, few, many in (
        ("inbox", ("newcomer", inbox), ("large manager", inbox)),
        ("authority’s inbox", None, ("officer", f"{inbox}?order=due")),
        ("co-ordination’s list", None, ("co_ordinator", inbox)),
        ("registry", ("newcomer", f"{entries}?name=newcomer"), ("large manager", entries)),
    ):
        number = len(asked(signed_in(registry.users[many[0]]), many[1]))
        how = f"{number} with more than 200 rows"
        if few is not None:
            how += f", {len(asked(signed_in(registry.users[few[0]]), few[1]))} with one"
        findings.bar(
            f"Queries of a page: {name}",
            number,
            most=MOST,
            how=f"{how}; signing in, roles and navigation with them",
        )
