"""The national action plan: objectives under the four Ps, activities with who leads and who pays,
what the lead reports, what is missing, and revisions that keep the former text."""

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from common.constraints import both_or_neither, in_choices, required_in_state
from common.fields import CodesField
from common.marks import Actor, Permission
from deadlines.files import random_name
from funding.models.funds import currency, money
from ncm.plan_choices import (
    IS_BEING_REVISED,
    IS_OVER,
    ChangeKind,
    FourP,
    GapKind,
    GlobalPlan,
    PlanEventKind,
    PlanState,
    Progress,
    RevisionState,
    TargetGroup,
)
from ncm.plan_files import plan_storage
from partners.models import Area, Emergency, Organisation

S = PlanState
P = Permission
NOTHING = Decimal("0.00")


def figure(label: Any, **more: Any) -> "models.DecimalField[Decimal | None, Decimal | None]":
    """A column for a figure of an indicator."""
    return models.DecimalField(label, max_digits=14, decimal_places=2, **more)


class ActionPlanQuerySet(models.QuerySet["ActionPlan"]):
    def visible_to(self, actor: Actor) -> "ActionPlanQuerySet":
        """Adopted and ended ones to every member; drafts to the co-ordination."""
        if actor.system:
            return self
        if actor.user_id is None or P.COORDINATION_SEE not in actor.permissions:
            return self.none()
        rule = Q(adopted_at__isnull=False)
        if P.COORDINATION_KEEP in actor.permissions:
            rule |= Q(state=S.DRAFT)
        return self.filter(rule)


