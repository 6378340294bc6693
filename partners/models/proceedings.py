"""Proceedings that may cost an organisation its place: notice, answer, panel, decision, appeal."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import both_or_neither, in_choices, required_in_state
from common.marks import Actor, Permission
from partners.choices import (
    REASONS_FOR,
    UNDECIDED,
    Instance,
    OrganisationState,
    ProceedingKind,
    ProceedingReason,
    ProceedingState,
    Vote,
)
from partners.models.organisation import Organisation

#: The shortest time an organisation has to answer a notice. No treaty sets it; the design asks for
#: "time to answer", and two weeks are what a small group without a lawyer needs.
ANSWER_AT_LEAST = timedelta(days=14)
#: How long it may appeal, and how long an appeal against a suspension may wait to be decided.
APPEAL_WITHIN = timedelta(days=30)
APPEAL_DECIDED_WITHIN = timedelta(days=30)
#: How long a suspended organisation reads and exports its own files (design §5.9).
FILES_STAY_OPEN = timedelta(days=90)

S = ProceedingState
_REFUSAL = [str(reason) for reason in REASONS_FOR[ProceedingKind.REFUSAL]]
_SUSPENSION = [str(reason) for reason in REASONS_FOR[ProceedingKind.SUSPENSION]]


class ProceedingQuerySet(models.QuerySet["Proceeding"]):
    def visible_to(self, actor: Actor) -> "ProceedingQuerySet":
        """Those about one's own organisation, those one sits on, and for reviewers all others.

        A reviewer whose own organisation it is about sees it only as whoever speaks for it.
        """
        if actor.system:
            return self
        if actor.user_id is None:
            return self.none()
        seats = PanelSeat.objects.filter(proceeding=OuterRef("pk")).sat_on_by(actor)
        rule = Q(Exists(seats))
        if Permission.ORGANISATION_SPEAK in actor.permissions:
            rule |= Q(organisation_id=actor.organisation_id)
        if Permission.ORGANISATION_REVIEW in actor.permissions:
            rule |= ~Q(organisation_id=actor.organisation_id)
        return self.filter(rule)

    def undecided(self) -> "ProceedingQuerySet":
        return self.filter(state__in=UNDECIDED)


class Proceeding(models.Model):
    """The organisation is told why it may lose its place, answers, and a panel decides."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="proceedings")
    kind = models.CharField(max_length=12, choices=ProceedingKind.choices)
    reason = models.CharField(_("reason"), max_length=20, choices=ProceedingReason.choices)
    words = models.TextField(_("what happened"), max_length=4000)
    withholds_files = models.BooleanField(
        default=False, help_text=_("Whether it is asked to close the organisation’s own files too.")
    )
    security_words = models.TextField(max_length=2000, blank=True)
    answer = models.TextField(_("answer"), max_length=8000, blank=True)
    appeal_words = models.TextField(_("grounds of appeal"), max_length=8000, blank=True)

    state = models.CharField(max_length=12, choices=S.choices, default=S.NOTICED)
    version = models.PositiveIntegerField(default=1)
    noticed_at = models.DateTimeField()
    noticed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    answer_until_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    appeal_until_at = models.DateTimeField(null=True, blank=True)
    appealed_at = models.DateTimeField(null=True, blank=True)
    appealed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    appeal_due_at = models.DateTimeField(null=True, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = ProceedingQuerySet.as_manager()

    class Meta:
        verbose_name = _("proceeding")
        verbose_name_plural = _("proceedings")
        default_permissions = ()
        indexes = [
            models.Index(fields=["-noticed_at", "-id"], name="proceeding_newest"),
            # The sweep's: appeals that were not decided in time.
            models.Index(
                fields=["appeal_due_at"], name="proceeding_appeals", condition=Q(state=S.APPEALED)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"],
                condition=Q(state__in=UNDECIDED),
                name="proceeding_one_open",
                violation_error_message=_("A proceeding about this organisation is open already."),
            ),
            in_choices("state", S.values),
            models.CheckConstraint(
                name="proceeding_reason_is_on_the_list",
                condition=Q(kind=ProceedingKind.REFUSAL, reason__in=_REFUSAL)
                | Q(kind=ProceedingKind.SUSPENSION, reason__in=_SUSPENSION),
                violation_error_message=_("Choose a reason of the closed list."),
            ),
            models.CheckConstraint(
                name="proceeding_says_what_happened",
                condition=~Q(words=""),
                violation_error_message=_("Say in words what happened."),
            ),
            models.CheckConstraint(
                name="proceeding_leaves_time_to_answer",
                condition=Q(answer_until_at__gte=F("noticed_at") + ANSWER_AT_LEAST),
                violation_error_message=_("The organisation has at least 14 days to answer."),
            ),
            models.CheckConstraint(
                name="proceeding_withholds_files_for_security",
                condition=Q(withholds_files=False, security_words="")
                | (Q(withholds_files=True, kind=ProceedingKind.SUSPENSION) & ~Q(security_words="")),
                violation_error_message=_(
                    "An organisation keeps reading its own files unless it is said why that would "
                    "endanger somebody."
                ),
            ),
            both_or_neither("answered_at", "answered_by", model="proceeding"),
            both_or_neither("decided_at", "decided_by", model="proceeding"),
            both_or_neither("appealed_at", "appealed_by", model="proceeding"),
            both_or_neither("reviewed_at", "reviewed_by", model="proceeding"),
            required_in_state(
                [S.IMPOSED, S.DISMISSED], "decided_at", model="proceeding", fact="decision_is_dated"
            ),
            required_in_state(
                [S.APPEALED], "appealed_at", "appeal_due_at", text=["appeal_words"],
                model="proceeding", fact="appeal_says_why",
            ),
            required_in_state(
                [S.UPHELD, S.OVERTURNED], "reviewed_at", model="proceeding",
                fact="appeal_is_dated",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"proceeding {self.uuid}"

    @property
    def instance(self) -> Instance:
        """Which panel's turn it is, or was last."""
        appealed = (S.APPEALED, S.UPHELD, S.OVERTURNED)
        return Instance.APPEAL if self.state in appealed else Instance.FIRST


class PanelSeatQuerySet(models.QuerySet["PanelSeat"]):
    def sat_on_by(self, actor: Actor) -> "PanelSeatQuerySet":
        """The actor's own seats, while the organisation they sit for is a member."""
        return self.filter(
            user_id=actor.user_id,
            organisation_id=actor.organisation_id,
            organisation__state=OrganisationState.MEMBER,
        )


class PanelSeat(models.Model):
    """Somebody named to decide about an organisation, for whom, and how they voted.

    A person sits once in a proceeding, so an appeal goes to others than those who decided.
    """

    proceeding = models.ForeignKey(Proceeding, models.PROTECT, related_name="seats")
    instance = models.CharField(max_length=8, choices=Instance.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    has_vote = models.BooleanField(_("votes"), default=True)
    is_civil_society = models.BooleanField(
        help_text=_("As its organisation was when the panel was named.")
    )
    #: The body whose seat it is, as a higher package knows it; empty on a panel of named people.
    body_kind = models.CharField(max_length=40, blank=True)
    body_uuid = models.UUIDField(null=True, blank=True)
    named_at = models.DateTimeField()
    named_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    vote = models.CharField(max_length=12, choices=Vote.choices, blank=True)
    reasons = models.TextField(_("reasons"), max_length=4000, blank=True)
    voted_at = models.DateTimeField(null=True, blank=True)

    objects = PanelSeatQuerySet.as_manager()

    class Meta:
        verbose_name = _("seat on a panel")
        verbose_name_plural = _("seats on panels")
        default_permissions = ()
        ordering = ["proceeding_id", "instance", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["proceeding", "user"],
                name="panelseat_once_in_a_proceeding",
                violation_error_message=_("Nobody decides twice about the same matter."),
            ),
            models.UniqueConstraint(
                fields=["proceeding", "instance", "organisation"],
                condition=Q(has_vote=True),
                name="panelseat_one_vote_an_organisation",
                violation_error_message=_("An organisation has one vote on a panel."),
            ),
            models.CheckConstraint(
                name="panelseat_votes_with_reasons",
                condition=Q(vote="", reasons="", voted_at__isnull=True)
                | (Q(has_vote=True, voted_at__isnull=False) & ~Q(vote="") & ~Q(reasons="")),
                violation_error_message=_("A vote is recorded with its reasons."),
            ),
            models.CheckConstraint(
                name="panelseat_body_is_named",
                condition=Q(body_kind="", body_uuid__isnull=True)
                | (~Q(body_kind="") & Q(body_uuid__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"seat {self.pk} of proceeding {self.proceeding_id}"
