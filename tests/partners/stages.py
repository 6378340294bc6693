"""How far an application has come, or a proceeding about a member: each step taken through the
services and the workflows."""

from datetime import timedelta

from partners.access import system_actor
from partners.choices import ProceedingReason, Verdict, Vote
from partners.models import Membership, Organisation, Proceeding
from partners.reviews import REVIEWED
from partners.services import proceedings
from partners.services.proceedings import Named
from partners.services.reviews import record_verdicts
from partners.workflow import ORGANISATION, PROCEEDING
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


# --- proceedings ----------------------------------------------------------------------------------

FIRST_PANEL = ("other_manager", "officer", "funder")
APPEAL_PANEL = ("unlisted_manager", "second_officer", "police_officer")


def here(proceeding: Proceeding) -> Proceeding:
    return Proceeding.objects.select_related("organisation").get(pk=proceeding.pk)


def notice(cast: Cast, organisation: Organisation, **more) -> Proceeding:
    return proceedings.give_notice(
        organisation=organisation,
        reason=more.pop("reason", ProceedingReason.HARM),
        words="Something that can be answered happened.",
        by=cast.actor(cast.co_ordinator),
        at=cast.at,
        **more,
    )


def seat(cast: Cast, who: str, *, has_vote: bool = True) -> Named:
    user = getattr(cast, who)
    works = Membership.objects.select_related("organisation").filter(user=user).order_by("pk")[0]
    return Named(user, works.organisation, has_vote)


def name_panel(cast: Cast, proceeding: Proceeding, people: tuple[str, ...], by: str) -> None:
    proceedings.name_panel(
        proceeding=proceeding,
        people=[seat(cast, who) for who in people],
        by=cast.actor(getattr(cast, by)),
        at=cast.at,
    )


def vote(cast: Cast, proceeding: Proceeding, who: str, said: Vote, at=None) -> Proceeding:
    at = at or cast.at
    return proceedings.cast_vote(
        proceeding=proceeding,
        vote=said,
        reasons="As far as I can see.",
        by=cast.actor(getattr(cast, who), at),
        at=at,
    )


def answered(cast: Cast, organisation: Organisation, by: str, **more) -> Proceeding:
    """Notice given, the first panel named, and the organisation's answer in."""
    proceeding = notice(cast, organisation, **more)
    name_panel(cast, proceeding, FIRST_PANEL, "co_ordinator")
    return PROCEEDING.apply(
        proceeding, "answer", by=cast.actor(getattr(cast, by)), at=cast.at, answer="Not so."
    )


def decided(
    cast: Cast, organisation: Organisation, by: str, said: Vote = Vote.JUSTIFIED, **more
) -> Proceeding:
    proceeding = answered(cast, organisation, by, **more)
    for who in FIRST_PANEL:
        vote(cast, proceeding, who, said)
    return here(proceeding)


def suspended(cast: Cast, **more) -> Proceeding:
    """Lantern House is suspended."""
    return decided(cast, cast.ngo, "ngo_manager", **more)


def refused(cast: Cast) -> Organisation:
    under_review(cast)
    decided(cast, now(cast), "applicant")
    return now(cast)


def appealed(cast: Cast, proceeding: Proceeding, by: str) -> Proceeding:
    """Appealed a day after the decision, the second panel named."""
    at = cast.at + timedelta(days=1)
    PROCEEDING.apply(
        proceeding, "appeal", by=cast.actor(getattr(cast, by), at), at=at, appeal_words="Wrong."
    )
    name_panel(cast, proceeding, APPEAL_PANEL, "second_co_ordinator")
    return here(proceeding)


def system(cast: Cast):
    return system_actor("tests", cast.at)
