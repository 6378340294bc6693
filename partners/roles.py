"""What each role may do, and what is left of it where its organisation stands: tables, no code.

Who holds a role, and whether it reaches a row, is answered in `partners/access.py`.
"""

from common.marks import Permission
from partners.choices import Capacity, Role

P = Permission

#: What a role may do once its organisation is a member.
ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    # Logs referrals and follows them; knows the registry.
    Role.CASEWORKER: frozenset(
        {
            P.ORGANISATION_SEE,
            P.REQUEST_SEE,
            P.CONTACT_SEE,
            P.FACILITY_SEE,
            P.FACILITY_VISIT,
            P.AGREEMENT_SEE,
            P.CONVERSATION_HOLD,
            P.PLACE_HOLD,
            P.PLACE_UPDATE,
            P.REFERRAL_MAKE,
            P.REFERRAL_KEEP,
            P.EMERGENCY_ACCESS,
            P.EMERGENCY_REVIEW,
            P.REFERRAL_SEE,
            P.COORDINATION_SEE,
            P.TRAINING_SEE,
            P.GUIDANCE_SEE,
        }
    ),
    # Answers for the organisation: its entry, its people, its tokens.
    Role.MANAGER: frozenset(
        {
            P.ORGANISATION_SEE,
            P.ORGANISATION_EDIT,
            P.ORGANISATION_APPLY,
            P.ORGANISATION_SPEAK,
            P.REGISTRY_EXPORT,
            P.CONTACT_SEE,
            P.CONVERSATION_HOLD,
            P.CONTACT_EDIT,
            P.FACILITY_SEE,
            P.FACILITY_VISIT,
            P.FACILITY_ASK,
            P.FACILITY_DECIDE,
            P.AGREEMENT_SEE,
            P.AGREEMENT_DRAFT,
            P.AGREEMENT_SIGN,
            P.REQUEST_SEE,
            P.REQUEST_MAKE,
            P.SERVICE_EDIT,
            P.PLACE_HOLD,
            P.PLACE_UPDATE,
            P.MEMBERSHIP_MANAGE,
            P.FACTOR_RESET,
            P.ACCOUNT_LOCK,
            P.TOKEN_MANAGE,
            P.REFERRAL_ASSIGN,
            P.REFERRAL_EXPORT,
            P.REFERRAL_MAKE,
            P.REFERRAL_KEEP,
            P.EMERGENCY_ACCESS,
            P.EMERGENCY_REVIEW,
            P.REFERRAL_SEE,
            P.DEADLINE_CHANGE,
            P.FUNDING_SEE,
            P.FUNDING_APPLY,
            P.COORDINATION_SEE,
            P.COORDINATION_SPEAK,
            P.TRAINING_SEE,
            P.TRAINING_KEEP,
            P.TRAINING_ENTER,
            P.GUIDANCE_SEE,
        }
    ),
    # Decides on identification, in the authority or on the panel; sees what was sent there.
    Role.OFFICER: frozenset(
        {
            P.ORGANISATION_SEE,
            P.REQUEST_SEE,
            P.CONTACT_SEE,
            P.FACILITY_SEE,
            P.AGREEMENT_SEE,
            P.CONVERSATION_HOLD,
            P.REFERRAL_SEE,
            P.REFERRAL_DECIDE,
            P.REFERRAL_ASSIGN,
            P.DEADLINE_CHANGE,
            P.EMERGENCY_ACCESS,
            P.EMERGENCY_REVIEW,
            P.COORDINATION_SEE,
            P.TRAINING_SEE,
            P.GUIDANCE_SEE,
        }
    ),
    # Steers the mechanism: admits organisations, sees who answers; does not read cases.
    Role.CO_ORDINATOR: frozenset(
        {
            P.ORGANISATION_SEE,
            P.ORGANISATION_INVITE,
            P.ORGANISATION_REVIEW,
            P.REGISTRY_EXPORT,
            P.REGISTRY_IMPORT,
            P.FACTOR_RESET,
            P.ACCOUNT_LOCK,
            P.CONTACT_SEE,
            P.CONTACT_STEER,
            P.EMERGENCY_SWITCH,
            P.FACILITY_SEE,
            P.FACILITY_KEEP,
            P.AGREEMENT_SEE,
            P.AGREEMENT_DRAFT,
            P.AGREEMENT_SIGN,
            P.AGREEMENT_STEER,
            P.CONVERSATION_HOLD,
            P.REQUEST_SEE,
            P.REQUEST_MAKE,
            P.LOAD_SEE,
            P.SERVICE_INSPECT,
            P.REPORT_SEE,
            P.DECIDER_NAME,
            P.EMERGENCY_REVIEW,
            P.REFERRAL_STEER,
            P.FUNDING_SEE,
            P.FUNDING_OVERSEE,
            P.COORDINATION_SEE,
            P.COORDINATION_SPEAK,
            P.COORDINATION_KEEP,
            P.TRAINING_SEE,
            P.TRAINING_KEEP,
            P.TRAINING_OVERSEE,
            P.GUIDANCE_SEE,
            P.GUIDANCE_KEEP,
        }
    ),
    # Writes and publishes the figures, past ones too; needs no personal data.
    Role.RAPPORTEUR: frozenset(
        {
            P.ORGANISATION_SEE,
            P.REGISTRY_EXPORT,
            P.CONTACT_SEE,
            P.CONVERSATION_HOLD,
            P.REQUEST_SEE,
            P.REQUEST_MAKE,
            P.REPORT_SEE,
            P.REPORT_BUILD,
            P.REFERRAL_IMPORT,
            P.FUNDING_SEE,
            P.COORDINATION_SEE,
            P.COORDINATION_SPEAK,
            P.TRAINING_SEE,
            P.TRAINING_OVERSEE,
            P.GUIDANCE_SEE,
        }
    ),
    # Pays for services; never sees a case.
    Role.FUNDER: frozenset(
        {
            P.ORGANISATION_SEE,
            P.REGISTRY_EXPORT,
            P.CONTACT_SEE,
            P.AGREEMENT_SEE,
            P.CONVERSATION_HOLD,
            P.REQUEST_SEE,
            P.REQUEST_MAKE,
            P.FUNDING_SEE,
            P.FUNDING_KEEP,
            P.COORDINATION_SEE,
            P.COORDINATION_SPEAK,
            P.TRAINING_SEE,
            P.GUIDANCE_SEE,
        }
    ),
    # Keeps the system running and the country's rules in it; sees its health and nobody's data.
    Role.ADMINISTRATOR: frozenset({P.SYSTEM_HEALTH_SEE, P.ACCOUNT_LOCK, P.RULE_CHANGE}),
}

