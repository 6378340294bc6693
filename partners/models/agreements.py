"""Agreements between organisations of the mechanism: parties, clauses, duties, amendments, papers.

What was signed is never rewritten: an amendment stands beside it, and a renewal is a row of its
own. `until_on` is what was signed; `ends_on` is what holds now, after amendments and a notice.
"""

import uuid
from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from common.constraints import both_or_neither, in_choices, required_in_state
from common.marks import Actor, Permission
from deadlines.files import random_name
from partners.agreement_files import agreement_storage
from partners.deed_choices import (
    IN_FORCE,
    NEVER_HELD,
    AgreementState,
    AmendmentState,
    ClauseKind,
    ClauseStatus,
    DeedEventKind,
    Duty,
    DutyFunding,
    NoticeReason,
)
from partners.models.area import Area
from partners.models.organisation import Organisation

S = AgreementState
LONGEST_NOTICE = 365


def agreement_granted_to(actor: Actor, permission: str, *, outer: str = "pk") -> Exists:
    """A grant of `permission` on the agreement, by literal group ids or to the user."""
    from partners.models.grants import AgreementGroupGrant, AgreementUserGrant

    live = Q(until_at__isnull=True) | Q(until_at__gt=actor.at)
    same = {"content_object": OuterRef(outer), "permission__codename": f"{permission}_agreement"}
    by_group = AgreementGroupGrant.objects.filter(live, group_id__in=actor.role_group_ids, **same)
    by_user = AgreementUserGrant.objects.filter(live, user_id=actor.user_id, **same)
    return Exists(by_group) | Exists(by_user)  # type: ignore[return-value]


class AgreementQuerySet(models.QuerySet["Agreement"]):
    def visible_to(self, actor: Actor) -> "AgreementQuerySet":
        """Those one's organisation drafts or is asked to sign; for who steers, all that were sent.

        A draft is its keeper's until it is sent to the parties.
        """
        if actor.system:
            return self
        if actor.user_id is None or Permission.AGREEMENT_SEE not in actor.permissions:
            return self.none()
        rule = Q(agreement_granted_to(actor, "see"))
        if Permission.AGREEMENT_STEER in actor.permissions:
            rule |= Q(sent_at__isnull=False)
        return self.filter(rule)

    def in_force(self) -> "AgreementQuerySet":
        return self.filter(state__in=IN_FORCE)


