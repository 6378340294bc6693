"""Code lists of the accounts package. Codes are stored and never change; the texts may."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class LogAction(models.TextChoices):
    """What the access log records: reads of a person's data, and acts upon an account."""

    IDENTITY_OPENED = "identity_opened", _("Identity opened")
    IDENTITY_SEARCHED = "identity_searched", _("Looked for a person by name or document")
    FILE_OPENED = "file_opened", _("File opened")
    EXPORT = "export", _("Export made")
    IMPORT = "import", _("History imported")
    BREAK_GLASS = "break_glass", _("Emergency access")
    COMPELLED_DISCLOSURE = "compelled_disclosure", _("Disclosure under legal compulsion")
    ERASURE = "erasure", _("Data key destroyed")
    INVITATION_SENT = "invitation_sent", _("Invitation sent")
    INVITATION_ACCEPTED = "invitation_accepted", _("Invitation accepted")
    INVITATION_REVOKED = "invitation_revoked", _("Invitation withdrawn")
    SESSION_ENDED_BY_OTHER = "session_ended_by_other", _("Session ended by somebody else")
    FACTOR_ADDED = "factor_added", _("Second factor added")
    FACTOR_REMOVED = "factor_removed", _("Second factor removed")
    FACTOR_RESET = "factor_reset", _("Second factor reset for another person")
    PASSWORD_CHANGED = "password_changed", _("Password changed")
    ACCOUNT_LOCKED = "account_locked", _("Account locked")
    ACCOUNT_UNLOCKED = "account_unlocked", _("Account unlocked")
    TOKEN_ISSUED = "token_issued", _("API token issued")
    TOKEN_REVOKED = "token_revoked", _("API token revoked")
