"""An organisation leaves: what is open is named first, and everybody's access ends."""

import pytest
from django.urls import reverse

from accounts.models import Invitation
from common.workflow import NotAllowed, NotPossible
from deadlines.models import Notice
from partners.choices import OrganisationState, Role
from partners.models import HeldCapacity, Membership, Organisation
from partners.services import memberships
from partners.services.memberships import RoleNotOffered
from partners.workflow import ORGANISATION
from tests.partners import stages
from tests.referrals import stages as referral_stages
from tests.support.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
LEAVE = reverse("partners:leave")


def leave(cast: Cast, who: str = "ngo_manager") -> Organisation:
    return ORGANISATION.apply(cast.ngo, "leave", by=cast.actor(getattr(cast, who)), at=cast.at)


class TestLeaving:
    def test_ends_everybodys_access_and_is_told(self, cast: Cast) -> None:
        memberships.invite_colleague(
            organisation=cast.ngo,
            email="new@example.org",
            role=Role.CASEWORKER,
            by=cast.actor(cast.ngo_manager),
            at=cast.at,
        )
        assert leave(cast).state == OrganisationState.LEFT
        for user in (cast.ngo_manager, cast.ngo_caseworker):
            assert cast.actor(user).permissions == frozenset()
            assert not user.groups.exists()
        assert not Membership.objects.active(cast.at).filter(organisation=cast.ngo).exists()
        assert not HeldCapacity.objects.held().filter(organisation=cast.ngo).exists()
        assert not Invitation.objects.open(cast.at).filter(email="new@example.org").exists()
        assert Notice.objects.filter(kind="organisation_left", recipient=cast.co_ordinator).exists()
        seen = Organisation.objects.visible_to(cast.actor(cast.other_manager))
        assert not seen.filter(pk=cast.ngo.pk).exists()

    def test_lets_nobody_join_afterwards(self, cast: Cast) -> None:
        leave(cast)
        with pytest.raises(RoleNotOffered):
            memberships.join(
                user=cast.stranger,
                organisation=Organisation.objects.get(pk=cast.ngo.pk),
                role=Role.MANAGER,
                by=None,
                at=cast.at,
            )

    def test_is_refused_while_a_referral_waits(self, cast: Cast) -> None:
        referral_stages.sent(cast)
        with pytest.raises(NotPossible, match="left behind"):
            leave(cast)
        with pytest.raises(NotPossible, match="left behind"):
            ORGANISATION.apply(cast.authority, "leave", by=stages.system(cast), at=cast.at)

    def test_is_its_managers_alone(self, cast: Cast) -> None:
        for who in ("ngo_caseworker", "other_manager", "co_ordinator"):
            with pytest.raises(NotAllowed):
                leave(cast, who)

    def test_ends_a_proceeding_about_it(self, cast: Cast) -> None:
        proceeding = stages.notice(cast, cast.ngo)
        leave(cast)
        assert stages.here(proceeding).state == "ended"


class TestPage:
    def test_names_what_is_open_before_anything_is_done(self, cast: Cast, client_for) -> None:
        client = client_for(cast.ngo_manager)
        assert LEAVE in client.get(cast.ngo.get_absolute_url()).content.decode()
        referral_stages.draft(cast)
        body = client.get(LEAVE).content.decode()
        assert "Drafts, which run out" in body
        assert "Everybody’s membership ends" in body
        referral_stages.sent(cast)
        body = client.get(LEAVE).content.decode()
        assert "Referrals you made that wait for a decision" in body
        assert '<form method="post" novalidate' not in body
        client.post(LEAVE)
        assert Organisation.objects.get(pk=cast.ngo.pk).state == OrganisationState.MEMBER

    def test_leaves(self, cast: Cast, client_for) -> None:
        client = client_for(cast.ngo_manager)
        assert client.post(LEAVE, {"comment": "Thank you."})["Location"] == reverse("ncm:home")
        assert client.get(reverse("partners:people")).status_code == 403
