"""Calls and applications at each stage, each step taken through the services."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from accounts.models import User
from common.country import local_day
from funding.call_choices import Verdict
from funding.call_workflow import APPLICATION
from funding.models import Application, Call, Review
from funding.money_choices import FundingKind, LineKind
from funding.services import applications, calls, decisions, reviews
from partners.models import Emergency
from partners.services import emergencies
from tests.funding import money
from tests.support.cast import Cast

D = Decimal
OPEN_FOR = timedelta(days=20)


def draft(cast: Cast, **more: Any) -> Call:
    """Bridge Fund gives 50,000 euros for beds, to who provides services."""
    fund = more.pop("fund", None) or money.fund(cast)
    text: dict[str, Any] = {
        "kind": FundingKind.LONG_TERM_TARGETED, "title": "Beds for two years (invented)",
        "purpose": "Beds, day and night.", "currency": "EUR", "amount": D(50_000),
        "largest": D(30_000), "eligible_kinds": ("cso",),
        "eligible_capacities": ("service_provider",), "area": cast.area,
        "questions_until_at": cast.at + timedelta(days=10), "closes_at": cast.at + OPEN_FOR,
        "decide_by_on": local_day(cast.at + timedelta(days=60)), "reviews_needed": 2,
        "second_person": True,
    }  # fmt: skip
    by = cast.actor(cast.funder)
    call = calls.draft_call(client_key=uuid4(), fund=fund, by=by, at=cast.at, **(text | more))
    if not call.is_emergency:
        for name, weight in (("Need", 60), ("How it is done", 40)):
            calls.add_criterion(call=call, name=name, words="", weight=weight, by=by, at=cast.at)
    return now(call)


def now(call: Call) -> Call:
    """As it stands in the database."""
    return Call.objects.get(pk=call.pk)


def opened(cast: Cast, **more: Any) -> Call:
    return calls.publish(call=draft(cast, **more), by=cast.actor(cast.funder), at=cast.at)


def written(cast: Cast, call: Call, user: User, staff: int = 20_000) -> Application:
    """A draft with everything in it: money for staff and 5,000 for shelter."""
    by, today = cast.actor(user), local_day(cast.at)
    row = applications.begin(call=call, client_key=uuid4(), by=by, at=cast.at)
    row = applications.change_text(
        application=row, version=row.version, by=by, at=cast.at, title="Six beds (invented)",
        purpose="Six beds.", need="None is free.", results="Nobody is turned away.",
        area=cast.area, from_on=today, until_on=today + timedelta(days=365),
    )  # fmt: skip
    lines = [(LineKind.STAFF, D(staff), "One post"), (LineKind.SHELTER, D(5_000), "")]
    return applications.set_lines(
        application=row, lines=lines, version=row.version, by=by, at=cast.at
    )


def submitted(cast: Cast, call: Call, user: User, staff: int = 20_000) -> Application:
    row = written(cast, call, user, staff)
    return APPLICATION.apply(row, "submit", by=cast.actor(user), at=cast.at)


def reviewer(cast: Cast, call: Call, user: User) -> None:
    """A person of another organisation is named."""
    organisation = cast.actor(user).organisation
    assert organisation is not None
    by = cast.actor(cast.funder)
    calls.name_reviewer(call=call, user=user, organisation=organisation, by=by, at=cast.at)


def closed(cast: Cast) -> Call:
    """Lantern House and Open Door applied; the rapporteur and an officer are to review."""
    call = opened(cast)
    submitted(cast, call, cast.ngo_manager)
    submitted(cast, call, cast.other_manager, staff=10_000)
    for user in (cast.rapporteur, cast.officer):
        reviewer(cast, call, user)
    calls.keep_up(after(call))
    return now(call)


def after(call: Call) -> datetime:
    """A moment after it has closed."""
    return call.closes_at + timedelta(seconds=1)


def review_of(call: Call, user: User, application: Application) -> Review:
    return Review.objects.get(reviewer__call=call, reviewer__user=user, application=application)


def scored(cast: Cast, call: Call, user: User, application: Application, points: int) -> Review:
    """No conflict, and the same points by every criterion."""
    at = after(call)
    by = cast.actor(user, at)
    review = reviews.declare(review=review_of(call, user, application), conflict="", by=by, at=at)
    given = {pk: points for pk in call.criteria.values_list("pk", flat=True)}
    return reviews.submit(review=review, points=given, words="Invented.", by=by, at=at)


def own(call: Call, cast: Cast, user: User) -> Application:
    return call.applications.get(organisation=cast.actor(user).organisation)


def reviewed(cast: Cast) -> Call:
    """All reviews are in: Lantern House has 5 points everywhere, Open Door 2."""
    call = closed(cast)
    for user in (cast.rapporteur, cast.officer):
        scored(cast, call, user, own(call, cast, cast.ngo_manager), 5)
        scored(cast, call, user, own(call, cast, cast.other_manager), 2)
    return call


def decided(cast: Cast, call: Call, *, by: User | None = None) -> Call:
    """Lantern House is awarded 22,000 of 25,000, Open Door nothing; nobody is told yet."""
    at = after(call)
    actor = cast.actor(by or cast.funder, at)
    lines = {LineKind.STAFF: D(18_000), LineKind.SHELTER: D(4_000)}
    decisions.decide(
        application=own(call, cast, cast.ngo_manager), verdict=Verdict.AWARD, lines=lines,
        reason="The need is greatest.", by=actor, at=at,
    )  # fmt: skip
    decisions.decide(
        application=own(call, cast, cast.other_manager), verdict=Verdict.REFUSE, lines={},
        reason="The money does not suffice.", by=actor, at=at,
    )  # fmt: skip
    return call


def announced(cast: Cast) -> Call:
    call = decided(cast, reviewed(cast))
    at = after(call)
    by = cast.actor(money.second_officer(cast), at)
    return decisions.announce(call=call, by=by, at=at)


def emergency(cast: Cast) -> Emergency:
    """Declared where everybody in these tests works."""
    by = cast.actor(cast.co_ordinator)
    return emergencies.declare(area=cast.area, reason="A flood.", by=by, at=cast.at)


def emergency_call(cast: Cast, **more: Any) -> Call:
    emergency(cast)
    return opened(
        cast, is_emergency=True, kind=FundingKind.EMERGENCY, title="Flood (invented)",
        largest=None, **more,
    )  # fmt: skip


def emergency_request(cast: Cast, call: Call, **more: Any) -> Application:
    today = local_day(cast.at)
    text: dict[str, Any] = {
        "client_key": uuid4(), "title": "Rooms for a month (invented)", "purpose": "Rooms.",
        "line": LineKind.QUARANTINE, "amount": D(4_000), "from_on": today,
        "until_on": today + timedelta(days=30),
    }  # fmt: skip
    by = cast.actor(cast.ngo_manager)
    return applications.ask_in_emergency(call=call, by=by, at=cast.at, **(text | more))
