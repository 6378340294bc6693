"""The person: sealed, opened by an act that is logged first, found again without opening."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from accounts import audit
from accounts.choices import LogAction
from accounts.models import AccessLog
from common.workflow import MissingAnswers, NotAllowed, Stale
from referrals.models import Identity, Referral
from referrals.services import identity, referrals
from referrals.services.identity import OpenedIdentity
from tests.referrals import stages
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db

SECRETS = (
    stages.NAME,
    "1999-12-31",
    "XQ 7731 904",
    "+000 777 123",
    "Only by the neighbour",
    stages.STORY,
    "Since the spring.",
    "Since when?",
    "The invented reasons of the first officer.",
    "Invented reasons of a vote.",
    "Invented words of a no.",
)


class TestSealing:
    def test_no_column_of_any_table_holds_what_was_said(self, cast: Cast, monkeypatch) -> None:
        """Every text of a whole passage, looked for in every column of every table."""
        with stages.country_is(monkeypatch, "joint"):
            panel = stages.Panel(cast)
            panel.vote(stages.sent(cast), cast.officer, "negative")
        with stages.country_is(monkeypatch, "ua"):
            referral = stages.answered(cast, stages.returned(cast))
            stages.decided(cast, referral, "negative")
            stages.refused(cast)
        looked_at, found = 0, []
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                cursor.execute(f'SELECT * FROM "{table}"')
                names = [column[0] for column in cursor.description]
                for row in cursor.fetchall():
                    for name, value in zip(names, row, strict=True):
                        looked_at += 1
                        held = bytes(value) if isinstance(value, memoryview) else value
                        text = held if isinstance(held, bytes) else str(held).encode()
                        found += [f"{table}.{name}" for each in SECRETS if each.encode() in text]
        assert looked_at > 1000
        assert found == []

    def test_of_one_person_does_not_open_under_another(self, cast: Cast) -> None:
        from common.sealing import SealBroken

        one, other = stages.draft(cast), stages.draft(cast)
        Referral.objects.filter(pk=other.pk).update(narrative_ct=one.narrative_ct)
        with pytest.raises(SealBroken):
            _ = stages.now(other).narrative


class TestRecording:
    def test_keeps_what_was_given_and_leaves_the_rest(self, cast: Cast) -> None:
        referral = stages.named(cast, stages.draft(cast))
        referral = self.record(cast, referral, other_names="Called Quill")
        opened = identity.open_identity(
            referral=referral, by=cast.actor(cast.ngo_caseworker), at=cast.at
        )
        assert opened == OpenedIdentity(
            name=stages.NAME,
            other_names="Called Quill",
            birth_date="1999-12-31",
            document="XQ 7731 904",
            contact="+000 777 123",
            safe_contact="Only by the neighbour, after six",
        )

    @pytest.mark.parametrize(
        "values", [{"birth_date": "31.12.1999"}, {"birth_date": "1999-13"}, {"name": "x" * 501}]
    )
    def test_refuses_what_it_cannot_read(self, cast: Cast, values) -> None:
        with pytest.raises(ValidationError):
            self.record(cast, stages.draft(cast), **values)

    def test_of_law_enforcement_holds_no_contact(self, cast: Cast) -> None:
        referral = stages.draft(cast, cast.police_officer)
        with pytest.raises(NotAllowed, match="law enforcement"):
            identity.record_identity(
                referral=referral,
                by=cast.actor(cast.police_officer),
                at=cast.at,
                name=stages.NAME,
                contact="+000 777 123",
            )
        referral = stages.named(cast, referral, cast.police_officer)
        opened = identity.open_identity(
            referral=referral, by=cast.actor(cast.police_officer), at=cast.at
        )
        assert (opened.name, opened.contact) == (stages.NAME, None)

    def test_refuses_an_old_version(self, cast: Cast) -> None:
        referral = stages.draft(cast)
        self.record(cast, referral, name=stages.NAME)
        with pytest.raises(Stale):
            self.record(cast, referral, version=referral.version, name="Another")

    def test_is_for_whoever_keeps_the_file(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        for user in (cast.officer, cast.other_manager, cast.co_ordinator):
            with pytest.raises(NotAllowed):
                identity.record_identity(
                    referral=referral, by=cast.actor(user), at=cast.at, name="Somebody"
                )

    def record(self, cast: Cast, referral: Referral, **values) -> Referral:
        by = cast.actor(cast.ngo_caseworker)
        return identity.record_identity(referral=referral, by=by, at=cast.at, **values)


class TestOpening:
    def test_is_logged_first(self, cast: Cast) -> None:
        referral = stages.consented(cast)
        identity.open_identity(
            referral=referral, by=cast.actor(cast.ngo_manager), at=cast.at, reason="safety"
        )
        row = AccessLog.objects.about("referral", referral.uuid).get()
        assert (row.action, row.user, row.reason_code, row.field_group) == (
            LogAction.IDENTITY_OPENED,
            cast.ngo_manager,
            "safety",
            "identity",
        )

    def test_shows_nothing_when_it_cannot_be_logged(self, cast: Cast, monkeypatch) -> None:
        referral = stages.consented(cast)
        read: list[str] = []

        def fails(**_kwargs: object) -> None:
            raise audit.NotInTransaction("the log cannot be written")

        monkeypatch.setattr(identity, "log", fails)
        monkeypatch.setattr(identity, "_identity", lambda row: read.append("read"))
        with pytest.raises(audit.NotInTransaction):
            identity.open_identity(
                referral=referral, by=cast.actor(cast.ngo_caseworker), at=cast.at
            )
        assert read == []

    def test_asks_everybody_but_the_referrer_for_a_reason(self, cast: Cast) -> None:
        referral = stages.consented(cast)
        with pytest.raises(MissingAnswers):
            identity.open_identity(referral=referral, by=cast.actor(cast.ngo_manager), at=cast.at)
        identity.open_identity(referral=referral, by=cast.actor(cast.ngo_caseworker), at=cast.at)

    @pytest.mark.parametrize("who", ["officer", "co_ordinator", "other_manager", "rapporteur"])
    def test_is_for_nobody_outside(self, cast: Cast, who: str) -> None:
        referral = stages.sent(cast)
        with pytest.raises(NotAllowed):
            identity.open_identity(
                referral=referral,
                by=cast.actor(getattr(cast, who)),
                at=cast.at,
                reason="support",
            )
        assert not AccessLog.objects.about("referral", referral.uuid).exists()

    def test_ends_for_law_enforcement_when_it_is_sent(self, cast: Cast) -> None:
        referral = stages.sent(cast, cast.police_officer)
        with pytest.raises(NotAllowed):
            identity.open_identity(
                referral=referral,
                by=cast.actor(cast.police_officer),
                at=cast.at,
                reason="support",
            )


class TestFinding:
    @pytest.mark.parametrize(
        "sought",
        [
            {"name": "zorvelia  QUILLFEATHER (invented person)", "birth_year": "1999"},
            {"name": "Zorvelya Quilfeather (invented person)", "birth_year": "1999"},
            {"document": "xq7731904"},
        ],
    )
    def test_finds_ones_own_file_however_it_is_written(self, cast: Cast, sought) -> None:
        referral = stages.consented(cast)
        by = cast.actor(cast.ngo_manager)
        assert identity.find_referrals(by=by, at=cast.at, **sought) == [referral]
        assert AccessLog.objects.filter(action=LogAction.IDENTITY_SEARCHED).count() == 1

    def test_finds_what_was_recorded_without_a_year(self, cast: Cast) -> None:
        by = cast.actor(cast.ngo_caseworker)
        referral = stages.draft(cast)
        identity.record_identity(referral=referral, by=by, at=cast.at, name=stages.NAME)
        found = identity.find_referrals(by=by, at=cast.at, name=stages.NAME, birth_year="1999")
        assert found == [referral]

    def test_finds_nothing_of_another_organisation(self, cast: Cast) -> None:
        stages.consented(cast)
        by = cast.actor(cast.other_manager)
        found = identity.find_referrals(
            by=by, at=cast.at, name=stages.NAME, birth_year="1999", document="XQ 7731 904"
        )
        assert found == []

    def test_asked_for_nothing_finds_nothing(self, cast: Cast) -> None:
        referral = stages.draft(cast)
        identity.record_identity(
            referral=referral, by=cast.actor(cast.ngo_caseworker), at=cast.at, contact="x"
        )
        assert identity.find_referrals(by=cast.actor(cast.ngo_manager), at=cast.at) == []

    def test_two_organisations_index_one_name_differently(self, cast: Cast) -> None:
        stages.consented(cast)
        stages.consented(cast, cast.other_manager)
        indexes = [bytes(row.name_index) for row in Identity.objects.all()]
        assert len(set(indexes)) == 2

    def test_is_not_for_law_enforcement(self, cast: Cast) -> None:
        with pytest.raises(NotAllowed):
            identity.find_referrals(
                by=cast.actor(cast.police_officer), at=cast.at, name=stages.NAME
            )


class TestFile:
    def test_says_what_is_open_and_logs_it(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        identity.open_file(referral=referral, by=cast.actor(cast.officer), at=cast.at)
        identity.open_file(referral=referral, by=cast.actor(cast.co_ordinator), at=cast.at)
        about = AccessLog.objects.about("referral", referral.uuid)
        # Who reads the header alone reads nothing of the person.
        assert [row.user for row in about] == [cast.officer]
        with pytest.raises(NotAllowed):
            identity.open_file(referral=referral, by=cast.actor(cast.other_manager), at=cast.at)


class TestSituation:
    def test_is_shared_by_referrals_of_one_organisation(self, cast: Cast) -> None:
        by = cast.actor(cast.ngo_caseworker)
        shared = referrals.open_situation(
            by=by, at=cast.at, place="HERE", exploitation=["FORCED_LABOUR"], region=cast.area
        )
        one, other = stages.draft(cast), stages.consented(cast)
        for referral in (one, other):
            referrals.put_in_situation(
                referral=referral,
                situation=shared,
                by=by,
                at=cast.at,
                version=referral.version,
            )
        assert shared.referrals.count() == 2
        stranger = cast.actor(cast.other_manager)
        with pytest.raises(NotAllowed):
            referrals.put_in_situation(
                referral=stages.draft(cast, cast.other_manager),
                situation=shared,
                by=stranger,
                at=cast.at,
                version=1,
            )

    def test_gives_no_sight_of_the_others(self, cast: Cast) -> None:
        by = cast.actor(cast.ngo_caseworker)
        shared = referrals.open_situation(by=by, at=cast.at)
        hidden, sent = stages.draft(cast), stages.consented(cast)
        for referral in (hidden, sent):
            referrals.put_in_situation(
                referral=referral, situation=shared, by=by, at=cast.at, version=referral.version
            )
        consented = stages.now(sent)
        referrals.send_referral(referral=consented, by=by, at=cast.at)
        officer = cast.actor(cast.officer)
        assert list(Referral.objects.visible_to(officer)) == [sent]
