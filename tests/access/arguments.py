"""With which rows each address is asked for. Without a variant: a row of Lantern House ("home")."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from accounts import resets
from accounts.choices import LockReason
from accounts.models import LOCK_LIFE, AccountLock, FactorReset, Invitation
from common.marks import Subject
from common.uploads import Upload
from deadlines.choices import AwayReason
from deadlines.models import Absence, Deadline
from deadlines.services import absences
from partners.access import system_actor
from partners.audiences import Part
from partners.models import (
    AccessAuthorisation,
    AccessIncident,
    AccessRequest,
    Agreement,
    Area,
    ChangeRequest,
    Conversation,
    Facility,
    LocalProtocol,
    Membership,
    MessageFile,
    RegistryImport,
)
from partners.services import attempts, conversations, emergencies, entry_reminders, stored_filters
from partners.services.registry_tables import keep_table
from referrals.models import Referral, Restriction
from referrals.services import disclosures, emergency, seats
from referrals.services.restrictions import restrict
from tests.access.rows import gathered
from tests.partners import access_stages, asking, deeds, houses, stages
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


def _account_lock(cast: Cast) -> UUID:
    """A lock that stands on a co-ordinator who signs in nowhere in these tables."""
    if "lock" not in cast.rows:
        cast.rows["lock"] = AccountLock.objects.create(
            user=cast.second_co_ordinator,
            reason=LockReason.LOST_DEVICE,
            locked_at=cast.at,
            locked_by=cast.without_factor,
            until_at=cast.at + LOCK_LIFE,
        )
    return cast.rows["lock"].uuid


def _registry_table(cast: Cast) -> UUID:
    """A co-ordinator's, with one bad row."""
    if "table" not in cast.rows:
        cast.rows["table"] = keep_table(
            content=b"name,kind\r\nFresh Start (invented),cso\r\nBad (invented),club\r\n",
            by=cast.actor(cast.co_ordinator),
            at=cast.at,
        )
    return cast.rows["table"].uuid


def _registry_import(cast: Cast) -> UUID:
    if "import" not in cast.rows:
        cast.rows["import"] = RegistryImport.objects.create(
            file_digest="0" * 64, rows_read=1, rows_added=1, rows_same=0, rows_differing=0,
            changes_asked=0, rows_refused=0, imported_at=cast.at, imported_by=cast.co_ordinator,
        )  # fmt: skip
    return cast.rows["import"].uuid


def _reminder_round(cast: Cast) -> UUID:
    """A co-ordinator asked Open Door to confirm its entry."""
    if "reminders" not in cast.rows:
        cast.rows["reminders"] = entry_reminders.remind(
            round_uuid=NEVER,
            organisations={cast.other_ngo.uuid},
            by=cast.actor(cast.co_ordinator),
            at=cast.at,
        )
    return cast.rows["reminders"].uuid


def _stored_filter(cast: Cast) -> UUID:
    """A co-ordinator's, under a name."""
    if "filter" not in cast.rows:
        cast.rows["filter"] = stored_filters.store(
            name="NGOs", query="kind=cso", is_default=False,
            by=cast.actor(cast.co_ordinator), at=cast.at,
        )  # fmt: skip
    return cast.rows["filter"].uuid


def _change(cast: Cast) -> UUID:
    """Lantern House asks for another name."""
    if "change" not in cast.rows:
        cast.rows["change"] = ChangeRequest.objects.create(
            organisation=cast.ngo,
            changes={"name": "Lantern (invented)"},
            asked_at=cast.at,
            asked_by=cast.ngo_manager,
        )
    return cast.rows["change"].uuid


def _proceeding(cast: Cast) -> UUID:
    """Notice given to Lantern House; Open Door, the authority and the fund sit on the panel."""
    if "proceeding" not in cast.rows:
        cast.rows["proceeding"] = stages.notice(cast, cast.ngo)
        stages.name_panel(cast, cast.rows["proceeding"], stages.FIRST_PANEL, "co_ordinator")
    return cast.rows["proceeding"].uuid


def _deadline(cast: Cast) -> UUID:
    """Of Lantern House's managers: that its point of contact is confirmed again."""
    return (
        Deadline.objects.open()
        .get(kind="contact_verification", subject_uuid=cast.contact.uuid)
        .uuid
    )


