"""The permissions that exist, and the mark a view carries to say which one it needs.

Here are names and marks only. Who holds a permission is answered in `partners/access.py`, whose
middleware and API class enforce the marks; whether an act is possible now is the workflow's answer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar, runtime_checkable
from uuid import UUID


class Permission(StrEnum):
    """Everything a person may be allowed to do, as NOUN_VERB.

    The first three say that no role is needed, PANEL_SIT that a panel has named the person; each of
    the others is held through a role.
    """

    PUBLIC = "public"
    """Anybody, signed in or not."""
    ENROLLING = "enrolling"
    """Signed in, but the second factor may still be missing: enrolment, language, signing out."""
    SIGNED_IN = "signed_in"
    """Signed in with a second factor; what is shown is the person's own."""

    ORGANISATION_APPLY = "organisation_apply"
    ORGANISATION_EDIT = "organisation_edit"
    ORGANISATION_INVITE = "organisation_invite"
    ORGANISATION_REVIEW = "organisation_review"
    ORGANISATION_SEE = "organisation_see"
    ORGANISATION_SPEAK = "organisation_speak"
    """Speak for the organisation where its place is at stake: answer a notice, appeal, leave."""
    REGISTRY_EXPORT = "registry_export"
    """Take what the registry shows one along as a file: organisations, never people."""
    REGISTRY_IMPORT = "registry_import"
    """Bring organisations in from a table; they then stand as having applied."""
    PANEL_SIT = "panel_sit"
    """Hear and decide a proceeding about an organisation; held by being named to its panel."""
    MEMBERSHIP_MANAGE = "membership_manage"
    FACTOR_RESET = "factor_reset"
    """Take part in taking a lost second factor off somebody else's account."""
    ACCOUNT_LOCK = "account_lock"
    """Lock somebody out of their account for safety, extend another's lock, lift one."""
    CONTACT_SEE = "contact_see"
    CONTACT_EDIT = "contact_edit"
    CONTACT_STEER = "contact_steer"
    """See where nobody answers in the whole country; ask and call points of contact to confirm."""
    EMERGENCY_SWITCH = "emergency_switch"
    """Declare an emergency in a part of the country, and end it."""
    AGREEMENT_SEE = "agreement_see"
    """See the agreements one's organisation is a party to, and the local protocols."""
    AGREEMENT_DRAFT = "agreement_draft"
    """Write agreements and local protocols for one's organisation, and send them to the parties."""
    AGREEMENT_SIGN = "agreement_sign"
    """Sign for one's organisation, propose an amendment, give notice."""
    AGREEMENT_STEER = "agreement_steer"
    """See every agreement that was sent, and which delegated duties are covered where."""
    CONVERSATION_HOLD = "conversation_hold"
    """Write with other organisations, read what they write, and log attempts to reach them."""
    REQUEST_SEE = "request_see"
    """See what partners are regularly asked for and one's own load; answer for one's own."""
    REQUEST_MAKE = "request_make"
    """Register what one's organisation regularly asks of others, and give back what it promised."""
    LOAD_SEE = "load_see"
    """See how much every organisation is asked for."""
    SERVICE_EDIT = "service_edit"
    """Write what one's own organisation offers, and where."""
    SERVICE_INSPECT = "service_inspect"
    """Record whether a service keeps to a standard."""
    PLACE_UPDATE = "place_update"
    """Say how many places are free in one's own houses, and answer whoever holds one."""
    PLACE_HOLD = "place_hold"
    """Look for a place tonight and hold it, without naming the person."""
    FACILITY_SEE = "facility_see"
    """See facilities, and what one's organisation has to do with access to them."""
    FACILITY_VISIT = "facility_visit"
    """Record a visit to a facility, and report that access was not given."""
    FACILITY_ASK = "facility_ask"
    """Ask for access to a facility."""
    FACILITY_DECIDE = "facility_decide"
    """Answer requests and incidents about the facilities of one's own authority."""
    FACILITY_KEEP = "facility_keep"
    """Enter facilities and who decides on them; see everything about access."""
    TRAINING_SEE = "training_see"
    """See the register of trainings, and one's own attendances."""
    TRAINING_KEEP = "training_keep"
    """Plan trainings for one's organisation, move and cancel them, count who came."""
    TRAINING_ENTER = "training_enter"
    """Enter which colleagues took part, and see whose training lapses."""
    TRAINING_OVERSEE = "training_oversee"
    """See which share of each first responder organisation is trained, never whom."""
    GUIDANCE_SEE = "guidance_see"
    """Read guidance, and say that one's own points of contact have."""
    GUIDANCE_KEEP = "guidance_keep"
    """Write and publish guidance, see who has not read it, and remind them."""
    FUNDING_SEE = "funding_see"
    """See calls for money, and what one's organisation applied for, was awarded or awards."""
    FUNDING_APPLY = "funding_apply"
    """Apply for money, report on it, contest its conditions, for one's organisation."""
    FUNDING_KEEP = "funding_keep"
    """Keep the funds of one's organisation: calls, awards, payments, reports asked for."""
    FUNDING_OVERSEE = "funding_oversee"
    """See who funds what in the whole country, and how often conditions restrict."""
    COORDINATION_SEE = "coordination_see"
    """See bodies, what they resolved, the action plan, and the action points one may know of."""
    COORDINATION_SPEAK = "coordination_speak"
    """Speak for one's organisation in the co-ordination: agenda items, progress, evidence."""
    COORDINATION_KEEP = "coordination_keep"
    """Keep bodies, seats, meetings, minutes and the action plan."""
    TOKEN_MANAGE = "token_manage"  # noqa: S105 - a permission's name, not a secret
    REPORT_SEE = "report_see"
    REPORT_BUILD = "report_build"
    REFERRAL_IMPORT = "referral_import"
    """Enter history from a file: past referrals as the statistics have them, without persons."""
    RULE_CHANGE = "rule_change"
    """Change the rules and working days of the country, and move what runs by them."""
    DEADLINE_CHANGE = "deadline_change"
    """Give a deadline that binds one's own group more time, or stop it, with a reason."""
    SYSTEM_HEALTH_SEE = "system_health_see"
    REFERRAL_MAKE = "referral_make"
    """Begin referrals and send them: whoever is a first responder now."""
    REFERRAL_KEEP = "referral_keep"
    """Work on the files one's organisation keeps: answers, consent, withdrawal, support."""
    REFERRAL_SEE = "referral_see"
    """See the referrals one's groups hold a grant on."""
    REFERRAL_DECIDE = "referral_decide"
    """Ask back, propose and decide on identification."""
    REFERRAL_ASSIGN = "referral_assign"
    """Say which team or colleague of the organisation works on a referral."""
    DECIDER_NAME = "decider_name"
    """Say which organisations decide, under the names the country's profile has for them."""
    EMERGENCY_ACCESS = "emergency_access"
    """Open a case that is not open to one, for an hour, under three notices and a review."""
    EMERGENCY_REVIEW = "emergency_review"
    """Agree to emergency access, and review it afterwards; never of one's own organisation."""
    REFERRAL_EXPORT = "referral_export"
    """Take the files along that one's own organisation keeps."""
    REFERRAL_STEER = "referral_steer"
    """See where referrals stand: the header, never the case."""


