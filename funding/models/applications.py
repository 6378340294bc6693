"""Applications for money: in a call, in an emergency, or as a proposal nobody asked for."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import both_or_neither, in_choices, required_in_state
from common.marks import Actor, Permission
from deadlines.files import random_name
from funding.application_files import application_storage
from funding.call_choices import (
    IS_DECIDED,
    REVIEW_READS,
    ApplicationEventKind,
    ApplicationState,
    CallState,
    ComplaintState,
    Route,
    Verdict,
)
from funding.models.calls import Call
from funding.models.funds import NOTHING, Fund, currency, money
from funding.money_choices import FundingKind, LineKind
from partners.models import Area, Organisation

S = ApplicationState
P = Permission


class ApplicationQuerySet(models.QuerySet["Application"]):
    def visible_to(self, actor: Actor) -> "ApplicationQuerySet":
        """One's own organisation's; for the fund what reached it, of a call once it has closed.

        A reviewer reads those that nothing ties them to; the co-ordination those complained about.
        """
        if actor.system:
            return self
        if actor.user_id is None or actor.organisation_id is None:
            return self.none()
        rule = Q(self.model.objects.read_by_reviewer(actor))
        if P.FUNDING_SEE in actor.permissions:
            rule |= Q(organisation_id=actor.organisation_id)
        if P.FUNDING_KEEP in actor.permissions:
            rule |= self._of_the_fund(actor)
        if P.FUNDING_OVERSEE in actor.permissions:
            rule |= Q(complaint__isnull=False)
        return self.filter(rule)

    def reached(self, actor: Actor) -> "ApplicationQuerySet":
        """Those that reached the fund this actor keeps."""
        if P.FUNDING_KEEP not in actor.permissions:
            return self.none()
        return self.filter(self._of_the_fund(actor))

    def own(self, actor: Actor) -> "ApplicationQuerySet":
        """Those of the organisation acted for."""
        if P.FUNDING_SEE not in actor.permissions:
            return self.none()
        return self.filter(organisation_id=actor.organisation_id)

    @staticmethod
    def _of_the_fund(actor: Actor) -> Q:
        # Sealed until the call closes: nobody at the fund knows before who applies for what.
        sealed = Q(route=Route.CALL, call__state__in=[CallState.OPEN, CallState.CANCELLED])
        reached = Q(state__in=[S.SUBMITTED, *IS_DECIDED]) & ~sealed
        return Q(fund__keeper_id=actor.organisation_id) & reached

    def read_by_reviewer(self, actor: Actor) -> Exists:
        from funding.models.reviews import Review

        return Exists(
            Review.objects.filter(
                application=OuterRef("pk"),
                reviewer__user_id=actor.user_id,
                reviewer__organisation_id=actor.organisation_id,
                state__in=REVIEW_READS,
            )
        )


class Application(models.Model):
    """An organisation asks a fund for money: for what, how much, from when until when."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True, help_text=_("A form sent twice makes one draft."))
    reference = models.CharField(_("reference"), max_length=12, unique=True)
    route = models.CharField(max_length=12, choices=Route.choices)
    call = models.ForeignKey(
        Call, models.PROTECT, null=True, blank=True, related_name="applications"
    )
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="applications")
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="money_applications"
    )
    kind = models.CharField(_("kind"), max_length=32, choices=FundingKind.choices)
    title = models.CharField(_("title"), max_length=140, blank=True)
    purpose = models.TextField(_("what you will do"), max_length=4000, blank=True)
    need = models.TextField(_("why it is needed"), max_length=4000, blank=True)
    results = models.TextField(_("what will be different"), max_length=4000, blank=True)
    area = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, verbose_name=_("where"), related_name="+"
    )
    from_on = models.DateField(_("from"), null=True, blank=True)
    until_on = models.DateField(_("until"), null=True, blank=True)
    currency = currency()
    amount = money(_("amount"), default=NOTHING, help_text=_("Sum of its lines."))

    state = models.CharField(max_length=12, choices=S.choices, default=S.DRAFT)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    announced_at = models.DateTimeField(null=True, blank=True)
    award_uuid = models.UUIDField(null=True, blank=True, help_text=_("What it was awarded."))

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        default_permissions = ()
        indexes = [
            models.Index(fields=["organisation", "-created_at", "-id"], name="application_own"),
            models.Index(fields=["fund", "-created_at", "-id"], name="application_of_fund"),
        ]
        constraints = [
            in_choices("state", S.values, model="application"),
            models.UniqueConstraint(
                fields=["call", "organisation"],
                condition=Q(route=Route.CALL),
                name="application_one_for_each_call",
                violation_error_message=_("Your organisation has an application already."),
            ),
            models.CheckConstraint(
                name="application_proposal_has_no_call",
                condition=Q(route=Route.PROPOSAL, call__isnull=True)
                | (~Q(route=Route.PROPOSAL) & Q(call__isnull=False)),
            ),
            models.CheckConstraint(
                name="application_amount_is_not_negative", condition=Q(amount__gte=0)
            ),
            models.CheckConstraint(
                name="application_ends_after_it_begins",
                condition=Q(until_on__isnull=True)
                | Q(from_on__isnull=True)
                | Q(until_on__gte=F("from_on")),
                violation_error_message=_("The last day cannot lie before the first."),
            ),
            models.CheckConstraint(
                name="application_submitted_is_whole",
                condition=Q(state__in=[S.DRAFT, S.WITHDRAWN])
                | Q(amount__gt=0, from_on__isnull=False, until_on__isnull=False) & ~Q(title=""),
            ),
            both_or_neither("submitted_at", "submitted_by", model="application"),
            required_in_state(
                [S.SUBMITTED, S.AWARDED, S.REFUSED],
                "submitted_at", model="application", fact="sent_before_it_is_decided",
            ),
            required_in_state(
                [S.AWARDED], "award_uuid", model="application", fact="awarded_has_an_award"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"application {self.uuid}"

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("funding:application", args=[self.uuid])


class OfApplicationQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> "OfApplicationQuerySet":
        """What belongs to an application is seen by whoever sees it."""
        if actor.system:
            return self
        seen = Application.objects.filter(pk=OuterRef("application_id")).visible_to(actor)
        return self.filter(Exists(seen))


class ApplicationLine(models.Model):
    """How much of the money asked for is for what."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    application = models.ForeignKey(Application, models.PROTECT, related_name="lines")
    kind = models.CharField(_("for"), max_length=24, choices=LineKind.choices)
    amount = money(_("amount"))
    words = models.CharField(_("how it is reckoned"), max_length=300, blank=True)

    objects = OfApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("line of an application")
        verbose_name_plural = _("lines of applications")
        default_permissions = ()
        ordering = ["application_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "kind"], name="applicationline_once_a_kind"
            ),
            models.CheckConstraint(
                name="applicationline_amount_is_positive",
                condition=Q(amount__gt=0),
                violation_error_message=_("An amount is more than nothing."),
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class ApplicationFile(models.Model):
    """A document an organisation gives with its application. Nothing about a person it helps."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    application = models.ForeignKey(Application, models.PROTECT, related_name="files")
    title = models.CharField(_("what it is"), max_length=120)
    kind = models.CharField(max_length=8)
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    content = models.FileField(storage=application_storage, upload_to=random_name, max_length=60)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = OfApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("document of an application")
        verbose_name_plural = _("documents of applications")
        default_permissions = ()
        ordering = ["application_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["application", "digest"], name="applicationfile_once")
        ]

    def __str__(self) -> str:
        return f"document {self.uuid}"


class FundingDecisionQuerySet(models.QuerySet["FundingDecision"]):
    def visible_to(self, actor: Actor) -> "FundingDecisionQuerySet":
        """The fund's own until the result is published; then the applicant's too."""
        if actor.system:
            return self
        seen = Application.objects.filter(pk=OuterRef("application_id")).visible_to(actor)
        own = Q(application__organisation_id=actor.organisation_id)
        fund = Q(application__fund__keeper_id=actor.organisation_id)
        told = own & Q(application__state__in=IS_DECIDED)
        complained = Q(application__complaint__isnull=False)
        rule = told
        if P.FUNDING_KEEP in actor.permissions:
            rule |= fund
        if P.FUNDING_OVERSEE in actor.permissions:
            rule |= complained
        return self.filter(rule & Q(Exists(seen)))


class FundingDecision(models.Model):
    """What the fund decides about an application, and why; nobody else knows until it is told."""

    application = models.OneToOneField(Application, models.PROTECT, related_name="decision")
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    amount = money(_("amount"), default=NOTHING)
    reason = models.TextField(_("reason"), max_length=4000)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = FundingDecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision about an application")
        verbose_name_plural = _("decisions about applications")
        default_permissions = ()
        constraints = [
            in_choices("verdict", Verdict.values, model="fundingdecision"),
            models.CheckConstraint(
                name="fundingdecision_award_has_an_amount",
                condition=Q(verdict=Verdict.REFUSE, amount=0)
                | Q(verdict=Verdict.AWARD, amount__gt=0),
                violation_error_message=_("An award is of an amount, a refusal of none."),
            ),
            models.CheckConstraint(
                name="fundingdecision_has_a_reason",
                condition=~Q(reason=""),
                violation_error_message=_("Give the reason."),
            ),
        ]

    def __str__(self) -> str:
        return self.get_verdict_display()


class DecisionLine(models.Model):
    """How much of a decided award is for what."""

    decision = models.ForeignKey(FundingDecision, models.PROTECT, related_name="lines")
    kind = models.CharField(max_length=24, choices=LineKind.choices)
    amount = money(_("amount"))

    class Meta:
        verbose_name = _("line of a decision")
        verbose_name_plural = _("lines of decisions")
        default_permissions = ()
        ordering = ["decision_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["decision", "kind"], name="decisionline_once_a_kind"),
            models.CheckConstraint(
                name="decisionline_amount_is_positive", condition=Q(amount__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class Complaint(models.Model):
    """An organisation says that a decision about its application was wrong; another answers."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    application = models.OneToOneField(Application, models.PROTECT, related_name="complaint")
    words = models.TextField(_("what was wrong"), max_length=4000)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    state = models.CharField(
        max_length=12, choices=ComplaintState.choices, default=ComplaintState.OPEN
    )
    version = models.PositiveIntegerField(default=1)
    answer = models.TextField(_("answer"), max_length=4000, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = OfApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("complaint about a decision")
        verbose_name_plural = _("complaints about decisions")
        default_permissions = ()
        constraints = [
            in_choices("state", ComplaintState.values, model="complaint"),
            both_or_neither("answered_at", "answered_by", model="complaint"),
            required_in_state(
                [ComplaintState.UPHELD, ComplaintState.REJECTED],
                "answered_at", text=["answer"], model="complaint", fact="answered_in_words",
            ),
            models.CheckConstraint(
                name="complaint_is_answered_by_another",
                condition=Q(answered_by__isnull=True) | ~Q(answered_by=F("made_by")),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"complaint {self.uuid}"


class ApplicationEvent(models.Model):
    """One line of an application's past, never edited; no reviewer and no score stands in it."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=24, choices=ApplicationEventKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    comment = models.TextField(blank=True, max_length=2000)
    old_state = models.CharField(max_length=12, blank=True)
    new_state = models.CharField(max_length=12, blank=True)

    objects = OfApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("event of an application")
        verbose_name_plural = _("events of applications")
        default_permissions = ()
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["application", "-at", "-id"], name="applicationevent_timeline")
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
