"""Colleagues: who is listed, inviting one, taking an invitation back, ending a membership."""

from datetime import datetime

import pytest
from django.urls import reverse

from accounts import invitations
from accounts.models import Invitation, User
from partners.choices import EventKind, Role
from partners.models import HeldCapacity, Membership, OrganisationEvent
from partners.services import memberships
from referrals.models import Referral
from tests.referrals import stages
from tests.support.cast import PASSWORD, PERSON, Cast, person, works_for
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db
LIST = reverse("partners:people")
LETTER = {"email": "new.colleague@example.org", "role": "caseworker"}


def end_url(user) -> str:
    return reverse("partners:people-end", args=[Membership.objects.get(user=user).uuid])


class TestList:
    def test_shows_colleagues_of_today_to_their_manager(self, cast: Cast, client_for) -> None:
        body = client_for(cast.ngo_manager).get(LIST).content.decode()
        assert cast.ngo_caseworker.email in body
        assert cast.former.email not in body
        assert cast.other_manager.email not in body
        for user in (cast.ngo_caseworker, cast.co_ordinator, cast.stranger):
            assert client_for(user).get(LIST).status_code == 403

    def test_is_open_while_applying(self, cast: Cast, client_for) -> None:
        assert cast.applicant.email in client_for(cast.applicant).get(LIST).content.decode()

    @pytest.mark.parametrize("number", [0, 200])
    def test_asks_no_more_of_the_database_for_two_hundred(
        self, number: int, cast: Cast, client_for, at: datetime
    ) -> None:
        for n in range(number):
            Membership.objects.create(
                user=person(f"Colleague {n}", at),
                organisation=cast.ngo,
                role=Role.CASEWORKER,
                from_at=at,
            )
        client = client_for(cast.ngo_manager)
        # Four of every page; then the roles, the kept form and two lists.
        with at_most(8):
            client.get(LIST)


class TestInviting:
    def test_sends_a_letter_that_is_listed_until_it_is_used(self, cast: Cast, client_for) -> None:
        client = client_for(cast.ngo_manager)
        assert client.post(LIST, LETTER)["Location"] == LIST
        letter = Invitation.objects.get(email=LETTER["email"])
        assert (letter.subject_uuid, letter.role) == (cast.ngo.uuid, "caseworker")
        assert LETTER["email"] in client.get(LIST).content.decode()
        assert LETTER["email"] not in client_for(cast.other_manager).get(LIST).content.decode()

    @pytest.mark.parametrize("role", ["co_ordinator", "rapporteur", "funder", "nonsense"])
    def test_refuses_a_role_the_organisation_cannot_give(
        self, role: str, cast: Cast, client_for
    ) -> None:
        response = client_for(cast.ngo_manager).post(LIST, {**LETTER, "role": role})
        assert response.context["form"].errors["role"]
        assert not Invitation.objects.filter(email=LETTER["email"]).exists()

    def test_refuses_who_works_here_in_that_role(self, cast: Cast, client_for) -> None:
        data = {"email": cast.ngo_caseworker.email.upper(), "role": "caseworker"}
        response = client_for(cast.ngo_manager).post(LIST, data)
        assert response.context["form"].errors["email"]
        # Another role is another matter.
        assert (
            client_for(cast.ngo_manager).post(LIST, {**data, "role": "manager"}).status_code == 302
        )

    def test_is_not_for_a_caseworker(self, cast: Cast, client_for) -> None:
        assert client_for(cast.ngo_caseworker).post(LIST, LETTER).status_code == 403
        assert not Invitation.objects.filter(email=LETTER["email"]).exists()


