"""Who signs in, the invitation that lets them, their API tokens, and the log of who looked at what.

Which organisation a person acts for, and what they may do there, is kept in `partners`.
"""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken

from accounts.choices import LockReason, LogAction
from common.sealing import SealedText, WrappedKeyField

TOKEN_LIFE = timedelta(days=90)
"""The longest an API token may live."""


class UserManager(BaseUserManager["User"]):
    """Makes people. There is no create_superuser: nobody passes every check."""

    def create_user(
        self, email: str, password: str | None = None, *, at: datetime, **fields: Any
    ) -> "User":
        """A saved account; without a password nobody can sign in to it yet."""
        user = self.model(email=email.strip().lower(), joined_at=at, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person with a sign-in of their own. Shared accounts do not exist."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(
        _("e-mail address"),
        unique=True,
        error_messages={"unique": _("Somebody already signs in with this address.")},
    )
    display_name = models.CharField(_("name"), max_length=120)
    language = models.CharField(
        _("language"), max_length=12, blank=True, help_text=_("Empty: as the browser asks.")
    )
    time_zone = models.CharField(
        _("time zone"), max_length=64, blank=True, help_text=_("Empty: the country's own.")
    )
    is_active = models.BooleanField(_("may sign in"), default=True)
    is_staff = models.BooleanField(_("may open the administration pages"), default=False)
    joined_at = models.DateTimeField(_("joined"), editable=False)
    session_epoch = models.PositiveIntegerField(default=0, editable=False)
    #: As the standing AccountLock has it, so that every request knows without asking again.
    locked_until_at = models.DateTimeField(null=True, blank=True, editable=False)
    data_key = WrappedKeyField(_("data key"), editable=False)

    objects = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["display_name"]

    class Meta:
        verbose_name = _("person with a sign-in")
        verbose_name_plural = _("people with a sign-in")
        constraints = [
            models.CheckConstraint(
                name="user_never_superuser",
                condition=Q(is_superuser=False),
                violation_error_message=_("Nobody passes every check: there are no superusers."),
            ),
            models.CheckConstraint(
                # With the unique index on the address this makes it unique whatever its case.
                name="user_email_lower_case",
                condition=Q(email=Lower(F("email"))),
                violation_error_message=_("An address is kept in lower case."),
            ),
        ]

    def __str__(self) -> str:
        # Reaches logs and error pages: never the name or the address.
        return f"user {self.uuid}"

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name

    def is_locked(self, at: datetime) -> bool:
        """Whether a security lock stands at this moment; it ends by itself."""
        return self.locked_until_at is not None and self.locked_until_at > at

    def clean(self) -> None:
        self.email = self.email.strip().lower()

    def get_session_auth_hash(self) -> str:
        """A session lives as long as this stays the same: password and session epoch."""
        return self._session_hash(settings.SECRET_KEY)

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for key in settings.SECRET_KEY_FALLBACKS:
            yield self._session_hash(key)

    def _session_hash(self, secret: str) -> str:
        signed = f"{self.password}|{self.session_epoch}"
        hashed = salted_hmac("accounts.session", signed, secret=secret, algorithm="sha256")
        return hashed.hexdigest()


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self, at: datetime) -> "InvitationQuerySet":
        """Those that can still be accepted."""
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=at)

    def waiting(self) -> "InvitationQuerySet":
        """Neither accepted nor withdrawn; they may have run out."""
        return self.filter(accepted_at=None, revoked_at=None)

    def about(self, kind: str, subject_uuid: uuid.UUID | None) -> "InvitationQuerySet":
        return self.filter(kind=kind, subject_uuid=subject_uuid)


