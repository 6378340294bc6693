"""The clocks of recurring requests: an answer that is asked for, and what is owed for it.

Their ends are set by whoever asks, within what the register allows; no rule of the country does.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from common.country import current
from common.marks import Subject
from common.profile import Bound
from common.workdays import end_of_day
from deadlines import kinds
from deadlines.models import Deadline
from deadlines.services import clocks as running
from partners.choices import Capacity, Role
from partners.models import HeldCapacity, Membership, RequestAnswer, RequestRound
from partners.request_notices import (
    ANSWER,
    ROUND,
    SPEAKERS,
    speakers_of,
    to_answer,
    to_round,
)

GIVE_BACK = "request_give_back"
REMINDED = 3
"""Days before the end."""
#: Who gives back what was promised: whoever can register a request.
MAKERS = (Role.MANAGER, Role.CO_ORDINATOR, Role.RAPPORTEUR, Role.FUNDER)


def register_kinds() -> None:
    """Called once when the app is ready."""
    # Nobody above is told of an answer that is late: whoever asks sees it, and that is enough.
    kinds.register(
        ANSWER,
        title=_("Answer to a recurring request"),
        link=to_answer,
        still_visible=_answers,
    )
    kinds.register(
        GIVE_BACK,
        title=_("What was promised for answers to a request"),
        link=to_round,
        still_visible=_rounds,
        escalation=_co_ordinators,
    )


def asked(answer: RequestAnswer, group: Group, *, by: Any, at: datetime) -> None:
    """The time to answer runs. Where answering is voluntary it ends, and nobody is late."""
    round_ = answer.round
    running.start_until(
        kind=ANSWER,
        subject=Subject(ANSWER, answer.uuid),
        holders=[group],
        starts_at=at,
        until=end_of_day(round_.answer_until_on, current().time_zone),
        bound=Bound.LASTS if round_.is_voluntary else Bound.LATEST,
        remind_before_days=REMINDED,
        by=by,
        at=at,
        organisation_uuid=answer.organisation.uuid,
    )


def asked_again(answer: RequestAnswer, *, by: Any, at: datetime) -> None:
    """What was said is taken back, so the time to answer runs as before."""
    [speakers] = speakers_of([answer.organisation], at, SPEAKERS)
    if speakers.group is not None:
        asked(answer, speakers.group, by=by, at=at)


def said(answer: RequestAnswer, *, by: Any, at: datetime) -> None:
    """Answered or declined: nobody there need think of it any more."""
    running.meet(subject=Subject(ANSWER, answer.uuid), kinds=[ANSWER], by=by, at=at)


def dropped(answer: RequestAnswer, *, by: Any, at: datetime) -> None:
    """It is no longer asked for."""
    running.cancel(subject=Subject(ANSWER, answer.uuid), kinds=[ANSWER], by=by, at=at)


def owed(round_: RequestRound, *, by: Any, at: datetime) -> None:
    """From the first answer on, what was promised is owed to those who gave one."""
    asker = round_.request.organisation
    [speakers] = speakers_of([asker], at, MAKERS)
    if speakers.group is None or round_.given_back_at is not None:
        return
    running.start_until(
        kind=GIVE_BACK,
        subject=Subject(ROUND, round_.uuid),
        holders=[speakers.group],
        starts_at=at,
        until=end_of_day(round_.back_until_on, current().time_zone),
        bound=Bound.LATEST,
        remind_before_days=REMINDED,
        by=by,
        at=at,
        organisation_uuid=asker.uuid,
    )


def given_back(round_: RequestRound, *, by: Any, at: datetime) -> None:
    """Nothing is owed any more."""
    running.meet(subject=Subject(ROUND, round_.uuid), kinds=[GIVE_BACK], by=by, at=at)


def nothing_owed(round_: RequestRound, *, by: Any, at: datetime) -> None:
    """The only answer was taken back."""
    running.cancel(subject=Subject(ROUND, round_.uuid), kinds=[GIVE_BACK], by=by, at=at)


def _co_ordinators(deadline: Deadline) -> list[list[int]]:
    """What partners were promised and did not get is the co-ordination's matter."""
    co_ordinating = HeldCapacity.objects.held().filter(capacity=Capacity.CO_ORDINATION)
    members = Membership.objects.filter(
        role=Role.CO_ORDINATOR,
        until_at__isnull=True,
        organisation__in=co_ordinating.values("organisation"),
    )
    return [sorted(set(members.values_list("user_id", flat=True)))]


def _answers(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = RequestAnswer.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict.fromkeys(shown.values_list("uuid", flat=True), "")


def _rounds(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = RequestRound.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict.fromkeys(shown.values_list("uuid", flat=True), "")
