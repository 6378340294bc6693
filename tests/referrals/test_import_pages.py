"""Importing through the pages: nothing before the confirmation, all of it or nothing after."""

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.choices import LogAction
from accounts.models import AccessLog
from deadlines.choices import JobState
from deadlines.jobs import JobFailed, JobStopped
from deadlines.models import Job
from deadlines.services.jobs import cancel_job, run_next_job
from partners.services import memberships
from referrals.files import import_storage
from referrals.models import ImportBatch, ImportFile, Referral
from referrals.services import import_files
from tests.referrals.history import row, table
from tests.support.cast import Cast
from tests.support.client import StrictClient
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db
NEW = reverse("referrals:import-new")
LIST = reverse("referrals:imports")
BAD = row(nationality="Atlantean")


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def client(cast: Cast, client_for: Callable[..., StrictClient]) -> StrictClient:
    return client_for(cast.rapporteur)


def upload(client: StrictClient, content: bytes, **data: str) -> Any:
    file = SimpleUploadedFile("history.csv", content, content_type="text/csv")
    return client.post(NEW, {"profile": "uk_nrm", "file": file, **data})


@pytest.fixture
def uploaded(client: StrictClient) -> Callable[..., ImportFile]:
    def send(*rows: list[str]) -> ImportFile:
        assert upload(client, table(*rows)).status_code == 302
        return ImportFile.objects.latest("pk")

    return send


def page_of(file: ImportFile) -> str:
    return reverse("referrals:import-file", args=[file.uuid])


def act(client: StrictClient, file: ImportFile, name: str, **data: str) -> Any:
    return client.post(reverse("referrals:import-act", args=[file.uuid, name]), data)


def work() -> bool:
    """What a worker does: run the job that waits."""
    return run_next_job(clock=timezone.now, worker="test")


