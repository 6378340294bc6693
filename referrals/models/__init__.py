"""The tables of a referral, one module per aggregate."""

from referrals.models.case import Question, ReferralEvent, Track
from referrals.models.decision import (
    DecidingSeat,
    Decision,
    DecisionVote,
    NegativeProposal,
    Opinion,
)
from referrals.models.disclosure import Disclosure
from referrals.models.emergency import EmergencyAccess
from referrals.models.grants import ReferralGrantBasis, ReferralGroupGrant, ReferralUserGrant
from referrals.models.imports import ImportBatch, ImportFile
from referrals.models.packet import Packet
from referrals.models.person import Consent, GivenBy, Identity, Person, Purpose
from referrals.models.posted import PostedReferral
from referrals.models.protection import Exclusion, Restriction
from referrals.models.referral import Referral
from referrals.models.situation import Situation

__all__ = [
    "Consent",
    "DecidingSeat",
    "Decision",
    "DecisionVote",
    "Disclosure",
    "EmergencyAccess",
    "Exclusion",
    "GivenBy",
    "Identity",
    "ImportBatch",
    "ImportFile",
    "NegativeProposal",
    "Opinion",
    "Packet",
    "Person",
    "PostedReferral",
    "Purpose",
    "Question",
    "Referral",
    "ReferralEvent",
    "ReferralGrantBasis",
    "ReferralGroupGrant",
    "ReferralUserGrant",
    "Restriction",
    "Situation",
    "Track",
]
