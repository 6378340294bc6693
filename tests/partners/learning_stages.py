"""Trainings and guidance at each stage, each step taken through the services."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from common.country import local_day
from partners.learning_workflow import GUIDANCE, TRAINING
from partners.models import Attendance, Guidance, GuidanceFile, Membership, Training
from partners.services import guidance, trainings
from tests.support.cast import Cast

TITLE = "Recognising the signs (invented)"


def day(cast: Cast, days: int = 0) -> date:
    return local_day(cast.at + timedelta(days=days))


def planned(cast: Cast, *, days: int = 30, **more: Any) -> Training:
    """By Open Door, for Lantern House and the police."""
    by = cast.actor(cast.other_manager)
    facts = {
        "title": TITLE, "about": "What to look for.", "topics": ["indicators", "first_talk"],
        "form": "room", "places": 20, "trainer": cast.other_ngo, "is_for_currency": True, **more,
    }  # fmt: skip
    row = trainings.plan_training(
        client_key=uuid4(), by=by, at=cast.at, on=day(cast, days), **facts
    )
    for organisation in (cast.ngo, cast.police):
        trainings.name_party(training=row, organisation=organisation, by=by, at=cast.at)
    return row


def held(cast: Cast, *, ago: int = 0, **more: Any) -> Training:
    row = planned(cast, days=-ago, **more)
    by = cast.actor(cast.other_manager)
    return TRAINING.apply(row, "hold", by=by, at=cast.at, on=day(cast, -ago))


def attended(cast: Cast, row: Training) -> Attendance:
    """By Lantern House's caseworker."""
    member = Membership.objects.get(user=cast.ngo_caseworker)
    return trainings.enter_attendances(
        training=row, people=[member.uuid], by=cast.actor(cast.ngo_manager), at=cast.at
    )[0]


def moved(cast: Cast, row: Training, **more: Any) -> Training:
    given = {"reason": "emergency", "reason_words": "The hall is closed.", "on": None, **more}
    by = cast.actor(cast.other_manager)
    return TRAINING.apply(row, "postpone", by=by, at=cast.at, **given)


def draft(cast: Cast, **more: Any) -> Guidance:
    """Of the ministry, for every point of contact of civil society."""
    text = {"title": "Whom to call (invented)", "summary": "Call first.", "for_kinds": ["cso"],
            **more}  # fmt: skip
    by = cast.actor(cast.co_ordinator)
    return guidance.draft_guidance(client_key=uuid4(), by=by, at=cast.at, **text)


def paper(cast: Cast, row: Guidance) -> GuidanceFile:
    return guidance.add_file(
        guidance=row, title="In English", name="text.pdf", content=b"%PDF-1.7 invented",
        by=cast.actor(cast.co_ordinator), at=cast.at,
    )  # fmt: skip


def in_force(cast: Cast, **more: Any) -> Guidance:
    row = draft(cast, **more)
    paper(cast, row)
    by = cast.actor(cast.co_ordinator)
    return GUIDANCE.apply(Guidance.objects.get(pk=row.pk), "put_in_force", by=by, at=cast.at)
