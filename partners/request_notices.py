"""Who is told what about recurring requests; a mail says only that something waits."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.marks import Subject
from deadlines.notices import register, register_topic
from deadlines.services.notices import mark_handled, notify
from partners.choices import Role
from partners.models import (
    Membership,
    Organisation,
    RecurringRequest,
    RequestAnswer,
    RequestRound,
    RoleGroup,
)

TOPIC = "requests"
REQUEST, ROUND, ANSWER = "recurring_request", "request_round", "request_answer"
#: About a request: everybody it asks is told.
REQUEST_KINDS = {
    "request_announced": _("Your organisation will regularly be asked for something"),
    "request_changed": _("What your organisation is regularly asked for was changed"),
    "request_ended": _("Something is no longer asked of your organisation"),
}
ROUND_OPENED = "request_round_opened"
GIVEN_BACK = "request_given_back"
#: Who answers for an organisation, the first of these that somebody holds there.
SPEAKERS = (
    Role.MANAGER,
    Role.CO_ORDINATOR,
    Role.OFFICER,
    Role.RAPPORTEUR,
    Role.FUNDER,
    Role.CASEWORKER,
)


def register_kinds() -> None:
    """Called once when the app is ready."""
    register_topic(TOPIC, title=_("What your organisation is regularly asked for"))
    for kind, title in REQUEST_KINDS.items():
        register(kind, title=title, link=to_request, still_visible=_requests, topic=TOPIC)
    register(
        ROUND_OPENED,
        title=_("A recurring request waits for your answer"),
        link=to_answer,
        still_visible=_answers,
        topic=TOPIC,
    )
    register(
        GIVEN_BACK,
        title=_("What was promised for your answers has come back"),
        link=to_round,
        still_visible=_rounds,
        topic=TOPIC,
    )


def to_request(uuid: UUID) -> str:
    return reverse("partners:request", args=[uuid])


def to_round(uuid: UUID) -> str:
    return reverse("partners:request-round", args=[uuid])


def to_answer(uuid: UUID) -> str:
    return reverse("partners:request-answer", args=[uuid])


@dataclass(frozen=True)
class Speakers:
    """Who answers for one organisation: the group of their role, and their keys."""

    organisation: Organisation
    group: Group | None
    users: frozenset[int]


def speakers_of(
    organisations: Iterable[Organisation], at: datetime, roles: Collection[Role] = SPEAKERS
) -> list[Speakers]:
    """For each organisation the people of the first of these roles that anybody holds there.

    Two queries, whatever their number.
    """
    wanted = {each.pk: each for each in organisations}
    held: dict[tuple[int, str], set[int]] = {}
    at_work = Membership.objects.active(at).filter(
        organisation__in=list(wanted), role__in=list(roles)
    )
    for place, role, user in at_work.values_list("organisation_id", "role", "user_id"):
        held.setdefault((place, role), set()).add(user)
    mirrored = RoleGroup.objects.filter(organisation__in=list(wanted), role__in=list(roles))
    groups = {(each.organisation_id, each.role): each.group for each in
              mirrored.select_related("group")}  # fmt: skip
    found = []
    for pk, organisation in wanted.items():
        first = next((role for role in roles if held.get((pk, role))), None)
        users = frozenset(held[pk, first]) if first else frozenset()
        found.append(Speakers(organisation, groups.get((pk, str(first))), users))
    return found


# --- what is said ---------------------------------------------------------------------------------


def tell_asked(request: RecurringRequest, kind: str, *, by: Any, at: datetime) -> None:
    """Everybody asked gets a notice"""
    asked = speakers_of(request.asked_organisations(), at)
    about = Subject(REQUEST, request.uuid)
    for speakers in asked:
        _tell(speakers, kind, about, str(request.version), by=by, at=at)


def round_opened(
    answers: Mapping[int, RequestAnswer], speakers: Iterable[Speakers], *, by: Any, at: datetime
) -> None:
    """Each organisation asked gets a notice that leads to its own answer"""
    for each in speakers:
        about = Subject(ANSWER, answers[each.organisation.pk].uuid)
        _tell(each, ROUND_OPENED, about, "", by=by, at=at)


def answer_said(answer: RequestAnswer, *, at: datetime) -> None:
    """Nobody there need think of it any more."""
    mark_handled(subject=Subject(ANSWER, answer.uuid), kinds=[ROUND_OPENED], at=at)


def given_back(
    round_: RequestRound, answered: Iterable[Organisation], *, by: Any, at: datetime
) -> None:
    """Whoever answered gets a notice"""
    for speakers in speakers_of(answered, at):
        _tell(speakers, GIVEN_BACK, Subject(ROUND, round_.uuid), at.isoformat(), by=by, at=at)


def _tell(
    speakers: Speakers, kind: str, about: Subject, once: str, *, by: Any, at: datetime
) -> None:
    notify(
        recipients=speakers.users,
        kind=kind,
        subject=about,
        by=by,
        at=at,
        key=f"{kind}:{about.uuid}:{once}",
        organisation_uuid=speakers.organisation.uuid,
    )


# --- who may still see ----------------------------------------------------------------------------


def _requests(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = RecurringRequest.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def _rounds(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = RequestRound.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def _answers(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = RequestAnswer.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))
