"""Who may do what to a referral, for `partners.access`: registered there in `apps.py`.

Policy in two steps: the grant says what of the case is open to a group, the role what its members
do with it. Which parts of the page that is stands in `referrals/sections.py`.
"""

from typing import Any

from django.utils.translation import gettext as _

from common.country import current
from common.marks import Decision, Permission
from partners.models import Membership
from referrals.choices import CLOSED_STATES
from referrals.models import Referral, ReferralGroupGrant, ReferralUserGrant
from referrals.models.referral import granted_to, is_program, kept_out, live_at

SEE, WORK, IDENTITY = "see", "work", "identity"


def held(actor: Any, referral: Referral) -> frozenset[str]:
    """What the actor's groups, or the actor in person, hold: some of see, work, identity.

    What a person was given alone is not for a program with their token.
    """
    if Permission.REFERRAL_SEE not in actor.permissions:
        return frozenset()
    live = live_at(actor.at) & ~kept_out(actor, "content_object")
    by_group = ReferralGroupGrant.objects.filter(
        live, content_object=referral, group_id__in=actor.group_ids
    )
    by_user = ReferralUserGrant.objects.filter(live, content_object=referral, user_id=actor.user_id)
    codenames = by_group.values_list("permission__codename")
    if not is_program(actor):
        codenames = codenames.union(by_user.values_list("permission__codename"))
    return frozenset(codename.removesuffix("_referral") for (codename,) in codenames)


def may_to(actor: Any, permission: Permission, referral: Any) -> Decision:
    """The rule for referrals; the actor's role includes the permission already."""
    visible = Referral.objects.visible_to(actor).filter(pk=referral.pk)
    if permission in (Permission.REFERRAL_MAKE, Permission.REFERRAL_KEEP):
        # Sending, answering and withdrawing are done by whoever keeps the working file.
        at_home = actor.organisation_id == referral.first_responder_id
        # What ended and how is not told to law enforcement, nor by what it may still do.
        is_told = not (actor.is_enforcement and referral.state in CLOSED_STATES)
        allowed = at_home and is_told and visible.filter(granted_to(actor, WORK)).exists()
    elif permission == Permission.REFERRAL_DECIDE:
        return _may_decide(actor, referral, is_visible=visible.exists())
    else:
        allowed = visible.exists()
    return Decision(allowed, "" if allowed else _("This belongs to another organisation."))


def _may_decide(actor: Any, referral: Referral, *, is_visible: bool) -> Decision:
    if not is_visible:
        return Decision(False, _("This belongs to another organisation."))
    if actor.is_enforcement:
        return Decision(False, _("Whoever works in law enforcement does not decide on this."))
    if not current().referrer_may_decide and works_for_referrer(actor, referral):
        return Decision(False, _("Whoever works for the organisation that referred cannot decide."))
    return Decision(True)


def works_for_referrer(actor: Any, referral: Referral) -> bool:
    """In any role and whichever organisation the person acts for now."""
    at_work = Membership.objects.active(actor.at).filter(user_id=actor.user_id)
    return at_work.filter(organisation_id=referral.first_responder_id).exists()
