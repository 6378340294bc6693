"""Code lists of calls for money, of applications, and of how they are read and decided."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CallState(models.TextChoices):
    """Where a call for applications stands."""

    DRAFT = "draft", _("Draft")
    OPEN = "open", _("Open")
    IN_REVIEW = "in_review", _("Being decided")
    DECIDED = "decided", _("Decided")
    CANCELLED = "cancelled", _("Cancelled")


class ApplicationState(models.TextChoices):
    """Where an application for money stands, as its organisation may know it."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    AWARDED = "awarded", _("Awarded")
    REFUSED = "refused", _("Refused")


#: Its organisation may still work on it, or take it up again, until the call closes.
TAKEN_UP_AGAIN = (ApplicationState.SUBMITTED, ApplicationState.WITHDRAWN)
#: It was decided, and its organisation knows.
IS_DECIDED = (ApplicationState.AWARDED, ApplicationState.REFUSED)


class Route(models.TextChoices):
    """How a request for money came."""

    CALL = "call", _("In a call")
    PROPOSAL = "proposal", _("Unsolicited proposal")
    EMERGENCY = "emergency", _("Emergency request")


class Verdict(models.TextChoices):
    """What the fund decides about an application."""

    AWARD = "award", _("Award")
    REFUSE = "refuse", _("Refuse")


class ReviewState(models.TextChoices):
    """Where one reviewer stands with one application."""

    ASSIGNED = "assigned", _("Conflict of interest not declared yet")
    CLEARED = "cleared", _("To be scored")
    SUBMITTED = "submitted", _("Scored")
    CONFLICT = "conflict", _("Conflict of interest")
    RELEASED = "released", _("No longer needed")


#: Something is still waited for.
REVIEW_IS_OPEN = (ReviewState.ASSIGNED, ReviewState.CLEARED)
#: The reviewer said that nothing ties them to the applicant.
REVIEW_READS = (ReviewState.CLEARED, ReviewState.SUBMITTED)


class ComplaintState(models.TextChoices):
    """Where a complaint about a decision stands."""

    OPEN = "open", _("Waits for an answer")
    UPHELD = "upheld", _("Upheld")
    REJECTED = "rejected", _("Not upheld")


class ComplaintOutcome(models.TextChoices):
    """What is answered to a complaint."""

    UPHELD = "upheld", _("Upheld: the application is decided anew")
    REJECTED = "rejected", _("Not upheld: the decision stands")


class CallEventKind(models.TextChoices):
    """What happened to a call."""

    DRAFTED = "drafted", _("Draft begun")
    CHANGED = "changed", _("Draft changed")
    PUBLISHED = "published", _("Published")
    CLOSED = "closed", _("Closed for applications")
    CANCELLED = "cancelled", _("Cancelled")
    ANNOUNCED = "announced", _("Result published")
    ASKED = "asked", _("Question asked")
    ANSWERED = "answered", _("Question answered")
    REVIEWER_NAMED = "reviewer_named", _("Reviewer named")
    REVIEWER_RELEASED = "reviewer_released", _("Reviewer released")


class ApplicationEventKind(models.TextChoices):
    """What happened to an application."""

    BEGUN = "begun", _("Begun")
    CHANGED = "changed", _("Changed")
    SUBMITTED = "submitted", _("Submitted")
    REOPENED = "reopened", _("Reopened to change it")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    FILE_ADDED = "file_added", _("Document added")
    FILE_REMOVED = "file_removed", _("Document taken out")
    AWARDED = "awarded", _("Awarded")
    REFUSED = "refused", _("Refused")
    COMPLAINED = "complained", _("Complaint made")
    COMPLAINT_ANSWERED = "complaint_answered", _("Complaint answered")
    DECIDED_ANEW = "decided_anew", _("To be decided anew")


MOST_POINTS = 5
"""Points of one criterion; none is nought."""
