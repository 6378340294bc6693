"""Own cases, a team's, all of the organisation's: what each sees, lists and may do."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from common.marks import Permission
from common.workflow import NotAllowed
from partners.access import may
from partners.choices import Role, Scope
from partners.models import Membership, Organisation, Team
from partners.services import memberships
from partners.services.memberships import WrongScope
from referrals.lists import inbox_count, inbox_page
from referrals.models import Referral
from referrals.services import assignments
from referrals.workflow import referral_workflow
from tests.referrals import stages
from tests.support.cast import Cast, person, works_for
from tests.support.queries import counted

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
P = Permission


def narrow(cast: Cast, user, scope: Scope = Scope.OWN, by: str = "ngo_manager", **more):
    membership = Membership.objects.active(cast.at).get(user=user)
    return memberships.change_scope(
        membership=membership, scope=scope, by=cast.actor(getattr(cast, by)), at=cast.at, **more
    )


def listed(actor) -> set[Referral]:
    """What the inbox lists; what is seen one by one must be the same."""
    rows = {line.referral for line in inbox_page(actor).rows}
    assert rows == set(Referral.objects.visible_to(actor))
    assert inbox_count(actor).number == len(rows)
    return rows


@pytest.fixture
def colleague(cast: Cast, at):
    user = person("Second Caseworker", at)
    works_for(user, cast.ngo, Role.CASEWORKER, cast.at)
    return user


class TestOwnCases:
    def test_are_those_one_made_before_and_after(self, cast: Cast, colleague) -> None:
        before, others = stages.draft(cast), stages.draft(cast, colleague)
        narrow(cast, cast.ngo_caseworker)
        after = stages.draft(cast)
        actor = cast.actor(cast.ngo_caseworker)
        assert listed(actor) == {before, after}
        assert may(actor, P.REFERRAL_MAKE, before)
        assert not may(actor, P.REFERRAL_MAKE, others)
        assert listed(cast.actor(colleague)) == {before, others, after}

    def test_keep_the_registry_open(self, cast: Cast) -> None:
        narrow(cast, cast.ngo_caseworker)
        actor = cast.actor(cast.ngo_caseworker)
        seen = Organisation.objects.visible_to(actor)
        assert seen.filter(pk=cast.ngo.pk).exists()
        assert P.ORGANISATION_SEE in actor.permissions

    def test_end_with_the_membership_and_follow_nobody_elsewhere(self, cast: Cast) -> None:
        stages.draft(cast)
        row = narrow(cast, cast.ngo_caseworker)
        memberships.end_membership(membership=row, by=cast.actor(cast.ngo_manager), at=cast.at)
        assert not cast.ngo_caseworker.groups.exists()
        works_for(cast.ngo_caseworker, cast.other_ngo, Role.CASEWORKER, cast.at)
        assert listed(cast.actor(cast.ngo_caseworker)) == set()

    def test_widen_again(self, cast: Cast, colleague) -> None:
        others = stages.draft(cast, colleague)
        narrow(cast, cast.ngo_caseworker)
        assert listed(cast.actor(cast.ngo_caseworker)) == set()
        narrow(cast, cast.ngo_caseworker, Scope.ORGANISATION)
        assert listed(cast.actor(cast.ngo_caseworker)) == {others}

    def test_are_listed_from_the_index_of_grants_alone(self, cast: Cast, colleague) -> None:
        narrow(cast, cast.ngo_caseworker)
        stages.draft(cast)
        with counted() as queries:
            inbox_page(cast.actor(cast.ngo_caseworker))
        driving = [sql for sql in queries.sql if "referralgroupgrant" in sql]
        assert driving
        assert not [sql for sql in driving if "referrer_id" in sql]


class TestTeams:
    def test_share_what_their_people_make_and_are_assigned(self, cast: Cast, colleague) -> None:
        narrow(cast, cast.ngo_caseworker, Scope.TEAM, team_name="Coast")
        narrow(cast, colleague, Scope.TEAM, team_name="Coast")
        assert Team.objects.exclude(name="").count() == 1
        made, managers = stages.draft(cast), stages.draft(cast, cast.ngo_manager)
        assert listed(cast.actor(colleague)) == {made}
        by = cast.actor(cast.ngo_manager)
        team = Team.objects.get(name="Coast")
        assignments.assign(referral=managers, team=team, by=by, at=cast.at)
        assert listed(cast.actor(colleague)) == {made, managers}
        assert may(cast.actor(colleague), P.REFERRAL_MAKE, managers)
        assignments.unassign(referral=managers, team=team, by=by, at=cast.at)
        assert listed(cast.actor(colleague)) == {made}

    def test_hold_no_more_than_their_organisation(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        works_for(cast.stranger, cast.authority, Role.MANAGER, cast.at)
        row = narrow(cast, cast.second_officer, by="stranger")
        assignments.assign(
            referral=referral, team=row.team, by=cast.actor(cast.officer), at=cast.at
        )
        seen = cast.actor(cast.second_officer)
        assert listed(seen) == {referral}
        assert not may(seen, P.REFERRAL_MAKE, referral)
        order = inbox_page(seen, order="due")
        assert [line.due_at for line in order.rows] == [
            line.due_at for line in inbox_page(cast.actor(cast.officer), order="due").rows
        ]
        referral_workflow().apply(
            stages.now(referral), "withdraw", by=cast.actor(cast.ngo_caseworker), at=cast.at
        )
        assert listed(cast.actor(cast.officer)) == set()
        assert listed(seen) == set()

    def test_are_assigned_by_whoever_manages_at_home(self, cast: Cast, colleague) -> None:
        referral = stages.draft(cast, cast.ngo_manager)
        team = narrow(cast, colleague).team
        for who in ("ngo_caseworker", "other_manager", "co_ordinator"):
            with pytest.raises(NotAllowed):
                assignments.assign(
                    referral=referral, team=team, by=cast.actor(getattr(cast, who)), at=cast.at
                )
        works_for(cast.stranger, cast.other_ngo, Role.CASEWORKER, cast.at)
        foreign = narrow(cast, cast.stranger, by="other_manager").team
        with pytest.raises(NotAllowed):
            assignments.assign(
                referral=referral, team=foreign, by=cast.actor(cast.ngo_manager), at=cast.at
            )

    def test_belong_to_one_organisation_and_narrow_no_manager(self, cast: Cast, colleague) -> None:
        works_for(cast.stranger, cast.other_ngo, Role.CASEWORKER, cast.at)
        foreign = narrow(cast, cast.stranger, Scope.TEAM, by="other_manager", team_name="T").team
        with pytest.raises(WrongScope):
            narrow(cast, colleague, Scope.TEAM, team=foreign)
        with pytest.raises(WrongScope):
            narrow(cast, cast.ngo_manager)
        with pytest.raises(NotAllowed):
            narrow(cast, colleague, by="other_manager")
        manager = Membership.objects.filter(user=cast.ngo_manager)
        for wrong in ({"scope": Scope.OWN}, {"scope": Scope.OWN, "team": foreign}):
            with pytest.raises(IntegrityError, match="narrow_scope"), transaction.atomic():
                manager.update(**wrong)


class TestPages:
    def test_narrow_and_assign(self, cast: Cast, colleague, client_for) -> None:
        client = client_for(cast.ngo_manager)
        referral = stages.sent(cast)
        membership = Membership.objects.get(user=colleague)
        page = reverse("partners:people-scope", args=[membership.uuid])
        assert page in client.get(reverse("partners:people")).content.decode()
        assert "Choose a team" in client.post(page, {"scope": "team"}).content.decode()
        client.post(page, {"scope": "own"})
        here = reverse("referrals:detail", args=[referral.uuid])
        assert client_for(colleague).get(here).status_code == 404
        assign = reverse("referrals:assign", args=[referral.uuid])
        assert assign in client.get(here).content.decode()
        body = client.get(assign).content.decode()
        assert colleague.display_name in body
        team = Team.objects.get()
        assert client.post(assign, {"teams": [str(team.uuid)]})["Location"] == here
        assert client_for(colleague).get(here).status_code == 200
        client.post(assign, {})
        assert client_for(colleague).get(here).status_code == 404
