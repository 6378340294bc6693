"""What is missing from an application, what was said about it, and the services that write both."""

import pytest
from django.db import IntegrityError, transaction

from accounts.invitations import NotOpen
from accounts.models import Invitation
from common.workflow import NotAllowed, NotPossible, Stale
from deadlines.models import Mail
from partners.choices import Capacity, EventKind, OrganisationKind, OrganisationState, Verdict
from partners.models import (
    FieldReview,
    HeldCapacity,
    Organisation,
    OrganisationEvent,
    PointOfContact,
)
from partners.reviews import (
    LABELS,
    PAGES,
    REVIEWED,
    answers_in_question,
    answers_not_yet_right,
    digest,
    missing_answers,
    raw_answers,
    reviewed_answers,
)
from partners.services import organisations
from partners.services.reviews import record_verdicts
from tests.partners import stages
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db


def say(cast: Cast, by: str = "co_ordinator", *, seen=None, version=None, **said) -> int:
    return record_verdicts(
        organisation=stages.now(cast),
        verdicts=said,
        by=cast.actor(getattr(cast, by)),
        at=cast.at,
        seen=seen,
        version=version,
    )


def answer(cast: Cast, field: str):
    return next(a for a in reviewed_answers(stages.now(cast)) if a.field == field)


class TestWhatIsReviewed:
    def test_every_part_has_a_label_and_a_page(self) -> None:
        assert set(LABELS) == set(REVIEWED)
        assert set(REVIEWED.values()) == {page for page, _title in PAGES}


class TestMissingAnswers:
    def test_names_what_a_new_draft_lacks_in_page_order(self, cast: Cast) -> None:
        assert missing_answers(cast.applying) == [
            "cso_class", "level", "registration", "description", "area", "languages",
            "capacities", "email", "contact", "conduct",
        ]  # fmt: skip

    def test_is_empty_once_everything_is_answered(self, cast: Cast) -> None:
        assert missing_answers(stages.filled(cast)) == []

    def test_asks_the_class_of_civil_society_only(self, cast: Cast) -> None:
        organisation = stages.filled(cast)
        organisation.cso_class, organisation.kind = "", OrganisationKind.MEDIA
        assert missing_answers(organisation) == []
        organisation.kind = OrganisationKind.CSO
        assert missing_answers(organisation) == ["cso_class"]

    def test_takes_a_phone_for_an_address(self, cast: Cast) -> None:
        organisation = stages.filled(cast)
        organisation.email, organisation.phone = "", "+000 1"
        assert missing_answers(organisation) == []


class TestRecordVerdicts:
    def test_keeps_them_and_counts_what_changed(self, cast: Cast) -> None:
        stages.under_review(cast)
        assert say(cast, name=(Verdict.RIGHT, ""), website=(Verdict.QUESTION, "Yours?")) == 2
        assert say(cast, name=(Verdict.RIGHT, ""), website=(Verdict.QUESTION, "Sure?")) == 1
        assert answers_in_question(stages.now(cast)) == ["website"]
        assert answer(cast, "website").comment == "Sure?"
        assert "name" not in answers_not_yet_right(stages.now(cast))

    def test_forgets_the_question_of_what_is_right_now(self, cast: Cast) -> None:
        stages.under_review(cast)
        say(cast, website=(Verdict.QUESTION, "Yours?"))
        say(cast, website=(Verdict.RIGHT, "Yours?"))
        assert answer(cast, "website").comment == ""

    def test_is_about_the_answer_the_reviewer_saw(self, cast: Cast) -> None:
        stages.under_review(cast)
        say(cast, seen={"name": digest("Another name")}, name=(Verdict.RIGHT, ""))
        assert answer(cast, "name").changed
        assert not answer(cast, "name").is_right

    def test_refuses_when_a_colleague_judged_in_between(self, cast: Cast) -> None:
        version = stages.under_review(cast).version
        say(cast, version=version, name=(Verdict.RIGHT, ""))
        with pytest.raises(Stale):
            say(cast, "second_co_ordinator", version=version, name=(Verdict.QUESTION, "Hm?"))
        assert answer(cast, "name").is_right

    def test_does_not_disturb_a_colleague_when_nothing_changed(self, cast: Cast) -> None:
        stages.under_review(cast)
        say(cast, name=(Verdict.RIGHT, ""))
        version = stages.now(cast).version
        assert say(cast, name=(Verdict.RIGHT, "")) == 0
        assert stages.now(cast).version == version

    @pytest.mark.parametrize("stage", ["sent", "returned", "admitted"])
    def test_refuses_outside_a_review(self, cast: Cast, stage: str) -> None:
        getattr(stages, stage)(cast)
        with pytest.raises(NotPossible):
            say(cast, name=(Verdict.RIGHT, ""))

    @pytest.mark.parametrize("who", ["applicant", "ngo_manager", "rapporteur", "administrator"])
    def test_refuses_everybody_but_the_co_ordination(self, cast: Cast, who: str) -> None:
        stages.under_review(cast)
        with pytest.raises(NotAllowed):
            say(cast, who, name=(Verdict.RIGHT, ""))

    def test_refuses_a_part_that_does_not_exist(self, cast: Cast) -> None:
        stages.under_review(cast)
        with pytest.raises(TypeError):
            say(cast, colour=(Verdict.RIGHT, ""))

    def test_needs_words_for_a_question_in_the_database_too(self, cast: Cast) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            FieldReview.objects.create(
                organisation=cast.applying,
                field="name",
                verdict=Verdict.QUESTION,
                answer_seen="",
                at=cast.at,
                by=cast.co_ordinator,
            )


