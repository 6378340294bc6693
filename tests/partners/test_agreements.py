"""Agreements: the draft and its parties, signing, what dates do, notice, renewal, papers."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from common.country import current, local_day
from common.workflow import NotAllowed, NotPossible, Stale
from deadlines.models import Deadline, Notice
from deadlines.services.reminders import remind
from partners import deed_clocks
from partners.choices import Role
from partners.deed_choices import AgreementState, AmendmentState, DutyFunding, NoticeReason
from partners.deed_workflow import AGREEMENT, AMENDMENT, EVENTS, earliest_end
from partners.models import Agreement, AgreementFile, DelegatedDuty
from partners.services import agreements, amendments
from partners.services.agreements import Signature
from tests.partners import deeds
from tests.support.cast import Cast, person, works_for
from tests.support.queries import at_most

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
S = AgreementState
PDF = b"%PDF-1.7 invented"


@pytest.fixture
def at() -> datetime:
    """Monday, 2 March 2026, in the morning."""
    return datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def later(cast: Cast, days: int) -> datetime:
    return cast.at + timedelta(days=days)


def sees(cast: Cast, name: str, row: Agreement) -> bool:
    actor = cast.actor(getattr(cast, name))
    return Agreement.objects.visible_to(actor).filter(pk=row.pk).exists()


class TestTheTable:
    def test_reaches_every_state(self) -> None:
        AGREEMENT.assert_complete(AgreementState.values)
        AMENDMENT.assert_complete(AmendmentState.values)

    def test_has_an_event_for_every_act(self) -> None:
        assert set(EVENTS) == {each.name for each in AGREEMENT.transitions}


class TestADraft:
    def test_is_made_once_for_a_form_sent_twice(self, cast: Cast) -> None:
        key, day = uuid4(), local_day(cast.at)
        by = cast.actor(cast.ngo_manager)
        text = {"title": "Once", "from_on": day, "until_on": day}
        for _twice in range(2):
            agreements.draft_agreement(client_key=key, by=by, at=cast.at, **text)
        assert Agreement.objects.get().parties.get().organisation == cast.ngo

    def test_is_its_keepers_alone_until_it_is_sent(self, cast: Cast) -> None:
        row = deeds.checked(cast)
        assert sees(cast, "co_ordinator", row)
        assert not sees(cast, "ngo_manager", row)
        row = AGREEMENT.apply(row, "send", by=cast.actor(cast.co_ordinator), at=cast.at)
        assert sees(cast, "ngo_manager", row)
        assert sees(cast, "ngo_caseworker", row)
        assert not sees(cast, "other_manager", row)

    def test_of_an_ngo_is_not_read_by_the_co_ordination(self, cast: Cast) -> None:
        day = local_day(cast.at)
        row = agreements.draft_agreement(
            client_key=uuid4(), by=cast.actor(cast.ngo_manager), at=cast.at, title="Ours",
            from_on=day, until_on=day,
        )  # fmt: skip
        assert not sees(cast, "co_ordinator", row)

    def test_is_changed_by_its_keeper_and_by_nobody_who_was_slower(self, cast: Cast) -> None:
        row = deeds.draft(cast)
        by, at = cast.actor(cast.co_ordinator), cast.at
        agreements.change_text(agreement=row, by=by, at=at, version=row.version, title="New")
        with pytest.raises(Stale):
            agreements.change_text(agreement=row, by=by, at=at, version=row.version, title="Old")
        with pytest.raises(NotAllowed):
            agreements.change_text(
                agreement=row, by=cast.actor(cast.ngo_manager), at=at, version=2, title="Mine"
            )

    @pytest.mark.parametrize("missing", ["party", "signatory", "clauses", "duty's party"])
    def test_is_not_sent_without_what_an_agreement_needs(self, cast: Cast, missing: str) -> None:
        row, by = deeds.checked(cast), cast.actor(cast.co_ordinator)
        ngo = row.parties.get(organisation=cast.ngo)
        if missing == "party":
            agreements.remove_party(agreement=row, party=ngo.uuid, by=by, at=cast.at)
        if missing == "signatory":
            agreements.name_party(agreement=row, organisation=cast.ngo, by=by, at=cast.at)
        if missing == "clauses":
            agreements.answer_clauses(
                agreement=row, answers={}, by=by, at=cast.at, version=row.version
            )
        if missing == "duty's party":
            DelegatedDuty.objects.update(carried_by=cast.other_ngo)
        with pytest.raises(NotPossible):
            AGREEMENT.apply(row, "send", by=by, at=cast.at)

    def test_keeps_whoever_writes_it_as_a_party(self, cast: Cast) -> None:
        row = deeds.draft(cast)
        keeper = row.parties.get(organisation=cast.ministry)
        with pytest.raises(NotPossible):
            agreements.remove_party(
                agreement=row, party=keeper.uuid, by=cast.actor(cast.co_ordinator), at=cast.at
            )

    def test_loses_a_partys_duties_with_the_party(self, cast: Cast) -> None:
        row = deeds.draft(cast)
        ngo = row.parties.get(organisation=cast.ngo)
        by = cast.actor(cast.co_ordinator)
        agreements.remove_party(agreement=row, party=ngo.uuid, by=by, at=cast.at)
        assert not DelegatedDuty.objects.exists()

    def test_has_no_duty_that_somebody_delegates_to_itself(self, cast: Cast) -> None:
        row, by = deeds.draft(cast), cast.actor(cast.co_ordinator)
        with pytest.raises(IntegrityError), transaction.atomic():
            agreements.add_duty(
                agreement=row, duty="legal", area=cast.area, delegated_by=cast.ngo,
                carried_by=cast.ngo, legal_basis="None", funding=DutyFunding.OWN, by=by, at=cast.at,
            )  # fmt: skip


class TestSigning:
    def test_by_every_party_puts_it_in_force_on_its_first_day(self, cast: Cast) -> None:
        row = deeds.in_review(cast, from_on=local_day(later(cast, 5)))
        row = deeds.sign(cast, row, cast.co_ordinator, cast.ministry)
        assert row.state == S.IN_REVIEW
        row = deeds.sign(cast, row, cast.ngo_manager, cast.ngo)
        assert row.state == S.SIGNED
        assert agreements.keep_up(later(cast, 4)) == 0
        assert agreements.keep_up(later(cast, 5)) == 1
        assert deeds.now(row).state == S.ACTIVE
        assert agreements.keep_up(later(cast, 5)) == 0

    def test_takes_effect_at_once_where_the_first_day_has_come(self, cast: Cast) -> None:
        assert deeds.signed(cast).state == S.ACTIVE

    def test_is_for_ones_own_organisation_once_and_not_for_tomorrow(self, cast: Cast) -> None:
        row = deeds.in_review(cast)
        with pytest.raises(NotAllowed):
            deeds.sign(cast, row, cast.ngo_manager, cast.ministry)
        with pytest.raises(NotAllowed):
            deeds.sign(cast, row, cast.other_manager, cast.ngo)
        with pytest.raises(NotAllowed):
            deeds.sign(cast, row, cast.ngo_caseworker, cast.ngo)
        ours = row.parties.get(organisation=cast.ngo)
        tomorrow = Signature("Jon Sample (invented person)", "", local_day(later(cast, 1)))
        with pytest.raises(NotPossible):
            agreements.sign(
                agreement=row, party=ours.uuid, signature=tomorrow,
                by=cast.actor(cast.ngo_manager), at=cast.at,
            )  # fmt: skip
        deeds.sign(cast, row, cast.ngo_manager, cast.ngo)
        with pytest.raises(NotPossible):
            deeds.sign(cast, row, cast.ngo_manager, cast.ngo)

    def test_on_paper_is_recorded_by_the_co_ordination_with_the_copy(self, cast: Cast) -> None:
        row = deeds.in_review(cast)
        ours = row.parties.get(organisation=cast.ngo)
        paper = Signature("Jon Sample (invented person)", "", local_day(cast.at), is_on_paper=True)
        how: dict[str, Any] = {"agreement": row, "party": ours.uuid, "signature": paper}
        by = cast.actor(cast.co_ordinator)
        with pytest.raises(NotPossible):
            agreements.sign(**how, by=by, at=cast.at)
        amendments.add_file(
            agreement=row, title="Signed copy", name="copy.pdf", content=PDF, by=by, at=cast.at
        )
        with pytest.raises(NotAllowed):
            agreements.sign(**how, by=cast.actor(cast.ngo_manager), at=cast.at)
        agreements.sign(**how, by=by, at=cast.at)
        assert row.parties.get(organisation=cast.ngo).is_on_paper

    def test_falls_away_when_the_text_is_taken_back(self, cast: Cast) -> None:
        row = deeds.in_review(cast)
        deeds.sign(cast, row, cast.ngo_manager, cast.ngo)
        by = cast.actor(cast.co_ordinator)
        AGREEMENT.apply(deeds.now(row), "take_back", by=by, at=cast.at, comment="Article 3.")
        assert not row.parties.filter(signed_on__isnull=False).exists()

    def test_tells_whoever_has_to_sign_and_nobody_else(self, cast: Cast) -> None:
        row = deeds.in_review(cast)
        told = Notice.objects.filter(kind="agreement_to_sign", subject_uuid=row.uuid)
        assert {notice.recipient for notice in told} == {
            cast.ngo_manager, cast.without_factor, cast.second_co_ordinator
        }  # fmt: skip


class TestTheEnd:
    def test_is_told_ninety_sixty_and_thirty_days_before(self, cast: Cast) -> None:
        row = deeds.signed(cast)
        ends = 365
        assert agreements.keep_up(later(cast, ends - 91)) == 0
        assert agreements.keep_up(later(cast, ends - 90)) == 1
        assert deeds.now(row).state == S.EXPIRING
        mine = Notice.objects.filter(subject_uuid=row.uuid, recipient=cast.ngo_manager)
        assert mine.filter(kind="agreement_expiring").count() == 1
        clocks = {d.kind: d for d in Deadline.objects.filter(group__role_group__role=Role.MANAGER)
                  if d.kind in deed_clocks.KINDS}  # fmt: skip
        zone = current().time_zone
        days = {kind: d.due_at.astimezone(zone).date() - row.ends_on for kind, d in clocks.items()}
        assert {kind: gap.days for kind, gap in days.items()} == {
            deed_clocks.END: 0, deed_clocks.RENEWAL: -30
        }  # fmt: skip
        told = clocks[deed_clocks.END].next_at.astimezone(zone).date()
        assert (row.ends_on - told).days == 60

    def test_reminds_the_parties_and_then_the_co_ordination(self, cast: Cast) -> None:
        row = deeds.signed(cast, days=100)
        agreements.keep_up(later(cast, 11))
        for days in range(11, 80):
            remind(later(cast, days))
        of = Deadline.objects.filter(subject_uuid=row.uuid)
        told = set(of.values_list("kind", "reminders__stage", "reminders__recipient__email"))
        manager, desk = cast.ngo_manager.email, cast.second_co_ordinator.email
        assert (deed_clocks.END, "before", manager) in told
        assert (deed_clocks.RENEWAL, "on", manager) in told
        assert (deed_clocks.RENEWAL, "escalate", desk) in told

    def test_comes_by_itself_the_day_after_the_last(self, cast: Cast) -> None:
        row = deeds.signed(cast, days=10)
        agreements.keep_up(later(cast, 1))
        assert agreements.keep_up(later(cast, 10)) == 0
        assert agreements.keep_up(later(cast, 11)) == 1
        assert deeds.now(row).state == S.ENDED
        assert not Deadline.objects.open().filter(subject_uuid=row.uuid).exists()

    def test_asks_one_question_where_nothing_is_due(self, cast: Cast) -> None:
        deeds.signed(cast)
        agreements.keep_up(cast.at)
        with at_most(2):  # the rule in force, and what is due
            assert agreements.keep_up(cast.at) == 0

    def test_needs_no_rule(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(deed_clocks, "last_weeks", lambda at: None)
        row = deeds.signed(cast, days=10)
        assert agreements.keep_up(later(cast, 5)) == 0
        agreements.keep_up(later(cast, 11))
        assert deeds.now(row).state == S.ENDED


class TestNotice:
    def give(self, cast: Cast, row: Agreement, days: int, by: str = "ngo_manager") -> Agreement:
        return agreements.give_notice(
            agreement=row, reason=NoticeReason.MONEY, words="The grant was not paid.",
            ends_on=local_day(later(cast, days)), by=cast.actor(getattr(cast, by)), at=cast.at,
        )  # fmt: skip

    def test_keeps_the_days_of_notice_and_ends_it_on_that_day(self, cast: Cast) -> None:
        row = deeds.signed(cast)
        assert earliest_end(row, cast.at) == local_day(later(cast, 30))
        with pytest.raises(NotPossible):
            self.give(cast, row, 29)
        row = self.give(cast, row, 30)
        assert (row.state, row.until_on) == (S.EXPIRING, local_day(later(cast, 365)))
        clock = Deadline.objects.open().filter(kind=deed_clocks.END).first()
        assert clock is not None
        assert clock.due_at.astimezone(current().time_zone).date() == row.ends_on
        agreements.keep_up(later(cast, 31))
        assert deeds.now(row).state == S.TERMINATED

    def test_is_a_partys_and_given_once(self, cast: Cast) -> None:
        row = deeds.signed(cast)
        with pytest.raises(NotAllowed):
            self.give(cast, row, 40, by="other_manager")
        row = self.give(cast, row, 40)
        with pytest.raises(NotPossible):
            self.give(cast, row, 30, by="co_ordinator")


class TestRenewal:
    def test_is_a_row_of_its_own_that_takes_the_place_of_the_old(self, cast: Cast) -> None:
        row = deeds.signed(cast, days=30)
        agreements.keep_up(later(cast, 1))
        at = later(cast, 2)
        by = cast.actor(cast.co_ordinator, at)
        new = agreements.renew(agreement=deeds.now(row), by=by, at=at)
        assert agreements.renew(agreement=deeds.now(row), by=by, at=at) == new
        assert (new.renews, new.from_on) == (row, row.ends_on + timedelta(days=1))
        assert new.duties.get().legal_basis == row.duties.get().legal_basis
        renewal = Deadline.objects.filter(subject_uuid=row.uuid, kind=deed_clocks.RENEWAL)
        assert not renewal.open().exists()
        said = {clause.kind: (clause.status, clause.where) for clause in row.clauses.all()}
        new = agreements.answer_clauses(
            agreement=new, answers=said, by=by, at=at, version=new.version
        )
        AGREEMENT.apply(new, "send", by=by, at=at)
        for user, organisation in (
            (cast.co_ordinator, cast.ministry),
            (cast.ngo_manager, cast.ngo),
        ):
            party = new.parties.get(organisation=organisation)
            agreements.sign(
                agreement=deeds.now(new), party=party.uuid, by=cast.actor(user, at), at=at,
                signature=Signature(party.signatory_name, "", local_day(at)),
            )  # fmt: skip
        agreements.keep_up(later(cast, 31))
        assert deeds.now(new).state == S.ACTIVE
        assert deeds.now(row).state == S.RENEWED

    def test_before_the_old_one_ends_gives_way(self, cast: Cast) -> None:
        row = deeds.signed(cast)
        new = deeds.checked(cast)
        Agreement.objects.filter(pk=new.pk).update(renews=row)
        by = cast.actor(cast.co_ordinator)
        AGREEMENT.apply(deeds.now(new), "send", by=by, at=cast.at)
        deeds.sign(cast, new, cast.co_ordinator, cast.ministry)
        deeds.sign(cast, new, cast.ngo_manager, cast.ngo)
        assert deeds.now(row).state == S.RENEWED

    def test_is_a_partys_to_begin(self, cast: Cast) -> None:
        with pytest.raises(NotAllowed):
            agreements.renew(
                agreement=deeds.signed(cast), by=cast.actor(cast.other_manager), at=cast.at
            )


class TestAmendments:
    def propose(self, cast: Cast, row: Agreement, **more: Any) -> Any:
        return amendments.propose(
            agreement=row, title="More beds", words="Eight instead of six.",
            by=cast.actor(cast.ngo_manager), at=cast.at, **more,
        )  # fmt: skip

    def sign(self, cast: Cast, amendment: Any, user: Any, organisation: Any) -> Any:
        party = amendment.agreement.parties.get(organisation=organisation)
        return amendments.sign_amendment(
            amendment=amendment, party=party.uuid, by=cast.actor(user), at=cast.at,
            signature=Signature("Vera Sample (invented person)", "", local_day(cast.at)),
        )  # fmt: skip

    def test_are_numbered_signed_by_all_and_rewrite_nothing(self, cast: Cast) -> None:
        row = deeds.signed(cast, days=60)
        agreements.keep_up(cast.at)
        ends = local_day(later(cast, 200))
        amendment = self.propose(cast, deeds.now(row), new_ends_on=ends)
        with pytest.raises(NotPossible):
            self.propose(cast, row)
        amendment = self.sign(cast, amendment, cast.ngo_manager, cast.ngo)
        assert amendment.state == AmendmentState.PROPOSED
        with pytest.raises(NotPossible):
            self.sign(cast, amendment, cast.ngo_manager, cast.ngo)
        amendment = self.sign(cast, amendment, cast.co_ordinator, cast.ministry)
        assert (amendment.number, amendment.state) == (1, AmendmentState.IN_FORCE)
        row = deeds.now(row)
        assert (row.state, row.ends_on) == (S.ACTIVE, ends)
        assert row.until_on == local_day(later(cast, 60))
        assert not Deadline.objects.open().filter(subject_uuid=row.uuid).exists()
        assert self.propose(cast, row).number == 2

    def test_are_of_an_agreement_in_force(self, cast: Cast) -> None:
        with pytest.raises(NotPossible):
            self.propose(cast, deeds.in_review(cast))


class TestPapers:
    def add(self, cast: Cast, row: Agreement, name: str = "a.pdf", content: bytes = PDF) -> Any:
        return amendments.add_file(
            agreement=row, title="Text", name=name, content=content,
            by=cast.actor(cast.co_ordinator), at=cast.at,
        )  # fmt: skip

    def test_are_kept_once_and_under_a_name_that_tells_nothing(self, cast: Cast) -> None:
        row = deeds.draft(cast)
        made = self.add(cast, row)
        assert self.add(cast, row, name="b.pdf") == made
        assert "a.pdf" not in made.content.name
        with made.content.open("rb") as kept:
            assert kept.read() == PDF

    @pytest.mark.parametrize("name", ["a.exe", "a.pdf.html", "a.docx", "a"])
    def test_are_what_their_first_bytes_say(self, cast: Cast, name: str) -> None:
        with pytest.raises(NotPossible):
            self.add(cast, deeds.draft(cast), name=name)

    def test_are_not_larger_than_ten_megabytes(self, cast: Cast) -> None:
        with pytest.raises(NotPossible):
            self.add(cast, deeds.draft(cast), content=PDF + b"0" * 10 * 1024 * 1024)

    def test_stay_once_something_was_signed(
        self, cast: Cast, django_capture_on_commit_callbacks: Any
    ) -> None:
        row, by = deeds.in_review(cast), cast.actor(cast.co_ordinator)
        first, second = self.add(cast, row), self.add(cast, row, content=PDF + b"2")
        with django_capture_on_commit_callbacks(execute=True):
            amendments.remove_file(agreement=row, file=first.uuid, by=by, at=cast.at)
        assert not first.content.storage.exists(first.content.name)
        deeds.sign(cast, row, cast.ngo_manager, cast.ngo)
        with pytest.raises(NotPossible):
            amendments.remove_file(agreement=row, file=second.uuid, by=by, at=cast.at)
        assert AgreementFile.objects.get() == second


class TestSight:
    def test_opens_to_a_role_that_is_new_at_a_party(self, cast: Cast) -> None:
        row = deeds.signed(cast)
        new = person("New Manager", cast.at)
        actor = cast.actor(new)
        assert not Agreement.objects.visible_to(actor).exists()
        works_for(new, cast.ministry, Role.MANAGER, cast.at)
        assert Agreement.objects.visible_to(cast.actor(new)).get() == row

    def test_ends_for_who_is_no_party_any_more(self, cast: Cast) -> None:
        row, by = deeds.in_review(cast), cast.actor(cast.co_ordinator)
        row = AGREEMENT.apply(row, "take_back", by=by, at=cast.at, comment="Another partner.")
        ngo = row.parties.get(organisation=cast.ngo)
        agreements.remove_party(agreement=row, party=ngo.uuid, by=by, at=cast.at)
        agreements.name_party(
            agreement=row, organisation=cast.other_ngo, signatory_name="Ola Sample", by=by,
            at=cast.at,
        )  # fmt: skip
        AGREEMENT.apply(deeds.now(row), "send", by=by, at=cast.at)
        assert not sees(cast, "ngo_manager", row)
        assert sees(cast, "other_manager", row)
