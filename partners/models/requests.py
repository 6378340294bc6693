"""What partners are regularly asked for: the register, its rounds, and what each one answered."""

import uuid
from collections.abc import Collection
from datetime import date, timedelta

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import both_or_neither, in_choices, required_in_state
from common.fields import CodesField
from common.marks import Actor, Permission
from partners.choices import (
    ASKING,
    AnswerState,
    Capacity,
    Every,
    LegalBasis,
    OrganisationKind,
    RequestEventKind,
    RequestPurpose,
    RequestState,
)
from partners.models.organisation import HeldCapacity, Organisation, OrganisationQuerySet

S = RequestState
MOST_MINUTES = 40 * 60
"""A week of work for one answer: more is no request any more."""
LONGEST_TO_ANSWER = 90
LONGEST_TO_GIVE_BACK = 365


class RecurringRequestQuerySet(models.QuerySet["RecurringRequest"]):
    def visible_to(self, actor: Actor) -> "RecurringRequestQuerySet":
        """The register: whatever was announced, and the drafts of one's own organisation."""
        if actor.system:
            return self
        if actor.user_id is None or Permission.REQUEST_SEE not in actor.permissions:
            return self.none()
        return self.filter(Q(announced_at__isnull=False) | Q(organisation_id=actor.organisation_id))

    def asking(self) -> "RecurringRequestQuerySet":
        """Those with rounds still to come."""
        return self.filter(state__in=ASKING)

    def to_open(self, today: date) -> "RecurringRequestQuerySet":
        """Those whose next round should be open by this local day. Reads one small index."""
        return self.filter(next_opens_on__lte=today).order_by("next_opens_on", "pk")


