"""A referral's way to the last decision, as a table a lawyer can read.

Nothing else changes a state. The country's profile decides which decisions there are, so the table
is built per country: `referral_workflow()`. Not here: who may (`referrals/access.py`), whether
those who decide agree (`referrals/deciding.py`), and what each act does (`referrals/steps.py`).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.country import current, local_day
from common.marks import Permission
from common.profile import Label, Profile
from common.workflow import Guard, Refusal, Text, Transition, Workflow
from partners import access
from referrals import clocks, deciding, notifications, steps
from referrals.answers import label, missing_to_send
from referrals.choices import Basis, Outcome, StageCode, State
from referrals.clocks import DRAFT_KEPT, DRAFT_WARNED
from referrals.deciding import DecidingStage
from referrals.models import Exclusion, Question, Referral

S = State
P = Permission

#: (stage, outcome) → the act that makes this decision; a country with one stage has the last.
DECIDE: Mapping[tuple[str, str], str] = {
    (StageCode.PRELIMINARY, Outcome.POSITIVE): "first_positive",
    (StageCode.PRELIMINARY, Outcome.NEGATIVE): "first_negative",
    (StageCode.CONCLUSIVE, Outcome.POSITIVE): "last_positive",
    (StageCode.CONCLUSIVE, Outcome.NEGATIVE): "last_negative",
}
#: (stage, outcome) → the state it leads to.
DECIDED: Mapping[tuple[str, str], State] = {
    (StageCode.PRELIMINARY, Outcome.POSITIVE): S.PRELIM_POSITIVE,
    (StageCode.PRELIMINARY, Outcome.NEGATIVE): S.PRELIM_NEGATIVE,
    (StageCode.CONCLUSIVE, Outcome.POSITIVE): S.CONCL_POSITIVE,
    (StageCode.CONCLUSIVE, Outcome.NEGATIVE): S.CONCL_NEGATIVE,
}

_built: dict[str, tuple[Profile, Workflow]] = {}


def referral_workflow(profile: Profile | None = None) -> Workflow:
    """The table of this country, or of the profile given; built once for each."""
    profile = profile or current()
    known = _built.get(profile.code)
    if known is None or known[0] is not profile:
        known = _built[profile.code] = (profile, _build(profile))
    return known[1]


def _build(profile: Profile) -> Workflow:
    # Where a referral waits for each decision: sent, and between the first and the last.
    waits = (S.SUBMITTED, S.PRELIM_POSITIVE)[: len(profile.stages)]
    decisions = [
        decision(stage, from_)
        for stage, from_ in zip(deciding.stages(profile), waits, strict=True)
        for decision in (_positive, _negative)
    ]
    return Workflow(
        "referrals.Referral",
        (*BEFORE_DECISION, *decisions, _withdrawal(waits), *DRAFTS),
        event=steps.write_event,
        may=access.may,
    )


# --- guards: why not, in words --------------------------------------------------------------------


def _complete(
    obj: Referral, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """An answer is missing, or there is neither consent nor a child"""
    if not obj.basis:
        return Refusal(
            _(
                "Nothing leaves the organisation without the person’s consent. Record it, or why "
                "the person is believed to be a child."
            )
        )
    if missing := missing_to_send(obj):
        names = ", ".join(label(name) for name in missing)
        return Refusal(_("Before it can be sent, answer: %(names)s.") % {"names": names})
    return None


def _consent_stands(
    obj: Referral, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The consent was withdrawn or is somebody else’s"""
    consent = obj.consent
    if obj.basis != Basis.CONSENT or (
        consent is not None
        and consent.withdrawn_at is None
        and consent.person_id == obj.person_id
        and consent.purpose == "referral"
    ):
        return None
    return Refusal(_("The person’s consent to be referred is not recorded, or was withdrawn."))