def _absence(cast: Cast) -> UUID:
    """The caseworker's of Lantern House; its manager stands in."""
    row = Absence.objects.first()
    if row is None:
        day = cast.at.date()
        row = absences.be_away(
            deputy_id=cast.ngo_manager.pk,
            from_on=day,
            until_on=day + timedelta(days=7),
            reason=AwayReason.LEAVE,
            by=cast.actor(cast.ngo_caseworker),
            at=cast.at,
        )
    return row.uuid


def _shelter(cast: Cast) -> UUID:
    """A shelter of Lantern House in a confidential place, with one place free for women."""
    if "shelter" not in cast.rows:
        cast.rows["house"] = houses.house(cast)
        cast.rows["shelter"] = houses.shelter(cast, location=cast.rows["house"])
    return cast.rows["shelter"].uuid


def _house(cast: Cast) -> UUID:
    _shelter(cast)
    return cast.rows["house"].uuid


def _centre(cast: Cast) -> UUID:
    """A service of Open Door that everybody may see."""
    if "centre" not in cast.rows:
        user = cast.other_manager
        where = {"name": "Centre", "street": "1 Open Street", "city": "Town"}
        cast.rows["centre"] = houses.shelter(
            cast,
            user=user,
            name="Day centre (invented)",
            location=houses.house(cast, user=user, confidential=False, **where),
            is_published=True,
            figures={},
        )
    return cast.rows["centre"].uuid


def _unlisted_shelter(cast: Cast) -> UUID:
    if "unlisted shelter" not in cast.rows:
        user = cast.unlisted_manager
        cast.rows["unlisted shelter"] = houses.shelter(cast, user=user)
    return cast.rows["unlisted shelter"].uuid


def _hold(cast: Cast) -> UUID:
    """Open Door holds the place of Lantern House."""
    _shelter(cast)
    if "hold" not in cast.rows:
        cast.rows["hold"] = houses.held(cast, cast.rows["shelter"])
    return cast.rows["hold"].uuid


def _search(cast: Cast) -> UUID:
    """What Open Door looks for; it holds a place already."""
    _hold(cast)
    return cast.rows["hold"].request.uuid


def restricted(cast: Cast) -> Referral:
    """Ready to be sent, then restricted to the two managers of Lantern House."""
    referral = consented(cast)
    restrict(
        referral=referral,
        by=cast.actor(cast.ngo_manager),
        at=cast.at,
        people=[cast.ngo_manager, cast.without_factor],
        reason="Invented reasons.",
    )
    return referral


def _restriction(cast: Cast) -> UUID:
    _referral(cast, restricted)
    return Restriction.objects.get(referral=cast.rows["restricted"]).uuid


def _disclosure(cast: Cast) -> UUID:
    """An order upon a case of Lantern House; Open Door is asked to approve it."""
    if "disclosure" not in cast.rows:
        cast.rows["disclosure"] = disclosures.enter_order(
            referral=consented(cast),
            by=cast.actor(cast.without_factor),
            at=cast.at,
            ordered_by="court",
            scope=["identity"],
            legal_basis="Invented article.",
            order_reference="Invented order.",
            second_body=cast.other_ngo,
            expires_on=(cast.at + timedelta(days=9)).date(),
        )
    return cast.rows["disclosure"].uuid


def _emergency(cast: Cast) -> UUID:
    """Open Door's manager opened a case of Lantern House."""
    if "emergency" not in cast.rows:
        cast.rows["emergency"] = emergency.ask(
            reference=consented(cast).reference,
            by=cast.actor(cast.other_manager),
            at=cast.at,
            reason_code="danger",
            reason="Invented reasons.",
        )
    return cast.rows["emergency"].uuid


def _referral(cast: Cast, stage: Callable[[Cast], Referral]) -> UUID:
    """One referral at each stage, made once."""
    if stage.__name__ not in cast.rows:
        cast.rows[stage.__name__] = stage(cast)
    return cast.rows[stage.__name__].uuid


def _conversation(cast: Cast) -> Conversation:
    """Lantern House asked Open Door something in general, and has a file in it."""
    if "conversation" not in cast.rows:
        cast.rows["conversation"] = conversations.begin(
            topic="procedure",
            parts=[Part(cast.other_ngo)],
            words=conversations.Words(
                "Invented words.", str(NEVER), [Upload("txt", "invented.txt", b"Invented.")]
            ),
            asking=conversations.Asking((cast.other_ngo.pk,)),
            by=cast.actor(cast.ngo_caseworker),
            at=cast.at,
        )
    return cast.rows["conversation"]