class Invitation(models.Model):
    """A letter to one address, good for one use. The link itself is kept as a hash only.

    To what it invites is known by (kind, subject_uuid, role); `accounts.invitations` keeps the
    registry in which the packages above say what a kind means.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(_("e-mail address"))
    kind = models.CharField(_("invited to"), max_length=40)
    subject_uuid = models.UUIDField(null=True, blank=True)
    role = models.CharField(max_length=40, blank=True)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_at = models.DateTimeField(_("invited"))
    invited_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="invitations_sent"
    )
    expires_at = models.DateTimeField(_("runs out"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    accepted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="invitations_accepted"
    )
    revoked_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    revoked_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="invitations_revoked"
    )

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        indexes = [
            models.Index(
                fields=["kind", "subject_uuid", "-invited_at"], name="invitation_by_subject"
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="invitation_runs_out_later",
                condition=Q(expires_at__gt=F("invited_at")),
                violation_error_message=_("An invitation runs out after it was sent."),
            ),
            models.CheckConstraint(
                name="invitation_accepted_by_somebody",
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False),
                violation_error_message=_("An accepted invitation names who accepted it."),
            ),
            models.CheckConstraint(
                name="invitation_one_ending",
                condition=Q(accepted_at=None) | Q(revoked_at=None),
                violation_error_message=_("An invitation is accepted or withdrawn, not both."),
            ),
            models.CheckConstraint(
                name="invitation_email_lower_case",
                condition=Q(email=Lower(F("email"))),
                violation_error_message=_("An address is kept in lower case."),
            ),
        ]

    def __str__(self) -> str:
        return f"invitation {self.uuid}"


class UsedCode(models.Model):
    """The latest time step whose code a person's authenticator app has already been used for.

    A code works once: one for this step or an earlier one is refused. Kept in the database because
    a cache may be emptied, and then a code that was overheard would work a second time.
    """

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="used_code")
    step = models.BigIntegerField()

    class Meta:
        verbose_name = _("used one-time code")
        verbose_name_plural = _("used one-time codes")

    def __str__(self) -> str:
        return f"used code of {self.user_id}"


class FactorResetQuerySet(models.QuerySet["FactorReset"]):
    def open(self) -> "FactorResetQuerySet":
        """Asked for, perhaps agreed, neither stopped nor carried out."""
        return self.filter(done_at=None, stopped_at=None)

    def due(self, at: datetime) -> "FactorResetQuerySet":
        return self.open().filter(due_at__lte=at)


class FactorReset(models.Model):
    """Taking a lost second factor off an account: two people, then a day in which to stop it.

    `accounts.resets` writes it. Who may ask and who may agree is decided in `partners`.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="factor_resets")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="resets_asked")
    asked_at = models.DateTimeField()
    agreed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="resets_agreed"
    )
    agreed_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="resets_stopped"
    )
    stopped_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    objects = FactorResetQuerySet.as_manager()

    class Meta:
        verbose_name = _("reset of a second factor")
        verbose_name_plural = _("resets of second factors")
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(done_at=None, stopped_at=None),
                name="factorreset_one_open",
                violation_error_message=_("A reset is under way already."),
            ),
            models.CheckConstraint(
                name="factorreset_three_people",
                condition=~Q(asked_by=F("user"))
                & (Q(agreed_by=None) | (~Q(agreed_by=F("user")) & ~Q(agreed_by=F("asked_by")))),
                violation_error_message=_("Two other people reset a second factor."),
            ),
            models.CheckConstraint(
                name="factorreset_agreed_before_due",
                condition=Q(agreed_by=None, agreed_at=None, due_at=None)
                | Q(agreed_by__isnull=False, agreed_at__isnull=False, due_at__gt=F("agreed_at")),
                violation_error_message=_("A reset runs from when the second person agreed."),
            ),
            models.CheckConstraint(
                name="factorreset_done_when_due",
                condition=Q(done_at=None) | Q(stopped_at=None, done_at__gte=F("due_at")),
                violation_error_message=_("A reset is carried out when it is due."),
            ),
        ]

    def __str__(self) -> str:
        return f"factor reset {self.uuid}"


LOCK_LIFE = timedelta(hours=72)
"""The longest one person may lock an account (design §5.9); a second person may add as much."""


class AccountLockQuerySet(models.QuerySet["AccountLock"]):
    def standing(self, at: datetime) -> "AccountLockQuerySet":
        """Neither lifted nor over."""
        return self.filter(lifted_at=None, until_at__gt=at)


class AccountLock(models.Model):
    """Somebody is kept out of their account for safety; it ends by itself.

    `accounts.locks` writes it. Who may lock whom is decided in `partners`.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="locks")
    reason = models.CharField(_("reason"), max_length=20, choices=LockReason)
    locked_at = models.DateTimeField()
    locked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="locks_made")
    until_at = models.DateTimeField()
    extended_at = models.DateTimeField(null=True, blank=True)
    extended_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="locks_extended"
    )
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="locks_lifted"
    )

    objects = AccountLockQuerySet.as_manager()

    class Meta:
        verbose_name = _("lock of an account")
        verbose_name_plural = _("locks of accounts")
        indexes = [models.Index(fields=["user", "-locked_at"], name="accountlock_of_user")]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "locked_at"],
                name="accountlock_once_at_a_time",
                violation_error_message=_("This account is locked already."),
            ),
            models.CheckConstraint(
                name="accountlock_reason_known",
                condition=Q(reason__in=LockReason.values),
                violation_error_message=_("Choose a reason of the list."),
            ),
            models.CheckConstraint(
                name="accountlock_ends_within_72_hours",
                condition=Q(until_at__gt=F("locked_at"))
                & (
                    Q(extended_by=None, until_at__lte=F("locked_at") + LOCK_LIFE)
                    | Q(extended_by__isnull=False, until_at__lte=F("locked_at") + 2 * LOCK_LIFE)
                ),
                violation_error_message=_("One person locks an account for at most 72 hours."),
            ),
            models.CheckConstraint(
                name="accountlock_extended_by_a_second_person",
                condition=Q(extended_by=None, extended_at=None)
                | (
                    Q(extended_at__isnull=False)
                    & ~Q(extended_by=F("locked_by"))
                    & ~Q(extended_by=F("user"))
                ),
                violation_error_message=_("Somebody else extends a lock."),
            ),
            models.CheckConstraint(
                name="accountlock_by_somebody_else",
                condition=~Q(locked_by=F("user")) & (Q(lifted_by=None) | ~Q(lifted_by=F("user"))),
                violation_error_message=_("Nobody locks or unlocks their own account."),
            ),
            models.CheckConstraint(
                name="accountlock_lifted_by_somebody",
                condition=Q(lifted_at=None, lifted_by=None)
                | Q(lifted_at__isnull=False, lifted_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"account lock {self.uuid}"


class KeptForm(models.Model):
    """What somebody had typed on a page when their session ended, sealed with their own key."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="kept_forms")
    path = models.CharField(max_length=500)
    fields_ct = models.BinaryField()
    fields = SealedText("keptform.fields", key_holder="user")
    saved_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("kept form")
        verbose_name_plural = _("kept forms")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "path"],
                name="keptform_one_per_page",
                violation_error_message=_("One page keeps one set of answers."),
            )
        ]

    def __str__(self) -> str:
        return f"kept form of {self.user_id}"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def live(self, at: datetime) -> "ApiTokenQuerySet":
        return self.filter(revoked_at=None, expiry__gt=at)


