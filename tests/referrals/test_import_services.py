"""Writing history: each row once, all or nothing, and nothing but history."""

import csv
import io
from datetime import datetime

import pytest
from django.db import IntegrityError, transaction

from accounts.choices import LogAction
from accounts.models import AccessLog, User
from deadlines.models import Job, Mail, Notice
from partners.choices import OrganisationKind, OrganisationState
from partners.models import Organisation, OrganisationEvent
from referrals.choices import Basis, Origin, State
from referrals.imports import MARK, rejects_file
from referrals.models import Consent, Decision, Identity, ImportBatch, Person, Referral
from referrals.services import imports as services
from referrals.services.imports import HasFaults, import_history
from tests.referrals.history import read, reading, row, table
from tests.support.cast import Cast, person
from tests.support.queries import counted

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


@pytest.fixture
def by(db: None, at: datetime) -> User:
    return person("Importing", at)


@pytest.fixture
def bring(by: User, at: datetime):
    def bring_in(found, **options) -> ImportBatch:
        return import_history(reading=found, profile="uk_nrm", by=by, at=at, **options)

    return bring_in


def numbers(batch: ImportBatch) -> tuple[int, int, int]:
    return batch.rows_added, batch.rows_known, batch.rows_refused


class TestImporting:
    def test_writes_history_and_its_decisions(self, bring, at: datetime) -> None:
        batch = bring(reading(row()))
        referral = Referral.objects.get()
        assert (referral.origin, referral.basis) == (Origin.HISTORICAL, Basis.IMPORTED)
        assert (referral.batch, referral.state) == (batch, State.CONCL_NEGATIVE)
        assert str(referral.received_on) == "2022-04-01"
        assert [d.outcome for d in referral.decisions.order_by("decided_on")] == [
            "positive",
            "negative",
        ]
        assert all(d.decided_by is None for d in Decision.objects.all())

    def test_creates_nobody_and_starts_nothing(self, bring) -> None:
        bring(reading(row(), row(gender="Male")))
        for model in (Person, Identity, Consent, Notice, Mail, Job, OrganisationEvent):
            assert model.objects.count() == 0, model.__name__

    def test_enters_unknown_organisations_as_applied(self, bring, cast: Cast) -> None:
        known = cast.ngo.name
        bring(
            reading(
                row(first_responder=known, first_responder_type="NGO and third sector"),
                row(first_responder="A new one", first_responder_type="NGO and third sector"),
            )
        )
        made = Organisation.objects.get(name="A new one")
        assert (made.state, made.kind) == (OrganisationState.APPLIED, OrganisationKind.CSO)
        assert made.role_groups.count() == 0
        assert Organisation.objects.get(name=known) == cast.ngo

    def test_is_logged_without_a_word_of_the_file(self, bring, by: User) -> None:
        batch = bring(reading(row()))
        entry = AccessLog.objects.get(action=LogAction.IMPORT)
        assert (entry.subject_uuid, entry.user_id) == (batch.uuid, by.pk)

    def test_asks_the_database_by_the_batch_and_not_by_the_row(
        self, bring, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        days = [f"2022-05-{day:02}" for day in range(1, 29)]
        with counted() as few:
            bring(reading(*[row(received_on=day, **LATER) for day in days[:2]]))
        with counted() as many:
            bring(reading(*[row(received_on=day, gender="Male", **LATER) for day in days]))
        assert len(many) <= len(few)


LATER = {"reasonable_grounds_on": "2022-06-01", "conclusive_grounds_on": "2023-01-09"}


class TestBadRows:
    def test_stop_everything(self, bring) -> None:
        with pytest.raises(HasFaults):
            bring(reading(row(), row(gender="?")))
        assert (Referral.objects.count(), ImportBatch.objects.count()) == (0, 0)
        assert Organisation.objects.count() == 0

    def test_are_left_out_where_somebody_says_so(self, bring) -> None:
        assert numbers(bring(reading(row(), row(gender="?")), skip_bad=True)) == (1, 0, 1)

    def test_of_the_database_take_everything_back(
        self, bring, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(services, "BATCH", 1)

        def fail(done: int, total: int) -> None:
            if done == 2:
                raise RuntimeError

        with pytest.raises(RuntimeError), transaction.atomic():
            bring(reading(row(), row(), row()), progress=fail)
        assert (Referral.objects.count(), ImportBatch.objects.count()) == (0, 0)


class TestAgain:
    def test_adds_nothing(self, bring) -> None:
        found = reading(row(), row(), row(gender="Male"))
        assert numbers(bring(found)) == (3, 0, 0)
        assert numbers(bring(found)) == (0, 3, 0)
        assert Referral.objects.count() == 3

    def test_adds_what_is_new_only(self, bring) -> None:
        bring(reading(row()))
        assert numbers(bring(reading(row(gender="Male"), row(), row()))) == (2, 1, 0)

    def test_adds_the_mended_row_of_the_whole_file(self, bring) -> None:
        # The mended row now says what another says: two people, hence two referrals.
        bring(reading(row(gender="?"), row()), skip_bad=True)
        assert numbers(bring(reading(row(), row()))) == (1, 1, 0)
        assert Referral.objects.count() == 2

    def test_does_not_mix_two_profiles(self, bring, by: User, at: datetime) -> None:
        bring(reading(row()))
        batch = import_history(reading=reading(row()), profile="uk", by=by, at=at)
        assert numbers(batch) == (1, 0, 0)


class TestMendedRejects:
    @staticmethod
    def mended(found, **changes: str) -> bytes:
        text = rejects_file(found).decode("utf-8-sig")
        lines = [{**line, **changes} for line in csv.DictReader(io.StringIO(text, newline=""))]
        return table(*[list(line.values()) for line in lines], header=list(lines[0]))

    def test_are_added_though_other_rows_say_the_same(self, bring) -> None:
        whole = reading(row(), row(gender="?"), row(gender="?"))
        bring(whole, skip_bad=True)
        mended = read(self.mended(whole, gender="Female"))
        assert numbers(bring(mended)) == (2, 0, 0)
        assert Referral.objects.count() == 3
        assert len(set(Referral.objects.values_list("import_key"))) == 3

    def test_are_added_once(self, bring) -> None:
        whole = reading(row(), row(gender="?"))
        bring(whole, skip_bad=True)
        mended = read(self.mended(whole, gender="Female"))
        bring(mended)
        assert numbers(bring(mended)) == (0, 1, 0)

    def test_are_not_added_again_by_the_whole_file_mended_later(self, bring) -> None:
        whole = reading(row(), row(gender="?"))
        bring(whole, skip_bad=True)
        bring(read(self.mended(whole, gender="Female")))
        assert numbers(bring(reading(row(), row()))) == (0, 2, 0)
        assert numbers(bring(reading(row(), row(), row()))) == (1, 2, 0)

    def test_count_anew_once_their_mark_is_emptied(self, bring) -> None:
        whole = reading(row(), row(gender="?"))
        bring(whole, skip_bad=True)
        plain = read(self.mended(whole, gender="Female", **{MARK: ""}))
        assert numbers(bring(plain)) == (0, 1, 0)


class TestTheDatabase:
    """What the code does not do, the database does not take either."""

    @pytest.fixture
    def imported(self, bring) -> Referral:
        bring(reading(row()))
        return Referral.objects.get()

    def test_refuses_history_with_a_person(
        self, imported: Referral, cast: Cast, at: datetime
    ) -> None:
        somebody = Person.objects.create(kept_by=cast.ngo, created_at=at)
        with pytest.raises(IntegrityError, match="referral_history_has_no_person"):
            Referral.objects.filter(pk=imported.pk).update(person=somebody)

    @pytest.mark.parametrize(
        "values", [{"batch": None}, {"import_key": None}, {"origin": Origin.LIVE}]
    )
    def test_refuses_history_that_hides_where_it_is_from(
        self, imported: Referral, values: dict[str, object]
    ) -> None:
        with pytest.raises(IntegrityError, match="referral_history_has_no_person"):
            Referral.objects.filter(pk=imported.pk).update(**values)

    def test_refuses_one_key_twice(self, imported: Referral, bring) -> None:
        bring(reading(row(gender="Male")))
        with pytest.raises(IntegrityError, match=r"import_key|UNIQUE"):
            Referral.objects.update(import_key="same")