class ActionPlan(models.Model):
    """What the country has undertaken to do against trafficking, from when until when."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True, help_text=_("A form sent twice makes one draft."))
    title = models.CharField(_("title"), max_length=140)
    strategy = models.TextField(_("strategy"), max_length=4000, blank=True)
    from_on = models.DateField(_("from"))
    until_on = models.DateField(_("until"))
    currency = currency()
    act = models.CharField(_("adopting act"), max_length=300, blank=True)

    state = models.CharField(max_length=12, choices=S.choices, default=S.DRAFT)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    adopted_at = models.DateTimeField(null=True, blank=True)
    adopted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = ActionPlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("action plan")
        verbose_name_plural = _("action plans")
        default_permissions = ()
        indexes = [models.Index(fields=["-from_on", "-id"], name="actionplan_by_day")]
        constraints = [
            in_choices("state", S.values, model="actionplan"),
            models.CheckConstraint(
                name="actionplan_ends_after_it_begins",
                condition=Q(until_on__gt=F("from_on")),
                violation_error_message=_("A plan ends after it begins."),
            ),
            both_or_neither("adopted_at", "adopted_by", model="actionplan"),
            both_or_neither("ended_at", "ended_by", model="actionplan"),
            required_in_state(
                [S.ADOPTED, S.ENDED], "adopted_at", text=("act",), model="actionplan",
                fact="adopted_by_an_act",
            ),
            required_in_state([S.ENDED], "ended_at", model="actionplan", fact="ended"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"action plan {self.uuid}"

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("ncm:plan-whole", args=[self.uuid])


class OfPlanQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> "OfPlanQuerySet":
        """What belongs to a plan is seen by whoever sees the plan."""
        if actor.system:
            return self
        seen = ActionPlan.objects.filter(pk=OuterRef("plan_id")).visible_to(actor)
        return self.filter(Exists(seen))


class RevisionQuerySet(models.QuerySet["Revision"]):
    def visible_to(self, actor: Actor) -> "RevisionQuerySet":
        """Adopted ones to whoever sees the plan; drafts and dropped ones to the co-ordination."""
        if actor.system:
            return self
        seen = ActionPlan.objects.filter(pk=OuterRef("plan_id")).visible_to(actor)
        rows = self.filter(Exists(seen))
        if P.COORDINATION_KEEP in actor.permissions:
            return rows
        return rows.filter(state=RevisionState.ADOPTED)


class Revision(models.Model):
    """A change of an adopted plan, with its reason: drafted by one person, adopted by another."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True)
    plan = models.ForeignKey(ActionPlan, models.PROTECT, related_name="revisions")
    number = models.PositiveSmallIntegerField()
    reason = models.TextField(_("reason"), max_length=2000)
    emergency = models.ForeignKey(
        Emergency, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("emergency it answers to"),
    )  # fmt: skip
    act = models.CharField(_("adopting act"), max_length=300, blank=True)
    state = models.CharField(
        max_length=12, choices=RevisionState.choices, default=RevisionState.DRAFT
    )
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(null=True, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    adopted_at = models.DateTimeField(null=True, blank=True)
    adopted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    dropped_at = models.DateTimeField(null=True, blank=True)
    dropped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = RevisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("revision of an action plan")
        verbose_name_plural = _("revisions of action plans")
        default_permissions = ()
        ordering = ["-number"]
        constraints = [
            in_choices("state", RevisionState.values, model="revision"),
            models.UniqueConstraint(fields=["plan", "number"], name="revision_number_once"),
            models.UniqueConstraint(
                fields=["plan"],
                condition=Q(state__in=IS_BEING_REVISED),
                name="revision_one_at_a_time",
                violation_error_message=_("A revision of this plan is being drafted already."),
            ),
            models.CheckConstraint(
                name="revision_says_why",
                condition=~Q(reason=""),
                violation_error_message=_("Say why the plan is revised."),
            ),
            both_or_neither("adopted_at", "adopted_by", model="revision"),
            both_or_neither("dropped_at", "dropped_by", model="revision"),
            required_in_state(
                [RevisionState.ADOPTED], "adopted_at", model="revision", fact="adopted"
            ),
            models.CheckConstraint(
                name="revision_adopted_by_a_second_person",
                condition=Q(adopted_by__isnull=True)
                | ~Q(adopted_by=F("created_by")) & ~Q(adopted_by=F("proposed_by")),
                violation_error_message=_("Somebody else than who drafted it adopts a revision."),
            ),
        ]

    def __str__(self) -> str:
        return f"revision {self.uuid}"

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("ncm:plan-revision", args=[self.uuid])


class Objective(models.Model):
    """What a plan wants to reach, under one of the four Ps."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    plan = models.ForeignKey(ActionPlan, models.PROTECT, related_name="objectives")
    p = models.CharField(_("P"), max_length=12, choices=FourP.choices)
    number = models.PositiveSmallIntegerField(_("number"))
    words = models.CharField(_("objective"), max_length=300)

    objects = OfPlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("objective")
        verbose_name_plural = _("objectives")
        default_permissions = ()
        ordering = ["plan_id", "number"]
        constraints = [
            in_choices("p", FourP.values, model="objective"),
            models.UniqueConstraint(
                fields=["plan", "number"],
                name="objective_number_once",
                violation_error_message=_("The plan has an objective with this number."),
            ),
            models.CheckConstraint(name="objective_has_words", condition=~Q(words="")),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.words}"


ACTIVITIES_OF_ONE = 10_000
"""More than an objective ever has."""


def place_of(objective: Objective, number: int) -> int:
    """Where an activity stands in its plan."""
    return objective.number * ACTIVITIES_OF_ONE + number


class ActivityQuerySet(models.QuerySet["Activity"]):
    def visible_to(self, actor: Actor) -> "ActivityQuerySet":
        """Those of the plans the actor sees."""
        if actor.system:
            return self
        seen = ActionPlan.objects.filter(pk=OuterRef("plan_id")).visible_to(actor)
        return self.filter(Exists(seen))

    def standing(self) -> "ActivityQuerySet":
        """Those that no revision has taken out."""
        return self.filter(dropped_at__isnull=True)

    def late(self, on: date) -> "ActivityQuerySet":
        """Past their day and not over."""
        return self.standing().filter(deadline_on__lt=on).exclude(progress__in=IS_OVER)


class Activity(models.Model):
    """One thing a plan wants done: who leads, with whom, by when, how it is measured, who pays."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    plan = models.ForeignKey(ActionPlan, models.PROTECT, related_name="activities")
    objective = models.ForeignKey(Objective, models.PROTECT, related_name="activities")
    number = models.PositiveSmallIntegerField(_("number"))
    place = models.PositiveIntegerField(
        editable=False, help_text=_("Where it stands in the plan: the objective's number first.")
    )
    words = models.TextField(_("activity"), max_length=1000)
    lead = models.ForeignKey(
        Organisation, models.PROTECT, related_name="leads_activities", verbose_name=_("lead")
    )
    partners: "models.ManyToManyField[Organisation, Any]" = models.ManyToManyField(
        Organisation, blank=True, related_name="joins_activities", verbose_name=_("partners")
    )
    from_on = models.DateField(_("begins"), null=True, blank=True)
    deadline_on = models.DateField(_("deadline"))
    indicator = models.CharField(_("indicator"), max_length=300)
    unit = models.CharField(_("unit"), max_length=40, blank=True)
    baseline = figure(_("baseline"), null=True, blank=True)
    target = figure(_("target"), null=True, blank=True)
    source = models.CharField(_("where the figure comes from"), max_length=200, blank=True)
    cost = money(_("cost"), default=NOTHING)
    from_state = money(_("paid by the State"), default=NOTHING)
    from_donors = money(_("paid by donors"), default=NOTHING)
    from_own = money(_("paid by those who carry it out"), default=NOTHING)
    payers = models.CharField(_("who pays"), max_length=300, blank=True)
    target_groups = CodesField(_("for whom"), codes=TargetGroup.values)
    areas: "models.ManyToManyField[Area, Any]" = models.ManyToManyField(
        Area, blank=True, related_name="+", verbose_name=_("where"),
        help_text=_("None: the whole country."),
    )  # fmt: skip
    global_plan = CodesField(_("Global Plan of Action"), codes=GlobalPlan.values)
    reallocatable_in_emergency = models.BooleanField(
        _("its money can be moved in an emergency"), default=False
    )

    progress = models.CharField(
        _("progress"), max_length=12, choices=Progress.choices, default=Progress.NOT_STARTED
    )
    value = figure(_("value reached"), null=True, blank=True)
    reported_on = models.DateField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    history = HistoricalRecords(m2m_fields=[partners, areas])
    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name = _("activity of an action plan")
        verbose_name_plural = _("activities of action plans")
        default_permissions = ()
        indexes = [
            models.Index(fields=["plan", "place", "id"], name="activity_of_a_plan"),
            models.Index(fields=["lead", "deadline_on"], name="activity_by_lead"),
        ]
        constraints = [
            in_choices("progress", Progress.values, model="activity"),
            models.UniqueConstraint(
                fields=["objective", "number"],
                name="activity_number_once",
                violation_error_message=_("The objective has an activity with this number."),
            ),
            models.CheckConstraint(
                name="activity_begins_before_its_deadline",
                condition=Q(from_on__isnull=True) | Q(from_on__lte=F("deadline_on")),
                violation_error_message=_("An activity begins before its deadline."),
            ),
            models.CheckConstraint(
                name="activity_money_is_not_negative",
                condition=Q(cost__gte=0, from_state__gte=0, from_donors__gte=0, from_own__gte=0),
                violation_error_message=_("Money is not less than nothing."),
            ),
            models.CheckConstraint(
                name="activity_is_paid_within_its_cost",
                condition=Q(cost__gte=F("from_state") + F("from_donors") + F("from_own")),
                violation_error_message=_("Who pays gives more than it costs."),
            ),
            models.CheckConstraint(
                name="activity_has_words_and_an_indicator",
                condition=~Q(words="") & ~Q(indicator=""),
            ),
        ]

    def __str__(self) -> str:
        return f"activity {self.uuid}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.place = place_of(self.objective, self.number)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("ncm:plan-activity", args=[self.uuid])

    @property
    def reference(self) -> str:
        """Its number within the plan; needs `objective`."""
        return f"{self.objective.number}.{self.number}"

    @property
    def gap(self) -> Decimal:
        """What nobody pays yet."""
        return self.cost - self.from_state - self.from_donors - self.from_own

    def is_late(self, on: date) -> bool:
        return self.dropped_at is None and self.progress not in IS_OVER and self.deadline_on < on


class OfActivityQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> "OfActivityQuerySet":
        """What belongs to an activity is seen by whoever sees the activity."""
        if actor.system:
            return self
        seen = Activity.objects.filter(pk=OuterRef("activity_id")).visible_to(actor)
        return self.filter(Exists(seen))


class RevisionChangeQuerySet(models.QuerySet["RevisionChange"]):
    def visible_to(self, actor: Actor) -> "RevisionChangeQuerySet":
        """Adopted ones to whoever sees the plan; drafts and dropped ones to the co-ordination."""
        if actor.system:
            return self
        seen = ActionPlan.objects.filter(pk=OuterRef("revision__plan_id")).visible_to(actor)
        rows = self.filter(Exists(seen))
        if P.COORDINATION_KEEP in actor.permissions:
            return rows
        return rows.filter(revision__state=RevisionState.ADOPTED)


class RevisionChange(models.Model):
    """What a revision does to one activity: its text before and after, kept for good."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=8, choices=ChangeKind.choices)
    activity = models.ForeignKey(
        Activity, models.PROTECT, null=True, blank=True, related_name="changes"
    )
    objective = models.ForeignKey(Objective, models.PROTECT, related_name="+")
    before = models.JSONField(default=dict, help_text=_("Written when the revision is adopted."))
    after = models.JSONField(default=dict)

    objects = RevisionChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of an activity")
        verbose_name_plural = _("changes of activities")
        default_permissions = ()
        ordering = ["revision_id", "id"]
        constraints = [
            in_choices("kind", ChangeKind.values, model="revisionchange"),
            models.UniqueConstraint(
                fields=["revision", "activity"], name="revisionchange_once_an_activity"
            ),
            models.CheckConstraint(
                name="revisionchange_names_what_is_there",
                condition=Q(kind=ChangeKind.ADD) | Q(activity__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"change {self.uuid}"


class ActivityStatus(models.Model):
    """What the lead says of an activity on a day, with its evidence; nobody else edits it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True)
    activity = models.ForeignKey(Activity, models.PROTECT, related_name="statuses")
    progress = models.CharField(_("progress"), max_length=12, choices=Progress.choices)
    value = figure(_("value reached"), null=True, blank=True)
    words = models.TextField(_("what was done"), max_length=4000)
    on = models.DateField(_("as of"))
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    reported_at = models.DateTimeField()
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    file_kind = models.CharField(max_length=8, blank=True)
    file_size = models.PositiveIntegerField(default=0)
    file_digest = models.CharField(max_length=64, blank=True)
    file = models.FileField(storage=plan_storage, upload_to=random_name, max_length=60, blank=True)

    objects = OfActivityQuerySet.as_manager()

    class Meta:
        verbose_name = _("report on an activity")
        verbose_name_plural = _("reports on activities")
        default_permissions = ()
        ordering = ["-reported_at", "-id"]
        indexes = [models.Index(fields=["activity", "-reported_at"], name="activitystatus_latest")]
        constraints = [
            in_choices("progress", Progress.values, model="activitystatus"),
            models.CheckConstraint(name="activitystatus_has_words", condition=~Q(words="")),
        ]

    def __str__(self) -> str:
        return f"report {self.uuid}"