class ApiToken(AbstractAuthToken):
    """The key of a program that acts for one membership. Only its hash is kept.

    `scopes` lists names of `common.marks.Permission`: what the token may do at most, of what the
    membership may do at that moment.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    membership_uuid = models.UUIDField(db_index=True)
    name = models.CharField(_("what it is for"), max_length=120)
    scopes = models.JSONField(default=list)
    issued_at = models.DateTimeField(_("issued"))
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoked_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="tokens_revoked"
    )

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        constraints = [
            models.CheckConstraint(
                name="apitoken_expires",
                condition=Q(expiry__isnull=False) & Q(expiry__lte=F("issued_at") + TOKEN_LIFE),
                violation_error_message=_("A token runs out within 90 days."),
            )
        ]

    def __str__(self) -> str:
        # knox shows the digest and the user; neither belongs in a log.
        return f"token {self.uuid}"


class AccessLogHead(models.Model):
    """The last link of one chain of the access log; its lock is what puts writers in order."""

    shard = models.PositiveSmallIntegerField(primary_key=True)
    seq = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("head of the access log")
        verbose_name_plural = _("heads of the access log")

    def __str__(self) -> str:
        return f"head {self.shard}/{self.seq}"


class AccessLogQuerySet(models.QuerySet["AccessLog"]):
    def about(self, kind: str, subject_uuid: uuid.UUID) -> "AccessLogQuerySet":
        """Everything done to one subject, latest first: "who looked, and why"."""
        return self.filter(subject_kind=kind, subject_uuid=subject_uuid).order_by("-at", "-pk")


class AccessLog(models.Model):
    """One read of personal data, or one act upon an account: who, when, what kind, why.

    Written by `accounts.audit.record` only; triggers refuse to alter or delete a row, and each row
    carries the hash of the one before it in its shard. Holds codes and keys: no value, no name.
    """

    shard = models.PositiveSmallIntegerField()
    seq = models.PositiveBigIntegerField()
    version = models.PositiveSmallIntegerField(default=1)
    at = models.DateTimeField(db_index=True)
    user = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="access_log",
        db_index=False,  # accesslog_by_user serves it
    )
    membership_uuid = models.UUIDField(null=True, blank=True)
    organisation_uuid = models.UUIDField(null=True, blank=True)
    system = models.CharField(max_length=40, blank=True)
    action = models.CharField(max_length=40, choices=LogAction)
    subject_kind = models.CharField(max_length=40, blank=True)
    subject_uuid = models.UUIDField(null=True, blank=True)
    field_group = models.CharField(max_length=40, blank=True)
    reason_code = models.CharField(max_length=60, blank=True)
    purpose = models.CharField(max_length=60, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    ip = models.CharField(max_length=45, blank=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    objects = AccessLogQuerySet.as_manager()

    class Meta:
        verbose_name = _("access log entry")
        verbose_name_plural = _("access log entries")
        indexes = [
            models.Index(
                fields=["subject_kind", "subject_uuid", "at"], name="accesslog_by_subject"
            ),
            models.Index(fields=["organisation_uuid", "at"], name="accesslog_by_organisation"),
            models.Index(fields=["user", "at"], name="accesslog_by_user"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["shard", "seq"],
                name="accesslog_one_per_place",
                violation_error_message=_("Each place in the log is taken once."),
            ),
            models.CheckConstraint(
                name="accesslog_has_actor",
                condition=Q(user__isnull=False) | ~Q(system=""),
                violation_error_message=_("An entry names a person or a part of the system."),
            ),
        ]

    def __str__(self) -> str:
        return f"entry {self.shard}/{self.seq}"
