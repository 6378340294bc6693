"""How far an application has come: each step taken through the services and the workflow."""

from partners.choices import Verdict
from partners.models import Organisation
from partners.reviews import REVIEWED
from partners.services.reviews import record_verdicts
from partners.workflow import ORGANISATION
from tests.support.cast import Cast, fill_in


def now(cast: Cast) -> Organisation:
    """The applying organisation as it stands in the database."""
    return Organisation.objects.get(pk=cast.applying.pk)


def step(cast: Cast, name: str, by: str, **answers) -> Organisation:
    actor = cast.actor(getattr(cast, by))
    return ORGANISATION.apply(now(cast), name, by=actor, at=cast.at, **answers)


def filled(cast: Cast) -> Organisation:
    fill_in(now(cast), cast.applicant, cast.at)
    return now(cast)


def sent(cast: Cast) -> Organisation:
    filled(cast)
    return step(cast, "send", "applicant")


def under_review(cast: Cast) -> Organisation:
    sent(cast)
    return step(cast, "take_up", "co_ordinator")


def judge(cast: Cast, by: str = "co_ordinator", **questions: str) -> Organisation:
    """A question about each answer named, and "right" for all others."""
    verdicts = {
        field: (Verdict.QUESTION, questions[field]) if field in questions else (Verdict.RIGHT, "")
        for field in REVIEWED
    }
    actor = cast.actor(getattr(cast, by))
    record_verdicts(organisation=now(cast), verdicts=verdicts, by=actor, at=cast.at)
    return now(cast)


def returned(cast: Cast, **questions: str) -> Organisation:
    under_review(cast)
    judge(cast, **(questions or {"description": "For whom?"}))
    return step(cast, "return", "co_ordinator", comment="Please answer.")


def admitted(cast: Cast) -> Organisation:
    under_review(cast)
    judge(cast)
    return step(cast, "admit", "co_ordinator")


def withdrawn(cast: Cast) -> Organisation:
    return step(cast, "withdraw", "applicant")
