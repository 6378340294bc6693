"""Compelled disclosure: two approvals, the copy that is logged, and the person who is told."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.choices import LogAction
from accounts.models import AccessLog
from common.workflow import MissingAnswers, NotAllowed, NotPossible
from deadlines.models import Notice
from partners.choices import Role
from referrals import disclosure_notices as told
from referrals.choices import EventKind, Section
from referrals.models import Disclosure, Referral
from referrals.services import disclosures, exclusions, restrictions
from tests.referrals import stages
from tests.support.cast import Cast, works_for

pytestmark = pytest.mark.django_db
ORDER = "Invented order 12/2026 of the invented district court."
SCOPE = (Section.IDENTITY, Section.NARRATIVE)


def enter(cast: Cast, referral: Referral, who: Any = None, **changed: Any) -> Disclosure:
    said = {
        "ordered_by": "court",
        "scope": SCOPE,
        "legal_basis": "Invented article 7.",
        "order_reference": ORDER,
        "second_body": cast.other_ngo,
        "expires_on": (cast.at + timedelta(days=10)).date(),
        **changed,
    }
    by = cast.actor(who or cast.ngo_caseworker)
    return disclosures.enter_order(referral=referral, by=by, at=cast.at, **said)


def approved(cast: Cast, referral: Referral, **changed: Any) -> Disclosure:
    row = enter(cast, referral, **changed)
    for who in (cast.ngo_manager, cast.other_manager):
        row = disclosures.approve(disclosure=row, by=cast.actor(who), at=cast.at)
    return row


def hand_over(cast: Cast, row: Disclosure, **changed: Any) -> Disclosure:
    said = {"sections": [Section.IDENTITY], "to": "Invented clerk", "person_told": True, **changed}
    return disclosures.hand_over(
        disclosure=row, by=cast.actor(cast.ngo_manager), at=cast.at, **said
    )


def keep_out(cast: Cast, referral: Referral, **who: Any) -> None:
    by = cast.actor(cast.ngo_caseworker)
    exclusions.exclude(referral=referral, by=by, at=cast.at, reason="Invented reasons.", **who)


def logged(referral: Referral) -> list[str]:
    rows = AccessLog.objects.about("referral", referral.uuid)
    found = rows.filter(action=LogAction.COMPELLED_DISCLOSURE).order_by("pk")
    return list(found.values_list("field_group", flat=True))


class TestEnter:
    def test_asks_two_sides_and_hands_nothing_over(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        row = enter(cast, referral)
        asked = Notice.objects.filter(kind=told.TO_APPROVE).values_list("recipient", flat=True)
        assert set(asked) == {cast.ngo_manager.pk, cast.without_factor.pk, cast.other_manager.pk}
        with pytest.raises(NotAllowed):
            disclosures.open_copy(disclosure=row, by=cast.actor(cast.ngo_manager), at=cast.at)
        assert logged(referral) == ["order"]
        assert ORDER.encode() not in bytes(row.order_reference_ct)

    def test_is_for_whoever_keeps_the_file(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        for who in (cast.officer, cast.co_ordinator, cast.other_manager):
            with pytest.raises(NotAllowed):
                enter(cast, referral, who)
        with pytest.raises(NotAllowed):
            enter(cast, stages.consented(cast, cast.police_officer), cast.police_officer)

    def test_needs_a_scope_an_end_and_an_approver_of_civil_society_outside(
        self, cast: Cast
    ) -> None:
        referral = stages.sent(cast)
        with pytest.raises(MissingAnswers):
            enter(cast, referral, scope=[])
        for body in (cast.ngo, cast.ministry, cast.police):
            with pytest.raises(NotPossible, match="civil society"):
                enter(cast, referral, second_body=body)
        for days in (-1, 200):
            with pytest.raises(NotPossible, match="180 days"):
                enter(cast, referral, expires_on=(cast.at + timedelta(days=days)).date())
        with pytest.raises(NotPossible):
            enter(cast, referral, scope=[Section.HEADER])


class TestApprove:
    def test_takes_two_who_did_not_ask_and_one_from_outside(self, cast: Cast) -> None:
        row = enter(cast, stages.sent(cast))
        unfit = (cast.ngo_caseworker, cast.officer, cast.co_ordinator, cast.unlisted_manager)
        for who in unfit:
            with pytest.raises(NotAllowed):
                disclosures.approve(disclosure=row, by=cast.actor(who), at=cast.at)
        row = disclosures.approve(disclosure=row, by=cast.actor(cast.ngo_manager), at=cast.at)
        assert not row.is_approved
        for who in (cast.ngo_manager, cast.without_factor):
            with pytest.raises(NotAllowed):
                disclosures.approve(disclosure=row, by=cast.actor(who), at=cast.at)
        row = disclosures.approve(disclosure=row, by=cast.actor(cast.other_manager), at=cast.at)
        assert row.is_approved
        assert Notice.objects.filter(recipient=cast.ngo_caseworker, kind=told.ANSWERED).exists()

    def test_counts_nobody_from_outside_who_works_at_home_too(self, cast: Cast) -> None:
        works_for(cast.other_manager, cast.ngo, Role.CASEWORKER, cast.at)
        row = enter(cast, stages.sent(cast))
        from partners.access import actor_for

        outside = actor_for(cast.other_manager, at=cast.at, organisation_uuid=cast.other_ngo.uuid)
        with pytest.raises(NotAllowed):
            disclosures.approve(disclosure=row, by=outside, at=cast.at)

    def test_can_be_refused_by_either_side(self, cast: Cast) -> None:
        row = enter(cast, stages.sent(cast))
        outside = cast.actor(cast.other_manager)
        disclosures.refuse(disclosure=row, by=outside, at=cast.at, reason="No such article.")
        with pytest.raises(NotAllowed):
            disclosures.approve(disclosure=row, by=cast.actor(cast.ngo_manager), at=cast.at)

    def test_is_told_only_to_the_named_of_a_restricted_case(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        restrictions.restrict(
            referral=referral,
            by=cast.actor(cast.ngo_caseworker),
            at=cast.at,
            people=[cast.ngo_caseworker, cast.ngo_manager],
            reason="Invented reasons.",
        )
        row = enter(cast, referral)
        asked = Notice.objects.filter(kind=told.TO_APPROVE).values_list("recipient", flat=True)
        assert set(asked) == {cast.ngo_manager.pk, cast.other_manager.pk}
        hidden = Disclosure.objects.visible_to(cast.actor(cast.without_factor))
        assert not hidden.filter(pk=row.pk).exists()

    def test_is_nothing_to_whoever_is_kept_out_meanwhile(self, cast: Cast) -> None:
        row = enter(cast, stages.sent(cast))
        outside = cast.actor(cast.other_manager)
        assert Disclosure.objects.visible_to(outside).filter(pk=row.pk).exists()
        keep_out(cast, row.referral, organisation=cast.other_ngo)
        assert not Disclosure.objects.visible_to(outside).filter(pk=row.pk).exists()
        with pytest.raises(NotAllowed):
            disclosures.approve(disclosure=row, by=outside, at=cast.at)

    def test_is_not_asked_of_a_manager_who_is_kept_out(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        keep_out(cast, referral, user=cast.other_manager)
        row = enter(cast, referral)
        asked = Notice.objects.filter(kind=told.TO_APPROVE, subject_uuid=row.uuid)
        assert cast.other_manager.pk not in set(asked.values_list("recipient", flat=True))
        outside = cast.actor(cast.other_manager)
        assert not Disclosure.objects.visible_to(outside).exists()


class TestTheCopy:
    def test_holds_what_was_ordered_and_logs_each_section_first(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        row = approved(cast, referral)
        parts = disclosures.open_copy(
            disclosure=row, by=cast.actor(cast.ngo_caseworker), at=cast.at
        )
        assert [part.section for part in parts] == list(SCOPE)
        values = [line.get("value") for part in parts for line in part.rows]
        assert stages.NAME in values
        assert stages.STORY in values
        assert logged(referral)[-2:] == ["identity", "narrative"]
        last = AccessLog.objects.filter(action=LogAction.COMPELLED_DISCLOSURE).latest("pk")
        assert last.purpose == str(row.uuid)

    def test_is_not_shown_when_it_cannot_be_logged(self, cast: Cast, monkeypatch) -> None:
        row = approved(cast, stages.sent(cast))

        def fails(*args: Any, **kwargs: Any) -> None:
            raise IntegrityError

        monkeypatch.setattr(disclosures, "log", fails)
        monkeypatch.setattr(disclosures.disclosed, "parts", lambda *args: pytest.fail("was read"))
        with pytest.raises(IntegrityError):
            disclosures.open_copy(disclosure=row, by=cast.actor(cast.ngo_manager), at=cast.at)

    def test_closes_at_the_end_and_was_never_open_outside(self, cast: Cast) -> None:
        row = approved(cast, stages.sent(cast))
        for who, at in (
            (cast.other_manager, cast.at),
            (cast.officer, cast.at),
            (cast.ngo_manager, row.expires_at),
        ):
            with pytest.raises(NotAllowed):
                disclosures.open_copy(disclosure=row, by=cast.actor(who, at), at=at)


class TestHandOver:
    def test_says_what_to_whom_and_that_the_person_was_told(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        row = hand_over(cast, approved(cast, referral))
        assert row.handed_over == (Section.IDENTITY,)
        assert row.handed_to == "Invented clerk"
        assert row.told_at == cast.at
        assert referral.events.filter(kind=EventKind.DISCLOSURE_DONE).exists()
        with pytest.raises(NotPossible, match="already"):
            hand_over(cast, row)

    def test_is_never_more_than_was_ordered_nor_behind_the_persons_back(self, cast: Cast) -> None:
        row = approved(cast, stages.sent(cast))
        with pytest.raises(NotPossible, match="More than"):
            hand_over(cast, row, sections=[Section.CONTACT])
        with pytest.raises(NotPossible, match="Tell the person"):
            hand_over(cast, row, person_told=False)

    def test_under_an_order_of_silence_the_person_is_told_as_soon_as_it_ends(
        self, cast: Cast
    ) -> None:
        day = (cast.at + timedelta(days=5)).date()
        row = hand_over(
            cast, approved(cast, stages.sent(cast), silence_until=day), person_told=False
        )
        by = cast.actor(cast.ngo_manager)
        with pytest.raises(NotPossible, match="forbids"):
            disclosures.tell_person(disclosure=row, by=by, at=cast.at)
        assert disclosures.remind_to_tell(cast.at) == 0
        later = cast.at + timedelta(days=6)
        assert disclosures.remind_to_tell(later) == 1
        reminded = Notice.objects.filter(kind=told.TELL_PERSON, handled_at=None)
        assert reminded.filter(recipient=cast.ngo_caseworker).count() == 1
        disclosures.tell_person(disclosure=row, by=cast.actor(cast.ngo_manager, later), at=later)
        assert disclosures.remind_to_tell(later) == 0
        assert not reminded.exists()


class TestTheDatabase:
    def test_refuses_what_the_rules_forbid(self, cast: Cast) -> None:
        row = enter(cast, stages.sent(cast))
        at, rows = cast.at, Disclosure.objects.filter(pk=row.pk)
        first = {"first_at": at, "first_by": cast.ngo_manager, "first_for": cast.ngo}
        second = {"second_at": at, "second_by": cast.without_factor, "second_for": cast.ngo}
        outside = {"second_by": cast.other_manager, "second_for": cast.other_ngo}
        done = {"handed_over_at": at, "handed_over_by": cast.ngo_manager, "handed_over": "identity"}
        for change in (
            {**first, "first_by": cast.ngo_caseworker},
            second,
            {**first, **second},
            {**first, **second, **outside, "second_by": cast.ngo_manager},
            done,
            {**first, **second, **outside, **done},
            {"scope": ()},
            {"second_body": cast.ngo},
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                rows.update(**change)


class TestThePages:
    def test_go_from_the_order_to_the_persons_sheet(self, cast: Cast, client_for) -> None:
        referral, client = stages.sent(cast), client_for(cast.ngo_caseworker)
        day = (cast.at + timedelta(days=10)).date()
        form = {
            "ordered_by": "prosecutor",
            "order_reference": ORDER,
            "legal_basis": "Invented article 7.",
            "scope": ["identity", "narrative"],
            "expires_on_day": day.day,
            "expires_on_month": day.month,
            "expires_on_year": day.year,
            "second_body": str(cast.other_ngo.uuid),
        }
        client.post(reverse("referrals:disclosure-new", args=[referral.uuid]), form)
        row = Disclosure.objects.get()
        url = reverse("referrals:disclosure", args=[row.uuid])

        def act(name: str) -> str:
            return reverse("referrals:disclosure-act", args=[row.uuid, name])

        outside, home = client_for(cast.other_manager), client_for(cast.ngo_manager)
        page = outside.get(url).content.decode()
        assert ORDER in page
        assert "Your approval is asked" in page
        for secret in (stages.STORY, stages.NAME, str(referral.uuid)):
            assert secret not in page
        outside.post(act("approve"))
        home.post(act("approve"))
        copy = reverse("referrals:disclosure-copy", args=[row.uuid])
        assert client.get(copy).status_code == 302, "never by a link"
        assert stages.STORY in client.post(copy).content.decode()
        assert outside.post(copy).status_code == 403
        page = client.post(act("hand-over"), {"sections": ["identity"], "to": "Invented clerk"})
        assert "Tell the person first" in page.content.decode()
        done = {"sections": ["identity"], "to": "Invented clerk", "person_told": "on"}
        client.post(act("hand-over"), done)
        assert "Invented clerk" in client.get(url).content.decode()
        assert "Invented clerk" not in outside.get(url).content.decode()
        sheet = reverse("referrals:who-looked", args=[referral.uuid])
        page = client.get(sheet).content.decode()
        assert "handed over on" in page
        assert url in page
        assert url in client.get(reverse("referrals:disclosures")).content.decode()
        assert client_for(cast.unlisted_manager).get(url).status_code == 404