class TestInviteToApply:
    def invite(self, cast: Cast, by: str = "co_ordinator", **more):
        given = {"name": "Harbour Light (invented)", "kind": "cso", "email": "New@Example.org"}
        by_actor = cast.actor(getattr(cast, by))
        return organisations.invite_to_apply(**{**given, **more}, by=by_actor, at=cast.at)

    def test_opens_a_draft_that_the_co_ordination_does_not_see(self, cast: Cast) -> None:
        organisation, invitation = self.invite(cast)
        assert organisation.state == OrganisationState.DRAFT
        assert invitation.email == "new@example.org"
        sees = Organisation.objects.visible_to(cast.actor(cast.co_ordinator))
        assert organisation not in sees
        assert Mail.objects.filter(key=f"invitation:{invitation.uuid}").count() == 1
        assert organisation.events.get().kind == EventKind.INVITED

    def test_refuses_the_same_organisation_at_the_same_address_twice(self, cast: Cast) -> None:
        self.invite(cast)
        with pytest.raises(organisations.AlreadyInvited):
            self.invite(cast, name="harbour light (Invented)", email="NEW@example.org")
        self.invite(cast, email="other@example.org")
        self.invite(cast, name="Another (invented)")

    @pytest.mark.parametrize("who", ["applicant", "ngo_manager", "administrator", "rapporteur"])
    def test_refuses_everybody_but_the_co_ordination(self, cast: Cast, who: str) -> None:
        with pytest.raises(NotAllowed):
            self.invite(cast, who)

    def test_renews_a_link_and_closes_the_old_one(self, cast: Cast) -> None:
        organisation, old = self.invite(cast)
        by = cast.actor(cast.second_co_ordinator)
        new = organisations.invite_again(invitation=old, by=by, at=cast.at)
        old.refresh_from_db()
        assert old.revoked_at is not None
        assert list(Invitation.objects.open(cast.at).filter(email="new@example.org")) == [new]
        assert new.subject_uuid == organisation.uuid

    def test_withdraws_a_link(self, cast: Cast) -> None:
        _organisation, old = self.invite(cast)
        by = cast.actor(cast.co_ordinator)
        organisations.withdraw_invitation(invitation=old, by=by, at=cast.at)
        assert not Invitation.objects.open(cast.at).filter(pk=old.pk).exists()

    def test_leaves_an_accepted_invitation_alone(self, cast: Cast) -> None:
        _organisation, letter = self.invite(cast)
        letter.accepted_at, letter.accepted_by = cast.at, cast.stranger
        letter.save()
        by = cast.actor(cast.co_ordinator)
        for renew_or_withdraw in (organisations.invite_again, organisations.withdraw_invitation):
            with pytest.raises(NotOpen):
                renew_or_withdraw(invitation=letter, by=by, at=cast.at)

    def test_lets_nobody_else_renew_or_withdraw(self, cast: Cast) -> None:
        _organisation, letter = self.invite(cast)
        by = cast.actor(cast.ngo_manager)
        for renew_or_withdraw in (organisations.invite_again, organisations.withdraw_invitation):
            with pytest.raises(NotAllowed):
                renew_or_withdraw(invitation=letter, by=by, at=cast.at)
        assert Invitation.objects.open(cast.at).filter(pk=letter.pk).exists()