class TestTakingBack:
    @pytest.fixture
    def letter(self, cast: Cast, at: datetime) -> Invitation:
        return memberships.invite_colleague(
            organisation=cast.ngo,
            email=LETTER["email"],
            role=Role.CASEWORKER,
            by=cast.actor(cast.ngo_manager),
            at=at,
        )

    def test_closes_the_link_for_its_own_organisation_only(
        self, letter: Invitation, cast: Cast, client_for
    ) -> None:
        url = reverse("partners:people-revoke", args=[letter.uuid])
        assert client_for(cast.other_manager).post(url).status_code == 404
        assert client_for(cast.ngo_caseworker).post(url).status_code == 403
        assert client_for(cast.ngo_manager).get(url).status_code == 405
        letter.refresh_from_db()
        assert letter.revoked_at is None
        client_for(cast.ngo_manager).post(url)
        letter.refresh_from_db()
        assert letter.revoked_at is not None

    def test_does_not_reach_the_letters_of_the_co_ordination(
        self, cast: Cast, client_for, at: datetime
    ) -> None:
        letter = Invitation.objects.get(subject_uuid=cast.applying.uuid)
        url = reverse("partners:people-revoke", args=[letter.uuid])
        assert client_for(cast.applicant).post(url).status_code == 404

    def test_says_so_when_it_was_accepted_in_the_meantime(
        self, letter: Invitation, cast: Cast, client_for, at: datetime
    ) -> None:
        Invitation.objects.filter(pk=letter.pk).update(accepted_at=at, accepted_by=cast.stranger)
        url = reverse("partners:people-revoke", args=[letter.uuid])
        body = client_for(cast.ngo_manager).post(url, follow=True).content.decode()
        assert "accepted in the meantime" in body


class TestEnding:
    def test_asks_first_and_closes_everything_at_once(self, cast: Cast, client_for) -> None:
        colleague = client_for(cast.ngo_caseworker)
        registry = reverse("partners:registry")
        assert colleague.get(registry).status_code == 200
        client, url = client_for(cast.ngo_manager), end_url(cast.ngo_caseworker)
        assert "End this membership?" in client.get(url).content.decode()
        assert colleague.get(registry).status_code == 200
        assert client.post(url)["Location"] == LIST
        assert colleague.get(registry).status_code == 403

    def test_keeps_the_last_manager_and_says_why(
        self, cast: Cast, client_for, at: datetime
    ) -> None:
        client, url = client_for(cast.other_manager), end_url(cast.other_manager)
        assert "last manager" in client.post(url, follow=True).content.decode()
        works_for(cast.stranger, cast.other_ngo, Role.MANAGER, at)
        assert client.post(url)["Location"] == reverse("ncm:home")

    def test_of_another_organisations_people_does_not_exist(self, cast: Cast, client_for) -> None:
        url = end_url(cast.ngo_caseworker)
        assert client_for(cast.other_manager).post(url).status_code == 404
        assert client_for(cast.ngo_caseworker).post(url).status_code == 403
        membership = Membership.objects.get(user=cast.ngo_caseworker)
        assert membership.until_at is None

    def test_of_ones_own_work_elsewhere_is_not_done_from_here(
        self, cast: Cast, client_for, at: datetime
    ) -> None:
        elsewhere = works_for(cast.ngo_manager, cast.other_ngo, Role.CASEWORKER, at)
        url = reverse("partners:people-end", args=[elsewhere.uuid])
        assert client_for(cast.ngo_manager).post(url).status_code == 404

    def test_again_changes_nothing(self, cast: Cast, client_for) -> None:
        client, url = client_for(cast.ngo_manager), end_url(cast.ngo_caseworker)
        client.post(url)
        ended = Membership.objects.get(user=cast.ngo_caseworker).until_at
        client.post(url)
        assert Membership.objects.get(user=cast.ngo_caseworker).until_at == ended


class TestAnInvitationToARoleThatIsGone:
    """The organisation lost the capacity that the role needs while the letter was on its way."""

    @staticmethod
    def letter(cast: Cast, email: str) -> str:
        """The link of an invitation to decide cases at the authority."""
        _letter, token = invitations.invite(
            kind=memberships.MEMBERSHIP,
            email=email,
            subject_uuid=cast.authority.uuid,
            role=Role.OFFICER,
            by=cast.officer,
            at=cast.at,
        )
        return reverse("accounts:accept", args=[token])

    @staticmethod
    def lose_capacity(cast: Cast) -> None:
        HeldCapacity.objects.filter(organisation=cast.authority).update(ended_at=cast.at)

    def test_says_that_the_link_does_not_work(self, cast: Cast, client) -> None:
        link = self.letter(cast, LETTER["email"])
        self.lose_capacity(cast)
        page = client.get(link, follow=True)
        assert page.status_code == 410
        assert "ask the person who invited you" in page.content.decode()

    def test_opens_no_account_and_stays_open(self, cast: Cast, client) -> None:
        assert client.get(self.letter(cast, LETTER["email"]), follow=True).status_code == 200
        self.lose_capacity(cast)
        asked = {"display_name": f"New {PERSON}", "password": PASSWORD}
        assert client.post(reverse("accounts:invitation"), asked).status_code == 410
        assert not User.objects.filter(email=LETTER["email"]).exists()
        assert Invitation.objects.open(cast.at).filter(email=LETTER["email"]).exists()

    def test_joins_nobody_who_signs_in_already(self, cast: Cast, client_for) -> None:
        client = client_for(cast.stranger)
        assert client.get(self.letter(cast, cast.stranger.email), follow=True).status_code == 200
        self.lose_capacity(cast)
        assert client.post(reverse("accounts:invitation")).status_code == 410
        assert not cast.stranger.memberships.exists()
        assert Invitation.objects.open(cast.at).filter(email=cast.stranger.email).exists()