class ActivityGap(models.Model):
    """What a member says is missing for an activity, and what the co-ordination answers."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True)
    activity = models.ForeignKey(Activity, models.PROTECT, related_name="gaps")
    kind = models.CharField(_("what is missing"), max_length=12, choices=GapKind.choices)
    words = models.TextField(_("what is missing, and for whom"), max_length=2000)
    proposal = models.TextField(_("what would close it"), max_length=2000, blank=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    named_at = models.DateTimeField()
    named_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    answer = models.TextField(_("answer"), max_length=2000, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = OfActivityQuerySet.as_manager()

    class Meta:
        verbose_name = _("gap of an activity")
        verbose_name_plural = _("gaps of activities")
        default_permissions = ()
        ordering = ["activity_id", "-named_at", "-id"]
        constraints = [
            in_choices("kind", GapKind.values, model="activitygap"),
            both_or_neither("settled_at", "settled_by", model="activitygap"),
            models.CheckConstraint(
                name="activitygap_is_settled_with_words",
                condition=Q(settled_at__isnull=True) | ~Q(answer=""),
            ),
        ]

    def __str__(self) -> str:
        return f"gap {self.uuid}"


class PlanEvent(models.Model):
    """One line of a plan's past, never edited."""

    plan = models.ForeignKey(ActionPlan, models.PROTECT, related_name="events")
    activity = models.ForeignKey(
        Activity, models.PROTECT, null=True, blank=True, related_name="events"
    )
    kind = models.CharField(max_length=20, choices=PlanEventKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    comment = models.TextField(blank=True, max_length=2000)
    old_state = models.CharField(max_length=12, blank=True)
    new_state = models.CharField(max_length=12, blank=True)

    objects = OfPlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("event of an action plan")
        verbose_name_plural = _("events of action plans")
        default_permissions = ()
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["plan", "-at", "-id"], name="planevent_timeline"),
            models.Index(fields=["activity", "-at", "-id"], name="planevent_of_activity"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