class RecurringRequest(models.Model):
    """What an organisation regularly asks of others, why it may, and what they get back for it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="recurring_requests"
    )
    title = models.CharField(_("what is asked for"), max_length=120)
    purpose = models.CharField(_("purpose"), max_length=16, choices=RequestPurpose.choices)
    purpose_words = models.TextField(_("what it is used for"), max_length=1000)
    basis = models.CharField(_("legal basis"), max_length=12, choices=LegalBasis.choices)
    basis_source = models.CharField(
        _("where that stands"), max_length=300, blank=True,
        help_text=_("Law and article, or agreement and clause."),
    )  # fmt: skip
    every = models.CharField(_("how often"), max_length=10, choices=Every.choices)
    first_due_on = models.DateField(_("first answer due on"))
    days_to_answer = models.PositiveSmallIntegerField(
        _("days to answer"),
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_TO_ANSWER)],
        help_text=_("A round opens that many days before the answer is due."),
    )
    minutes = models.PositiveSmallIntegerField(
        _("minutes for one answer"),
        validators=[MinValueValidator(1), MaxValueValidator(MOST_MINUTES)],
        help_text=_("Estimated: gathering, checking and writing it down."),
    )
    comes_back = models.TextField(_("what comes back to those asked"), max_length=1000)
    days_to_give_back = models.PositiveSmallIntegerField(
        _("days until it comes back"),
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_TO_GIVE_BACK)],
        help_text=_("Counted from the day the answers are due."),
    )
    asked_kinds = CodesField(_("kinds asked"), codes=OrganisationKind.values)
    asked_capacities = CodesField(_("capacities asked"), codes=Capacity.values)
    asked_by_name = models.ManyToManyField(Organisation, related_name="+", blank=True)

    state = models.CharField(max_length=12, choices=S.choices, default=S.DRAFT)
    version = models.PositiveIntegerField(default=1)
    next_due_on = models.DateField(null=True, blank=True)
    next_opens_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    announced_at = models.DateTimeField(null=True, blank=True)
    announced_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Empty when the asker left the mechanism."),
    )

    objects = RecurringRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("recurring request")
        verbose_name_plural = _("recurring requests")
        default_permissions = ()
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="recurringrequest_newest"),
            # The sweep's: only what has rounds to come.
            models.Index(
                fields=["next_opens_on", "id"],
                name="recurringrequest_to_open",
                condition=Q(next_opens_on__isnull=False),
            ),
        ]
        constraints = [
            in_choices("state", S.values, model="recurringrequest"),
            in_choices("every", Every.values, model="recurringrequest"),
            models.CheckConstraint(
                name="recurringrequest_basis_has_a_source",
                condition=Q(basis=LegalBasis.VOLUNTARY, basis_source="")
                | (~Q(basis=LegalBasis.VOLUNTARY) & ~Q(basis_source="")),
                violation_error_message=_(
                    "What obliges partners to answer is named with its source; a voluntary "
                    "request has none."
                ),
            ),
            models.CheckConstraint(
                name="recurringrequest_says_what_for",
                condition=~Q(purpose_words="") & ~Q(comes_back="") & ~Q(title=""),
                violation_error_message=_(
                    "Say what is asked for, what it is used for and what comes back."
                ),
            ),
            models.CheckConstraint(
                name="recurringrequest_minutes_are_few",
                condition=Q(minutes__gte=1, minutes__lte=MOST_MINUTES),
            ),
            models.CheckConstraint(
                name="recurringrequest_rounds_while_asking",
                condition=Q(
                    state__in=ASKING, next_due_on__isnull=False, next_opens_on__isnull=False
                )
                | (~Q(state__in=ASKING) & Q(next_due_on=None, next_opens_on=None)),
                violation_error_message=_("Only a request that was announced has rounds to come."),
            ),
            required_in_state(
                ASKING, "announced_at", model="recurringrequest", fact="asking_was_announced"
            ),
            required_in_state([S.ENDED], "ended_at", model="recurringrequest", fact="end_is_dated"),
            both_or_neither("announced_at", "announced_by", model="recurringrequest"),
        ]

    def __str__(self) -> str:
        return f"recurring request {self.uuid}"

    @property
    def is_voluntary(self) -> bool:
        return self.basis == LegalBasis.VOLUNTARY

    @property
    def opens_on(self) -> date | None:
        """The local day from which the next round is open."""
        if self.next_due_on is None:
            return None
        return self.next_due_on - timedelta(days=self.days_to_answer)

    def asks(
        self, organisation: Organisation, *, named: Collection[int], held: Collection[str]
    ) -> bool:
        """Whether this organisation is among those asked: the same rule as `asked_organisations`.

        `named` are the keys of those chosen, `held` the capacities it holds now.
        """
        if organisation.pk == self.organisation_id:
            return False
        if organisation.pk in named:
            return True
        if not organisation.is_listed or not (self.asked_kinds or self.asked_capacities):
            return False
        is_of_kind = not self.asked_kinds or organisation.kind in self.asked_kinds
        return is_of_kind and (
            not self.asked_capacities or bool(set(held) & set(self.asked_capacities))
        )

    def asked_organisations(self) -> OrganisationQuerySet:
        """The members asked now: those chosen by name, and listed ones of the kinds and capacities.

        Where kinds and capacities are given an organisation is of one and holds one. Whoever is not
        shown to other members is asked by name only: a round would show them. Never the asker.
        """
        rule = Q(pk__in=self.asked_by_name.values("pk"))
        if self.asked_kinds or self.asked_capacities:
            described = Q(is_listed=True)
            if self.asked_kinds:
                described &= Q(kind__in=self.asked_kinds)
            if self.asked_capacities:
                held = HeldCapacity.objects.held().filter(
                    organisation=OuterRef("pk"), capacity__in=self.asked_capacities
                )
                described &= Exists(held)
            rule |= described
        return Organisation.objects.members().filter(rule).exclude(pk=self.organisation_id)


class RequestRoundQuerySet(models.QuerySet["RequestRound"]):
    def visible_to(self, actor: Actor) -> "RequestRoundQuerySet":
        """Those of one's own organisation's requests, and those it was asked in."""
        if actor.system:
            return self
        if actor.user_id is None or Permission.REQUEST_SEE not in actor.permissions:
            return self.none()
        asked = RequestAnswer.objects.filter(
            round=OuterRef("pk"), organisation_id=actor.organisation_id
        )
        return self.filter(Q(request__organisation_id=actor.organisation_id) | Exists(asked))


class RequestRound(models.Model):
    """One time that a recurring request was made: until when it is answered, and what came back."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    request = models.ForeignKey(RecurringRequest, models.PROTECT, related_name="rounds")
    planned_on = models.DateField(help_text=_("The day the answer was to be due."))
    answer_until_on = models.DateField(
        help_text=_("The last day to answer: later than planned where the round was opened late.")
    )
    opened_at = models.DateTimeField()
    was_late = models.BooleanField(
        default=False, help_text=_("Opened after its day: nobody loses time to answer by it.")
    )
    is_voluntary = models.BooleanField(help_text=_("As the request was when it was opened."))
    given_back_at = models.DateTimeField(null=True, blank=True)
    given_back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    given_back = models.TextField(_("what came back"), max_length=2000, blank=True)
    given_back_link = models.URLField(_("where it is to be read"), max_length=300, blank=True)

    objects = RequestRoundQuerySet.as_manager()

    class Meta:
        verbose_name = _("round of a request")
        verbose_name_plural = _("rounds of requests")
        default_permissions = ()
        constraints = [
            # Two sweeps at once, or one run twice, make one round.
            models.UniqueConstraint(
                fields=["request", "planned_on"], name="requestround_once_for_a_day"
            ),
            models.CheckConstraint(
                name="requestround_nobody_loses_time",
                condition=Q(answer_until_on__gte=F("planned_on")),
            ),
            both_or_neither("given_back_at", "given_back_by", model="requestround"),
            models.CheckConstraint(
                name="requestround_given_back_says_what",
                condition=Q(given_back_at=None, given_back="", given_back_link="")
                | (Q(given_back_at__isnull=False) & (~Q(given_back="") | ~Q(given_back_link=""))),
                violation_error_message=_("Say what came back, or where it is to be read."),
            ),
        ]

    def __str__(self) -> str:
        return f"round {self.uuid}"

    @property
    def back_until_on(self) -> date:
        """The local day by which what was promised is owed."""
        return self.answer_until_on + timedelta(days=self.request.days_to_give_back)


