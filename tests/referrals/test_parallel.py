"""Two at once, on PostgreSQL: one referral, one decision, and the other is told."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from common.workflow import NotPossible, Stale
from referrals.choices import State
from referrals.models import Decision, Packet, Person, Referral, ReferralEvent, Track
from referrals.services import decisions, referrals
from referrals.services.drafts import expire_drafts
from tests.referrals import stages
from tests.support.cast import Cast
from tests.support.client import StrictClient

# On SQLite there is one writer anyway, and Django empties tables with DELETE after such a test,
# which the triggers of the access log refuse.
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="one writer on SQLite"),
]
POSTED = 32


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What each act returned, or the error it raised, after all began at the same moment."""
    start = threading.Barrier(len(acts))
    results: list[object] = [None] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        try:
            start.wait()
            results[place] = act()
        except Exception as fault:
            results[place] = fault
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


class TestThePostedForm:
    def test_thirty_two_times_gives_one_referral(self, cast: Cast) -> None:
        by = cast.actor(cast.ngo_caseworker)
        answers = {**stages.ANSWERS, "authority": cast.authority}

        def post() -> Referral:
            return referrals.open_referral(by=by, at=cast.at, key="the same form", **answers)

        results = at_once(*[post] * POSTED)
        assert [each for each in results if isinstance(each, Exception)] == []
        assert len({each.pk for each in results}) == 1
        assert Referral.objects.count() == 1
        assert Person.objects.count() == 1
        assert Track.objects.count() == 6
        assert ReferralEvent.objects.count() == 1

    def test_thirty_two_times_by_its_page_leads_to_one_draft(self, cast: Cast, client_for) -> None:
        data = {"client_key": "0f7a4a1e-4d0c-4b86-9c8e-1d2f3a4b5c6d"}
        clients = [client_for(cast.ngo_caseworker, fresh=True) for _n in range(4)]

        def post(client: StrictClient) -> Callable[[], object]:
            # The plain client: what the strict one waits for belongs to one thread.
            plain = Client()
            plain.cookies = client.cookies
            return lambda: plain.post(reverse("referrals:new"), data)["Location"]

        results = at_once(*[post(clients[n % 4]) for n in range(POSTED)])
        assert {str(each) for each in results} == {
            reverse("referrals:log", args=[Referral.objects.get().uuid])
        }

    def test_sent_many_times_arrives_once(self, cast: Cast) -> None:
        referral = stages.consented(cast)
        by = cast.actor(cast.ngo_caseworker)

        def send() -> Referral:
            return referrals.send_referral(
                referral=referral, by=by, at=cast.at, version=referral.version
            )

        results = at_once(*[send] * 8)
        assert sum(isinstance(each, Referral) for each in results) == 1
        assert sum(isinstance(each, Stale) for each in results) == 7
        assert Packet.objects.count() == 1


class TestTwoDeciders:
    def test_one_decides_and_the_other_is_told(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        version = referral.version

        def decide(user, outcome: str) -> Callable[[], object]:
            by = cast.actor(user)
            return lambda: decisions.decide(
                referral=referral, outcome=outcome, by=by, at=cast.at, version=version
            )

        results = at_once(decide(cast.officer, "positive"), decide(cast.second_officer, "positive"))
        told = [each for each in results if isinstance(each, Exception)]
        assert len(told) == 1
        assert isinstance(told[0], Stale)
        assert told[0].current.state == State.PRELIM_POSITIVE
        assert Decision.objects.filter(referral=referral).count() == 1

    def test_without_versions_the_state_stands_in_the_way(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        decisions.propose_negative(
            referral=referral, by=cast.actor(cast.officer), at=cast.at, reasons="Invented."
        )
        first, second = cast.actor(cast.officer), cast.actor(cast.second_officer)
        results = at_once(
            lambda: decisions.decide(referral=referral, outcome="positive", by=first, at=cast.at),
            lambda: decisions.decide(referral=referral, outcome="negative", by=second, at=cast.at),
        )
        assert sum(isinstance(each, NotPossible) for each in results) == 1
        assert Decision.objects.filter(referral=referral).count() == 1

    def test_one_answer_is_saved_and_the_other_is_shown(self, cast: Cast) -> None:
        referral = stages.draft(cast)

        def save(user, place: str) -> Callable[[], object]:
            by = cast.actor(user)
            return lambda: referrals.save_answers(
                referral=referral, by=by, at=cast.at, version=referral.version, place=place
            )

        results = at_once(save(cast.ngo_manager, "HERE"), save(cast.ngo_caseworker, "ABROAD"))
        kept = next(each for each in results if isinstance(each, Referral))
        told = next(each for each in results if isinstance(each, Stale))
        assert told.current.place == kept.place


class TestTwoSweeps:
    def test_let_a_draft_run_out_once(self, cast: Cast) -> None:
        for _number in range(3):
            stages.draft(cast)
        warn = cast.at + timedelta(days=24)
        results = at_once(lambda: expire_drafts(warn), lambda: expire_drafts(warn))
        assert sum(results) == 3
        over = cast.at + timedelta(days=31)
        results = at_once(lambda: expire_drafts(over), lambda: expire_drafts(over))
        assert sum(results) == 3
        assert Referral.objects.filter(state=State.EXPIRED).count() == 3
