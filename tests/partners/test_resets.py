"""A lost second factor through the pages: one asks, another agrees, the owner can stop it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse

from accounts import resets as ceremony
from accounts.choices import LogAction
from accounts.models import AccessLog, FactorReset, User
from common.workflow import NotAllowed
from deadlines.models import Notice
from partners.choices import Role
from partners.models import Membership
from partners.services import resets
from tests.support.cast import Cast, person, works_for
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db
LIST = reverse("partners:resets")
SOMEBODY = reverse("partners:reset-ask")
ME = reverse("accounts:me")


def ask_url(user: User) -> str:
    return reverse("partners:people-reset", args=[Membership.objects.get(user=user).uuid])


def agree_url(reset: FactorReset) -> str:
    return reverse("partners:reset-agree", args=[reset.uuid])


def stop_url(reset: FactorReset) -> str:
    return reverse("partners:reset-stop", args=[reset.uuid])


@pytest.fixture
def asked(cast: Cast, at: datetime) -> FactorReset:
    """Lantern House's manager asks for its caseworker."""
    return resets.ask(user=cast.ngo_caseworker, by=cast.actor(cast.ngo_manager), at=at)


@pytest.fixture
def second_manager(cast: Cast, at: datetime) -> User:
    user = person("Second Manager", at)
    works_for(user, cast.ngo, Role.MANAGER, at - timedelta(hours=1))
    return user


def said(client: Any, response: Any) -> str:
    return client.get(response["Location"]).content.decode()


class TestAsking:
    def test_is_a_managers_for_a_colleague(self, cast: Cast, client_for) -> None:
        client = client_for(cast.ngo_manager)
        url = ask_url(cast.ngo_caseworker)
        assert url in client.get(reverse("partners:people")).content.decode()
        assert cast.ngo_caseworker.display_name in client.get(url).content.decode()
        assert not FactorReset.objects.exists()
        assert client.post(url)["Location"] == LIST
        reset = FactorReset.objects.get()
        assert (reset.user, reset.asked_by) == (cast.ngo_caseworker, cast.ngo_manager)
        assert (reset.agreed_at, reset.due_at) == (None, None)

    def test_is_nobody_elses(self, cast: Cast, client_for) -> None:
        url = ask_url(cast.ngo_caseworker)
        assert client_for(cast.other_manager).post(url).status_code == 404
        for user in (cast.ngo_caseworker, cast.co_ordinator, cast.administrator, cast.stranger):
            assert client_for(user).post(url).status_code == 403
        assert not FactorReset.objects.exists()

    def test_wants_a_fresh_proof(self, cast: Cast, client_for) -> None:
        answer = client_for(cast.ngo_manager, fresh=False).post(ask_url(cast.ngo_caseworker))
        assert answer["Location"].startswith(reverse("account_reauthenticate"))
        assert not FactorReset.objects.exists()

    def test_is_not_for_oneself(self, cast: Cast, client_for) -> None:
        client = client_for(cast.ngo_manager)
        body = said(client, client.post(ask_url(cast.ngo_manager)))
        assert "Nobody asks for themselves." in body
        assert not FactorReset.objects.exists()
        assert f'href="{ask_url(cast.ngo_manager)}"' not in body

    def test_is_not_for_somebody_who_left(self, cast: Cast, client_for) -> None:
        assert client_for(cast.ngo_manager).post(ask_url(cast.former)).status_code == 404

    def test_twice_is_once(self, asked: FactorReset, cast: Cast, client_for) -> None:
        client = client_for(cast.ngo_manager)
        body = said(client, client.post(ask_url(cast.ngo_caseworker)))
        assert "Somebody asked for this person already." in body
        assert FactorReset.objects.count() == 1

    def test_tells_who_could_agree_and_nobody_else(
        self, second_manager: User, asked: FactorReset, cast: Cast
    ) -> None:
        told = Notice.objects.filter(kind="factor_reset_asked")
        assert {notice.recipient for notice in told} == {
            second_manager,
            cast.without_factor,  # Lantern House's third manager
            cast.co_ordinator,
            cast.second_co_ordinator,
        }

    def test_is_logged(self, asked: FactorReset, cast: Cast) -> None:
        entry = AccessLog.objects.get(action=LogAction.FACTOR_RESET)
        assert (entry.user_id, entry.reason_code) == (cast.ngo_manager.pk, "asked")
        assert entry.subject_uuid == cast.ngo_caseworker.uuid

    def test_needs_the_role_in_the_service_too(self, cast: Cast, at: datetime) -> None:
        for user in (cast.other_manager, cast.ngo_caseworker, cast.rapporteur):
            with pytest.raises(NotAllowed):
                resets.ask(user=cast.funder, by=cast.actor(user), at=at)


