"""The tables of a referral, one module per aggregate."""

from referrals.models.decision import Decision
from referrals.models.person import Consent, Identity, Person
from referrals.models.referral import ImportBatch, Referral

__all__ = ["Consent", "Decision", "Identity", "ImportBatch", "Person", "Referral"]
