"""The registry for programs: what a token sees, and every way in which it stops seeing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.urls import reverse

from accounts.models import ApiToken, User
from common.marks import Permission
from partners.access import actor_for
from partners.choices import ContactStatus, Role
from partners.models import Membership, Organisation
from partners.services import contacts, memberships
from tests.partners.test_registry import more_members
from tests.support.cast import Cast, works_for
from tests.support.client import StrictClient
from tests.support.programs import program_of
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db
P = Permission
LIST = reverse("api:organisations")
NEVER = UUID(int=0)
BOTH = (P.ORGANISATION_SEE, P.CONTACT_SEE)
Program = Callable[..., StrictClient]


def detail(organisation: Organisation) -> str:
    return reverse("api:organisation", args=[organisation.uuid])


@pytest.fixture
def program(cast: Cast, at: datetime) -> Program:
    """A client with a token for somebody's only (or the given) membership."""

    def make(user: User, scopes: Any = BOTH, membership: Membership | None = None) -> StrictClient:
        return program_of(user, *scopes, at=at, membership=membership)

    return make


class TestList:
    def test_shows_what_the_membership_sees_in_literal_fields(
        self, cast: Cast, program: Program
    ) -> None:
        body = program(cast.ngo_manager).get(LIST).json()
        assert set(body) == {"results", "next", "previous", "count", "restarted"}
        names = [row["name"] for row in body["results"]]
        assert names == sorted(names)
        assert cast.other_ngo.name in names
        assert cast.unlisted_ngo.name not in names
        assert body["count"] == str(len(names))
        row = next(row for row in body["results"] if row["uuid"] == str(cast.ngo.uuid))
        assert row == {
            "uuid": str(cast.ngo.uuid),
            "name": cast.ngo.name,
            "short_name": "",
            "kind": "cso",
            "cso_class": "",
            "level": "",
            "area": "XX-N",
            "languages": [],
            "capacities": ["first_responder", "service_provider"],
            "state": "member",
        }

    def test_does_not_review_through_a_token(self, cast: Cast, program: Program) -> None:
        names = [row["name"] for row in program(cast.co_ordinator).get(LIST).json()["results"]]
        assert cast.unlisted_ngo.name not in names

    def test_shares_its_filters_with_the_page(self, cast: Cast, program: Program) -> None:
        client = program(cast.ngo_manager)
        found = client.get(LIST, {"capacity": "funder", "area": "XX"}).json()["results"]
        assert [row["name"] for row in found] == [cast.fund.name]
        wrong = client.get(LIST, {"kind": "nonsense"})
        assert wrong.status_code == 400
        assert [each["field"] for each in wrong.json()["errors"]] == ["kind"]

    def test_leads_through_all_pages_and_back(
        self, cast: Cast, program: Program, at: datetime
    ) -> None:
        more_members(30, at, cast.area)
        client = program(cast.ngo_manager)
        first = client.get(LIST, {"kind": "cso"}).json()
        second = client.get(first["next"]).json()
        names = [row["name"] for row in first["results"] + second["results"]]
        assert len(set(names)) == len(names) == 32
        assert (first["previous"], second["next"]) == (None, None)
        assert client.get(second["previous"]).json()["results"] == first["results"]

    @pytest.mark.parametrize("number", [0, 200])
    def test_asks_no_more_of_the_database_for_two_hundred(
        self, number: int, cast: Cast, program: Program, at: datetime
    ) -> None:
        more_members(number, at, cast.area)
        client = program(cast.ngo_manager)
        client.get(LIST)
        with at_most(8):
            client.get(LIST)


class TestDetail:
    def test_has_the_contacts_with_the_scope_for_them_only(
        self, cast: Cast, program: Program
    ) -> None:
        with_them = program(cast.other_manager).get(detail(cast.ngo)).json()
        (post,) = with_them["contacts"]
        assert post["answering"] == str(cast.contact.uuid)
        assert [c["value"] for c in post["channels"]] == ["+000 111", "duty@example.org"]
        assert [d["uuid"] for d in post["deputies"]] == [str(cast.deputy.uuid)]
        narrow = program(cast.other_manager, [P.ORGANISATION_SEE]).get(detail(cast.ngo))
        assert "contacts" not in narrow.json()
        assert "+000" not in narrow.content.decode()

    def test_names_the_deputy_who_answers(self, cast: Cast, program: Program, at: datetime) -> None:
        by = cast.actor(cast.ngo_manager)
        contacts.set_status(contact=cast.contact, status=ContactStatus.VACANT, by=by, at=at)
        (post,) = program(cast.other_manager).get(detail(cast.ngo)).json()["contacts"]
        assert post["answering"] == str(cast.deputy.uuid)

    def test_leaves_out_an_entry_out_of_use(
        self, cast: Cast, program: Program, at: datetime
    ) -> None:
        contacts.end_contact(contact=cast.contact, by=cast.actor(cast.ngo_manager), at=at)
        assert program(cast.other_manager).get(detail(cast.ngo)).json()["contacts"] == []

    def test_of_the_unseen_is_the_404_of_what_never_was(self, cast: Cast, program: Program) -> None:
        client = program(cast.ngo_manager)
        unseen = client.get(detail(cast.unlisted_ngo))
        never = client.get(reverse("api:organisation", args=[NEVER]))
        assert unseen.status_code == never.status_code == 404
        assert unseen.content == never.content
        assert program(cast.unlisted_manager).get(detail(cast.unlisted_ngo)).status_code == 200