class TestLawEnforcement:
    """Whose membership is marked so is said where people are invited and kept."""

    @pytest.fixture
    def desk(self, cast: Cast, client_for):
        works_for(cast.stranger, cast.police, Role.MANAGER, cast.at)
        return client_for(cast.stranger)

    def test_is_asked_of_whoever_a_state_agency_invites(self, cast: Cast, desk) -> None:
        refused = desk.post(LIST, LETTER)
        assert refused.context["form"].errors["is_enforcement"]
        for said in ("no", "yes"):
            assert desk.post(LIST, {**LETTER, "is_enforcement": said}).status_code == 302
        (letter,) = Invitation.objects.waiting().filter(email=LETTER["email"])
        assert "law enforcement" in desk.get(LIST).content.decode()
        newcomer = person("New Colleague", cast.at)
        joined = memberships.accept_invitation(invitation=letter, user=newcomer, at=cast.at)
        assert joined.is_enforcement
        referral = stages.sent(cast, cast.police_officer)
        assert not Referral.objects.visible_to(cast.actor(newcomer)).filter(pk=referral.pk).exists()

    def test_is_not_asked_of_an_organisation_that_has_none(self, cast: Cast, client_for) -> None:
        client_for(cast.ngo_manager).post(LIST, LETTER)
        letter = Invitation.objects.get(email=LETTER["email"])
        newcomer = person("New Colleague", cast.at)
        joined = memberships.accept_invitation(invitation=letter, user=newcomer, at=cast.at)
        assert not joined.is_enforcement

    def test_closes_the_cases_of_others_to_a_colleague_at_once(self, cast: Cast, desk) -> None:
        colleague = works_for(cast.former, cast.police, Role.CASEWORKER, cast.at)
        referral = stages.sent(cast, cast.police_officer)
        seen = Referral.objects.filter(pk=referral.pk)
        assert seen.visible_to(cast.actor(cast.former)).exists()
        page = reverse("partners:people-scope", args=[colleague.uuid])
        answer = {"scope": "organisation", "is_enforcement": "yes"}
        assert desk.post(page, answer)["Location"] == LIST
        assert not seen.visible_to(cast.actor(cast.former)).exists()
        assert "Law enforcement" in desk.get(LIST).content.decode()
        desk.post(page, {**answer, "is_enforcement": "no"})
        assert seen.visible_to(cast.actor(cast.former)).exists()

    def test_is_written_with_an_event_of_whoever_is_there_already(self, cast: Cast) -> None:
        colleague = works_for(cast.former, cast.police, Role.CASEWORKER, cast.at)
        changed = OrganisationEvent.objects.filter(
            organisation=cast.police, kind=EventKind.SCOPE_CHANGED
        )
        for _twice in range(2):
            joined = memberships.join(
                user=cast.former, organisation=cast.police, role=Role.CASEWORKER, by=cast.stranger,
                at=cast.at, is_enforcement=True,
            )  # fmt: skip
            assert (joined.pk, joined.is_enforcement) == (colleague.pk, True)
            assert [each.by for each in changed.all()] == [cast.stranger]

    def test_is_taken_off_by_somebody_else(self, cast: Cast, desk) -> None:
        own = Membership.objects.get(user=cast.stranger)
        page = reverse("partners:people-scope", args=[own.uuid])
        assert desk.post(page, {"is_enforcement": "yes"})["Location"] == LIST
        refused = desk.post(page, {"is_enforcement": "no"})
        assert "Somebody else says" in refused.content.decode()
        own.refresh_from_db()
        assert own.is_enforcement
