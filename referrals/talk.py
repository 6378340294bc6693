"""Conversations about a case, for `partners.about`: registered there in `apps.py`.

Who reads one is whoever holds a live grant on the case *and* is in the audience. Steering is no
grant, emergency access opens nothing that was told, and law enforcement, which sees of a case no
more than its status, reads none (design §5.5–5.8).
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from common.marks import Permission, Subject
from partners import audiences
from partners.about import About
from partners.choices import GrantReason, OrganisationState
from partners.models import Conversation, Membership, Organisation, RoleGroup
from referrals import closing
from referrals.choices import Origin
from referrals.models import Person, Referral, ReferralGrantBasis
from referrals.models.grants import ReferralGroupGrant, ReferralUserGrant
from referrals.models.referral import is_program, kept_out, live_at
from referrals.notifications import SUBJECT


def readable(actor: Any) -> QuerySet[Referral]:
    """The cases about which the actor may read what organisations write to each other."""
    rows = Referral.objects.all()
    if actor.system:
        return rows
    if Permission.REFERRAL_SEE not in actor.permissions or actor.is_enforcement:
        return rows.none()
    if actor.own_files_only or is_program(actor):
        return rows.none()
    live = live_at(actor.at)
    see = {"content_object": OuterRef("pk"), "permission__codename": "see_referral"}
    by_group = ReferralGroupGrant.objects.filter(live, group_id__in=actor.group_ids, **see)
    by_user = ReferralUserGrant.objects.filter(live, user_id=actor.user_id, **see)
    named = ReferralGrantBasis.objects.filter(
        live, subject=OuterRef("pk"), user_id=actor.user_id, permission="see", ended_at=None
    ).exclude(reason=GrantReason.BREAK_GLASS)
    in_person = Q(Exists(by_user)) & Q(Exists(named))
    return rows.filter(Q(Exists(by_group)) | in_person, ~kept_out(actor))


def readers(uuid: UUID, at: datetime) -> frozenset[tuple[int, int]]:
    """(user, organisation) of everybody who could read about the case now. Five queries."""
    referral = Referral.objects.filter(uuid=uuid).first()
    if referral is None:
        return frozenset()
    bases = ReferralGrantBasis.objects.filter(
        live_at(at), subject=referral, permission="see", ended_at=None
    )
    at_work = Membership.objects.active(at).filter(
        organisation__state=OrganisationState.MEMBER,
        is_enforcement=False,
        role__in=closing.ROLES,
        user__is_active=True,
    )
    groups = bases.filter(group__isnull=False).values("group")
    of_role = RoleGroup.objects.filter(
        organisation=OuterRef("organisation"), role=OuterRef("role"), group__in=groups
    )
    by_group = Q(Exists(of_role), team__isnull=True) | Q(team__group__in=groups)
    named = Q(user__in=bases.filter(reason=GrantReason.NAMED).values("user"))
    found = at_work.filter(named if referral.is_restricted else named | by_group)
    pairs = set(found.values_list("user_id", "organisation_id"))
    told = set(closing.tellable(referral, {user for user, _organisation in pairs}, at))
    return frozenset(pair for pair in pairs if pair[0] in told)


def references(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = Referral.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict(shown.values_list("uuid", "reference"))


def key_holder(uuid: UUID) -> Person | None:
    return Person.objects.filter(referrals__uuid=uuid).first()


def counted() -> QuerySet[Referral]:
    """No figure about an organisation knows of a restricted case."""
    return Referral.objects.filter(origin=Origin.LIVE, is_restricted=False)


CASE = About(
    kind=SUBJECT,
    readable=readable,
    readers=readers,
    references=references,
    link=lambda uuid: reverse("referrals:detail", args=[uuid]),
    key_holder=key_holder,
    counted=counted,
)


# --- the panel on the case's page -----------------------------------------------------------------


def may_talk(actor: Any, referral: Referral) -> bool:
    """Whether the actor reads conversations about this case, and so may begin one."""
    if Permission.CONVERSATION_HOLD not in actor.permissions or referral.person_id is None:
        return False
    return readable(actor).filter(pk=referral.pk).exists()


def others(actor: Any, referral: Referral) -> list[Organisation]:
    """The other organisations to which the case is open now."""
    reached = audiences.reached(Subject(SUBJECT, referral.uuid), actor.at)
    return [each for each in reached if each.pk != actor.organisation_id]


def conversations(actor: Any, referral: Referral) -> QuerySet[Conversation]:
    """Those on this case that the actor reads, the latest begun first."""
    found = Conversation.objects.visible_to(actor).about(Subject(SUBJECT, referral.uuid))
    return found.order_by("-started_at", "-pk")
