"""Code lists of the accounts package. Codes are stored and never change; the texts may."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class LogAction(models.TextChoices):
    """What the access log records: reads of a person's data, and acts upon an account."""

    IDENTITY_OPENED = "identity_opened", _("Identity opened")
    IDENTITY_SEARCHED = "identity_searched", _("Looked for a person by name or document")
    FILE_OPENED = "file_opened", _("File opened")
    ADDRESS_OPENED = "address_opened", _("Address of a confidential place opened")
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


class LockReason(models.TextChoices):
    """Why an account was locked. A closed list: free words about a person are not kept here."""

    LOST_DEVICE = "lost_device", _("A phone, computer or key was lost or stolen")
    STRANGE_USE = "strange_use", _("The account was used in a way nobody can explain")
    PASSWORD_KNOWN = "password_known", _("Somebody else may know the password")
    PRESSURE = "pressure", _("The person may be under pressure from somebody")
    CANNOT_BE_REACHED = "cannot_be_reached", _("The person cannot be reached and was to stop")
