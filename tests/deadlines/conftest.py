"""People who act, and kinds of jobs and notices that exist for one test."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.marks import Permission
from common.profile import Bound, DeadlineRule, Label, StartEvent, Weight
from common.workdays import Counting, DeadlineLength, Unit
from deadlines import jobs, kinds, mails, notices


@dataclass
class Somebody:
    """An actor as this package knows one: a person, acting for an organisation or for none."""

    user: User | None = None
    organisation: Any = None
    permissions: frozenset[Permission] = frozenset()
    group_ids: tuple[int, ...] = ()
    proved_at: datetime | None = None
    system: str = ""
    label: str = ""
    organisation_id: int | None = None

    @property
    def user_id(self) -> int | None:
        return self.user.pk if self.user else None

    @property
    def organisation_uuid(self) -> UUID | None:
        return self.organisation.uuid if self.organisation else None


@dataclass
class Clock:
    """A clock that a test moves."""

    now: datetime
    ticks: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        self.now += self.ticks
        return self.now

    def forward(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


@pytest.fixture
def clock(at: datetime) -> Clock:
    return Clock(at)


def make_user(name: str, at: datetime, **fields: Any) -> User:
    email = f"{name}@example.org"
    return User.objects.create_user(email, display_name=f"{name} (invented)", at=at, **fields)


@pytest.fixture
def ann(db: None, at: datetime) -> User:
    return make_user("ann", at)


@pytest.fixture
def ben(db: None, at: datetime) -> User:
    return make_user("ben", at)


@pytest.fixture
def by(ann: User) -> Somebody:
    """Ann, acting for an organisation."""
    return Somebody(ann, SimpleNamespace(uuid=uuid.uuid4()))


@pytest.fixture
def by_ben(ben: User, by: Somebody) -> Somebody:
    """Ben, acting for the same organisation as Ann."""
    return Somebody(ben, by.organisation)


@pytest.fixture
def job_kind() -> Iterator[Callable[..., str]]:
    """Registers a kind of work for this test; gives its name."""
    made: list[str] = []

    def register(run: jobs.Run, **options: Any) -> str:
        name = f"test_{len(made)}"
        jobs.register(name, run=run, label=_("Test work"), **options)
        made.append(name)
        return name

    yield register
    for name in made:
        jobs.forget(name)


@pytest.fixture
def notice_kind() -> Iterator[Callable[..., str]]:
    """Registers a kind of notice whose subjects are visible unless listed in `hidden`."""
    made: list[str] = []

    def register(hidden: set[uuid.UUID] = frozenset(), **options: Any) -> str:  # type: ignore[assignment]
        name = f"test_{len(made)}"
        values = {
            "title": _("Something happened"),
            "link": lambda subject: f"/somewhere/{subject}/",
            "still_visible": lambda actor, subjects: set(subjects) - hidden,
            **options,
        }
        notices.register(name, **values)
        made.append(name)
        return name

    yield register
    for name in made:
        notices.forget(name)


@pytest.fixture
def mail_kind() -> Iterator[Callable[[frozenset[str]], str]]:
    """Registers a kind of mail for this test, with the texts of the invitation."""
    made: list[str] = []

    def register(variables: frozenset[str]) -> str:
        name = f"test_{len(made)}"
        mails.register(name, variables=variables)
        made.append(name)
        return name

    yield register
    for name in made:
        mails.forget(name)


@pytest.fixture
def deadline_kind() -> Iterator[Callable[..., str]]:
    """Registers a kind of deadline whose subjects are visible unless listed in `hidden`."""
    made: list[str] = []

    def register(hidden: set[uuid.UUID] = frozenset(), **options: Any) -> str:  # type: ignore[assignment]
        name = f"test_{len(made)}"
        values = {
            "title": _("Something must be done"),
            "link": lambda subject: f"/somewhere/{subject}/",
            "still_visible": lambda actor, subjects: {
                subject: f"R-{str(subject)[:4]}" for subject in subjects if subject not in hidden
            },
            **options,
        }
        kinds.register(name, **values)
        made.append(name)
        return name

    yield register
    for name in made:
        kinds.forget(name)


def make_rule(amount: int, unit: Unit = Unit.DAYS, **fields: Any) -> DeadlineRule:
    """A rule as a profile might have it."""
    values: dict[str, Any] = {
        "code": "test_rule",
        "title": Label({"en": "Decision on the parcel"}),
        "starts": StartEvent.REFERRAL_RECEIVED,
        "bound": Bound.LATEST,
        "weight": Weight.OWN,
        "source": "A test",
        "text": "Soon.",
        "verified": True,
        "read_on": date(2026, 11, 22),
        **fields,
    }
    return DeadlineRule(counting=Counting(DeadlineLength(unit, amount)), **values)