class TestAskingForSomebody:
    """The co-ordination, for the only manager of an organisation."""

    def test_is_the_co_ordinations(self, cast: Cast, client_for) -> None:
        client = client_for(cast.co_ordinator)
        assert SOMEBODY in client.get(LIST).content.decode()
        answer = client.post(SOMEBODY, {"email": cast.other_manager.email.upper()})
        assert answer["Location"] == LIST
        assert FactorReset.objects.get().user == cast.other_manager
        for user in (cast.ngo_manager, cast.rapporteur, cast.administrator):
            data = {"email": cast.funder.email}
            assert client_for(user).post(SOMEBODY, data).status_code == 403
        assert FactorReset.objects.count() == 1

    @pytest.mark.parametrize("email", ["", "no address", "nobody@example.org"])
    def test_says_when_there_is_no_such_person(self, email: str, cast: Cast, client_for) -> None:
        response = client_for(cast.co_ordinator).post(SOMEBODY, {"email": email})
        assert response.context["form"].errors["email"]

    def test_is_not_for_oneself_nor_for_who_works_nowhere(self, cast: Cast, client_for) -> None:
        client = client_for(cast.co_ordinator)
        for user, words in (
            (cast.co_ordinator, "Nobody asks for themselves."),
            (cast.stranger, "This person does not work here."),
        ):
            body = client.post(SOMEBODY, {"email": user.email}).content.decode()
            assert words in body
        assert not FactorReset.objects.exists()


class TestTheList:
    def test_shows_colleagues_to_managers_and_everybody_to_the_co_ordination(
        self, asked: FactorReset, cast: Cast, client_for
    ) -> None:
        name = cast.ngo_caseworker.display_name
        for user, sees in (
            (cast.ngo_manager, True),
            (cast.co_ordinator, True),
            (cast.other_manager, False),
        ):
            assert (name in client_for(user).get(LIST).content.decode()) is sees
        for user in (cast.ngo_caseworker, cast.administrator, cast.rapporteur, cast.stranger):
            assert client_for(user).get(LIST).status_code == 403

    def test_offers_agreeing_to_everybody_but_the_two(
        self, asked: FactorReset, cast: Cast, client_for
    ) -> None:
        mine = client_for(cast.ngo_manager).get(LIST).content.decode()
        assert agree_url(asked) not in mine
        assert "You asked, so somebody else agrees." in mine
        assert agree_url(asked) in client_for(cast.co_ordinator).get(LIST).content.decode()

    def test_does_not_tell_a_manager_where_else_somebody_works(
        self, asked: FactorReset, cast: Cast, client_for, at: datetime
    ) -> None:
        works_for(cast.ngo_caseworker, cast.unlisted_ngo, Role.CASEWORKER, at)
        name = cast.unlisted_ngo.name
        assert name not in client_for(cast.ngo_manager).get(LIST).content.decode()
        assert name in client_for(cast.co_ordinator).get(LIST).content.decode()

    def test_leaves_out_what_is_over(self, asked: FactorReset, cast: Cast, client_for) -> None:
        ceremony.stop(reset=asked, by=cast.ngo_manager, at=cast.at)
        assert "Nobody waits" in client_for(cast.ngo_manager).get(LIST).content.decode()

    @pytest.mark.parametrize("number", [0, 60])
    def test_asks_no_more_for_sixty(
        self, number: int, cast: Cast, client_for, at: datetime
    ) -> None:
        for n in range(number):
            user = person(f"Colleague {n}", at)
            works_for(user, cast.ngo, Role.CASEWORKER, at)
            FactorReset.objects.create(user=user, asked_by=cast.ngo_manager, asked_at=at)
        client = client_for(cast.co_ordinator)
        with at_most(8):
            client.get(LIST)