NO_ROLE_NEEDED = frozenset({Permission.PUBLIC, Permission.ENROLLING, Permission.SIGNED_IN})


@dataclass(frozen=True)
class Mark:
    """What a view asks before it answers.

    `fresh` asks that the person proved who they are within the last five minutes.
    """

    permission: Permission
    fresh: bool = False


@dataclass(frozen=True)
class Decision:
    """The answer to "may this person": true or false, with the reason a page can show."""

    allowed: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.allowed


@runtime_checkable
class Actor(Protocol):
    """Whoever acts: a person for one organisation, a token, or the system under a name.

    Packages below `partners` know an actor by these attributes only; the class that builds one is
    `partners.access.Actor`.
    """

    @property
    def user_id(self) -> int | None: ...
    @property
    def organisation_id(self) -> int | None: ...
    @property
    def organisation_uuid(self) -> UUID | None: ...
    @property
    def group_ids(self) -> tuple[int, ...]: ...
    @property
    def role_group_ids(self) -> tuple[int, ...]: ...
    @property
    def permissions(self) -> frozenset[Permission]: ...
    @property
    def proved_at(self) -> datetime | None: ...
    @property
    def system(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def label(self) -> str: ...


F = TypeVar("F", bound=Callable[..., Any])


def needs(permission: Permission, *, fresh: bool = False) -> Callable[[F], F]:
    """Mark a view with the permission it needs. The mark does not check; the middleware does."""

    def mark(view: F) -> F:
        view.mark = Mark(permission, fresh)  # type: ignore[attr-defined]
        return view

    return mark


_third_party: dict[str, Mark] = {}


def mark_third_party(marks: dict[str, Mark | Permission]) -> None:
    """Register the marks of views we did not write, keyed by full URL name ("ns:name")."""
    _third_party.clear()
    for name, mark in marks.items():
        _third_party[name] = mark if isinstance(mark, Mark) else Mark(mark)


def third_party_names() -> frozenset[str]:
    """The URL names marked through `mark_third_party`."""
    return frozenset(_third_party)


def mark_of(view: Callable[..., Any], view_name: str = "") -> Mark | None:
    """The mark of a resolved view: its own, else the one registered for its URL name, else None."""
    own = getattr(view, "mark", None)
    return own if isinstance(own, Mark) else _third_party.get(view_name)


@dataclass(frozen=True)
class Subject:
    """A row of a higher package as a lower one knows it: what kind of thing, and which."""

    kind: str
    uuid: UUID
