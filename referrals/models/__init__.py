"""The tables of a referral, one module per aggregate."""

from referrals.models.case import Question, ReferralEvent, Track
from referrals.models.decision import (
    DecidingSeat,
    Decision,
    DecisionVote,
    NegativeProposal,
    Opinion,
)
from referrals.models.grants import ReferralGrantBasis, ReferralGroupGrant, ReferralUserGrant
from referrals.models.imports import ImportBatch, ImportFile
from referrals.models.packet import Packet
from referrals.models.person import Consent, GivenBy, Identity, Person, Purpose
from referrals.models.referral import Referral
from referrals.models.situation import Situation

__all__ = [
    "Consent",
    "DecidingSeat",
    "Decision",
    "DecisionVote",
    "GivenBy",
    "Identity",
    "ImportBatch",
    "ImportFile",
    "NegativeProposal",
    "Opinion",
    "Packet",
    "Person",
    "Purpose",
    "Question",
    "Referral",
    "ReferralEvent",
    "ReferralGrantBasis",
    "ReferralGroupGrant",
    "ReferralUserGrant",
    "Situation",
    "Track",
]