def _talk(cast: Cast) -> Conversation:
    """Lantern House wrote to the authority about the case that was sent."""
    if "talk" not in cast.rows:
        _referral(cast, sent)
        cast.rows["talk"] = conversations.begin(
            topic="case_safety",
            parts=[Part(cast.authority)],
            words=conversations.Words("Invented words about the case.", "talk"),
            subject=Subject("referral", cast.rows["sent"].uuid),
            by=cast.actor(cast.ngo_caseworker),
            at=cast.at,
        )
    return cast.rows["talk"]


def _attempt(cast: Cast) -> UUID:
    """Lantern House tried Open Door by telephone, and nobody answered."""
    if "attempt" not in cast.rows:
        cast.rows["attempt"] = attempts.log_attempt(
            organisation=cast.other_ngo,
            channel="phone",
            purpose="question",
            outcome="no_answer",
            client_key=str(NEVER),
            by=cast.actor(cast.ngo_caseworker),
            at=cast.at,
        )
    return cast.rows["attempt"].uuid


MESSAGE = {"text": "An invented message.", "client_key": "matrix"}


def _emergency_standing(cast: Cast) -> UUID:
    """Declared in a region of the South, where nobody in these tables works."""
    if "standing" not in cast.rows:
        country = Area.objects.get(code="XX")
        south = Area.objects.create(code="XX-S", name="South", level="region", parent=country)
        cast.rows["standing"] = emergencies.declare(
            area=south, reason="Invented.", by=cast.actor(cast.co_ordinator), at=cast.at
        )
    return cast.rows["standing"].uuid


def _seat(cast: Cast) -> UUID:
    system = system_actor("tests", cast.at)
    return seats.name_decider(
        authority="panel", organisation=cast.authority, by=system, at=cast.at
    ).uuid


def agreement(cast: Cast) -> Agreement:
    """The ministry and Lantern House are to sign it."""
    if "agreement" not in cast.rows:
        cast.rows["agreement"] = deeds.in_review(cast)
    return cast.rows["agreement"]


def own_draft(cast: Cast) -> Agreement:
    """A draft of the ministry, sent to nobody yet."""
    if "own draft" not in cast.rows:
        cast.rows["own draft"] = deeds.draft(cast)
    return cast.rows["own draft"]


def _protocol(cast: Cast, stage: str) -> LocalProtocol:
    """Kept by Lantern House."""
    if f"protocol {stage}" not in cast.rows:
        make = access_stages.in_force if stage == "in force" else access_stages.protocol
        cast.rows[f"protocol {stage}"] = make(cast)
    return cast.rows[f"protocol {stage}"]


def facility(cast: Cast) -> Facility:
    """Of the police."""
    if "facility" not in cast.rows:
        cast.rows["facility"] = access_stages.facility(cast)
    return cast.rows["facility"]


def confidential(cast: Cast) -> Facility:
    """A shelter that Lantern House may enter."""
    if "confidential" not in cast.rows:
        cast.rows["confidential"] = access_stages.facility(
            cast, name="Shelter (invented)", kind="shelter", is_confidential=True
        )
        cast.rows["authorisation"] = access_stages.authorised(cast, cast.rows["confidential"])
    return cast.rows["confidential"]


def authorisation(cast: Cast) -> AccessAuthorisation:
    confidential(cast)
    return cast.rows["authorisation"]


def access_request(cast: Cast) -> AccessRequest:
    """Of Lantern House."""
    if "access request" not in cast.rows:
        cast.rows["access request"] = access_stages.asked(cast, facility(cast))
    return cast.rows["access request"]


def incident(cast: Cast) -> AccessIncident:
    """Reported by Lantern House."""
    if "incident" not in cast.rows:
        cast.rows["incident"] = access_stages.incident(cast, facility(cast))
    return cast.rows["incident"]


def _amendment(cast: Cast) -> dict[str, Any]:
    if "amendment" not in cast.rows:
        cast.rows["amendment"] = deeds.amended(cast)
    row = cast.rows["amendment"]
    return {"uuid": row.agreement.uuid, "amendment": row.uuid, "name": "sign"}


