"""Tokens of an organisation: issued with a fresh proof, shown once, taken back by any manager."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse

from accounts.models import ApiToken
from accounts.services import issue_token
from partners.choices import Role
from partners.forms.tokens import IssueToken
from partners.models import Membership
from partners.roles import TOKEN_SCOPES
from partners.services import memberships
from tests.support.cast import Cast, works_for

pytestmark = pytest.mark.django_db
LIST = reverse("partners:tokens")
WANTED = {"name": "Intranet", "scopes": ["organisation_see"], "days": "30"}


@pytest.fixture
def token(cast: Cast, at: datetime) -> ApiToken:
    made, _text = issue_token(
        user=cast.ngo_manager,
        membership_uuid=Membership.objects.get(user=cast.ngo_manager).uuid,
        name="Old intranet",
        scopes=TOKEN_SCOPES,
        expires_at=at + timedelta(days=1),
        by=cast.actor(cast.ngo_manager),
        at=at,
    )
    return made


class TestIssuing:
    def test_shows_the_text_once(self, cast: Cast, client_for, client) -> None:
        manager = client_for(cast.ngo_manager)
        response = manager.post(LIST, WANTED)
        text = response.context["text"]
        assert response.status_code == 200
        assert text
        assert text in response.content.decode()
        assert "no-store" in response.headers["Cache-Control"]
        assert text not in manager.get(LIST).content.decode()
        made = ApiToken.objects.get()
        assert text not in str(vars(made))
        assert made.scopes == ["organisation_see"]
        assert made.membership_uuid == Membership.objects.get(user=cast.ngo_manager).uuid
        assert made.expiry - made.issued_at == timedelta(days=30)
        answer = client.get(reverse("api:organisations"), HTTP_AUTHORIZATION=f"Token {text}")
        assert answer.status_code == 200

    def test_asks_for_a_fresh_proof(self, cast: Cast, client_for) -> None:
        response = client_for(cast.ngo_manager, fresh=False).post(LIST, WANTED)
        assert response["Location"].startswith(reverse("account_reauthenticate"))
        assert not ApiToken.objects.exists()

    def test_is_for_managers_of_members(self, cast: Cast, client_for) -> None:
        for user in (cast.ngo_caseworker, cast.applicant, cast.co_ordinator, cast.stranger):
            assert client_for(user).post(LIST, WANTED).status_code == 403
        assert not ApiToken.objects.exists()

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"name": " "}, "name"),
            ({"scopes": []}, "scopes"),
            ({"scopes": ["token_manage"]}, "scopes"),
            ({"scopes": ["referral_make"]}, "scopes"),
            ({"days": "91"}, "days"),
            ({"days": "0"}, "days"),
        ],
    )
    def test_says_what_is_wrong(self, change, field, cast: Cast, client_for) -> None:
        response = client_for(cast.ngo_manager).post(LIST, {**WANTED, **change})
        assert list(response.context["form"].errors) == [field]
        assert not response.context["text"]
        assert not ApiToken.objects.exists()


class TestScopes:
    def test_each_that_a_token_may_be_given_is_offered_in_words(self) -> None:
        assert {value for value, _label in IssueToken.base_fields["scopes"].choices} == TOKEN_SCOPES


class TestList:
    def test_is_the_organisations_and_nobody_elses(
        self, token: ApiToken, cast: Cast, client_for
    ) -> None:
        # Another manager of the same organisation sees it, whoever issued it.
        assert "Old intranet" in client_for(cast.without_factor).get(LIST).content.decode()
        assert "Old intranet" not in client_for(cast.other_manager).get(LIST).content.decode()

    def test_says_when_the_issuer_has_left(
        self, token: ApiToken, cast: Cast, client_for, at: datetime
    ) -> None:
        client = client_for(cast.without_factor)
        assert "its issuer left" not in client.get(LIST).content.decode()
        memberships.end_membership(
            membership=Membership.objects.get(user=cast.ngo_manager),
            by=cast.actor(cast.without_factor),
            at=at,
        )
        assert "its issuer left" in client.get(LIST).content.decode()


class TestTakingBack:
    def test_ends_it_at_once_for_a_colleague_and_not_for_others(
        self, token: ApiToken, cast: Cast, client_for
    ) -> None:
        url = reverse("partners:token-revoke", args=[token.uuid])
        assert client_for(cast.other_manager).post(url).status_code == 404
        assert client_for(cast.ngo_caseworker).post(url).status_code == 403
        stale = client_for(cast.without_factor, fresh=False).post(url)
        assert stale["Location"].startswith(reverse("account_reauthenticate"))
        token.refresh_from_db()
        assert token.revoked_at is None
        assert client_for(cast.without_factor).post(url)["Location"] == LIST
        token.refresh_from_db()
        assert token.revoked_by == cast.without_factor


class TestOneMembership:
    def test_is_the_one_that_may_issue_in_the_organisation_acted_for(
        self, cast: Cast, client_for, at: datetime
    ) -> None:
        works_for(cast.ngo_manager, cast.ngo, Role.CASEWORKER, at)
        client_for(cast.ngo_manager).post(LIST, WANTED)
        issued = Membership.objects.get(uuid=ApiToken.objects.get().membership_uuid)
        assert (issued.organisation, issued.role) == (cast.ngo, Role.MANAGER)