def _recipient_decides(
    obj: Referral, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The recipient does not decide here, or made the referral itself"""
    stands_in = {each.pk for each in deciding.alternates(deciding.stages()[0])}
    is_regular = deciding.recipients().filter(pk=obj.authority_id or 0).exists()
    out = Exclusion.objects.standing().filter(referral=obj, organisation__isnull=False)
    if not is_regular and (obj.authority_id not in stands_in or not out.exists()):
        return Refusal(_("Choose an authority that decides on identification."))
    if obj.authority_id == obj.first_responder_id and not current().referrer_may_decide:
        return Refusal(_("Whoever refers does not decide: choose another authority."))
    if obj.authority not in deciding.deciders(obj, deciding.stages()[0]):
        return Refusal(_("This authority cannot receive this case: choose another one."))
    return None


def _all_answered(
    obj: Referral, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """A question is left without an answer"""
    given = answers.get("answers")
    if given is None:
        return None
    open_ = Question.objects.filter(referral=obj, answered_at__isnull=True)
    unanswered = [each for each in open_ if not str(given.get(str(each.uuid), "")).strip()]
    return Refusal(_("Answer every question.")) if unanswered else None


def _adult(
    obj: Referral, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The referral does not rest on consent"""
    if obj.basis != Basis.CONSENT:
        return Refusal(
            _("This referral rests on the duty to protect a child, not on consent, and goes on.")
        )
    return None


def _ran_out(
    obj: Referral, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """It was worked on within 30 days, or nobody was told 7 days before; people cannot ask"""
    if not by.system:
        return Refusal(_("Drafts run out by themselves."))
    if (obj.saved_at or obj.created_at) > at - DRAFT_KEPT:
        return Refusal(_("This draft was worked on lately."))
    if obj.warned_at is None or obj.warned_at > at - DRAFT_WARNED:
        return Refusal(_("Nobody was told in time that this draft runs out."))
    return None


def _all_of(*guards: Guard) -> Guard:
    """Each in turn; the first refusal is given."""

    def guard(obj: Any, /, *, by: Any, at: datetime, answers: Mapping[str, Any]) -> Refusal | None:
        for each in guards:
            if refusal := each(obj, by=by, at=at, answers=answers):
                return refusal
        return None

    guard.__doc__ = "; ".join(str(each.__doc__).split("\n")[0] for each in guards)
    return guard


def _theirs(stage: DecidingStage) -> Guard:
    def guard(obj: Any, /, *, by: Any, at: datetime, answers: Mapping[str, Any]) -> Refusal | None:
        """Somebody else decides at this stage"""
        if by.user_id is None:
            return Refusal(_("A person decides, never the system."))
        deciders = deciding.deciders(obj, stage)
        if not deciders:
            return Refusal(
                _(
                    "Nobody has been named yet who takes this decision. The co-ordination names "
                    "who does."
                )
            )
        if by.organisation_id not in {each.pk for each in deciders}:
            return Refusal(_("Your organisation does not take this decision."))
        return None

    return guard


def _in_time(stage: DecidingStage) -> Guard:
    may_ask = stage.rules.person_may_ask_earlier

    def guard(obj: Any, /, *, by: Any, at: datetime, answers: Mapping[str, Any]) -> Refusal | None:
        asked = may_ask and (not answers or answers.get("person_asks") is True)
        on = local_day(at)
        return deciding.too_early(clocks.not_before(obj, stage), on, asked=asked)

    guard.__doc__ = "It is too early" + (", and the person does not ask for it" if may_ask else "")
    return guard


def _agreed(stage: DecidingStage, outcome: Outcome) -> Guard:
    def guard(obj: Any, /, *, by: Any, at: datetime, answers: Mapping[str, Any]) -> Refusal | None:
        return deciding.disagreement(obj, stage, outcome)

    guard.__doc__ = f"Those who decide ({stage.rules.decider}) have not agreed by vote"
    return guard


def _second_person(stage: DecidingStage) -> Guard:
    def guard(obj: Any, /, *, by: Any, at: datetime, answers: Mapping[str, Any]) -> Refusal | None:
        """No second person has proposed it (one who decides positively waits for nobody)"""
        if stage.votes:
            other = deciding.second_voter(obj, stage, Outcome.NEGATIVE, by.user_id)
            proposed = other is not None
        else:
            proposal = deciding.open_proposal(obj, stage)
            proposed = proposal is not None and proposal.proposed_by_id != by.user_id
        if proposed:
            return None
        return Refusal(_("A negative decision needs two people: one proposes, another decides."))

    return guard


def _opinion_answered(stage: DecidingStage) -> Guard:
    def guard(obj: Any, /, *, by: Any, at: datetime, answers: Mapping[str, Any]) -> Refusal | None:
        """An opinion of civil society is left without an answer"""
        proposal = deciding.open_proposal(obj, stage) if stage.needs_proposal else None
        said = str(answers.get("opinion_answer") or "").strip()
        asking = not answers and not stage.needs_proposal
        if said or asking or not deciding.unanswered_opinions(obj, stage, proposal):
            return None
        return Refusal(_("An opinion was given. A negative decision has to answer it."))

    return guard


# --- the table ------------------------------------------------------------------------------------

BEFORE_DECISION = (
    Transition(
        "send",
        from_=S.DRAFT,
        to=S.SUBMITTED,
        permission=P.REFERRAL_MAKE,
        may_ask=("struck",),
        guard=_all_of(_complete, _consent_stands, _recipient_decides),
        stamps="received",
        sets=steps.received_today,
        then=(
            steps.share_with_deciders,
            steps.keep_in_step,
            steps.end_draft,
            steps.start_first_clock,
            notifications.received,
        ),
        label=gettext_lazy("Send the referral"),
    ),
    Transition(
        "return",
        from_=S.SUBMITTED,
        to=S.RETURNED,
        permission=P.REFERRAL_DECIDE,
        asks=("questions",),
        then=(
            steps.keep_questions,
            steps.keep_in_step,
            steps.stop_clock,
            notifications.returned,
        ),
        label=gettext_lazy("Send back with questions"),
    ),
    Transition(
        "answer",
        from_=S.RETURNED,
        to=S.SUBMITTED,
        permission=P.REFERRAL_KEEP,
        asks=("answers",),
        may_ask=("struck",),
        guard=_all_of(_all_answered, _complete, _consent_stands),
        then=(
            steps.keep_answers,
            steps.share_with_deciders,
            steps.keep_in_step,
            steps.let_clock_run,
            notifications.answered,
        ),
        label=gettext_lazy("Answer the questions"),
    ),
)

DRAFTS = (
    Transition(
        "expire",
        from_=S.DRAFT,
        to=S.EXPIRED,
        permission=P.REFERRAL_KEEP,
        guard=_ran_out,
        then=(steps.keep_in_step, steps.end_draft),
        label=gettext_lazy("The draft runs out"),
    ),
    Transition(
        "take_up",
        from_=S.EXPIRED,
        to=S.DRAFT,
        permission=P.REFERRAL_KEEP,
        sets=steps.saved_now,
        then=(steps.keep_in_step, steps.keep_draft),
        label=gettext_lazy("Take the draft up again"),
    ),
)


def _withdrawal(waits: tuple[State, ...]) -> Transition:
    """The person agrees no more, at any time before the last decision."""
    return Transition(
        "withdraw",
        from_=(*waits, S.RETURNED),
        to=S.WITHDRAWN,
        permission=P.REFERRAL_KEEP,
        guard=_adult,
        then=(steps.end_consent, steps.end_access, steps.keep_in_step, steps.end_clock),
        label=gettext_lazy("The person withdraws"),
    )


def _positive(stage: DecidingStage, from_: State) -> Transition:
    guards = [_theirs(stage)]
    if stage.rules.not_before:
        guards.append(_in_time(stage))
    if stage.votes:
        guards.append(_agreed(stage, Outcome.POSITIVE))
    return _decision(stage, Outcome.POSITIVE, from_, guards, asks=())


def _negative(stage: DecidingStage, from_: State) -> Transition:
    guards = [_theirs(stage)]
    if stage.rules.not_before:
        guards.append(_in_time(stage))
    if stage.votes:
        guards.append(_agreed(stage, Outcome.NEGATIVE))
    if stage.rules.negative_needs_second_person:
        guards.append(_second_person(stage))
    guards.append(_opinion_answered(stage))
    # Where one proposes and another decides, the reasons stand in the proposal.
    asks = () if stage.needs_proposal else ("reasons",)
    return _decision(stage, Outcome.NEGATIVE, from_, guards, asks=asks)


def _decision(
    stage: DecidingStage,
    outcome: Outcome,
    from_: State,
    guards: list[Guard],
    asks: tuple[str, ...],
) -> Transition:
    # Said out loud, yes or no, wherever it could make a difference.
    spoken = ("person_asks",) if stage.rules.not_before else ()
    optional = {"reasons", "opinion_answer"} - set(asks)
    follows = [steps.record_decision(stage, outcome), steps.keep_in_step, notifications.decided]
    if DECIDED[stage.code, outcome] == S.PRELIM_POSITIVE:
        follows[1:1] = [steps.share_with_deciders]
        follows.append(notifications.received)
    return Transition(
        DECIDE[stage.code, outcome],
        from_=from_,
        to=DECIDED[stage.code, outcome],
        permission=P.REFERRAL_DECIDE,
        asks=(*asks, *spoken),
        may_ask=tuple(sorted(optional)),
        guard=_all_of(*guards),
        then=(*follows, steps.start_next_clock),
        label=_words(stage.rules.positive if outcome == Outcome.POSITIVE else stage.rules.negative),
    )


def _words(phrase: Label) -> Text:
    """A phrase of the profile, in the reader's language whenever it is read."""
    return format_lazy("{}", phrase)