class RequestAnswerQuerySet(models.QuerySet["RequestAnswer"]):
    def visible_to(self, actor: Actor) -> "RequestAnswerQuerySet":
        """Those of one's own organisation, as the one asked or as the one who asks."""
        if actor.system:
            return self
        if actor.user_id is None or Permission.REQUEST_SEE not in actor.permissions:
            return self.none()
        ours = actor.organisation_id
        return self.filter(Q(organisation_id=ours) | Q(round__request__organisation_id=ours))

    def waiting(self) -> "RequestAnswerQuerySet":
        return self.filter(state=AnswerState.WAITING)


class RequestAnswer(models.Model):
    """One organisation in one round: whether it answered or declined, and how long that took."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    round = models.ForeignKey(RequestRound, models.PROTECT, related_name="answers")
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="request_answers", db_index=False
    )
    state = models.CharField(
        max_length=10, choices=AnswerState.choices, default=AnswerState.WAITING
    )
    version = models.PositiveIntegerField(default=1)
    answer_until_on = models.DateField(help_text=_("Of its round, for the index."))
    estimated_minutes = models.PositiveSmallIntegerField(
        help_text=_("As the request said when the round was opened.")
    )
    minutes = models.PositiveSmallIntegerField(
        _("minutes it took"), null=True, blank=True, validators=[MaxValueValidator(MOST_MINUTES)]
    )
    said_at = models.DateTimeField(null=True, blank=True)
    said_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = RequestAnswerQuerySet.as_manager()

    class Meta:
        verbose_name = _("answer to a request")
        verbose_name_plural = _("answers to requests")
        default_permissions = ()
        indexes = [
            # An organisation's list, newest first, and its load by month.
            models.Index(
                fields=["organisation", "-answer_until_on", "-id"], name="requestanswer_of_ours"
            ),
        ]
        constraints = [
            in_choices("state", AnswerState.values, model="requestanswer"),
            models.UniqueConstraint(
                fields=["round", "organisation"], name="requestanswer_once_in_a_round"
            ),
            models.CheckConstraint(
                name="requestanswer_minutes_of_an_answer",
                condition=Q(minutes=None) | Q(state=AnswerState.ANSWERED),
                violation_error_message=_("Only an answer that was given took time."),
            ),
        ]

    def __str__(self) -> str:
        return f"answer {self.uuid}"

    @property
    def load(self) -> int:
        """Minutes it took, is taken to have taken, or will take; none where nothing was given."""
        if self.state in (AnswerState.DECLINED, AnswerState.DROPPED):
            return 0
        return self.estimated_minutes if self.minutes is None else self.minutes


class RequestEventQuerySet(models.QuerySet["RequestEvent"]):
    def visible_to(self, actor: Actor) -> "RequestEventQuerySet":
        """What happened to the requests one sees; what was answered, of one's own only."""
        if actor.system:
            return self
        seen = RecurringRequest.objects.visible_to(actor).filter(pk=OuterRef("request_id"))
        answers = RequestAnswer.objects.visible_to(actor).filter(pk=OuterRef("answer_id"))
        return self.filter(Exists(seen)).filter(Q(answer=None) | Exists(answers))


class RequestEvent(models.Model):
    """One line of a recurring request's past; never edited."""

    request = models.ForeignKey(
        RecurringRequest, models.PROTECT, related_name="events", db_index=False
    )
    round = models.ForeignKey(
        RequestRound, models.PROTECT, null=True, blank=True, related_name="events"
    )
    answer = models.ForeignKey(
        RequestAnswer, models.PROTECT, null=True, blank=True, related_name="events"
    )
    kind = models.CharField(max_length=24, choices=RequestEventKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    comment = models.TextField(blank=True, max_length=2000)

    objects = RequestEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event of a request")
        verbose_name_plural = _("events of requests")
        default_permissions = ()
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["request", "-at", "-id"], name="requestevent_timeline")]
        constraints = [
            in_choices("kind", RequestEventKind.values, model="requestevent"),
            models.CheckConstraint(
                name="requestevent_end_says_why",
                condition=~Q(kind=RequestEventKind.ENDED) | ~Q(comment=""),
                violation_error_message=_("Say why it ends."),
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