class TestRefusals:
    def test_nobody_is_let_in_without_a_token(
        self, cast: Cast, client: StrictClient, client_for
    ) -> None:
        for each in (client, client_for(cast.ngo_manager)):
            response = each.get(LIST)
            assert response.status_code == 401
            assert response.headers["WWW-Authenticate"] == "Token"

    @pytest.mark.parametrize("change", ["expired", "revoked", "wrong"])
    def test_a_token_that_ended_is_401(
        self, change: str, cast: Cast, program: Program, at: datetime
    ) -> None:
        client = program(cast.ngo_manager)
        assert client.get(LIST).status_code == 200
        if change == "expired":
            ApiToken.objects.update(expiry=at - timedelta(minutes=1), issued_at=at - timedelta(1))
        elif change == "revoked":
            ApiToken.objects.update(revoked_at=at, revoked_by=cast.ngo_manager)
        else:
            client = StrictClient(HTTP_AUTHORIZATION="Token " + "a" * 64)
        response = client.get(LIST)
        assert response.status_code == 401
        assert response.json()["code"] == "token_invalid"
        assert response.json()["detail"] == "Invalid token."

    def test_an_ended_membership_is_401_in_the_same_words(
        self, cast: Cast, program: Program, at: datetime
    ) -> None:
        client = program(cast.ngo_caseworker)
        assert client.get(LIST).status_code == 200
        # Still somebody elsewhere: the token is for this membership and for no other.
        works_for(cast.ngo_caseworker, cast.other_ngo, Role.MANAGER, at)
        memberships.end_membership(
            membership=Membership.objects.get(user=cast.ngo_caseworker, organisation=cast.ngo),
            by=cast.actor(cast.ngo_manager),
            at=at,
        )
        response = client.get(LIST)
        assert response.status_code == 401
        assert response.json()["code"] == "token_invalid"
        assert response.json()["detail"] == "Invalid token."

    def test_a_token_without_the_scope_is_403(self, cast: Cast, program: Program) -> None:
        client = program(cast.ngo_manager, [P.CONTACT_SEE])
        assert client.get(LIST).status_code == 403
        assert client.get(detail(cast.ngo)).status_code == 403
        assert program(cast.ngo_manager, [P.ORGANISATION_SEE]).get(LIST).status_code == 200

    def test_a_scope_gives_no_more_than_the_role(self, cast: Cast, program: Program) -> None:
        for user in (cast.applicant, cast.administrator):
            assert program(user).get(LIST).status_code == 403

    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
    def test_a_method_without_a_mark_is_405_and_401_to_strangers(
        self, method: str, cast: Cast, program: Program, client: StrictClient
    ) -> None:
        known = program(cast.ngo_manager)
        for url in (LIST, detail(cast.ngo)):
            assert getattr(known, method)(url).status_code == 405
            assert getattr(client, method)(url).status_code == 401

    def test_head_follows_get(self, cast: Cast, program: Program) -> None:
        assert program(cast.ngo_manager).head(LIST).status_code == 200


class TestOneMembership:
    def test_a_token_acts_in_its_own_role_only(
        self, cast: Cast, program: Program, at: datetime
    ) -> None:
        second = works_for(cast.ngo_manager, cast.unlisted_ngo, Role.CASEWORKER, at)
        here = Membership.objects.get(user=cast.ngo_manager, organisation=cast.ngo)
        unlisted = detail(cast.unlisted_ngo)
        assert program(cast.ngo_manager, membership=here).get(unlisted).status_code == 404
        assert program(cast.ngo_manager, membership=second).get(unlisted).status_code == 200

    def test_the_actor_has_that_one_membership(self, cast: Cast, at: datetime) -> None:
        second = works_for(cast.ngo_manager, cast.ngo, Role.CASEWORKER, at)
        actor = actor_for(cast.ngo_manager, at=at, membership_uuid=second.uuid)
        assert actor.memberships == (second,)
        assert P.TOKEN_MANAGE not in actor.permissions