#: What is left of it while the organisation is not (or no longer) a member.
BEFORE_ADMISSION = frozenset(
    {
        P.ORGANISATION_APPLY,
        P.ORGANISATION_SPEAK,
        P.ORGANISATION_EDIT,
        P.CONTACT_EDIT,
        P.MEMBERSHIP_MANAGE,
        P.FACTOR_RESET,
        P.ACCOUNT_LOCK,
    }
)

#: What is left while the organisation is suspended; of its own files only, and no program's.
WHILE_SUSPENDED = frozenset({P.ORGANISATION_SPEAK, P.REFERRAL_SEE, P.REFERRAL_EXPORT})
#: Of that, what ends when the time to read its own files is over.
OWN_FILES = frozenset({P.REFERRAL_SEE, P.REFERRAL_EXPORT})

#: A permission that counts only while the organisation holds the capacity, whatever the role.
#: What was begun under a capacity goes on without it: REFERRAL_KEEP is not in here.
PERMISSION_NEEDS_CAPACITY = {
    P.REFERRAL_MAKE: Capacity.FIRST_RESPONDER,
    P.SERVICE_EDIT: Capacity.SERVICE_PROVIDER,
    P.PLACE_UPDATE: Capacity.SERVICE_PROVIDER,
}

#: What a token may be given; everything else needs a person.
TOKEN_SCOPES = frozenset({P.ORGANISATION_SEE, P.CONTACT_SEE, P.REFERRAL_MAKE, P.REFERRAL_SEE})
#: A scope that holds more than its own permission: what a program made it can also work on.
SCOPE_HOLDS = {P.REFERRAL_MAKE: frozenset({P.REFERRAL_MAKE, P.REFERRAL_KEEP})}
