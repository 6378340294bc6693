"""The referral itself: one presumed victim's passage through the mechanism."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from common.fields import CodesField
from common.marks import Actor, Permission
from common.sealing import SealedText
from partners.models import Area, Membership, Organisation
from referrals.choices import (
    AT_HOME,
    AgeGroup,
    Basis,
    Exploitation,
    Gender,
    Indicator,
    Means,
    Origin,
    PlaceOfExploitation,
    RefusalReason,
    ResponderType,
    State,
    YesNoUnknown,
)
from referrals.models.imports import ImportBatch
from referrals.models.person import Consent, Person
from referrals.models.situation import Situation


class ReferralQuerySet(models.QuerySet["Referral"]):
    def visible_to(self, actor: Actor) -> "ReferralQuerySet":
        """What this actor may know of: by a live grant, or by steering, unless kept out of it.

        With REFERRAL_SEE: referrals one's groups or oneself hold `see` on; whoever works in law
        enforcement, those they made themselves. (Whoever sees a team's or own cases only has the
        team's group in place of the role's.) With REFERRAL_STEER: whatever was sent here, no draft,
        no imported history and no restricted case. A restricted case has no rows of groups.
        """
        if actor.system:
            return self
        if actor.user_id is None:
            return self.none()
        rule = Q(pk__in=[])
        if Permission.REFERRAL_SEE in actor.permissions:
            rule |= Q(granted_to(actor, "see")) & own_only(actor)
        if Permission.REFERRAL_STEER in actor.permissions:
            rule |= Q(origin=Origin.LIVE, is_restricted=False) & ~Q(state__in=AT_HOME)
        return self.filter(rule & ~kept_out(actor))

    def with_header(self) -> "ReferralQuerySet":
        """With what a line of a list shows, in one query."""
        return self.select_related("first_responder", "authority", "region").defer(
            "narrative_ct", "child_reasons_ct"
        )

    def counted(self) -> "ReferralQuerySet":
        """What the statistics count: sent, or imported as history; no draft, no notice."""
        return self.filter(received_on__isnull=False).exclude(basis=Basis.NOTIFIED)


def live_at(at: datetime) -> Q:
    """Grant rows that hold at a moment."""
    return Q(until_at__isnull=True) | Q(until_at__gt=at)


def granted_to(actor: Actor, permission: str) -> Q:
    """A live grant of `permission` on the referral to one of the actor's groups or to the actor.

    By literal group ids: a join over memberships would hide them from the planner. What was opened
    to a person alone is for that person, not for a program that holds their token.
    """
    from referrals.models.grants import ReferralGroupGrant, ReferralUserGrant

    live = live_at(actor.at)
    named = {"content_object": OuterRef("pk"), "permission__codename": f"{permission}_referral"}
    by_group = ReferralGroupGrant.objects.filter(live, group_id__in=actor.group_ids, **named)
    if is_program(actor):
        return Q(Exists(by_group))
    by_user = ReferralUserGrant.objects.filter(live, user_id=actor.user_id, **named)
    return Q(Exists(by_group)) | Q(Exists(by_user))


def is_program(actor: Actor) -> bool:
    """Whether a token acts, not the person themselves."""
    return getattr(actor, "scopes", None) is not None


def kept_out(actor: Actor, referral: str = "pk") -> Q:
    """The actor is kept out of it in person, or through any organisation they work for.

    `referral` is where its key stands in the rows that are filtered.
    """
    from referrals.models.protection import Exclusion

    works_at = Membership.objects.active(actor.at).filter(user_id=actor.user_id)
    standing = Exclusion.objects.standing().filter(referral=OuterRef(referral))
    mine = Q(user_id=actor.user_id) | Q(organisation__in=works_at.values("organisation"))
    return Q(Exists(standing.filter(mine)))


def own_only(actor: Actor, prefix: str = "") -> Q:
    """Nothing but one's own referrals for law enforcement; else all that grants open.

    Of a suspended organisation, nothing but the files it keeps itself.
    """
    kept = Q()
    if getattr(actor, "own_files_only", False):
        kept = Q(**{f"{prefix}first_responder_id": actor.organisation_id})
    if getattr(actor, "is_enforcement", False):
        return kept & Q(**{f"{prefix}referrer_id": actor.user_id})
    return kept


class Referral(models.Model):
    """One presumed victim's passage through the mechanism, to the last decision."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, editable=False)
    origin = models.CharField(max_length=12, choices=Origin.choices, default=Origin.LIVE)
    basis = models.CharField(max_length=12, choices=Basis.choices, blank=True)
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="referrals"
    )
    consent = models.ForeignKey(
        Consent, models.PROTECT, null=True, blank=True, related_name="referrals"
    )
    batch = models.ForeignKey(
        ImportBatch, models.PROTECT, null=True, blank=True, related_name="referrals"
    )
    import_key = models.CharField(max_length=80, unique=True, null=True, blank=True)
    client_key = models.CharField(
        max_length=64,
        null=True,
        blank=True,
        help_text=_("What the sender called this referral, so that posting it twice gives one."),
    )
    situation = models.ForeignKey(
        Situation, models.PROTECT, null=True, blank=True, related_name="referrals"
    )

    first_responder = models.ForeignKey(
        Organisation, models.PROTECT, related_name="referrals_made", verbose_name=_("referred by")
    )
    responder_type = models.CharField(max_length=16, choices=ResponderType.choices, blank=True)
    referrer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    authority = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="referrals_received",
        verbose_name=_("sent to"),
    )
    region = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, verbose_name=_("region")
    )

    is_child_now = models.CharField(
        _("under 18 now"), max_length=8, choices=YesNoUnknown.choices, blank=True
    )
    child_reasons_ct = models.BinaryField(null=True)
    child_reasons = SealedText("referral.child_reasons", key_holder="person")
    age_at_exploitation = models.CharField(
        _("age when exploited"), max_length=8, choices=AgeGroup.choices, blank=True
    )
    gender = models.CharField(_("gender"), max_length=12, choices=Gender.choices, blank=True)
    nationalities = CodesField(_("nationalities"), ordered=True, max_length=60)
    exploitation = CodesField(_("forms of exploitation"), codes=Exploitation.values, max_length=240)
    means = CodesField(_("means of control"), codes=Means.values, max_length=400)
    indicators = CodesField(_("indicators"), codes=Indicator.values, max_length=160)
    place = models.CharField(
        _("where it took place"), max_length=8, choices=PlaceOfExploitation.choices, blank=True
    )
    language = models.CharField(_("language to speak in"), max_length=16, blank=True)
    narrative_ct = models.BinaryField(null=True)
    narrative = SealedText("referral.narrative", key_holder="person")
    refusal_reason = models.CharField(
        max_length=12,
        choices=RefusalReason.choices,
        blank=True,
        help_text=_("On a notice without identity only; a working file keeps it to itself."),
    )

    is_restricted = models.BooleanField(
        _("for named people only"),
        default=False,
        help_text=_("While a restriction stands; groups and the co-ordination do not know of it."),
    )
    state = models.CharField(max_length=16, choices=State.choices, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    saved_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the draft was last worked on; it runs out by it.")
    )
    warned_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When it was said that the draft runs out soon.")
    )
    received_at = models.DateTimeField(_("received"), null=True, blank=True)
    received_on = models.DateField(
        _("received on"),
        null=True,
        blank=True,
        help_text=_("The day in the country's time zone; it decides the quarter."),
    )

    history = HistoricalRecords(excluded_fields=["narrative_ct", "child_reasons_ct"])
    objects = ReferralQuerySet.as_manager()

    class Meta:
        verbose_name = _("referral")
        verbose_name_plural = _("referrals")
        default_permissions = ()
        permissions = [
            ("see_referral", "See the header and the packet"),
            ("work_referral", "Work on the file"),
            ("identity_referral", "Open the identity"),
        ]
        indexes = [
            # The quarter's report reads one range of days, whatever the table's size.
            models.Index(fields=["received_on", "id"], name="referral_by_day"),
            # The co-ordination's list: everything made here and sent, newest first.
            models.Index(
                fields=["-received_at", "-id"],
                name="referral_steered",
                condition=Q(origin=Origin.LIVE, received_at__isnull=False),
            ),
            # The sweep's drafts that run out.
            models.Index(
                fields=["saved_at", "id"], name="referral_drafts", condition=Q(state=State.DRAFT)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="referral_state_known",
                condition=Q(state__in=State.values),
                violation_error_message=_("This state does not exist."),
            ),
            models.CheckConstraint(
                name="referral_leaves_home_on_a_basis",
                condition=Q(state__in=[State.DRAFT, State.EXPIRED]) | ~Q(basis=""),
                violation_error_message=_(
                    "A referral leaves the organisation only with consent, for a child, or as the "
                    "duty to notify allows."
                ),
            ),
            models.CheckConstraint(
                name="referral_consent_is_there",
                condition=~Q(basis=Basis.CONSENT) | Q(consent__isnull=False),
                violation_error_message=_("The person’s consent is not recorded."),
            ),
            models.CheckConstraint(
                name="referral_history_has_no_person",
                condition=(
                    Q(basis=Basis.IMPORTED, origin=Origin.HISTORICAL, batch__isnull=False)
                    & Q(import_key__isnull=False, person__isnull=True, consent__isnull=True)
                )
                | (~Q(basis=Basis.IMPORTED) & Q(origin=Origin.LIVE, batch__isnull=True)),
                violation_error_message=_("Imported history has a batch and no person."),
            ),
            models.CheckConstraint(
                name="referral_notice_is_anonymous",
                condition=~Q(basis=Basis.NOTIFIED)
                | Q(person__isnull=True, consent__isnull=True, narrative_ct__isnull=True),
                violation_error_message=_("A notice without consent carries nobody’s identity."),
            ),
            models.CheckConstraint(
                name="referral_received_both",
                condition=Q(received_at__isnull=True, received_on__isnull=True)
                | Q(received_at__isnull=False, received_on__isnull=False),
                violation_error_message=_("A referral is received at a moment and on a day."),
            ),
            models.UniqueConstraint(
                fields=["first_responder", "client_key"],
                name="referral_once_per_key",
                violation_error_message=_("This referral was made already."),
            ),
            models.CheckConstraint(
                name="referral_child_is_stated_or_believed",
                condition=~Q(basis=Basis.CHILD)
                | Q(is_child_now=YesNoUnknown.YES)
                | (Q(child_reasons_ct__isnull=False) & ~Q(is_child_now=YesNoUnknown.NO)),
                violation_error_message=_(
                    "The way for children needs an age under 18, or recorded reasons to believe so."
                ),
            ),
            models.CheckConstraint(
                name="referral_notice_names_nobody",
                condition=~Q(basis=Basis.NOTIFIED)
                | Q(referrer__isnull=True, child_reasons_ct__isnull=True)
                & Q(client_key__isnull=True, situation__isnull=True, language=""),
                violation_error_message=_("A notice without consent carries nobody’s identity."),
            ),
            models.CheckConstraint(
                name="referral_notified_means_anonymous",
                condition=Q(basis=Basis.NOTIFIED, state=State.NOTIFIED)
                | (~Q(basis=Basis.NOTIFIED) & ~Q(state=State.NOTIFIED)),
                violation_error_message=_("Only an anonymous notice is notified without identity."),
            ),
            models.CheckConstraint(
                name="referral_refusal_only_on_a_notice",
                condition=Q(refusal_reason="") | Q(basis=Basis.NOTIFIED),
                violation_error_message=_("A refusal stays in the working file."),
            ),
            models.CheckConstraint(
                name="referral_sent_to_somebody",
                condition=Q(state__in=AT_HOME)
                | Q(origin=Origin.HISTORICAL)
                | Q(authority__isnull=False, received_at__isnull=False)
                & (Q(person__isnull=False) | Q(basis=Basis.NOTIFIED)),
                violation_error_message=_("What was sent has a recipient, a day and a person."),
            ),
            models.CheckConstraint(
                name="referral_draft_was_not_received",
                condition=~Q(state__in=AT_HOME) | Q(received_at__isnull=True),
                violation_error_message=_("A draft has not been received by anybody."),
            ),
        ]

    def __str__(self) -> str:
        return self.reference
