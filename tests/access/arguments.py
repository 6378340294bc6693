"""With which rows each address is asked for. Without a variant: a row of Lantern House ("home")."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from accounts import resets
from accounts.models import FactorReset, Invitation
from partners.models import Membership
from referrals.models import Referral
from tests.referrals.stages import consented, draft, sent
from tests.support.cast import Cast

NEVER = UUID("00000000-0000-4000-8000-000000000000")


def _membership(cast: Cast) -> UUID:
    return Membership.objects.get(user=cast.ngo_caseworker).uuid


def _factor_reset(cast: Cast) -> UUID:
    """Asked by Lantern House's third manager for its caseworker."""
    asked = FactorReset.objects.open().filter(user=cast.ngo_caseworker).first()
    if asked is None:
        asked = resets.ask(user=cast.ngo_caseworker, by=cast.without_factor, at=cast.at)
    return asked.uuid


def _application_invitation(cast: Cast) -> UUID:
    return Invitation.objects.get(subject_uuid=cast.applying.uuid).uuid


def _referral(cast: Cast, stage: Callable[[Cast], Referral]) -> UUID:
    """One referral at each stage, made once."""
    if stage.__name__ not in cast.rows:
        cast.rows[stage.__name__] = stage(cast)
    return cast.rows[stage.__name__].uuid


ARGUMENTS: dict[str, Callable[[Cast], dict[str, Any]]] = {
    "accounts:accept": lambda cast: {"token": "never-issued"},
    "account_reset_password_from_key": lambda cast: {"uidb36": "1", "key": "never-issued"},
    "mfa_edit_webauthn": lambda cast: {"pk": 0},
    "mfa_remove_webauthn": lambda cast: {"pk": 0},
    "deadlines:open_notice": lambda cast: {"uuid": NEVER},
    "deadlines:job": lambda cast: {"uuid": NEVER},
    "deadlines:job_file": lambda cast: {"uuid": NEVER},
    "deadlines:cancel_job": lambda cast: {"uuid": NEVER},
    "deadlines:retry_job": lambda cast: {"uuid": NEVER},
    "ncm:report": lambda cast: {"quarter": "2023-Q1"},
    "ncm:report-build": lambda cast: {"quarter": "2023-Q1"},
    "ncm:report-file": lambda cast: {"quarter": "2023-Q1", "ending": "csv"},
    "partners:organisation": lambda cast: {"uuid": cast.ngo.uuid},
    "partners:organisation@unlisted": lambda cast: {"uuid": cast.unlisted_ngo.uuid},
    "partners:organisation@draft": lambda cast: {"uuid": cast.applying.uuid},
    "partners:organisation@never": lambda cast: {"uuid": NEVER},
    "partners:act-for": lambda cast: {"_data": {"organisation": str(cast.ngo.uuid)}},
    "partners:application-act": lambda cast: {"name": "send"},
    "partners:application-page": lambda cast: {"page": "about"},
    "partners:application-page@unknown": lambda cast: {"page": "elsewhere"},
    "partners:review": lambda cast: {"uuid": cast.unlisted_ngo.uuid},
    "partners:review@draft": lambda cast: {"uuid": cast.applying.uuid},
    "partners:review@own": lambda cast: {"uuid": cast.ministry.uuid},
    "partners:review-act": lambda cast: {"uuid": cast.unlisted_ngo.uuid, "name": "take_up"},
    "partners:invitation-revoke": lambda cast: {"uuid": _application_invitation(cast)},
    "partners:people-revoke": lambda cast: {"uuid": NEVER},
    "partners:people-end": lambda cast: {"uuid": _membership(cast)},
    "partners:people-reset": lambda cast: {"uuid": _membership(cast)},
    "partners:reset-agree": lambda cast: {"uuid": _factor_reset(cast)},
    "partners:reset-stop": lambda cast: {"uuid": _factor_reset(cast)},
    "partners:contact": lambda cast: {"uuid": cast.contact.uuid},
    "partners:contact@unlisted": lambda cast: {"uuid": cast.other_contact.uuid},
    "partners:contact-deputy": lambda cast: {"uuid": cast.contact.uuid},
    "partners:contact-edit": lambda cast: {"uuid": cast.contact.uuid},
    "partners:contact-edit@unlisted": lambda cast: {"uuid": cast.other_contact.uuid},
    "partners:contact-act": lambda cast: {"uuid": cast.contact.uuid, "name": "verify"},
    "partners:token-revoke": lambda cast: {"uuid": NEVER},
    "referrals:detail": lambda cast: {"uuid": _referral(cast, sent)},
    "referrals:detail@draft": lambda cast: {"uuid": _referral(cast, draft)},
    "referrals:detail@never": lambda cast: {"uuid": NEVER},
    "referrals:new": lambda cast: {"_data": {"client_key": str(NEVER)}},
    "referrals:log": lambda cast: {"uuid": _referral(cast, draft)},
    "referrals:log-page": lambda cast: {"uuid": _referral(cast, draft), "page": "person"},
    "referrals:check": lambda cast: {"uuid": _referral(cast, consented)},
    "referrals:sent": lambda cast: {"uuid": _referral(cast, sent)},
    "referrals:act": lambda cast: {"uuid": _referral(cast, sent), "name": "withdraw"},
    "referrals:act@decide": lambda cast: {"uuid": _referral(cast, sent), "name": "positive"},
    "referrals:identity": lambda cast: {
        "uuid": _referral(cast, sent),
        "_data": {"reason": "safety"},
    },
    "referrals:who-looked": lambda cast: {"uuid": _referral(cast, sent)},
    "referrals:import-file": lambda cast: {"uuid": NEVER},
    "referrals:import-bad-rows": lambda cast: {"uuid": NEVER},
    "referrals:import-act": lambda cast: {"uuid": NEVER, "name": "start"},
    "referrals:import": lambda cast: {"uuid": NEVER},
    "api:organisation": lambda cast: {"uuid": cast.ngo.uuid},
    "api:organisation@unlisted": lambda cast: {"uuid": cast.unlisted_ngo.uuid},
    "api:organisation@never": lambda cast: {"uuid": NEVER},
}
