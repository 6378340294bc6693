"""Who may: actors, roles, visibility, and the guardian grants behind them."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.http import Http404

from common.marks import Permission
from partners import grants, upkeep
from partners.access import actor_for, anonymous, get_or_404, may, system_actor
from partners.choices import Capacity, GrantReason, Role
from partners.models import (
    HeldCapacity,
    Membership,
    Organisation,
    OrganisationGrantBasis,
    OrganisationGroupGrant,
    OrganisationUserGrant,
    PointOfContact,
)
from partners.roles import BEFORE_ADMISSION, ROLE_PERMISSIONS, TOKEN_SCOPES
from partners.services.memberships import end_membership
from tests.support.cast import Cast, works_for
from tests.support.queries import at_most, counted

pytestmark = pytest.mark.django_db
P = Permission


def names(rows) -> set[str]:
    return {row.name.split(" (")[0] for row in rows}


class TestActor:
    def test_is_built_with_one_query(self, cast: Cast) -> None:
        with at_most(1):
            actor = cast.actor(cast.ngo_manager)
        assert actor.organisation == cast.ngo
        assert P.MEMBERSHIP_MANAGE in actor.permissions

    def test_acts_for_one_organisation_at_a_time(self, cast: Cast) -> None:
        works_for(cast.ngo_manager, cast.other_ngo, Role.CASEWORKER, cast.at)
        actor = actor_for(cast.ngo_manager, at=cast.at, organisation_uuid=cast.other_ngo.uuid)
        assert actor.organisation == cast.other_ngo
        assert P.MEMBERSHIP_MANAGE not in actor.permissions
        assert len(actor.choices) == 2
        own = OrganisationGroupGrant.objects.filter(content_object=cast.ngo)
        assert not set(own.values_list("group_id", flat=True)) & set(actor.group_ids)

    def test_unites_the_roles_held_in_one_organisation(self, cast: Cast) -> None:
        works_for(cast.co_ordinator, cast.ministry, Role.RAPPORTEUR, cast.at)
        actor = cast.actor(cast.co_ordinator)
        assert actor.holds(Role.CO_ORDINATOR)
        assert actor.holds(Role.RAPPORTEUR)
        assert len(actor.group_ids) == 2

    def test_falls_back_when_the_choice_no_longer_holds(self, cast: Cast) -> None:
        actor = actor_for(cast.ngo_caseworker, at=cast.at, organisation_uuid=cast.other_ngo.uuid)
        assert actor.organisation == cast.ngo

    def test_has_nothing_left_when_the_membership_has_ended(self, cast: Cast) -> None:
        actor = cast.actor(cast.former)
        assert actor.organisation is None
        assert actor.permissions == frozenset()
        assert actor.group_ids == ()

    def test_has_a_membership_only_from_its_first_to_its_last_moment(self, cast: Cast) -> None:
        held = Membership.objects.get(user=cast.ngo_caseworker)
        held.until_at = cast.at + timedelta(hours=1)
        held.save()
        assert cast.actor(cast.ngo_caseworker).organisation == cast.ngo
        assert cast.actor(cast.ngo_caseworker, held.until_at).organisation is None
        assert (
            cast.actor(cast.ngo_caseworker, held.from_at - timedelta(seconds=1)).organisation
            is None
        )

    def test_loses_a_role_whose_capacity_the_organisation_lost(self, cast: Cast) -> None:
        assert P.ORGANISATION_REVIEW in cast.actor(cast.co_ordinator).permissions
        HeldCapacity.objects.filter(
            organisation=cast.ministry, capacity=Capacity.CO_ORDINATION
        ).update(ended_at=cast.at)
        assert cast.actor(cast.co_ordinator).permissions == frozenset()

    def test_may_only_apply_before_admission(self, cast: Cast) -> None:
        assert cast.actor(cast.applicant).permissions <= BEFORE_ADMISSION

    def test_holds_no_more_than_its_token_scopes(self, cast: Cast) -> None:
        actor = actor_for(
            cast.ngo_manager,
            at=cast.at,
            scopes=[P.ORGANISATION_SEE, P.MEMBERSHIP_MANAGE],
        )
        assert actor.permissions == {P.ORGANISATION_SEE}
        assert P.MEMBERSHIP_MANAGE not in TOKEN_SCOPES


class TestRoles:
    def test_every_role_has_its_permissions(self) -> None:
        assert set(ROLE_PERMISSIONS) == set(Role)

    def test_every_permission_is_held_by_some_role(self) -> None:
        held = set().union(*ROLE_PERMISSIONS.values())
        # A panel's people hold PANEL_SIT by being named.
        assert held == set(P) - {P.PUBLIC, P.SIGNED_IN, P.ENROLLING, P.PANEL_SIT}


class TestOrganisationsVisible:
    def test_nobody_sees_nothing(self, cast: Cast) -> None:
        assert not Organisation.objects.visible_to(anonymous(cast.at)).exists()
        assert not Organisation.objects.visible_to(cast.actor(cast.stranger)).exists()
        assert not Organisation.objects.visible_to(cast.actor(cast.former)).exists()

    def test_the_system_sees_everything(self, cast: Cast) -> None:
        seen = Organisation.objects.visible_to(system_actor("sweep", cast.at))
        assert seen.count() == Organisation.objects.count()

    def test_a_member_sees_listed_members_and_its_own(self, cast: Cast) -> None:
        listed = {
            "Ministry of the Interior", "Lantern House", "Open Door", "Bridge Fund",
            "Identification Office", "Police Unit",
        }  # fmt: skip
        assert names(Organisation.objects.visible_to(cast.actor(cast.ngo_caseworker))) == listed
        assert names(
            Organisation.objects.visible_to(cast.actor(cast.unlisted_manager))
        ) == listed | {"Quiet Harbour"}

    def test_an_applicant_sees_only_its_own(self, cast: Cast) -> None:
        assert names(Organisation.objects.visible_to(cast.actor(cast.applicant))) == {"New Path"}

    def test_the_co_ordination_sees_what_was_sent_and_no_draft(self, cast: Cast) -> None:
        seen = names(Organisation.objects.visible_to(cast.actor(cast.co_ordinator)))
        assert "Quiet Harbour" in seen
        assert "New Path" not in seen

    def test_an_administrator_sees_no_entry_but_the_own(self, cast: Cast) -> None:
        seen = names(Organisation.objects.visible_to(cast.actor(cast.administrator)))
        assert seen == {"Ministry of the Interior"}


class TestContactsVisible:
    def test_follow_their_organisation(self, cast: Cast) -> None:
        seen = PointOfContact.objects.visible_to(cast.actor(cast.other_manager))
        assert set(seen) == {cast.contact, cast.deputy}
        assert cast.other_contact in PointOfContact.objects.visible_to(
            cast.actor(cast.co_ordinator)
        )

    def test_are_closed_to_who_may_not_see_contacts(self, cast: Cast) -> None:
        assert not PointOfContact.objects.visible_to(cast.actor(cast.administrator)).exists()
        assert not PointOfContact.objects.visible_to(cast.actor(cast.applicant)).exists()


class TestMay:
    def test_raises_for_a_kind_of_row_it_does_not_know(self, cast: Cast) -> None:
        with pytest.raises(TypeError, match="Area"):
            may(cast.actor(cast.ngo_manager), P.ORGANISATION_EDIT, cast.area)

    def test_lets_nobody_review_the_organisation_they_work_for(self, cast: Cast) -> None:
        actor = cast.actor(cast.co_ordinator)
        assert may(actor, P.ORGANISATION_REVIEW, cast.unlisted_ngo)
        assert not may(actor, P.ORGANISATION_REVIEW, cast.ministry)

    def test_keeps_editing_to_the_own_manager(self, cast: Cast) -> None:
        assert may(cast.actor(cast.ngo_manager), P.ORGANISATION_EDIT, cast.ngo)
        for other in (cast.other_manager, cast.ngo_caseworker, cast.co_ordinator):
            decision = may(cast.actor(other), P.ORGANISATION_EDIT, cast.ngo)
            assert not decision
            assert decision.reason

    def test_answers_404_for_the_unseen(self, cast: Cast) -> None:
        actor = cast.actor(cast.ngo_manager)
        entries = Organisation.objects.all()
        assert get_or_404(entries, actor, uuid=cast.other_ngo.uuid) == cast.other_ngo
        with pytest.raises(Http404):
            get_or_404(entries, actor, uuid=cast.unlisted_ngo.uuid)


class TestGrants:
    @pytest.fixture
    def group(self) -> Group:
        return Group.objects.create(name="partner lawyers (invented)")

    def given(self, cast: Cast) -> bool:
        entries = Organisation.objects.visible_to(cast.actor(cast.stranger))
        return cast.unlisted_ngo in entries

    def give(self, cast: Cast, to, **more) -> None:
        grants.grant(
            subject=cast.unlisted_ngo,
            permissions=["see"],
            to=to,
            reason=more.pop("reason", GrantReason.INDIVIDUAL),
            by=cast.co_ordinator,
            at=cast.at,
            **more,
        )

    def test_open_one_row_to_one_person_and_close_it_again(self, cast: Cast) -> None:
        assert not self.given(cast)
        self.give(cast, cast.stranger)
        assert self.given(cast)
        ended = grants.revoke(
            subject=cast.unlisted_ngo, to=cast.stranger, by=cast.co_ordinator, at=cast.at
        )
        assert ended == 1
        assert not self.given(cast)
        assert not OrganisationUserGrant.objects.filter(user=cast.stranger).exists()

    def test_live_while_one_reason_stands(self, cast: Cast, group: Group) -> None:
        self.give(cast, group)
        self.give(cast, group, reason=GrantReason.OWN_ORGANISATION)
        grants.revoke(
            subject=cast.unlisted_ngo,
            to=group,
            by=None,
            at=cast.at,
            reason=GrantReason.INDIVIDUAL,
        )
        assert OrganisationGroupGrant.objects.filter(group=group).count() == 1
        grants.revoke(subject=cast.unlisted_ngo, to=group, by=None, at=cast.at)
        assert OrganisationGroupGrant.objects.filter(group=group).count() == 0

    def test_stop_opening_at_their_end_without_anybody_doing_anything(self, cast: Cast) -> None:
        self.give(cast, cast.stranger, until=cast.at + timedelta(hours=1))
        assert self.given(cast)
        later = cast.actor(cast.stranger, cast.at + timedelta(hours=1))
        assert cast.unlisted_ngo not in Organisation.objects.visible_to(later)

    def test_last_as_long_as_the_longest_reason(self, cast: Cast, group: Group) -> None:
        self.give(cast, group, until=cast.at + timedelta(hours=1))
        self.give(
            cast,
            group,
            until=cast.at + timedelta(hours=2),
            reason=GrantReason.OWN_ORGANISATION,
        )
        row = OrganisationGroupGrant.objects.get(group=group)
        assert row.until_at == cast.at + timedelta(hours=2)

    def test_given_twice_stand_once(self, cast: Cast) -> None:
        self.give(cast, cast.stranger)
        self.give(cast, cast.stranger)
        bases = OrganisationGrantBasis.objects.filter(user=cast.stranger)
        assert bases.count() == 1

    def test_on_a_new_row_are_written_without_looking_for_others(
        self, cast: Cast, group: Group
    ) -> None:
        new = Organisation.objects.create(name="New (invented)", kind="cso", created_at=cast.at)
        grants.permission_ids_of(Organisation)
        with counted() as queries:
            grants.grant(
                subject=new,
                permissions=["see", "edit"],
                to=[group, cast.stranger],
                reason=GrantReason.INDIVIDUAL,
                by=None,
                at=cast.at,
                is_new=True,
            )
        assert [sql.split()[0] for sql in queries.sql] == ["INSERT"] * 3
        assert list(upkeep.drift(at=cast.at, kinds=[Organisation])) == []
        assert OrganisationGroupGrant.objects.filter(content_object=new, group=group).count() == 2

    def test_are_refused_for_a_permission_that_does_not_exist(self, cast: Cast) -> None:
        with pytest.raises(grants.NotGrantable, match="delete"):
            grants.grant(
                subject=cast.ngo,
                permissions=["delete"],
                to=cast.stranger,
                reason=GrantReason.INDIVIDUAL,
                by=None,
                at=cast.at,
            )

    def test_are_refused_on_a_model_nobody_registered(self, cast: Cast) -> None:
        with pytest.raises(grants.NotGrantable, match="Area"):
            grants.grant(
                subject=cast.area,
                permissions=["see"],
                to=cast.stranger,
                reason=GrantReason.INDIVIDUAL,
                by=None,
                at=cast.at,
            )

    def test_cannot_go_to_a_group_and_a_person_at_once(self, cast: Cast, group: Group) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            OrganisationGrantBasis.objects.create(
                subject=cast.ngo,
                group=group,
                user=cast.stranger,
                permission="see",
                reason=GrantReason.INDIVIDUAL,
                since_at=cast.at,
            )

    def test_are_repaired_from_their_bases(self, cast: Cast, group: Group) -> None:
        self.give(cast, group)
        wanted = set(
            OrganisationGroupGrant.objects.filter(content_object=cast.unlisted_ngo).values_list(
                "group_id", "permission_id"
            )
        )
        OrganisationGroupGrant.objects.filter(content_object=cast.unlisted_ngo).delete()
        grants.rederive(subject=cast.unlisted_ngo, at=cast.at)
        assert wanted == set(
            OrganisationGroupGrant.objects.filter(content_object=cast.unlisted_ngo).values_list(
                "group_id", "permission_id"
            )
        )


class TestEndingAMembership:
    def test_closes_everything_from_the_next_request_on(self, cast: Cast) -> None:
        held = Membership.objects.get(user=cast.ngo_caseworker)
        end_membership(membership=held, by=cast.actor(cast.ngo_manager), at=cast.at)
        assert not Organisation.objects.visible_to(cast.actor(cast.ngo_caseworker)).exists()
        assert not cast.ngo_caseworker.groups.exists()