class TestAgreeing:
    def test_tells_the_person_and_begins_the_day(
        self, asked: FactorReset, cast: Cast, client_for
    ) -> None:
        client = client_for(cast.co_ordinator)
        assert "Agree only when you have reached" in client.get(agree_url(asked)).content.decode()
        assert client.post(agree_url(asked))["Location"] == LIST
        asked.refresh_from_db()
        assert asked.agreed_by == cast.co_ordinator
        assert asked.due_at - asked.agreed_at == timedelta(hours=24)
        assert Notice.objects.filter(kind="factor_reset", recipient=cast.ngo_caseworker).exists()
        # Nobody is asked any more.
        waiting = Notice.objects.filter(kind="factor_reset_asked", handled_at=None)
        assert not waiting.exists()

    def test_may_be_another_manager(
        self, asked: FactorReset, second_manager: User, client_for
    ) -> None:
        client_for(second_manager).post(agree_url(asked))
        asked.refresh_from_db()
        assert asked.agreed_by == second_manager

    def test_is_never_the_same_person(self, asked: FactorReset, cast: Cast, client_for) -> None:
        client = client_for(cast.ngo_manager)
        for send in (client.get, client.post):
            assert "Two people are needed" in said(client, send(agree_url(asked)))
        asked.refresh_from_db()
        assert asked.agreed_at is None

    def test_is_never_the_person_it_is_about(
        self, cast: Cast, second_manager: User, client_for, at: datetime
    ) -> None:
        reset = resets.ask(user=second_manager, by=cast.actor(cast.ngo_manager), at=at)
        client = client_for(second_manager)
        assert "Two people are needed" in said(client, client.post(agree_url(reset)))
        with pytest.raises(ceremony.NotTwoPeople):
            resets.agree(reset=reset, by=cast.actor(second_manager), at=at)
        reset.refresh_from_db()
        assert reset.agreed_at is None

    def test_is_refused_to_others(self, asked: FactorReset, cast: Cast, client_for, at) -> None:
        assert client_for(cast.other_manager).post(agree_url(asked)).status_code == 404
        for user in (cast.ngo_caseworker, cast.administrator, cast.funder):
            assert client_for(user).post(agree_url(asked)).status_code == 403
        for user in (cast.other_manager, cast.administrator):
            with pytest.raises(NotAllowed):
                resets.agree(reset=asked, by=cast.actor(user), at=at)
        asked.refresh_from_db()
        assert asked.agreed_at is None

    def test_wants_a_fresh_proof(self, asked: FactorReset, cast: Cast, client_for) -> None:
        answer = client_for(cast.co_ordinator, fresh=False).post(agree_url(asked))
        assert answer["Location"].startswith(reverse("account_reauthenticate"))

    def test_leads_to_the_end_a_day_later(
        self, asked: FactorReset, cast: Cast, client_for, at: datetime
    ) -> None:
        client_for(cast.ngo_caseworker)  # enrols a factor
        assert Authenticator.objects.filter(user=cast.ngo_caseworker).exists()
        client_for(cast.co_ordinator).post(agree_url(asked))
        assert ceremony.carry_out_due(at + timedelta(hours=23)) == 0
        assert ceremony.carry_out_due(at + timedelta(hours=25)) == 1
        assert not Authenticator.objects.filter(user=cast.ngo_caseworker).exists()
        steps = AccessLog.objects.filter(action=LogAction.FACTOR_RESET).order_by("at", "pk")
        assert {entry.reason_code for entry in steps} == {"asked", "agreed", ""}


class TestStopping:
    @pytest.mark.parametrize("who", ["ngo_manager", "co_ordinator"])
    def test_is_open_to_whoever_sees_it(
        self, who: str, asked: FactorReset, cast: Cast, client_for
    ) -> None:
        client = client_for(getattr(cast, who))
        assert client.get(stop_url(asked)).status_code == 405
        assert client.post(stop_url(asked))["Location"] == LIST
        asked.refresh_from_db()
        assert asked.stopped_by == getattr(cast, who)
        assert "in the meantime" in said(client, client.post(stop_url(asked)))
        assert "in the meantime" in said(client, client.post(agree_url(asked)))

    def test_is_refused_to_others(self, asked: FactorReset, cast: Cast, client_for) -> None:
        assert client_for(cast.other_manager).post(stop_url(asked)).status_code == 404
        assert client_for(cast.administrator).post(stop_url(asked)).status_code == 403
        asked.refresh_from_db()
        assert asked.stopped_at is None
        # Nor do they learn that it was ever there.
        ceremony.stop(reset=asked, by=cast.ngo_manager, at=cast.at)
        assert client_for(cast.other_manager).post(stop_url(asked)).status_code == 404


class TestOnesOwn:
    @pytest.fixture
    def stop(self) -> str:
        return reverse("accounts:stop_reset")

    def test_is_shown_and_stopped_on_my_account(
        self, stop: str, asked: FactorReset, cast: Cast, client_for, at: datetime
    ) -> None:
        client = client_for(cast.ngo_caseworker)
        assert "Nothing happens before somebody else has agreed" in client.get(ME).content.decode()
        resets.agree(reset=asked, by=cast.actor(cast.co_ordinator), at=at)
        assert "Two people said that you lost it." in client.get(ME).content.decode()
        assert "Your second factor stays." in said(client, client.post(stop))
        asked.refresh_from_db()
        assert asked.stopped_by == cast.ngo_caseworker
        assert stop not in client.get(ME).content.decode()
        assert "There was nothing to stop." in said(client, client.post(stop))

    def test_does_not_reach_somebody_elses(
        self, stop: str, asked: FactorReset, cast: Cast, client_for: Callable[..., Any]
    ) -> None:
        client = client_for(cast.stranger)
        assert stop not in client.get(ME).content.decode()
        client.post(stop)
        asked.refresh_from_db()
        assert asked.stopped_at is None
