"""The only way to a sign-in: services first, then the pages behind the link."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts import invitations
from accounts.choices import LogAction
from accounts.models import AccessLog, Invitation, User
from tests.accounts.factories import PASSWORD, UserFactory, moment

pytestmark = pytest.mark.django_db

KIND = "tests"
SUBJECT = UUID(int=7)
ADDRESS = "new.person@invented.example"
PAGE = "/account/invitation/"


@pytest.fixture(autouse=True)
def joined() -> Iterator[list[tuple[Invitation, User]]]:
    """Registers a kind of invitation and collects who joined."""
    seen: list[tuple[Invitation, User]] = []

    def on_accept(*, invitation: Invitation, user: User, at: Any) -> None:
        seen.append((invitation, user))

    invitations.register(
        KIND, on_accept=on_accept, describe=lambda uuid, role: f"Invented House as {role}"
    )
    yield seen
    del invitations._kinds[KIND]


@pytest.fixture
def inviter() -> User:
    return UserFactory(display_name="Invented Inviter", second_factor=True)


def send(by: User | None = None, *, email: str = ADDRESS, **more: Any) -> tuple[Invitation, str]:
    values = {"kind": KIND, "subject_uuid": SUBJECT, "role": "helper", "at": moment(), **more}
    return invitations.invite(email=email, by=by, **values)


def take(token: str, **more: Any) -> User:
    values = {"display_name": "New Person", "password": PASSWORD, "at": moment(), **more}
    return invitations.accept(token_hash=invitations.hash_of(token), **values)


class TestInvite:
    def test_keeps_the_link_as_a_hash_only(self, inviter: User) -> None:
        invitation, token = send(inviter)
        row = Invitation.objects.filter(pk=invitation.pk).values().get()
        assert token not in str(row)
        assert row["expires_at"] == moment() + timedelta(days=14)

    def test_withdraws_the_link_sent_before(self, inviter: User) -> None:
        first, token = send(inviter)
        send(inviter, email=ADDRESS.upper())
        first.refresh_from_db()
        assert first.revoked_by == inviter
        with pytest.raises(invitations.NotOpen):
            take(token)

    def test_leaves_invitations_to_other_things_alone(self, inviter: User) -> None:
        first, _token = send(inviter)
        send(inviter, subject_uuid=uuid4())
        send(inviter, email="other@invented.example")
        first.refresh_from_db()
        assert first.revoked_at is None

    def test_refuses_a_kind_nobody_registered(self, inviter: User) -> None:
        with pytest.raises(invitations.UnknownKind):
            send(inviter, kind="unheard of")

    def test_is_logged_without_the_address(self, inviter: User) -> None:
        send(inviter)
        row = AccessLog.objects.filter(action=LogAction.INVITATION_SENT).values().get()
        assert row["user_id"] == inviter.pk
        assert ADDRESS not in str(row)


class TestAccept:
    def test_opens_an_account_and_joins(self, inviter: User, joined: list[Any]) -> None:
        invitation, token = send(inviter)
        user = take(token)
        assert user.email == ADDRESS
        assert user.check_password(PASSWORD)
        assert joined == [(invitation, user)]
        invitation.refresh_from_db()
        assert invitation.accepted_by == user

    def test_works_once(self) -> None:
        _invitation, token = send()
        take(token)
        with pytest.raises(invitations.NotOpen):
            take(token)

    def test_refuses_after_fourteen_days(self) -> None:
        _invitation, token = send()
        with pytest.raises(invitations.NotOpen):
            take(token, at=moment() + timedelta(days=14))

    def test_refuses_one_withdrawn(self, inviter: User) -> None:
        invitation, token = send()
        invitations.revoke(invitation=invitation, by=inviter, at=moment())
        with pytest.raises(invitations.NotOpen):
            take(token)

    def test_leaves_an_existing_account_as_it_is(self) -> None:
        UserFactory(email=ADDRESS)
        _invitation, token = send()
        with pytest.raises(invitations.AccountExists):
            take(token)

    def test_opens_no_account_when_joining_fails(self) -> None:
        def fails(**kwargs: Any) -> None:
            raise RuntimeError("joining failed")

        _invitation, token = send()
        invitations.register(KIND, on_accept=fails, describe=lambda uuid, role: "")
        with pytest.raises(RuntimeError, match="joining failed"):
            take(token)
        assert not User.objects.filter(email=ADDRESS).exists()


class TestJoin:
    def test_takes_the_invited_person_only(self, joined: list[Any]) -> None:
        _invitation, token = send()
        with pytest.raises(invitations.WrongPerson):
            invitations.join(token_hash=invitations.hash_of(token), user=UserFactory(), at=moment())
        invited = UserFactory(email=ADDRESS)
        invitations.join(token_hash=invitations.hash_of(token), user=invited, at=moment())
        assert [user for _invitation, user in joined] == [invited]


class TestRevoke:
    def test_does_nothing_twice(self, inviter: User) -> None:
        invitation, _token = send()
        once = invitations.revoke(invitation=invitation, by=inviter, at=moment())
        again = invitations.revoke(
            invitation=invitation, by=UserFactory(), at=moment() + timedelta(days=1)
        )
        assert (again.revoked_at, again.revoked_by) == (once.revoked_at, once.revoked_by)

    def test_refuses_one_accepted(self, inviter: User) -> None:
        invitation, token = send()
        take(token)
        with pytest.raises(invitations.NotOpen):
            invitations.revoke(invitation=invitation, by=inviter, at=moment())


class TestConstraints:
    @pytest.mark.parametrize(
        "change",
        [
            {"accepted_at": moment()},
            {"expires_at": moment() - timedelta(days=1)},
            {"email": "Upper@invented.example"},
        ],
    )
    def test_refuse_a_row_that_cannot_be(self, change: dict[str, Any]) -> None:
        invitation, _token = send()
        with pytest.raises(IntegrityError), transaction.atomic():
            Invitation.objects.filter(pk=invitation.pk).update(**change)

    def test_refuse_one_both_accepted_and_withdrawn(self) -> None:
        invitation, token = send()
        take(token)
        with pytest.raises(IntegrityError), transaction.atomic():
            Invitation.objects.filter(pk=invitation.pk).update(revoked_at=moment())


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(moment(), tick=False) as travelling:
        yield travelling


def open_link(client: Client, token: str) -> Any:
    return client.get(reverse("accounts:accept", args=[token]), follow=True)


@pytest.mark.usefixtures("clock")
class TestPage:
    def test_takes_the_token_out_of_the_address_bar(self, inviter: User) -> None:
        _invitation, token = send(inviter)
        page = open_link(Client(), token)
        assert page.redirect_chain == [(PAGE, 302)]
        assert token not in page.content.decode()
        assert page.headers["Referrer-Policy"] == "same-origin"

    def test_says_who_invites_to_what(self, inviter: User) -> None:
        _invitation, token = send(inviter)
        page = open_link(Client(), token).content.decode()
        for words in ("Invented Inviter", "Invented House as helper", ADDRESS):
            assert words in page

    def test_uses_nothing_up_when_only_looked_at(self) -> None:
        _invitation, token = send()
        for _scanner in range(3):
            assert open_link(Client(), token).status_code == 200
        assert take(token)

    def test_opens_an_account_signs_in_and_leads_to_the_second_factor(self) -> None:
        _invitation, token = send()
        client = Client()
        open_link(client, token)
        answer = client.post(PAGE, {"display_name": "New Person", "password": PASSWORD})
        assert answer.url == reverse("mfa_index")
        assert client.session["_auth_user_id"] == str(User.objects.get(email=ADDRESS).pk)
        # Just signed in, so enrolment does not ask for the password again.
        assert client.get(reverse("mfa_activate_totp")).status_code == 200

    @pytest.mark.parametrize(
        "password", ["short", "new.person@invented.example", "password1234567890"[:14]]
    )
    def test_refuses_a_weak_password(self, password: str) -> None:
        _invitation, token = send()
        client = Client()
        open_link(client, token)
        page = client.post(PAGE, {"display_name": "New Person", "password": password})
        assert page.context["form"].errors["password"]
        assert not User.objects.filter(email=ADDRESS).exists()

    def test_asks_somebody_with_an_account_to_sign_in_and_then_lets_them_join(
        self, joined: list[Any]
    ) -> None:
        user = UserFactory(email=ADDRESS)
        _invitation, token = send()
        client = Client()
        page = open_link(client, token)
        way = f"{reverse('account_login')}?next={PAGE}"
        assert way in page.content.decode()
        answer = client.post(way, {"login": ADDRESS, "password": PASSWORD, "next": PAGE})
        assert answer.url == PAGE
        assert client.get(PAGE).status_code == 200
        assert not joined
        client.post(PAGE)
        assert [who for _invitation, who in joined] == [user]

    def test_lets_nobody_else_join(self, joined: list[Any]) -> None:
        _invitation, token = send()
        client = Client()
        client.force_login(UserFactory())
        assert open_link(client, token).status_code == 403
        assert client.post(PAGE).status_code == 403
        assert not joined
        assert ADDRESS not in client.get(PAGE).content.decode()

    def test_shows_the_same_page_for_every_link_that_does_not_work(
        self, inviter: User, clock: Any
    ) -> None:
        _first, used = send(email="a@invented.example")
        take(used)
        withdrawn, revoked = send(email="b@invented.example")
        invitations.revoke(invitation=withdrawn, by=inviter, at=moment())
        _third, old = send(email="c@invented.example", at=moment() - timedelta(days=15))
        locked = UserFactory(email="d@invented.example")
        User.objects.filter(pk=locked.pk).update(is_active=False)
        _fourth, of_locked = send(email="d@invented.example")
        pages = [open_link(Client(), token) for token in (used, revoked, old, of_locked, "never")]
        pages.append(Client().get(PAGE))
        assert {page.status_code for page in pages} == {410}
        assert len({strip_tokens(page.content.decode()) for page in pages}) == 1


def strip_tokens(page: str) -> str:
    return "\n".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)