def _paper(cast: Cast) -> dict[str, Any]:
    if "paper" not in cast.rows:
        cast.rows["paper"] = deeds.paper(cast, agreement(cast))
    return {"uuid": agreement(cast).uuid, "file": cast.rows["paper"].uuid}


def _asked(cast: Cast) -> UUID:
    """A request of the ministry's, whose round Lantern House and Open Door are asked to answer."""
    if "asked" not in cast.rows:
        cast.rows["round"] = asking.open_now(cast, basis="voluntary", basis_source="")
        cast.rows["asked"] = cast.rows["round"].request
        cast.rows["answer"] = asking.answer_of(cast.ngo)
    return cast.rows["asked"].uuid


def _of_the_round(cast: Cast, row: str) -> UUID:
    _asked(cast)
    uuid: UUID = cast.rows[row].uuid
    return uuid


def _request_draft(cast: Cast) -> UUID:
    """Lantern House is going to ask agencies for something."""
    if "request draft" not in cast.rows:
        kinds = ("state_agency",)
        cast.rows["request draft"] = asking.draft(cast, cast.without_factor, asked_kinds=kinds)
    return cast.rows["request draft"].uuid


CHANGE = {"version": 1, "answers": {"place": "BOTH"}}

ARGUMENTS: dict[str, Callable[[Cast], dict[str, Any]]] = {
    "partners:filter-act": lambda cast: {"uuid": _stored_filter(cast), "name": "delete"},
    "partners:reminders": lambda cast: {
        "_data": {"round": str(cast.ngo.uuid), "organisation": str(cast.other_ngo.uuid)}
    },
    "partners:reminders-sent": lambda cast: {"uuid": _reminder_round(cast)},
    "partners:registry-template": lambda cast: {"ending": "csv"},
    "partners:registry-table": lambda cast: {"uuid": _registry_table(cast)},
    "partners:registry-bad-rows": lambda cast: {"uuid": _registry_table(cast)},
    "partners:registry-table-act": lambda cast: {"uuid": _registry_table(cast), "name": "discard"},
    "partners:registry-import": lambda cast: {"uuid": _registry_import(cast)},
    "partners:registry-export": lambda cast: {"ending": "csv"},
    "accounts:accept": lambda cast: {"token": "never-issued"},
    "account_reset_password_from_key": lambda cast: {"uidb36": "1", "key": "never-issued"},
    "mfa_edit_webauthn": lambda cast: {"pk": 0},
    "mfa_remove_webauthn": lambda cast: {"pk": 0},
    "deadlines:feed_file": lambda cast: {"secret": "never-issued"},
    "deadlines:stop_mail": lambda cast: {"token": "never.issued"},
    "deadlines:resend_mail": lambda cast: {"uuid": NEVER},
    "deadlines:put_away_mail": lambda cast: {"uuid": NEVER},
    "deadlines:open_notice": lambda cast: {"uuid": NEVER},
    "deadlines:deadline": lambda cast: {"uuid": _deadline(cast)},
    "deadlines:deadline@never": lambda cast: {"uuid": NEVER},
    "deadlines:deadline_act": lambda cast: {"uuid": _deadline(cast), "name": "extend"},
    "deadlines:away_end": lambda cast: {"uuid": _absence(cast)},
    "deadlines:rule_change": lambda cast: {"code": "recovery_period"},
    "deadlines:rule_change@unknown": lambda cast: {"code": "never-heard-of"},
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
    "partners:entry-page": lambda cast: {"page": "about"},
    "partners:change": lambda cast: {"uuid": _change(cast)},
    "partners:change-act": lambda cast: {
        "uuid": _change(cast),
        "name": "agree",
        "_data": {"version": 1},
    },
    "partners:change-act@withdraw": lambda cast: {"uuid": _change(cast), "name": "withdraw"},
    "partners:people-scope": lambda cast: {
        "uuid": _membership(cast),
        "_data": {"scope": "own"},
    },
    "referrals:assign": lambda cast: {"uuid": _referral(cast, sent)},
    "partners:people-lock": lambda cast: {"uuid": _membership(cast)},
    "partners:lock-extend": lambda cast: {"uuid": _account_lock(cast)},
    "partners:lock-lift": lambda cast: {"uuid": _account_lock(cast)},
    "partners:proceeding": lambda cast: {"uuid": _proceeding(cast)},
    "partners:proceeding@never": lambda cast: {"uuid": NEVER},
    "partners:proceeding-new": lambda cast: {"uuid": cast.other_ngo.uuid},
    "partners:proceeding-panel": lambda cast: {"uuid": _proceeding(cast)},
    "partners:proceeding-vote": lambda cast: {"uuid": _proceeding(cast)},
    "partners:proceeding-drop": lambda cast: {"uuid": _proceeding(cast)},
    "partners:proceeding-lift": lambda cast: {"uuid": _proceeding(cast)},
    "partners:proceeding-speak": lambda cast: {"uuid": _proceeding(cast), "name": "answer"},
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
    "partners:hsds-service": lambda cast: {"uuid": _shelter(cast)},
    "partners:hsds-service@public": lambda cast: {"uuid": _centre(cast)},
    "partners:hsds-organisation": lambda cast: {"uuid": cast.unlisted_ngo.uuid},
    "partners:service": lambda cast: {"uuid": _shelter(cast)},
    "partners:service@unlisted": lambda cast: {"uuid": _unlisted_shelter(cast)},
    "partners:service-edit": lambda cast: {"uuid": _shelter(cast)},
    "partners:service-act": lambda cast: {"uuid": _shelter(cast), "name": "correct"},
    "partners:service-act@end": lambda cast: {"uuid": _shelter(cast), "name": "end"},
    "partners:service-inspect": lambda cast: {"uuid": _shelter(cast)},
    "partners:location": lambda cast: {"uuid": _house(cast)},
    "partners:location-edit": lambda cast: {"uuid": _house(cast)},
    "partners:search": lambda cast: {"uuid": _search(cast)},
    "partners:search-close": lambda cast: {"uuid": _search(cast), "_data": {"end": "not_needed"}},
    "partners:hold": lambda cast: {"uuid": _hold(cast)},
    "partners:hold-act": lambda cast: {"uuid": _hold(cast), "name": "accept"},
    "partners:hold-act@give-back": lambda cast: {"uuid": _hold(cast), "name": "give-back"},
    "partners:hold-act@show": lambda cast: {"uuid": _hold(cast), "name": "show"},
    "partners:contact": lambda cast: {"uuid": cast.contact.uuid},
    "partners:contact@unlisted": lambda cast: {"uuid": cast.other_contact.uuid},
    "partners:contact-card": lambda cast: {"uuid": cast.contact.uuid},
    "partners:contact-card@unlisted": lambda cast: {"uuid": cast.other_contact.uuid},
    "partners:emergencies": lambda cast: {"_data": {"reason": "Invented.", "sure": "yes"}},
    "partners:emergency-act": lambda cast: {"uuid": _emergency_standing(cast), "name": "end"},
    "partners:contact-link": lambda cast: {"token": "never-issued"},
    "partners:contact-ask": lambda cast: {"uuid": cast.contact.uuid},
    "partners:contact-ask@unlisted": lambda cast: {"uuid": cast.other_contact.uuid},
    "partners:contact-phone": lambda cast: {"uuid": cast.contact.uuid},
    "partners:contact-phone@unlisted": lambda cast: {"uuid": cast.other_contact.uuid},
    "partners:contact-deputy": lambda cast: {"uuid": cast.contact.uuid},
    "partners:contact-edit": lambda cast: {"uuid": cast.contact.uuid},
    "partners:contact-edit@unlisted": lambda cast: {"uuid": cast.other_contact.uuid},
    "partners:contact-act": lambda cast: {"uuid": cast.contact.uuid, "name": "verify"},
    "partners:agreement": lambda cast: {"uuid": agreement(cast).uuid},
    "partners:agreement@draft": lambda cast: {"uuid": own_draft(cast).uuid},
    "partners:agreement@never": lambda cast: {"uuid": NEVER},
    "partners:agreement-act": lambda cast: {"uuid": agreement(cast).uuid, "name": "sign"},
    "partners:agreement-act@take_back": lambda cast: {
        "uuid": agreement(cast).uuid,
        "name": "take_back",
        "_data": {"comment": "Article 3."},
    },
    "partners:agreement-page": lambda cast: {"uuid": own_draft(cast).uuid, "page": "text"},
    "partners:agreement-page@papers": lambda cast: {
        "uuid": agreement(cast).uuid,
        "page": "papers",
    },
    "partners:agreement-file": _paper,
    "partners:amendment-act": _amendment,
    "partners:conversation": lambda cast: {"uuid": _conversation(cast).uuid, "_data": MESSAGE},
    "partners:conversation@case": lambda cast: {"uuid": _talk(cast).uuid, "_data": MESSAGE},
    "partners:conversation@never": lambda cast: {"uuid": NEVER},
    "partners:conversation-file": lambda cast: {
        "uuid": _conversation(cast).uuid,
        "file": MessageFile.objects.get(message__conversation=_conversation(cast)).uuid,
    },
    "partners:conversation-message": lambda cast: {
        "uuid": _conversation(cast).uuid,
        "message": _conversation(cast).messages.order_by("pk")[0].uuid,
        "name": "take-back",
    },
    "partners:attempt-new": lambda cast: {
        "uuid": cast.other_ngo.uuid,
        "_data": {
            "channel": "phone",
            "purpose": "question",
            "outcome": "answered",
            "client_key": "matrix",
        },
    },
    "partners:attempt-new@unlisted": lambda cast: {"uuid": cast.unlisted_ngo.uuid},
    "partners:attempt-answered": lambda cast: {"uuid": _attempt(cast)},
    "partners:request": lambda cast: {"uuid": _asked(cast)},
    "partners:request@draft": lambda cast: {"uuid": _request_draft(cast)},
    "partners:request@never": lambda cast: {"uuid": NEVER},
    "partners:request-edit": lambda cast: {"uuid": _request_draft(cast)},
    "partners:request-act": lambda cast: {"uuid": _request_draft(cast), "name": "announce"},
    "partners:request-round": lambda cast: {"uuid": _of_the_round(cast, "round")},
    "partners:request-answer": lambda cast: {"uuid": _of_the_round(cast, "answer")},
    "partners:request-answer-act": lambda cast: {
        "uuid": _of_the_round(cast, "answer"),
        "name": "decline",
    },
    "partners:load-of": lambda cast: {"uuid": cast.ngo.uuid},
    "partners:load-of@unlisted": lambda cast: {"uuid": cast.unlisted_ngo.uuid},
    "partners:protocol": lambda cast: {"uuid": _protocol(cast, "in force").uuid},
    "partners:protocol@draft": lambda cast: {"uuid": _protocol(cast, "draft").uuid},
    "partners:protocol@never": lambda cast: {"uuid": NEVER},
    "partners:protocol-page": lambda cast: {
        "uuid": _protocol(cast, "draft").uuid,
        "page": "text",
    },
    "partners:protocol-act": lambda cast: {
        "uuid": _protocol(cast, "draft").uuid,
        "name": "put_in_force",
    },
    "partners:facility": lambda cast: {"uuid": facility(cast).uuid},
    "partners:facility@confidential": lambda cast: {"uuid": confidential(cast).uuid},
    "partners:facility@never": lambda cast: {"uuid": NEVER},
    "partners:facility-act": lambda cast: {"uuid": facility(cast).uuid, "name": "ask"},
    "partners:facility-act@visit": lambda cast: {"uuid": facility(cast).uuid, "name": "visit"},
    "partners:facility-act@edit": lambda cast: {"uuid": facility(cast).uuid, "name": "edit"},
    "partners:facility-act@authorise": lambda cast: {
        "uuid": facility(cast).uuid,
        "name": "authorise",
    },
    "partners:access-request": lambda cast: {"uuid": access_request(cast).uuid},
    "partners:access-request@never": lambda cast: {"uuid": NEVER},
    "partners:access-request-act": lambda cast: {
        "uuid": access_request(cast).uuid,
        "name": "withdraw",
    },
    "partners:access-request-act@grant": lambda cast: {
        "uuid": access_request(cast).uuid,
        "name": "grant",
    },
    "partners:authorisation-act": lambda cast: {
        "uuid": authorisation(cast).uuid,
        "name": "revoke",
    },
    "partners:incident-act": lambda cast: {"uuid": incident(cast).uuid, "name": "restored"},
    "partners:incident-act@answer": lambda cast: {"uuid": incident(cast).uuid, "name": "answer"},
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
    "referrals:track": lambda cast: {
        "uuid": _referral(cast, sent),
        "kind": "support",
        "_data": {"was": "not_asked", "status": "receiving"},
    },
    "referrals:track@identification": lambda cast: {
        "uuid": _referral(cast, sent),
        "kind": "identification",
    },
    "referrals:situation": lambda cast: {
        "uuid": _referral(cast, draft),
        "_data": {"version": 1, "situation": "none"},
    },
    "referrals:another": lambda cast: {
        "uuid": _referral(cast, draft),
        "_data": {"client_key": str(NEVER)},
    },
    "referrals:identity": lambda cast: {
        "uuid": _referral(cast, sent),
        "_data": {"reason": "safety"},
    },
    "referrals:protection": lambda cast: {"uuid": _referral(cast, sent)},
    "referrals:protect": lambda cast: {"uuid": _referral(cast, sent), "name": "exclude-person"},
    "referrals:protect@restrict": lambda cast: {
        "uuid": _referral(cast, sent),
        "name": "restrict",
    },
    "referrals:protect@step-back": lambda cast: {
        "uuid": _referral(cast, sent),
        "name": "step-back",
    },
    "referrals:protection@restricted": lambda cast: {"uuid": _referral(cast, restricted)},
    "referrals:detail@restricted": lambda cast: {"uuid": _referral(cast, restricted)},
    "referrals:disclosure": lambda cast: {"uuid": _disclosure(cast)},
    "referrals:disclosure@never": lambda cast: {"uuid": NEVER},
    "referrals:disclosure-act": lambda cast: {"uuid": _disclosure(cast), "name": "approve"},
    "referrals:disclosure-copy": lambda cast: {"uuid": _disclosure(cast)},
    "referrals:disclosure-new": lambda cast: {"uuid": _referral(cast, sent)},
    "referrals:emergency-access": lambda cast: {"uuid": _emergency(cast)},
    "referrals:emergency-access@never": lambda cast: {"uuid": NEVER},
    "referrals:emergency-answer": lambda cast: {"uuid": _emergency(cast), "name": "agree"},
    "referrals:readmit": lambda cast: {"uuid": _referral(cast, sent), "exclusion": NEVER},
    "referrals:name-people": lambda cast: {"uuid": NEVER},
    "referrals:name-people@restricted": lambda cast: {"uuid": _restriction(cast)},
    "referrals:conversation-new": lambda cast: {"uuid": _referral(cast, sent)},
    "referrals:conversation-new@restricted": lambda cast: {"uuid": _referral(cast, restricted)},
    "referrals:who-looked": lambda cast: {"uuid": _referral(cast, sent)},
    "referrals:decider-name": lambda cast: {
        "_data": {"authority": "panel", "organisation": cast.authority.pk}
    },
    "referrals:decider-end": lambda cast: {"uuid": _seat(cast)},
    "referrals:decider-end@never": lambda cast: {"uuid": NEVER},
    "referrals:import-file": lambda cast: {"uuid": NEVER},
    "referrals:import-bad-rows": lambda cast: {"uuid": NEVER},
    "referrals:import-act": lambda cast: {"uuid": NEVER, "name": "start"},
    "referrals:import": lambda cast: {"uuid": NEVER},
    "api:organisation": lambda cast: {"uuid": cast.ngo.uuid},
    "api:organisation@unlisted": lambda cast: {"uuid": cast.unlisted_ngo.uuid},
    "api:organisation@never": lambda cast: {"uuid": NEVER},
    "api:referrals": lambda cast: {"_data": {"answers": {"place": "HERE"}}},
    "api:referral": lambda cast: {"uuid": _referral(cast, sent), "_data": CHANGE},
    "api:referral@draft": lambda cast: {"uuid": _referral(cast, draft), "_data": CHANGE},
    "api:referral@never": lambda cast: {"uuid": NEVER, "_data": CHANGE},
    "api:referral-acts": lambda cast: {"uuid": _referral(cast, sent)},
    "api:referral-act": lambda cast: {
        "uuid": _referral(cast, sent),
        "name": "opinion",
        "_data": {"text": "An invented opinion."},
    },
    "api:referral-act@decide": lambda cast: {
        "uuid": _referral(cast, sent),
        "name": "positive",
        "_data": {"version": 1},
    },
    **gathered(),
}