class Agreement(models.Model):
    """What organisations have promised each other in writing, and until when: an MoU."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True, help_text=_("A form sent twice makes one draft."))
    title = models.CharField(_("title"), max_length=200)
    purpose = models.TextField(_("what it is for"), max_length=2000, blank=True)
    area = models.ForeignKey(Area, models.PROTECT, null=True, blank=True, verbose_name=_("area"))
    from_on = models.DateField(_("in force from"))
    until_on = models.DateField(_("until"), help_text=_("The last day, as it was signed."))
    ends_on = models.DateField(help_text=_("The last day as it stands now."))
    review_on = models.DateField(_("day of review"), null=True, blank=True)
    notice_days = models.PositiveSmallIntegerField(_("days of notice"), default=90)
    kept_by = models.ForeignKey(Organisation, models.PROTECT, related_name="kept_agreements")
    renews = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="renewals"
    )
    notice_party = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+"
    )
    notice_reason = models.CharField(max_length=12, choices=NoticeReason.choices, blank=True)
    notice_words = models.TextField(max_length=2000, blank=True)

    state = models.CharField(max_length=12, choices=S.choices, default=S.DRAFT)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    signed_at = models.DateTimeField(null=True, blank=True)
    in_force_at = models.DateTimeField(null=True, blank=True)
    notice_at = models.DateTimeField(null=True, blank=True)
    over_at = models.DateTimeField(null=True, blank=True)

    history = HistoricalRecords()
    objects = AgreementQuerySet.as_manager()

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        default_permissions = ()
        permissions = [
            ("see_agreement", "See the agreement"),
            ("edit_agreement", "Change the draft of the agreement"),
        ]
        indexes = [
            # The list, soonest end first, and the sweep's question of what ends.
            models.Index(fields=["ends_on", "id"], name="agreement_by_end"),
            models.Index(fields=["state", "ends_on"], name="agreement_state_by_end"),
        ]
        constraints = [
            in_choices("state", S.values, model="agreement"),
            models.CheckConstraint(
                name="agreement_ends_after_it_begins",
                condition=Q(until_on__gte=F("from_on")) & Q(ends_on__gte=F("from_on")),
                violation_error_message=_("The last day cannot lie before the first."),
            ),
            models.CheckConstraint(
                name="agreement_does_not_renew_itself",
                condition=Q(renews__isnull=True) | ~Q(renews=F("id")),
            ),
            models.UniqueConstraint(
                fields=["renews"],
                condition=Q(renews__isnull=False) & ~Q(state=S.WITHDRAWN),
                name="agreement_renewed_once",
                violation_error_message=_("A renewal of this agreement is under way already."),
            ),
            models.CheckConstraint(
                name="agreement_notice_says_who_and_why",
                condition=Q(notice_party__isnull=True, notice_at__isnull=True, notice_reason="")
                | (Q(notice_party__isnull=False, notice_at__isnull=False) & ~Q(notice_reason="")),
                violation_error_message=_("A notice says which party gives it, and why."),
            ),
            models.CheckConstraint(
                name="agreement_sent_when_beyond_draft",
                condition=Q(state__in=[S.DRAFT, S.WITHDRAWN]) | Q(sent_at__isnull=False),
            ),
            required_in_state(
                [S.SIGNED, S.ACTIVE, S.EXPIRING, S.ENDED, S.TERMINATED, S.RENEWED],
                "signed_at", model="agreement", fact="signed_before_it_holds",
            ),
            required_in_state(
                [S.TERMINATED], "notice_at", model="agreement", fact="terminated_by_notice"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"agreement {self.uuid}"

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("partners:agreement", args=[self.uuid])

    @property
    def is_in_force(self) -> bool:
        return self.state in IN_FORCE


class OfAgreementQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> "OfAgreementQuerySet":
        """What belongs to an agreement is seen by whoever sees the agreement."""
        if actor.system:
            return self
        seen = Agreement.objects.filter(pk=OuterRef("agreement_id")).visible_to(actor)
        return self.filter(Exists(seen))


class AgreementParty(models.Model):
    """One organisation that binds itself, who signs for it, and on which day it did."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="parties")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="agreed")
    does = models.TextField(_("what it does under the agreement"), max_length=2000, blank=True)
    signatory_name = models.CharField(_("who signs"), max_length=120, blank=True)
    signatory_post = models.CharField(_("post"), max_length=120, blank=True)
    signed_on = models.DateField(null=True, blank=True)
    is_on_paper = models.BooleanField(
        default=False, help_text=_("The co-ordination saw the signature on paper.")
    )
    recorded_at = models.DateTimeField(null=True, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = OfAgreementQuerySet.as_manager()

    class Meta:
        verbose_name = _("party")
        verbose_name_plural = _("parties")
        default_permissions = ()
        ordering = ["agreement_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "organisation"],
                name="agreementparty_once",
                violation_error_message=_("This organisation is a party already."),
            ),
            both_or_neither("recorded_at", "recorded_by", model="agreementparty"),
            both_or_neither(
                "signed_on", "recorded_at", model="agreementparty", fact="signature_is_recorded"
            ),
            models.CheckConstraint(
                name="agreementparty_signed_by_somebody",
                condition=Q(signed_on__isnull=True) | ~Q(signatory_name=""),
                violation_error_message=_("A signature has a name."),
            ),
        ]

    def __str__(self) -> str:
        return f"party {self.uuid}"


class AgreementClause(models.Model):
    """Whether the text says something about one matter of the checklist, and where."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="clauses")
    kind = models.CharField(max_length=16, choices=ClauseKind.choices)
    status = models.CharField(max_length=16, choices=ClauseStatus.choices)
    where = models.CharField(_("where"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("clause")
        verbose_name_plural = _("clauses")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["agreement", "kind"], name="agreementclause_once"),
            models.CheckConstraint(
                name="agreementclause_found_somewhere",
                condition=~Q(status=ClauseStatus.PRESENT) | ~Q(where=""),
                violation_error_message=_("Say where in the text it stands."),
            ),
        ]

    def __str__(self) -> str:
        return self.kind


class DelegatedDutyQuerySet(OfAgreementQuerySet):
    def ever_held(self) -> "DelegatedDutyQuerySet":
        """Of agreements that hold, will hold, or did."""
        return self.exclude(agreement__state__in=NEVER_HELD)


class DelegatedDuty(models.Model):
    """A duty of the State that an organisation carries out under the agreement; the State stays
    responsible for it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="duties")
    duty = models.CharField(_("duty"), max_length=20, choices=Duty.choices)
    area = models.ForeignKey(
        Area, models.PROTECT, verbose_name=_("area"),
        help_text=_("Where it is carried out; with everything below it."),
    )  # fmt: skip
    delegated_by = models.ForeignKey(Organisation, models.PROTECT, related_name="delegates")
    carried_by = models.ForeignKey(Organisation, models.PROTECT, related_name="carries")
    legal_basis = models.CharField(_("legal basis"), max_length=300)
    volume = models.CharField(_("how much"), max_length=200, blank=True)
    funding = models.CharField(_("who pays"), max_length=12, choices=DutyFunding.choices)
    funder = models.CharField(_("payer"), max_length=200, blank=True)

    objects = DelegatedDutyQuerySet.as_manager()

    class Meta:
        verbose_name = _("delegated duty")
        verbose_name_plural = _("delegated duties")
        default_permissions = ()
        ordering = ["agreement_id", "duty", "id"]
        indexes = [models.Index(fields=["duty", "area"], name="delegatedduty_coverage")]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "duty", "area", "carried_by"],
                name="delegatedduty_once",
                violation_error_message=_("This duty is in the agreement already."),
            ),
            models.CheckConstraint(
                name="delegatedduty_to_somebody_else",
                condition=~Q(delegated_by=F("carried_by")),
                violation_error_message=_("Nobody delegates a duty to itself."),
            ),
            models.CheckConstraint(
                name="delegatedduty_has_a_legal_basis",
                condition=~Q(legal_basis=""),
                violation_error_message=_("Name the law or decision the delegation rests on."),
            ),
        ]

    def __str__(self) -> str:
        return self.duty