class TestSaveAnswers:
    def save(self, cast: Cast, by: str = "applicant", version: int | None = None, **answers):
        organisation = stages.now(cast)
        return organisations.save_answers(
            organisation=organisation,
            by=cast.actor(getattr(cast, by)),
            at=cast.at,
            version=organisation.version if version is None else version,
            **answers,
        )

    def test_keeps_an_answer_and_counts_the_version(self, cast: Cast) -> None:
        row = self.save(cast, short_name="NP")
        assert (row.short_name, row.version) == ("NP", cast.applying.version + 1)

    def test_refuses_an_older_version(self, cast: Cast) -> None:
        version = cast.applying.version
        self.save(cast, short_name="NP")
        with pytest.raises(Stale):
            self.save(cast, version=version, short_name="XX")
        assert stages.now(cast).short_name == "NP"

    @pytest.mark.parametrize("stage", ["sent", "under_review", "admitted", "withdrawn"])
    def test_refuses_once_it_is_not_open(self, cast: Cast, stage: str) -> None:
        getattr(stages, stage)(cast)
        with pytest.raises(NotPossible):
            self.save(cast, short_name="NP")

    @pytest.mark.parametrize("who", ["co_ordinator", "ngo_manager", "stranger"])
    def test_refuses_other_people(self, cast: Cast, who: str) -> None:
        with pytest.raises(NotAllowed):
            self.save(cast, who, short_name="NP")

    def test_takes_the_class_from_a_state_agency(self, cast: Cast) -> None:
        row = self.save(cast, kind=OrganisationKind.STATE_AGENCY, cso_class="legal")
        assert row.cso_class == ""

    def test_refuses_what_is_no_answer(self, cast: Cast) -> None:
        with pytest.raises(TypeError):
            self.save(cast, member_at=cast.at)


class TestAskForCapacities:
    def test_replaces_what_was_asked_before(self, cast: Cast) -> None:
        for wanted in (["adviser", "watchdog"], ["watchdog", "service_provider"]):
            organisations.ask_for_capacities(
                organisation=stages.now(cast),
                capacities=wanted,
                by=cast.actor(cast.applicant),
                at=cast.at,
                version=stages.now(cast).version,
            )
        assert raw_answers(stages.now(cast))["capacities"] == ["service_provider", "watchdog"]
        assert not HeldCapacity.objects.held().filter(organisation=cast.applying).exists()
        assert Capacity.ADVISER not in stages.now(cast).held_capacities()


class TestNameContacts:
    def name(self, cast: Cast, *, version: int | None = None, primary=None, deputy=None):
        organisation = stages.now(cast)
        return organisations.name_contacts(
            organisation=organisation,
            primary=primary,
            deputy=deputy,
            by=cast.actor(cast.applicant),
            at=cast.at,
            version=organisation.version if version is None else version,
        )

    def named(self, person: str, standing: PointOfContact | None = None, version: int = 0):
        return organisations.NamedContact(
            details={"person_name": person},
            channels=(("phone", "+000 1"),),
            standing=standing,
            version=version,
        )

    def test_enters_both_at_once(self, cast: Cast) -> None:
        self.name(cast, primary=self.named("Dora (invented)"), deputy=self.named("Emil (invented)"))
        post = cast.applying.contacts.primary().get()
        assert [d.person_name for d in post.deputies.all()] == ["Emil (invented)"]

    def test_enters_neither_when_the_second_fails(self, cast: Cast) -> None:
        stale = self.named("Emil (invented)", version=3)
        with pytest.raises(Stale):
            self.name(cast, primary=self.named("Dora (invented)"), deputy=stale)
        assert not cast.applying.contacts.exists()

    def test_refuses_a_deputy_of_nobody(self, cast: Cast) -> None:
        with pytest.raises(ValueError, match="stands in"):
            self.name(cast, deputy=self.named("Emil (invented)"))

    def test_does_not_name_a_second_one_beside_a_colleagues(self, cast: Cast) -> None:
        version = cast.applying.version
        self.name(cast, primary=self.named("Dora (invented)"))
        with pytest.raises(Stale):
            self.name(cast, version=version, primary=self.named("Fay (invented)"))
        standing = cast.applying.contacts.get()
        with pytest.raises(Stale):
            self.name(cast, primary=self.named("Fay (invented)", standing=standing))
        assert cast.applying.contacts.get().person_name == "Dora (invented)"

    def test_writes_the_events(self, cast: Cast) -> None:
        self.name(cast, primary=self.named("Dora (invented)"))
        events = OrganisationEvent.objects.filter(organisation=cast.applying)
        assert events.filter(kind=EventKind.CONTACT_CHANGED).count() == 1