class TestUploading:
    def test_checks_and_writes_nothing(self, client: StrictClient, uploaded) -> None:
        file = uploaded(row(), BAD, BAD)
        body = client.get(page_of(file)).content.decode()
        assert "Atlantean" in body
        assert "Import the good rows" in body
        found = file.found
        assert (found["rows"], found["good"], found["bad"], found["fresh"]) == (3, 1, 2, 1)
        assert found["unknown"] == [["nationality", "Atlantean", 2]]
        assert not Referral.objects.exists()
        assert not Job.objects.exists()

    def test_keeps_the_file_where_no_address_leads(self, uploaded) -> None:
        file = uploaded(row())
        path = Path(file.content.path)
        assert path.parent.name == "imports"
        assert "history" not in path.name
        assert path.stat().st_mode & 0o777 == 0o600
        with pytest.raises(ValueError, match="no address"):
            _ = file.content.url

    def test_is_logged(self, uploaded, cast: Cast) -> None:
        file = uploaded(row())
        entry = AccessLog.objects.get(action=LogAction.IMPORT)
        assert (entry.subject_uuid, entry.user_id) == (file.uuid, cast.rapporteur.pk)

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "The file is empty."),
            (b"\x89PNG\r\n\x1a\n\x00", "not a CSV file in UTF-8"),
            (b"a,b\n1,2\n", "The file has no column"),
        ],
    )
    def test_says_what_is_wrong_with_a_file_that_is_no_table(
        self, client: StrictClient, content: bytes, words: str
    ) -> None:
        response = upload(client, content)
        assert words in str(response.context["form"].errors["file"])
        assert not ImportFile.objects.exists()
        assert not AccessLog.objects.filter(action=LogAction.IMPORT).exists()

    def test_refuses_no_file_a_large_one_and_a_profile_that_does_not_exist(
        self, client: StrictClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert client.post(NEW, {"profile": "uk_nrm"}).context["form"].errors["file"]
        errors = upload(client, table(row()), profile="nobody").context["form"].errors
        assert "There is no such profile" in str(errors["profile"])
        monkeypatch.setattr("referrals.forms.imports.LARGEST", 10)
        errors = upload(client, table(row())).context["form"].errors
        assert "larger than 20 MB" in str(errors["file"])
        assert not ImportFile.objects.exists()

    def test_says_what_is_known_already(self, client: StrictClient, uploaded) -> None:
        act(client, uploaded(row()), "start")
        work()
        again = uploaded(row())
        assert (again.found["good"], again.found["fresh"]) == (1, 0)
        body = client.get(page_of(again)).content.decode()
        assert "importing the file would add nothing" in body

    def test_shows_the_first_hundred_faults_and_has_all_in_a_table(
        self, client: StrictClient, uploaded
    ) -> None:
        file = uploaded(*[BAD] * 130)
        assert "30 more are not shown." in client.get(page_of(file)).content.decode()
        answer = client.get(reverse("referrals:import-bad-rows", args=[file.uuid]))
        lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
        assert len(lines) == 130
        assert lines[0]["concord_reason"].startswith("nationality: ")
        assert AccessLog.objects.filter(action=LogAction.EXPORT).count() == 1

    def test_offers_no_import_where_no_row_is_good(self, client: StrictClient, uploaded) -> None:
        body = client.get(page_of(uploaded(BAD))).content.decode()
        assert "No row can be imported." in body
        assert 'id="start"' not in body


class TestImporting:
    def test_writes_after_the_confirmation_and_shows_the_numbers(
        self, client: StrictClient, uploaded, cast: Cast
    ) -> None:
        file = uploaded(row(), row(), BAD)
        act(client, file, "start", skip_bad="1")
        assert work()
        batch = ImportBatch.objects.get()
        assert Referral.objects.count() == 2
        assert (batch.rows_added, batch.rows_refused) == (2, 1)
        assert batch.imported_by == cast.rapporteur
        result = reverse("referrals:import", args=[batch.uuid])
        assert client.get(page_of(file))["Location"] == result
        body = client.get(result).content.decode()
        assert "2 referrals imported" in body
        rejects = client.get(reverse("deadlines:job_file", args=[Job.objects.get().uuid]))
        assert b"Atlantean" in rejects.content
        assert "rows-left-out.csv" in rejects["Content-Disposition"]

    def test_needs_a_word_about_bad_rows(self, client: StrictClient, uploaded) -> None:
        file = uploaded(row(), BAD)
        body = client.get(act(client, file, "start")["Location"]).content.decode()
        assert "Nothing was imported: choose whether to leave out the bad rows." in body
        assert not Referral.objects.exists()
        assert not Job.objects.exists()

    def test_asked_for_twice_is_one_job(self, client: StrictClient, uploaded) -> None:
        file = uploaded(row())
        act(client, file, "start")
        act(client, file, "start")
        assert Job.objects.count() == 1
        body = client.get(page_of(file)).content.decode()
        assert "Importing the table" in body
        part = client.get(page_of(file), headers={"HX-Request": "true"}).content.decode()
        assert part.strip().startswith('<div id="import-state"')

    def test_leads_to_the_result_once_it_is_there(
        self, client: StrictClient, uploaded, at: datetime
    ) -> None:
        file = uploaded(row())
        act(client, file, "start")
        work()
        answer = client.get(page_of(file), headers={"HX-Request": "true"})
        batch = ImportBatch.objects.get()
        assert answer["HX-Redirect"] == reverse("referrals:import", args=[batch.uuid])

    def test_can_be_stopped_before_it_begins(
        self, client: StrictClient, uploaded, at: datetime
    ) -> None:
        file = uploaded(row())
        act(client, file, "start")
        act(client, file, "stop")
        assert not work()
        assert not Referral.objects.exists()
        # Begun again it is another job.
        act(client, file, "start")
        work()
        assert Referral.objects.count() == 1

    def test_may_not_be_thrown_away_meanwhile(self, client: StrictClient, uploaded) -> None:
        file = uploaded(row())
        act(client, file, "start")
        act(client, file, "discard")
        assert ImportFile.objects.exists()

    def test_of_a_file_can_be_forgone(
        self, client: StrictClient, uploaded, django_capture_on_commit_callbacks
    ) -> None:
        file = uploaded(row())
        path = Path(file.content.path)
        assert act(client, file, "discard")["Location"] == LIST
        assert not ImportFile.objects.exists()
        assert not path.exists()

    def test_knows_no_other_act(self, client: StrictClient, uploaded) -> None:
        assert act(client, uploaded(row()), "publish").status_code == 404


class TestTheJob:
    """Called as a worker calls it, also a second time and after it was stopped."""

    @pytest.fixture
    def job(self, client: StrictClient, uploaded, at: datetime) -> Job:
        act(client, uploaded(row(), row(gender="Male"), BAD), "start", skip_bad="1")
        job = Job.objects.get()
        Job.objects.update(state=JobState.RUNNING, started_at=at)
        job.refresh_from_db()
        return job

    def test_tells_how_far_it_is(self, job: Job) -> None:
        said: list[tuple[int, int, str]] = []
        import_files.run_import(job, lambda *how_far: said.append(how_far))
        assert said == [(0, 3, "writing"), (3, 3, "writing")]
        assert import_files.rows_written(job) == 3

    def test_called_again_ends_the_same(self, job: Job) -> None:
        results = [import_files.run_import(job, lambda *_: None) for _ in range(2)]
        assert [made and made.content.read() for made in results][0] is not None
        assert ImportBatch.objects.count() == 1
        assert Referral.objects.count() == 2

    def test_stopped_while_it_writes_takes_everything_back(
        self, job: Job, cast: Cast, monkeypatch: pytest.MonkeyPatch, at: datetime
    ) -> None:
        monkeypatch.setattr("referrals.services.imports.BATCH", 1)
        whole = import_files.import_history

        def stopped_meanwhile(**given: Any) -> Any:
            def look(done: int, total: int) -> None:
                if done == 1:
                    assert Referral.objects.count() == 1
                    cancel_job(job=job, by=cast.actor(cast.rapporteur), at=at)
                given["progress"](done, total)

            return whole(**{**given, "progress": look})

        monkeypatch.setattr(import_files, "import_history", stopped_meanwhile)
        with pytest.raises(JobStopped):
            import_files.run_import(job, lambda *_: None)
        assert not Referral.objects.exists()
        assert not ImportBatch.objects.exists()

    def test_stopped_at_the_last_moment_takes_everything_back(self, job: Job) -> None:
        def progress(done: int, total: int = 0, message: str = "") -> None:
            if done == total:
                raise JobStopped

        with pytest.raises(JobStopped):
            import_files.run_import(job, progress)
        assert not Referral.objects.exists()

    def test_asks_whether_the_person_still_may(self, job: Job, cast: Cast, at: datetime) -> None:
        cast.rapporteur.memberships.update(until_at=at - timedelta(minutes=1))
        with pytest.raises(JobFailed, match="not_allowed"):
            import_files.run_import(job, lambda *_: None)
        assert not Referral.objects.exists()

    def test_says_when_the_file_is_gone(self, job: Job) -> None:
        import_storage().delete(ImportFile.objects.get().content.name)
        with pytest.raises(JobFailed, match="file_gone"):
            import_files.run_import(job, lambda *_: None)
        ImportFile.objects.all().delete()
        with pytest.raises(JobFailed, match="file_gone"):
            import_files.run_import(job, lambda *_: None)

    def test_that_failed_says_why_and_can_be_begun_again(
        self, job: Job, client: StrictClient, at: datetime
    ) -> None:
        Job.objects.update(state=JobState.FAILED, error_code="file_gone", finished_at=at)
        file = ImportFile.objects.get()
        assert "The file is no longer kept." in client.get(page_of(file)).content.decode()
        assert "Failed" in client.get(LIST).content.decode()
        act(client, file, "start", skip_bad="1")
        assert Job.objects.count() == 2


class TestForgetting:
    def test_deletes_row_and_content_after_a_day(
        self, uploaded, at: datetime, django_capture_on_commit_callbacks
    ) -> None:
        path = Path(uploaded(row()).content.path)
        assert import_files.forget_files(at + timedelta(hours=23)) == 0
        with django_capture_on_commit_callbacks(execute=True):
            assert import_files.forget_files(at + timedelta(hours=25))
        assert not ImportFile.objects.exists()
        assert not path.exists()

    def test_waits_for_an_import_that_is_under_way(
        self, client: StrictClient, uploaded, at: datetime
    ) -> None:
        act(client, uploaded(row()), "start")
        assert import_files.forget_files(at + timedelta(hours=25)) == 0

    def test_leaves_what_was_imported(
        self, client: StrictClient, uploaded, at: datetime, django_capture_on_commit_callbacks
    ) -> None:
        act(client, uploaded(row(), BAD), "start", skip_bad="1")
        work()
        with django_capture_on_commit_callbacks(execute=True):
            assert import_files.forget_files(at + timedelta(hours=25))
        batch = ImportBatch.objects.get()
        body = client.get(reverse("referrals:import", args=[batch.uuid])).content.decode()
        assert "Their table is no longer kept." in body

    def test_clears_a_content_no_row_knows(self, uploaded, at: datetime) -> None:
        path = Path(uploaded(row()).content.path)
        ImportFile.objects.all().delete()
        assert import_files.forget_files(at + timedelta(hours=25)) == 1
        assert not path.exists()


class TestWhoMay:
    def test_is_the_rapporteur(self, cast: Cast, client_for, uploaded) -> None:
        file = uploaded(row(), BAD)
        for user in (cast.co_ordinator, cast.ngo_manager, cast.administrator, cast.funder):
            other = client_for(user)
            for url in (NEW, LIST, page_of(file)):
                assert other.get(url).status_code == 403, (user, url)
            assert act(other, file, "start", skip_bad="1").status_code == 403
        assert not Referral.objects.exists()

    def test_does_not_see_a_colleagues_file(
        self, cast: Cast, client_for, client: StrictClient, uploaded, at: datetime
    ) -> None:
        memberships.join(
            user=cast.stranger, organisation=cast.ministry, role="rapporteur", by=None, at=at
        )
        file = uploaded(row(), BAD)
        colleague = client_for(cast.stranger)
        assert colleague.get(page_of(file)).status_code == 404
        assert act(colleague, file, "start", skip_bad="1").status_code == 404
        assert act(colleague, file, "discard").status_code == 404
        rows = reverse("referrals:import-bad-rows", args=[file.uuid])
        assert colleague.get(rows).status_code == 404
        # What came of it is everybody's who may import.
        act(client, file, "start", skip_bad="1")
        assert work()
        batch = ImportBatch.objects.get()
        answer = colleague.get(reverse("referrals:import", args=[batch.uuid]))
        assert answer.status_code == 200
        assert "Their table is no longer kept." in answer.content.decode()


class TestTheList:
    def test_says_what_to_do_while_it_is_empty(self, client: StrictClient) -> None:
        body = client.get(LIST).content.decode()
        assert "Nothing has been imported" in body
        assert NEW in body

    @pytest.mark.parametrize("number", [0, 60])
    def test_asks_no_more_for_sixty(
        self, number: int, client: StrictClient, cast: Cast, at: datetime
    ) -> None:
        ImportBatch.objects.bulk_create(
            ImportBatch(
                profile="uk_nrm",
                file_digest="0" * 64,
                rows_read=1,
                rows_added=1,
                rows_known=0,
                rows_refused=0,
                imported_at=at,
                imported_by=cast.rapporteur,
            )
            for _ in range(number)
        )
        with at_most(8):
            client.get(LIST)
