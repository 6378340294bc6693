"""Restricted cases and people kept out: who sees, who may say so, and that nobody is left alone."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import AccessLog, User
from common.workflow import MissingAnswers, NotAllowed, NotPossible, Stale
from deadlines.models import Notice
from partners import upkeep
from partners.access import system_actor
from partners.choices import Capacity, OrganisationKind, Role
from partners.models import Membership, Organisation
from partners.services import organisations
from referrals import closing, deciding
from referrals.checks import check_alternates
from referrals.choices import EventKind
from referrals.lists import given_to, inbox_count, inbox_page, steered_page
from referrals.models import (
    Exclusion,
    Packet,
    Referral,
    ReferralGroupGrant,
    Restriction,
)
from referrals.sections import RECEIVED, sections
from referrals.services import consents, decisions, exclusions, identity, restrictions, seats
from tests.referrals import stages
from tests.referrals.stages import now
from tests.support.cast import Cast, person, works_for
from tests.support.queries import counted

pytestmark = pytest.mark.django_db
WHY = "Invented words of why somebody must not know."


def colleague(cast: Cast, name: str = "Third Caseworker") -> User:
    user = person(name, cast.at - timedelta(hours=1))
    works_for(user, cast.ngo, Role.CASEWORKER, cast.at - timedelta(hours=1))
    return user


def restricted(cast: Cast, referral: Referral) -> Restriction:
    return restrictions.restrict(
        referral=referral,
        by=cast.actor(cast.ngo_caseworker),
        at=cast.at,
        people=[cast.ngo_caseworker, cast.ngo_manager],
        reason=WHY,
    )


def excluded(cast: Cast, referral: Referral, **who: Any) -> Exclusion:
    return exclusions.exclude(
        referral=referral, by=cast.actor(cast.ngo_caseworker), at=cast.at, reason=WHY, **who
    )


def sees(cast: Cast, user: User, referral: Referral) -> bool:
    """The same answer from the list, the row and the sections."""
    actor = cast.actor(user)
    row = Referral.objects.visible_to(actor).filter(pk=referral.pk).exists()
    assert bool(sections(actor, now(referral))) == row
    listed = [line.referral.pk for line in inbox_page(actor).rows]
    listed += [each.pk for each in given_to(actor)]
    listed += [each.pk for each in steered_page(actor).rows]
    assert (referral.pk in listed) == row, "lists and rows differ"
    return row


def told(user: User, kind: str) -> int:
    return Notice.objects.filter(recipient=user, kind=kind, handled_at=None).count()


@pytest.fixture
def alternate(cast: Cast) -> Organisation:
    """An organisation that stands in where the authority is kept out."""
    system = system_actor("tests", cast.at)
    body = organisations.found(
        name="Standing-in Office (invented)",
        kind=OrganisationKind.STATE_AGENCY,
        capacities=[Capacity.COMPETENT_AUTHORITY],
        by=system,
        at=cast.at,
    )
    for name in ("Alternate Officer", "Alternate Second"):
        user = person(name, cast.at)
        works_for(user, body, Role.OFFICER, cast.at)
        cast.rows[name] = user
    seats.name_decider(authority="alternate", organisation=body, by=system, at=cast.at)
    return body


class TestRestrict:
    def test_leaves_the_case_to_named_people_alone(self, cast: Cast) -> None:
        third, referral = colleague(cast), stages.sent(cast)
        assert sees(cast, third, referral)
        assert sees(cast, cast.co_ordinator, referral)
        restricted(cast, referral)
        seeing = {
            name
            for name in ("ngo_caseworker", "ngo_manager", "officer", "co_ordinator", "rapporteur")
            if sees(cast, getattr(cast, name), referral)
        }
        assert seeing == {"ngo_caseworker", "ngo_manager"}
        assert not sees(cast, third, referral)
        assert not ReferralGroupGrant.objects.filter(content_object=referral).exists()
        assert inbox_count(cast.actor(cast.ngo_manager)).number == 0, "absent from group counts"
        assert not list(upkeep.drift(at=cast.at))

    def test_keeps_the_officers_who_worked_on_it(self, cast: Cast) -> None:
        referral = stages.returned(cast)
        restricted(cast, referral)
        assert sees(cast, cast.officer, referral)
        assert sections(cast.actor(cast.officer), now(referral)) == RECEIVED
        assert not sees(cast, cast.second_officer, referral)

    def test_is_found_by_nobody_else(self, cast: Cast) -> None:
        third, referral = colleague(cast), stages.sent(cast)
        restricted(cast, referral)
        find = {"name": stages.NAME, "birth_year": "1999", "at": cast.at}
        assert identity.find_referrals(by=cast.actor(third), **find) == []
        assert identity.find_referrals(by=cast.actor(cast.ngo_manager), **find) == [referral]

    def test_is_told_to_nobody_else(self, cast: Cast) -> None:
        referral = stages.returned(cast)
        restricted(cast, referral)
        before = Notice.objects.filter(recipient=cast.second_officer).count()
        stages.answered(cast, now(referral))
        assert told(cast.officer, "referral_answered") == 1
        assert Notice.objects.filter(recipient=cast.second_officer).count() == before

    def test_needs_two_who_work_there_and_a_reason(self, cast: Cast) -> None:
        by, referral = cast.actor(cast.ngo_caseworker), stages.sent(cast)

        def restrict(*people: User, reason: str = WHY) -> None:
            restrictions.restrict(
                referral=referral, by=by, at=cast.at, people=people, reason=reason
            )

        with pytest.raises(NotPossible, match="at least two"):
            restrict(cast.ngo_caseworker)
        with pytest.raises(NotPossible, match="cannot be named"):
            restrict(cast.ngo_caseworker, cast.other_manager)
        with pytest.raises(MissingAnswers):
            restrict(cast.ngo_caseworker, cast.ngo_manager, reason=" ")
        assert not now(referral).is_restricted

    def test_is_for_whoever_keeps_the_file(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        for who in (cast.officer, cast.co_ordinator, cast.other_manager):
            with pytest.raises(NotAllowed):
                restrictions.restrict(
                    referral=referral,
                    by=cast.actor(who),
                    at=cast.at,
                    people=[cast.ngo_caseworker, cast.ngo_manager],
                    reason=WHY,
                )

    def test_is_refused_on_a_page_that_is_old(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        with pytest.raises(Stale):
            restrictions.restrict(
                referral=referral,
                by=cast.actor(cast.ngo_caseworker),
                at=cast.at,
                people=[cast.ngo_caseworker, cast.ngo_manager],
                reason=WHY,
                version=99,
            )

    def test_seals_why(self, cast: Cast) -> None:
        restriction = restricted(cast, stages.sent(cast))
        assert restriction.reason == WHY
        assert WHY.encode() not in bytes(restriction.reason_ct or b"")

    def test_stands_once_and_is_lifted_by_two_in_the_database_too(self, cast: Cast) -> None:
        restriction = restricted(cast, stages.sent(cast))
        with pytest.raises(IntegrityError), transaction.atomic():
            Restriction.objects.create(
                referral=restriction.referral,
                reference="x",
                case_uuid=restriction.case_uuid,
                since_at=cast.at,
                restricted_by=cast.ngo_manager,
            )
        one = {"lift_asked_at": cast.at, "lift_asked_by": cast.ngo_manager}
        with pytest.raises(IntegrityError), transaction.atomic():
            Restriction.objects.update(**one, lifted_at=cast.at, lifted_by=cast.ngo_manager)


class TestNaming:
    def test_is_asked_of_the_authoritys_manager_who_does_not_read(self, cast: Cast) -> None:
        manager = person("Authority Manager", cast.at)
        works_for(manager, cast.authority, Role.MANAGER, cast.at)
        referral = stages.returned(cast)
        restriction = restricted(cast, referral)
        assert told(manager, "restriction_short_of_people") == 1
        assert told(cast.officer, "restriction_short_of_people") == 0
        restrictions.name_people(
            restriction=restriction,
            by=cast.actor(manager),
            at=cast.at,
            people=[cast.second_officer],
        )
        assert sees(cast, cast.second_officer, referral)
        assert not sees(cast, manager, referral)
        assert told(manager, "restriction_short_of_people") == 0
        assert told(cast.second_officer, "restriction_named") == 1

    def test_falls_to_the_officers_where_there_is_no_manager(self, cast: Cast) -> None:
        restriction = restricted(cast, stages.sent(cast))
        for officer in (cast.officer, cast.second_officer):
            assert told(officer, "restriction_short_of_people") == 1
        by = cast.actor(cast.officer)
        both = [cast.officer, cast.second_officer]
        restrictions.name_people(restriction=restriction, by=by, at=cast.at, people=both)
        assert sees(cast, cast.second_officer, restriction.referral)

    def test_belongs_to_organisations_with_a_part_in_it(self, cast: Cast) -> None:
        restriction = restricted(cast, stages.sent(cast))
        for who in (cast.other_manager, cast.co_ordinator, cast.funder):
            with pytest.raises(NotAllowed):
                restrictions.name_people(
                    restriction=restriction, by=cast.actor(who), at=cast.at, people=[who]
                )

    def test_keeps_two(self, cast: Cast) -> None:
        third, by = colleague(cast), cast.actor(cast.ngo_manager)
        restriction = restricted(cast, stages.sent(cast))
        remove = {"restriction": restriction, "by": by, "at": cast.at}
        with pytest.raises(NotPossible, match="Two people stay"):
            restrictions.remove_person(**remove, person=cast.ngo_caseworker)
        restrictions.name_people(restriction=restriction, by=by, at=cast.at, people=[third])
        restrictions.remove_person(**remove, person=cast.ngo_caseworker)
        assert not sees(cast, cast.ngo_caseworker, restriction.referral)
        assert sees(cast, third, restriction.referral)

    def test_follows_when_a_named_person_leaves_and_works_elsewhere(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        restriction = restricted(cast, referral)
        later = cast.at + timedelta(minutes=1)
        works_for(cast.ngo_caseworker, cast.other_ngo, Role.CASEWORKER, cast.at)
        left = Membership.objects.filter(user=cast.ngo_caseworker, organisation=cast.ngo)
        left.update(until_at=later)
        assert restrictions.care_for_all(later) == 2, (
            "the NGO is short of one, the authority of two"
        )
        elsewhere = cast.actor(cast.ngo_caseworker, later)
        assert not Referral.objects.visible_to(elsewhere).filter(pk=referral.pk).exists()
        assert told(cast.ngo_manager, "restriction_short_of_people") == 1
        restrictions.care_for_all(later)
        assert told(cast.ngo_manager, "restriction_short_of_people") == 1, "once a day"
        restrictions.care_for_all(later + timedelta(days=1))
        assert told(cast.ngo_manager, "restriction_short_of_people") == 2
        assert closing.named(restriction.referral, cast.ngo, later).count() == 1

    def test_shows_nothing_of_the_case(self, cast: Cast, client_for) -> None:
        manager = person("Authority Manager", cast.at)
        works_for(manager, cast.authority, Role.MANAGER, cast.at)
        restriction = restricted(cast, stages.sent(cast))
        client = client_for(manager)
        listed = client.get(reverse("referrals:naming")).content.decode()
        assert restriction.reference in listed
        url = reverse("referrals:name-people", args=[restriction.uuid])
        page = client.get(url).content.decode()
        for secret in (stages.STORY, stages.NAME, WHY, cast.ngo.display_name):
            assert secret not in page
            assert secret not in listed
        both = [str(cast.officer.uuid), str(cast.second_officer.uuid)]
        client.post(url, {"act": "add", "people": both, "version": 1})
        assert sees(cast, cast.officer, restriction.referral)
        assert (
            client.get(reverse("referrals:detail", args=[restriction.case_uuid])).status_code == 404
        )
        assert client_for(cast.other_manager).get(url).status_code == 404
        # Where there is a manager, officers are not told that there is anything to name.
        assert client_for(cast.second_officer).get(reverse("referrals:naming")).status_code == 403

    def test_lists_many_cases_for_the_price_of_one(self, cast: Cast, client_for) -> None:
        client, url = client_for(cast.ngo_manager), reverse("referrals:naming")
        restricted(cast, stages.sent(cast))
        client.get(url)
        with counted() as one:
            assert client.get(url).content.decode().count("R-") >= 1
        for _each in range(3):
            restricted(cast, stages.sent(cast))
        with counted() as four:
            page = client.get(url)
        assert [cells[2]["text"] for cells in page.context["rows"]] == ["2"] * 4
        assert len(four) == len(one) <= 8


class TestLift:
    def test_takes_two_and_opens_the_case_as_before(self, cast: Cast) -> None:
        third, referral = colleague(cast), stages.sent(cast)
        before = set(_rows(referral))
        restricted(cast, referral)
        one, other = cast.actor(cast.ngo_caseworker), cast.actor(cast.ngo_manager)
        with pytest.raises(NotPossible, match="Nobody has asked"):
            restrictions.lift(referral=referral, by=other, at=cast.at)
        restrictions.ask_to_lift(referral=referral, by=one, at=cast.at)
        assert told(cast.ngo_manager, "restriction_lift_asked") == 1
        with pytest.raises(NotPossible, match="Two people"):
            restrictions.lift(referral=referral, by=one, at=cast.at)
        restrictions.lift(referral=referral, by=other, at=cast.at)
        assert sees(cast, third, referral)
        assert sees(cast, cast.co_ordinator, referral)
        assert set(_rows(referral)) == before, "also what the inbox sorts by"
        assert not list(upkeep.drift(at=cast.at))

    def test_is_refused_by_keeping_it(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        restricted(cast, referral)
        one, other = cast.actor(cast.ngo_caseworker), cast.actor(cast.ngo_manager)
        restrictions.ask_to_lift(referral=referral, by=one, at=cast.at)
        restrictions.keep_restricted(referral=referral, by=other, at=cast.at)
        with pytest.raises(NotPossible):
            restrictions.lift(referral=referral, by=other, at=cast.at)


def _rows(referral: Referral) -> Any:
    rows = ReferralGroupGrant.objects.filter(content_object=referral)
    return rows.values_list("group", "permission", "until_at", "sort_at", "status", "due_at")


class TestExclude:
    def test_wins_over_every_grant(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        assert sees(cast, cast.officer, referral)
        excluded(cast, referral, user=cast.officer)
        assert not sees(cast, cast.officer, referral)
        assert sees(cast, cast.second_officer, referral)
        restricted(cast, referral)
        with pytest.raises(NotPossible):
            restrictions.name_people(
                restriction=Restriction.objects.get(),
                by=cast.actor(cast.second_officer),
                at=cast.at,
                people=[cast.officer],
            )

    def test_wins_over_steering_and_over_another_hat(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        excluded(cast, referral, user=cast.co_ordinator)
        assert not sees(cast, cast.co_ordinator, referral)
        assert sees(cast, cast.second_co_ordinator, referral)
        works_for(cast.second_co_ordinator, cast.police, Role.CASEWORKER, cast.at)
        excluded(cast, referral, organisation=cast.police)
        assert not sees(cast, cast.second_co_ordinator, referral), "whoever works there, too"

    def test_is_told_to_neither_the_officer_nor_the_manager(self, cast: Cast) -> None:
        manager = person("Authority Manager", cast.at)
        works_for(manager, cast.authority, Role.MANAGER, cast.at)
        referral = stages.sent(cast)
        before = set(Notice.objects.values_list("pk", flat=True))
        excluded(cast, referral, user=cast.officer)
        after = Notice.objects.exclude(pk__in=before)
        assert not after.filter(recipient__in=[cast.officer, manager]).exists()
        decisions.propose_negative(
            referral=now(referral),
            by=cast.actor(cast.second_officer),
            at=cast.at,
            reasons="The invented reasons of the second officer.",
        )
        assert told(cast.officer, "referral_proposed") == 0

    def test_drops_the_proposal_of_whoever_is_kept_out(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        decisions.propose_negative(
            referral=referral, by=cast.actor(cast.officer), at=cast.at, reasons="Invented reasons."
        )
        excluded(cast, now(referral), user=cast.officer)
        stage = deciding.stage_to_decide(now(referral))
        assert deciding.open_proposal(referral, stage) is None

    def test_leaves_somebody_who_keeps_and_somebody_who_decides(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        excluded(cast, referral, user=cast.officer)
        with pytest.raises(NotPossible, match="whole organisation"):
            excluded(cast, now(referral), user=cast.second_officer)
        with pytest.raises(NotPossible, match="keeps the file cannot"):
            excluded(cast, now(referral), organisation=cast.ngo)
        excluded(cast, now(referral), user=cast.without_factor)
        excluded(cast, now(referral), user=cast.ngo_manager)
        with pytest.raises(NotPossible, match="Nobody would be left"):
            excluded(cast, now(referral), user=cast.ngo_caseworker)

    def test_is_undone_by_whoever_keeps_the_file(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        exclusion = excluded(cast, referral, user=cast.officer)
        with pytest.raises(NotAllowed):
            exclusions.readmit(exclusion=exclusion, by=cast.actor(cast.officer), at=cast.at)
        exclusions.readmit(exclusion=exclusion, by=cast.actor(cast.ngo_manager), at=cast.at)
        assert sees(cast, cast.officer, referral)

    def test_can_be_ones_own_act(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        exclusions.step_back(referral=referral, by=cast.actor(cast.officer), at=cast.at, reason=WHY)
        assert not sees(cast, cast.officer, referral)
        with pytest.raises(NotAllowed):
            exclusions.step_back(
                referral=referral, by=cast.actor(cast.co_ordinator), at=cast.at, reason=WHY
            )

    def test_names_one_of_both_in_the_database_too(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        for who in ({}, {"user": cast.officer, "organisation": cast.authority}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Exclusion.objects.create(
                    referral=referral, since_at=cast.at, excluded_by=cast.ngo_manager, **who
                )

    def test_costs_no_more_queries(self, cast: Cast, django_assert_num_queries) -> None:
        referral = stages.sent(cast)
        actor = cast.actor(cast.officer)
        for number in range(5):
            excluded(cast, now(referral), user=person(f"Kept Out {number}", cast.at))
        with django_assert_num_queries(1):
            list(Referral.objects.visible_to(actor))
        with django_assert_num_queries(1):
            sections(actor, referral)


class TestTheAlternate:
    def test_receives_what_the_only_authority_must_not_see(
        self, cast: Cast, alternate: Organisation
    ) -> None:
        referral = stages.sent(cast)
        officer = cast.rows["Alternate Officer"]
        assert not sees(cast, officer, referral)
        excluded(cast, referral, organisation=cast.authority)
        assert not sees(cast, cast.officer, referral)
        assert told(cast.officer, "referral_access_ended") == 1
        assert sees(cast, officer, referral)
        assert sections(cast.actor(officer), now(referral)) == RECEIVED
        assert now(referral).authority == alternate
        assert Packet.objects.filter(referral=referral, recipient=alternate).count() == 1
        assert told(officer, "referral_received") == 1
        decided = decisions.decide(
            referral=now(referral), outcome="positive", by=cast.actor(officer), at=cast.at
        )
        assert decided.state == "prelim_positive"

    def test_keeps_the_time_for_the_decision(
        self, cast: Cast, alternate: Organisation, monkeypatch
    ) -> None:
        with stages.country_is(monkeypatch, "gb"):
            referral = stages.sent(cast)
            before = set(_due(referral))
            later = cast.at + timedelta(days=1)
            exclusions.exclude(
                referral=referral,
                by=cast.actor(cast.ngo_caseworker, later),
                at=later,
                reason=WHY,
                organisation=cast.authority,
            )
            assert set(_due(referral)) == before
            assert not list(upkeep.drift(at=later))

    def test_is_never_offered_otherwise(self, cast: Cast, alternate: Organisation) -> None:
        assert alternate not in deciding.recipients()
        draft = stages.consented(cast, authority=alternate)
        from referrals.services import referrals

        with pytest.raises(NotPossible, match="Choose an authority"):
            referrals.send_referral(referral=draft, by=cast.actor(cast.ngo_caseworker), at=cast.at)

    def test_stands_in_for_a_draft_too(self, cast: Cast, alternate: Organisation) -> None:
        from referrals.services import referrals

        draft = stages.consented(cast)
        excluded(cast, draft, organisation=cast.authority)
        assert now(draft).authority == alternate
        sent = referrals.send_referral(
            referral=now(draft), by=cast.actor(cast.ngo_caseworker), at=cast.at
        )
        assert sees(cast, cast.rows["Alternate Officer"], sent)
        assert not sees(cast, cast.officer, sent)

    def test_takes_the_place_of_one_of_several_who_decide_together(
        self, cast: Cast, monkeypatch
    ) -> None:
        with stages.country_is(monkeypatch, "joint"):
            panel = stages.Panel(cast)
            body, officer = panel._body("Stand In", OrganisationKind.STATE_AGENCY)
            panel.seat("alternate", body)
            referral = stages.sent(cast)
            stage = deciding.stage_to_decide(referral)
            assert set(deciding.deciders(referral, stage)) == {cast.authority, panel.social}
            excluded(cast, referral, organisation=panel.social)
            assert set(deciding.deciders(now(referral), stage)) == {cast.authority, body}
            assert sees(cast, officer, referral)
            assert not sees(cast, panel.social_officer, referral)

    def test_that_nobody_named_is_asked_for_and_receives_it_once_named(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        excluded(cast, referral, organisation=cast.authority)
        assert told(cast.co_ordinator, "authority_missing") == 1
        notice = Notice.objects.get(recipient=cast.co_ordinator, kind="authority_missing")
        assert notice.subject_uuid != referral.uuid, "not for which case"
        assert exclusions.hand_over_waiting(cast.at) == 0
        system = system_actor("tests", cast.at)
        body = organisations.found(
            name="Late Office (invented)",
            kind=OrganisationKind.STATE_AGENCY,
            capacities=[Capacity.COMPETENT_AUTHORITY],
            by=system,
            at=cast.at,
        )
        seats.name_decider(authority="alternate", organisation=body, by=system, at=cast.at)
        assert exclusions.hand_over_waiting(cast.at) == 1
        assert now(referral).authority == body
        assert exclusions.hand_over_waiting(cast.at) == 0

    def test_is_missed_by_the_check_at_start(self, cast: Cast, alternate: Organisation) -> None:
        assert check_alternates(databases=["default"]) == []
        seat = alternate.pk
        from referrals.models import DecidingSeat

        DecidingSeat.objects.filter(organisation=seat).delete()
        ids = [message.id for message in check_alternates(databases=["default"])]
        assert ids == ["referrals.W002"] * len(deciding.stages())


def _due(referral: Referral) -> Any:
    from common.marks import Subject
    from deadlines.services.clocks import deadlines_of

    rows = deadlines_of(Subject("referral", referral.uuid))
    return [(row.rule_code, row.due_at) for row in rows if row.is_open]


class TestThePages:
    def url(self, referral: Referral, name: str = "") -> str:
        args = [referral.uuid, name] if name else [referral.uuid]
        return reverse("referrals:protect" if name else "referrals:protection", args=args)

    def test_restrict_and_exclude_from_the_browser(self, cast: Cast, client_for) -> None:
        referral, client = stages.sent(cast), client_for(cast.ngo_caseworker)
        people = [str(cast.ngo_caseworker.uuid), str(cast.ngo_manager.uuid)]
        form = {"people": people, "reason": WHY, "version": now(referral).version}
        client.post(self.url(referral, "restrict"), form)
        assert now(referral).is_restricted
        page = client.get(self.url(referral)).content.decode()
        assert WHY in page
        assert referral.reference not in client.get(reverse("referrals:inbox")).content.decode()
        listed = client.get(reverse("referrals:in-person")).content.decode()
        assert listed.count(referral.reference) == 1
        form = {
            "organisation": str(cast.authority.uuid),
            "email": cast.officer.email,
            "reason": "Invented: related to the suspect.",
            "version": now(referral).version,
        }
        client.post(self.url(referral, "exclude-person"), form)
        exclusion = Exclusion.objects.get(user=cast.officer)
        assert AccessLog.objects.filter(field_group="staff").count() == 1
        assert (
            "Invented: related to the suspect." in client.get(self.url(referral)).content.decode()
        )
        client.post(reverse("referrals:readmit", args=[referral.uuid, exclusion.uuid]))
        assert not Exclusion.objects.standing().exists()

    def test_say_what_is_wrong_and_lose_nothing(self, cast: Cast, client_for) -> None:
        referral, client = stages.sent(cast), client_for(cast.ngo_caseworker)
        form = {
            "organisation": str(cast.authority.uuid),
            "email": "nobody@example.org",
            "reason": WHY,
            "version": now(referral).version,
        }
        page = client.post(self.url(referral, "exclude-person"), form).content.decode()
        assert "Nobody there signs in with this address" in page
        assert WHY in page
        old = {**form, "email": cast.officer.email, "version": 1}
        page = client.post(self.url(referral, "exclude-person"), old).content.decode()
        assert "Somebody changed the case meanwhile" in page
        assert f'value="{now(referral).version}"' in page

    def test_show_an_officer_the_way_out_and_nothing_else(self, cast: Cast, client_for) -> None:
        referral, client = stages.sent(cast), client_for(cast.officer)
        page = client.get(self.url(referral)).content.decode()
        assert "Step back from this case" in page
        assert "Kept out of this case" not in page
        assert client.get(self.url(referral, "restrict")).status_code == 403


class TestWithdrawal:
    def test_ends_the_access_of_named_officers_and_tells_nobody_else(self, cast: Cast) -> None:
        referral = stages.returned(cast)
        restricted(cast, referral)
        assert sees(cast, cast.officer, referral)
        by = cast.actor(cast.ngo_caseworker)
        consents.withdraw_consent(referral=now(referral), by=by, at=cast.at)
        assert sees(cast, cast.ngo_caseworker, referral)
        assert not sees(cast, cast.officer, referral)
        assert told(cast.officer, "referral_access_ended") == 1
        assert told(cast.second_officer, "referral_access_ended") == 0
        kinds = set(referral.events.values_list("kind", flat=True))
        assert {EventKind.RESTRICTED, EventKind.WITHDRAWN} <= kinds
