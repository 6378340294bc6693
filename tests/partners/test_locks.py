"""A security lock: one person, 72 hours, over by itself; a second person makes it longer."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts import locks as ceremony
from accounts.choices import LockReason, LogAction
from accounts.models import AccessLog, AccountLock, ApiToken, User
from accounts.services import issue_token
from common.marks import Permission
from common.workflow import NotAllowed
from deadlines.models import Mail, Notice
from partners.choices import Role
from partners.models import Membership
from partners.services import locks
from tests.support.cast import PASSWORD, Cast, person, works_for
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db
LIST = reverse("partners:locks")
LOCKED = reverse("accounts:locked")
WHY = LockReason.STRANGE_USE
H72 = timedelta(hours=72)


def lock(cast: Cast, at: datetime, who: str = "ngo_caseworker", by: str = "ngo_manager"):
    actor = cast.actor(getattr(cast, by), at)
    return locks.lock(user=getattr(cast, who), reason=WHY, by=actor, at=at)


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


@pytest.fixture
def second(cast: Cast, at: datetime) -> User:
    user = person("Second Manager", at)
    works_for(user, cast.ngo, Role.MANAGER, at - timedelta(hours=1))
    return user


class TestLocking:
    def test_ends_sessions_and_tokens_at_once(self, cast: Cast, at, client_for) -> None:
        client = client_for(cast.ngo_caseworker)
        membership = Membership.objects.get(user=cast.ngo_caseworker)
        issue_token(
            user=cast.ngo_caseworker,
            membership_uuid=membership.uuid,
            name="intranet",
            scopes=[Permission.REFERRAL_SEE],
            expires_at=at + timedelta(days=1),
            by=cast.actor(cast.ngo_manager),
            at=at,
        )
        assert client.get("/").status_code == 200
        lock(cast, at)
        assert client.get("/")["Location"].startswith(reverse("account_login"))
        assert not ApiToken.objects.live(at).filter(user=cast.ngo_caseworker).exists()
        assert cast.actor(fresh(cast.ngo_caseworker)).permissions == frozenset()

    def test_is_over_by_itself_after_72_hours(self, cast: Cast, at) -> None:
        made = lock(cast, at)
        assert made.until_at == at + H72
        user = fresh(cast.ngo_caseworker)
        assert cast.actor(user, at + H72 - timedelta(seconds=1)).permissions == frozenset()
        assert Permission.REFERRAL_SEE in cast.actor(user, at + H72).permissions
        assert not AccountLock.objects.standing(at + H72).exists()

    def test_keeps_out_who_has_the_password_and_says_what_to_do(
        self, cast: Cast, at, client
    ) -> None:
        lock(cast, at)
        given = {"login": cast.ngo_caseworker.email, "password": PASSWORD}
        answer = client.post(reverse("account_login"), given)
        assert answer["Location"] == LOCKED
        body = client.get(LOCKED).content.decode()
        assert "locked for safety" in body
        assert cast.ngo_caseworker.display_name not in body
        assert client.get("/").status_code == 302
        wrong = client.post(reverse("account_login"), {**given, "password": "not the password"})
        assert wrong.status_code == 200

    def test_reaches_whoever_was_already_inside(self, cast: Cast, at, client_for) -> None:
        client = client_for(cast.ngo_caseworker)
        # As between password and second factor: the session survived, the lock stands.
        User.objects.filter(pk=cast.ngo_caseworker.pk).update(locked_until_at=at + H72)
        assert client.get("/")["Location"] == LOCKED
        assert client.get("/")["Location"].startswith(reverse("account_login"))

    def test_is_told_to_the_person_by_mail_and_to_whoever_may_act_for_them(
        self, cast: Cast, at
    ) -> None:
        made = lock(cast, at)
        assert Mail.objects.filter(recipient=cast.ngo_caseworker, kind="account_locked").exists()
        told = {n.recipient for n in Notice.objects.filter(kind="account_locked")}
        assert told == {cast.without_factor, cast.co_ordinator, cast.second_co_ordinator}
        row = AccessLog.objects.get(action=LogAction.ACCOUNT_LOCKED)
        assert (row.subject_uuid, row.reason_code) == (made.user.uuid, WHY)

    def test_is_a_managers_for_colleagues_and_the_co_ordinations_for_all(
        self, cast: Cast, at
    ) -> None:
        for by in ("co_ordinator", "administrator", "ngo_manager"):
            with transaction.atomic():
                lock(cast, at, by=by)
                transaction.set_rollback(True)
        for by in ("other_manager", "ngo_caseworker", "rapporteur", "officer"):
            with pytest.raises(NotAllowed):
                lock(cast, at, by=by)
        with pytest.raises(ceremony.NotYours):
            lock(cast, at, who="ngo_manager")

    def test_is_not_put_on_again_by_the_same_person(self, cast: Cast, at, second: User) -> None:
        lock(cast, at)
        later = at + H72 + timedelta(days=1)
        with pytest.raises(ceremony.NotYours):
            lock(cast, later)
        actor = cast.actor(second, later)
        locks.lock(user=fresh(cast.ngo_caseworker), reason=WHY, by=actor, at=later)

    def test_stands_once(self, cast: Cast, at) -> None:
        lock(cast, at)
        with pytest.raises(ceremony.NotStanding):
            lock(cast, at, by="co_ordinator")


class TestChanging:
    def test_needs_a_second_person_to_make_it_longer_once(
        self, cast: Cast, at, second: User
    ) -> None:
        made = lock(cast, at)
        with pytest.raises(ceremony.NotYours):
            locks.extend(lock=made, by=cast.actor(cast.ngo_manager), at=at)
        longer = locks.extend(lock=made, by=cast.actor(second), at=at)
        assert longer.until_at == at + 2 * H72 == fresh(cast.ngo_caseworker).locked_until_at
        with pytest.raises(ceremony.NotStanding):
            locks.extend(lock=longer, by=cast.actor(cast.co_ordinator), at=at)

    def test_is_refused_by_the_database_too(self, cast: Cast, at) -> None:
        made = AccountLock.objects.filter(pk=lock(cast, at).pk)
        for wrong in (
            {"until_at": at + H72 + timedelta(seconds=1)},
            {"extended_at": at, "extended_by": cast.ngo_manager},
            {"extended_at": at, "extended_by": cast.ngo_caseworker},
            {"locked_by": cast.ngo_caseworker},
            {"reason": "criticism"},
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                made.update(**wrong)

    def test_is_lifted_by_anybody_who_sees_it_but_the_person(self, cast: Cast, at, second) -> None:
        made = lock(cast, at)
        with pytest.raises(NotAllowed):
            locks.lift(lock=made, by=cast.actor(cast.other_manager), at=at)
        locks.lift(lock=made, by=cast.actor(second), at=at)
        assert Permission.REFERRAL_SEE in cast.actor(fresh(cast.ngo_caseworker)).permissions


class TestPages:
    def test_lock_extend_and_lift(self, cast: Cast, client_for, second: User) -> None:
        manager, other = client_for(cast.ngo_manager), client_for(second)
        membership = Membership.objects.get(user=cast.ngo_caseworker)
        start = reverse("partners:people-lock", args=[membership.uuid])
        assert start in manager.get(reverse("partners:people")).content.decode()
        assert "Every session ends at once" in manager.get(start).content.decode()
        assert manager.post(start, {}).status_code == 200
        assert manager.post(start, {"reason": WHY})["Location"] == LIST
        made = AccountLock.objects.get()
        extend = reverse("partners:lock-extend", args=[made.uuid])
        assert extend not in manager.get(LIST).content.decode()
        assert extend in other.get(LIST).content.decode()
        manager.post(extend)
        assert AccountLock.objects.get().extended_by is None
        other.post(extend)
        assert AccountLock.objects.get().extended_by == second
        assert "Nobody is locked out" in client_for(cast.other_manager).get(LIST).content.decode()
        manager.post(reverse("partners:lock-lift", args=[made.uuid]))
        assert AccountLock.objects.get().lifted_by == cast.ngo_manager

    def test_let_the_co_ordination_lock_by_address(self, cast: Cast, client_for) -> None:
        desk = client_for(cast.co_ordinator)
        new = reverse("partners:lock-new")
        unknown = desk.post(new, {"email": "nobody@example.org", "reason": WHY})
        assert "Nobody signs in with this address." in unknown.content.decode()
        desk.post(new, {"email": cast.other_manager.email, "reason": WHY})
        assert AccountLock.objects.get().user == cast.other_manager
        assert client_for(cast.ngo_manager).get(new).status_code == 403

    @pytest.mark.parametrize("number", [1, 30])
    def test_ask_no_more_for_thirty(self, cast: Cast, at, client_for, number: int) -> None:
        AccountLock.objects.bulk_create(
            AccountLock(
                user=cast.other_manager,
                reason=WHY,
                locked_by=cast.co_ordinator,
                locked_at=at + timedelta(seconds=n),
                until_at=at + H72,
            )
            for n in range(number)
        )
        client = client_for(cast.second_co_ordinator)
        with at_most(8):
            client.get(LIST)