class Amendment(models.Model):
    """A numbered change of an agreement that every party signs; the text signed first stays."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="amendments")
    number = models.PositiveSmallIntegerField()
    title = models.CharField(_("what it is about"), max_length=200)
    words = models.TextField(_("what is agreed"), max_length=8000)
    new_ends_on = models.DateField(
        _("new last day"), null=True, blank=True, help_text=_("Only if the amendment changes it.")
    )
    state = models.CharField(
        max_length=12, choices=AmendmentState.choices, default=AmendmentState.PROPOSED
    )
    version = models.PositiveIntegerField(default=1)
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    in_force_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)

    objects = OfAgreementQuerySet.as_manager()

    class Meta:
        verbose_name = _("amendment")
        verbose_name_plural = _("amendments")
        default_permissions = ()
        ordering = ["agreement_id", "number"]
        constraints = [
            in_choices("state", AmendmentState.values, model="amendment"),
            models.UniqueConstraint(fields=["agreement", "number"], name="amendment_numbered"),
            models.UniqueConstraint(
                fields=["agreement"],
                condition=Q(state=AmendmentState.PROPOSED),
                name="amendment_one_at_a_time",
                violation_error_message=_("Another amendment waits for signatures already."),
            ),
            required_in_state(
                [AmendmentState.IN_FORCE], "in_force_at", model="amendment", fact="begins_one_day"
            ),
        ]

    def __str__(self) -> str:
        return f"amendment {self.uuid}"


class AmendmentSignature(models.Model):
    """That a party signed an amendment, by whom and on which day."""

    amendment = models.ForeignKey(Amendment, models.PROTECT, related_name="signatures")
    party = models.ForeignKey(AgreementParty, models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    post = models.CharField(max_length=120, blank=True)
    signed_on = models.DateField()
    is_on_paper = models.BooleanField(default=False)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("signature of an amendment")
        verbose_name_plural = _("signatures of amendments")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["amendment", "party"],
                name="amendmentsignature_once",
                violation_error_message=_("This party has signed already."),
            )
        ]

    def __str__(self) -> str:
        return f"signature {self.pk}"


class AgreementFile(models.Model):
    """A paper of an agreement, such as the signed copy or an annex. Nothing about a person."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="files")
    title = models.CharField(_("what it is"), max_length=120)
    kind = models.CharField(max_length=8)
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    content = models.FileField(storage=agreement_storage, upload_to=random_name, max_length=60)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = OfAgreementQuerySet.as_manager()

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        default_permissions = ()
        ordering = ["agreement_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "digest"],
                name="agreementfile_once",
                violation_error_message=_("This document is there already."),
            )
        ]

    def __str__(self) -> str:
        return f"document {self.uuid}"


class AgreementEvent(models.Model):
    """One line of an agreement's past, shown as its timeline and never edited."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=24, choices=DeedEventKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    comment = models.TextField(blank=True, max_length=2000)
    old_state = models.CharField(max_length=12, blank=True)
    new_state = models.CharField(max_length=12, blank=True)

    objects = OfAgreementQuerySet.as_manager()

    class Meta:
        verbose_name = _("event of an agreement")
        verbose_name_plural = _("events of agreements")
        default_permissions = ()
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["agreement", "-at", "-id"], name="agreementevent_timeline")]

    def __str__(self) -> str:
        return self.get_kind_display()


def is_over(agreement: Agreement, today: date) -> bool:
    """Whether its last day has passed."""
    return agreement.ends_on < today
