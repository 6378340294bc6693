"""Jobs: started once, run under a lease, fenced, tried again, given up, expired."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.db import IntegrityError, connection, transaction

from common.marks import Permission
from deadlines import jobs as kinds
from deadlines.choices import JobError, JobState
from deadlines.files import content_type, job_storage
from deadlines.models import Job
from deadlines.services import jobs
from tests.deadlines.conftest import Clock, Somebody

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]

JobKind = Callable[..., str]


def nothing(job: Job, progress: kinds.Progress) -> None:
    return None


def a_report(job: Job, progress: kinds.Progress) -> kinds.JobFile:
    return kinds.JobFile("report-2024.csv", ContentFile(b"code,number\r\n"))


def broken(job: Job, progress: kinds.Progress) -> None:
    raise RuntimeError("Nadia Petrova, born 1998")


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def start(by: Somebody, at: datetime, job_kind: JobKind) -> Callable[..., Job]:
    """Starts a job that runs the function."""

    def go(run: kinds.Run, **options: Any) -> Job:
        return jobs.start_job(kind=job_kind(run, **options), params={}, by=by, at=at)

    return go


def run(clock: Clock) -> bool:
    return jobs.run_next_job(clock=clock, worker="here:1")


class TestStart:
    def test_writes_a_row_and_wakes_a_worker_on_commit(
        self, start: Callable[..., Job], by: Somebody, django_capture_on_commit_callbacks: Any
    ) -> None:
        with django_capture_on_commit_callbacks() as callbacks:
            job = start(nothing)
        assert (job.state, job.owner_id, job.organisation_uuid) == (
            JobState.QUEUED,
            by.user_id,
            by.organisation.uuid,
        )
        assert [callback.task_name for callback in callbacks] == [jobs.RUN_JOB]

    def test_asked_twice_gives_the_open_one(
        self, by: Somebody, at: datetime, job_kind: JobKind
    ) -> None:
        kind = job_kind(nothing)
        first = jobs.start_job(kind=kind, params={"quarter": "2024-Q1"}, by=by, at=at)
        again = jobs.start_job(kind=kind, params={"quarter": "2024-Q1"}, by=by, at=at)
        other = jobs.start_job(kind=kind, params={"quarter": "2024-Q2"}, by=by, at=at)
        assert first.pk == again.pk != other.pk

    def test_refuses_a_kind_nobody_registered(self, by: Somebody, at: datetime) -> None:
        with pytest.raises(ValueError, match="Nobody"):
            jobs.start_job(kind="no such", params={}, by=by, at=at)

    @pytest.mark.parametrize(
        "value", ["Nadia Petrova", "nadia@example.org", "a\nb", 1.5, object(), ["two words"]]
    )
    def test_refuses_params_that_are_more_than_codes(
        self, by: Somebody, at: datetime, job_kind: JobKind, value: object
    ) -> None:
        with pytest.raises(ValueError, match="ids and codes"):
            jobs.start_job(kind=job_kind(nothing), params={"x": value}, by=by, at=at)

    def test_takes_ids_and_codes(self, by: Somebody, at: datetime, job_kind: JobKind) -> None:
        params = {"ids": [1, 2], "quarter": "2024-Q1", "internal": True, "area": None}
        job = jobs.start_job(kind=job_kind(nothing), params=params, by=by, at=at)
        job.refresh_from_db()
        assert job.params == params

    def test_refuses_who_lacks_the_permission_of_the_kind(
        self, by: Somebody, at: datetime, job_kind: JobKind
    ) -> None:
        kind = job_kind(nothing, permission=Permission.ORGANISATION_REVIEW)
        with pytest.raises(PermissionDenied):
            jobs.start_job(kind=kind, params={}, by=by, at=at)
        by.permissions = frozenset({Permission.ORGANISATION_REVIEW})
        assert jobs.start_job(kind=kind, params={}, by=by, at=at).pk

    def test_refuses_the_system(self, at: datetime, job_kind: JobKind, db: None) -> None:
        with pytest.raises(PermissionDenied):
            jobs.start_job(kind=job_kind(nothing), params={}, by=Somebody(system="x"), at=at)


class TestRun:
    def test_keeps_the_result_under_a_random_name_for_a_day(
        self, start: Callable[..., Job], clock: Clock, tmp_path: Path
    ) -> None:
        job = start(a_report)
        assert run(clock)
        job.refresh_from_db()
        assert (job.state, job.result_name) == (JobState.DONE, "report-2024.csv")
        assert job.expires_at == clock.now + timedelta(hours=24)
        stored = tmp_path / "jobs" / job.result.name
        assert re.fullmatch(r"[0-9a-f]{48}", job.result.name)
        assert stored.read_bytes() == b"code,number\r\n"
        assert stored.stat().st_mode & 0o077 == 0

    def test_says_when_nothing_waits(self, clock: Clock, db: None) -> None:
        assert not run(clock)

    def test_runs_the_oldest_first_and_each_once(
        self, start: Callable[..., Job], clock: Clock
    ) -> None:
        ran: list[int] = []
        first = start(lambda job, progress: ran.append(job.pk))
        second = start(lambda job, progress: ran.append(job.pk))
        while run(clock):
            pass
        assert ran == [first.pk, second.pk]

    def test_writes_progress_at_most_once_a_second_and_the_last_step_always(
        self, start: Callable[..., Job], clock: Clock
    ) -> None:
        seen: list[int] = []

        def work(job: Job, progress: kinds.Progress) -> None:
            for step in range(1, 11):
                clock.forward(seconds=0.4)
                progress(step, 10)
                seen.append(Job.objects.get(pk=job.pk).done)

        start(work)
        run(clock)
        assert seen == [1, 1, 1, 4, 4, 4, 7, 7, 7, 10]

    def test_prolongs_the_lease_with_each_progress(
        self, start: Callable[..., Job], clock: Clock, settings: Any
    ) -> None:
        def work(job: Job, progress: kinds.Progress) -> None:
            clock.forward(seconds=200)
            progress(1, 2)
            assert Job.objects.get(pk=job.pk).claimed_until == clock.now + settings.JOB_LEASE

        job = start(work)
        run(clock)
        job.refresh_from_db()
        assert job.state == JobState.DONE

    def test_never_logs_what_an_error_says(
        self, start: Callable[..., Job], clock: Clock, caplog: pytest.LogCaptureFixture
    ) -> None:
        start(broken)
        run(clock)
        assert "RuntimeError" in caplog.text
        assert "Nadia" not in caplog.text

    def test_tries_again_later_and_gives_up_in_the_end(
        self, start: Callable[..., Job], clock: Clock
    ) -> None:
        job = start(broken, attempts=3)
        tries = 0
        while tries < 10 and run(clock):
            tries += 1
            assert not run(clock), "not again at once"
            clock.forward(minutes=31)
        job.refresh_from_db()
        assert (tries, job.state, job.error_code) == (3, JobState.FAILED, JobError.BROKEN)
        assert "went wrong on our side" in job.words

    def test_a_failure_that_is_final_is_not_tried_again(
        self, start: Callable[..., Job], clock: Clock
    ) -> None:
        def work(job: Job, progress: kinds.Progress) -> None:
            raise kinds.JobFailed("no_rows")

        job = start(work, words={"no_rows": "There is nothing to report."})
        run(clock)
        job.refresh_from_db()
        assert (job.state, job.words) == (JobState.FAILED, "There is nothing to report.")

    def test_a_kind_this_version_does_not_know_is_tried_then_failed(
        self, start: Callable[..., Job], clock: Clock
    ) -> None:
        job = start(nothing)
        Job.objects.update(kind="from_a_newer_version")
        for _try in range(3):
            assert run(clock)
            clock.forward(hours=1)
        assert not run(clock)
        job.refresh_from_db()
        assert (job.state, job.error_code) == (JobState.FAILED, JobError.UNKNOWN_KIND)

    def test_a_result_with_a_name_that_may_not_be_shown_is_refused(
        self, start: Callable[..., Job], clock: Clock, tmp_path: Path
    ) -> None:
        start(
            lambda job, progress: kinds.JobFile("Nadia Petrova.exe", ContentFile(b"")), attempts=1
        )
        run(clock)
        assert Job.objects.get().state == JobState.FAILED
        assert not list((tmp_path / "jobs").glob("*"))


class TestLease:
    """A worker that is killed says nothing: only its lease runs out."""

    def killed(self, start: Callable[..., Job], clock: Clock, **options: Any) -> Job:
        def work(job: Job, progress: kinds.Progress) -> None:
            if len(ran) <= options.get("kills", 1) - 1:
                ran.append(1)
                raise KeyboardInterrupt
            ran.append(1)

        ran: list[int] = []
        job = start(work, attempts=3)
        with pytest.raises(KeyboardInterrupt):
            run(clock)
        return job

    def test_a_killed_workers_job_is_taken_after_its_lease(
        self, start: Callable[..., Job], clock: Clock, settings: Any
    ) -> None:
        job = self.killed(start, clock)
        assert not run(clock)
        clock.now += settings.JOB_LEASE
        assert run(clock)
        job.refresh_from_db()
        assert (job.state, job.attempts) == (JobState.DONE, 2)

    def test_a_job_that_kills_every_worker_is_given_up_with_words(
        self, start: Callable[..., Job], clock: Clock, settings: Any
    ) -> None:
        job = self.killed(start, clock, kills=99)
        for _kill in range(2):
            clock.now += settings.JOB_LEASE
            with pytest.raises(KeyboardInterrupt):
                run(clock)
        clock.now += settings.JOB_LEASE
        assert run(clock)
        job.refresh_from_db()
        assert (job.state, job.error_code) == (JobState.FAILED, JobError.STOPPED)
        assert "interrupted" in job.words

    def test_a_worker_that_was_away_too_long_writes_nothing(
        self, start: Callable[..., Job], clock: Clock, settings: Any, tmp_path: Path
    ) -> None:
        turns: list[str] = []

        def work(job: Job, progress: kinds.Progress) -> kinds.JobFile:
            turns.append("begun")
            name = "first-1.csv" if len(turns) == 1 else "second-2.csv"
            if len(turns) == 1:
                clock.now += settings.JOB_LEASE
                assert run(clock), "another worker takes it over meanwhile"
            return kinds.JobFile(name, ContentFile(name.encode()))

        job = start(work)
        run(clock)
        job.refresh_from_db()
        assert (job.state, job.result_name) == (JobState.DONE, "second-2.csv")
        assert [file.read_bytes() for file in (tmp_path / "jobs").iterdir()] == [b"second-2.csv"]

    def test_progress_of_a_worker_that_was_away_too_long_stops_it(
        self, start: Callable[..., Job], clock: Clock, settings: Any
    ) -> None:
        turns: list[str] = []

        def work(job: Job, progress: kinds.Progress) -> None:
            turns.append("begun")
            if len(turns) == 1:
                clock.now += settings.JOB_LEASE
                run(clock)
                progress(1, 2)
                turns.append("went on")

        job = start(work)
        run(clock)
        job.refresh_from_db()
        assert turns == ["begun", "begun"]
        assert (job.state, job.done) == (JobState.DONE, 0)


class TestCancel:
    def test_stops_the_work_at_its_next_step(
        self, start: Callable[..., Job], clock: Clock, by: Somebody
    ) -> None:
        steps: list[int] = []

        def work(job: Job, progress: kinds.Progress) -> None:
            for step in range(5):
                clock.forward(seconds=2)
                progress(step, 5)
                steps.append(step)
                if step == 1:
                    jobs.cancel_job(job=job, by=by, at=clock())

        job = start(work)
        run(clock)
        job.refresh_from_db()
        assert steps == [0, 1]
        assert job.state == JobState.CANCELLED
        assert not run(clock)

    def test_in_the_last_step_keeps_no_result(
        self, start: Callable[..., Job], clock: Clock, by: Somebody, tmp_path: Path
    ) -> None:
        def work(job: Job, progress: kinds.Progress) -> kinds.JobFile:
            jobs.cancel_job(job=job, by=by, at=clock())
            return a_report(job, progress)

        job = start(work)
        run(clock)
        job.refresh_from_db()
        assert (job.state, job.result.name) == (JobState.CANCELLED, "")
        assert not list((tmp_path / "jobs").iterdir())

    def test_comes_too_late_for_what_has_finished(
        self, start: Callable[..., Job], clock: Clock, by: Somebody
    ) -> None:
        job = start(nothing)
        run(clock)
        assert not jobs.cancel_job(job=job, by=by, at=clock())
        assert Job.objects.get().state == JobState.DONE

    def test_is_the_owners_alone(
        self, start: Callable[..., Job], clock: Clock, by_ben: Somebody
    ) -> None:
        job = start(nothing)
        with pytest.raises(PermissionDenied):
            jobs.cancel_job(job=job, by=by_ben, at=clock())


class TestRetry:
    def test_puts_a_failed_job_back_with_all_its_tries(
        self, start: Callable[..., Job], clock: Clock, by: Somebody
    ) -> None:
        job = start(broken, attempts=1)
        run(clock)
        assert jobs.retry_job(job=job, by=by, at=clock())
        job.refresh_from_db()
        assert (job.state, job.attempts, job.error_code) == (JobState.QUEUED, 0, "")
        assert run(clock)

    def test_leaves_a_finished_one_alone(
        self, start: Callable[..., Job], clock: Clock, by: Somebody
    ) -> None:
        job = start(a_report)
        run(clock)
        assert not jobs.retry_job(job=job, by=by, at=clock())
        assert Job.objects.get().result

    def test_is_the_owners_alone(
        self, start: Callable[..., Job], clock: Clock, by_ben: Somebody
    ) -> None:
        job = start(broken, attempts=1)
        run(clock)
        with pytest.raises(PermissionDenied):
            jobs.retry_job(job=job, by=by_ben, at=clock())


class TestExpireResults:
    def test_deletes_the_file_and_says_so(
        self, start: Callable[..., Job], clock: Clock, tmp_path: Path
    ) -> None:
        job = start(a_report, keep=timedelta(hours=2))
        run(clock)
        assert jobs.expire_results(clock.forward(hours=1)) == 0
        assert jobs.expire_results(clock.forward(hours=1)) == 1
        assert jobs.expire_results(clock()) == 0
        job.refresh_from_db()
        assert (job.state, job.result.name) == (JobState.EXPIRED, "")
        assert not list((tmp_path / "jobs").iterdir())

    def test_clears_files_that_no_row_knows_after_a_day(
        self, start: Callable[..., Job], clock: Clock, tmp_path: Path
    ) -> None:
        start(a_report, keep=timedelta(days=9))
        run(clock)
        job_storage().save("orphan", ContentFile(b"left by a crash"))
        assert jobs.expire_results(clock()) == 0
        assert jobs.expire_results(clock.forward(days=1, minutes=1)) == 1
        assert [file.name for file in (tmp_path / "jobs").iterdir()] == [Job.objects.get().result]


class TestWakeWaiting:
    def test_nudges_for_what_nobody_holds(
        self,
        start: Callable[..., Job],
        clock: Clock,
        settings: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def work(job: Job, progress: kinds.Progress) -> None:
            raise KeyboardInterrupt

        start(work)
        woken: list[str] = []
        monkeypatch.setattr(jobs, "wake", woken.append)
        with pytest.raises(KeyboardInterrupt):
            run(clock)
        assert jobs.wake_waiting(clock()) == 0, "its lease still lives"
        clock.now += settings.JOB_LEASE
        assert jobs.wake_waiting(clock()) == 1
        assert woken == [jobs.RUN_JOB]


class TestVisibleTo:
    def test_shows_ones_own_of_this_organisation_only(
        self, start: Callable[..., Job], by: Somebody, by_ben: Somebody
    ) -> None:
        job = start(nothing)
        elsewhere = Somebody(by.user, type(by.organisation)(uuid=job.uuid))
        nowhere = Somebody(by.user)
        shown = [
            Job.objects.visible_to(each).count()
            for each in (by, by_ben, elsewhere, nowhere, Somebody())
        ]
        assert shown == [1, 0, 0, 0, 0]

    def test_hides_a_kind_one_may_no_longer_use(
        self, by: Somebody, at: datetime, job_kind: JobKind
    ) -> None:
        by.permissions = frozenset({Permission.ORGANISATION_REVIEW})
        kind = job_kind(nothing, permission=Permission.ORGANISATION_REVIEW)
        jobs.start_job(kind=kind, params={}, by=by, at=at)
        assert Job.objects.visible_to(by).count() == 1
        by.permissions = frozenset()
        assert Job.objects.visible_to(by).count() == 0


class TestConstraints:
    @pytest.mark.parametrize(
        "values",
        [
            {"state": "lost"},
            {"state": JobState.DONE},
            {"state": JobState.QUEUED, "finished": True},
            {"state": JobState.FAILED, "finished": True},
            {"state": JobState.FAILED, "finished": True, "error_code": "x", "result": "file"},
        ],
    )
    def test_refuse_what_no_job_is(
        self, start: Callable[..., Job], at: datetime, values: dict[str, Any]
    ) -> None:
        job = start(nothing)
        if values.pop("finished", False):
            values["finished_at"] = at
        with pytest.raises(IntegrityError), transaction.atomic():
            Job.objects.filter(pk=job.pk).update(**values)


class TestSweepReadsLittle:
    @pytest.mark.skipif(connection.vendor != "postgresql", reason="reads PostgreSQL's plans")
    def test_open_jobs_have_an_index_of_their_own(
        self, start: Callable[..., Job], clock: Clock
    ) -> None:
        job = start(nothing)
        run(clock)
        job.refresh_from_db()
        columns = [f.attname for f in Job._meta.fields if f.name not in {"id", "uuid"}]
        finished = {name: getattr(job, name) for name in columns}
        copies = [Job(**finished) for _copy in range(2000)]
        Job.objects.bulk_create(copies)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE deadlines_job")
        assert "job_open" in Job.objects.open().order_by("pk")[:1].explain()


class TestNames:
    @pytest.mark.parametrize("name", ["report.csv", "quarterly-report-2024-q1.pdf", "a.b_c.xlsx"])
    def test_plain_ones_have_a_content_type(self, name: str) -> None:
        assert content_type(name)

    @pytest.mark.parametrize(
        "name",
        [
            "",
            ".csv",
            "Report.csv",
            "two words.csv",
            'a".csv',
            "a/b.csv",
            "a.html",
            "a.svg",
            "ü.csv",
        ],
    )
    def test_others_are_refused(self, name: str) -> None:
        with pytest.raises(ValueError, match="plain ASCII"):
            content_type(name)

    def test_a_result_has_no_address(self) -> None:
        with pytest.raises(ValueError, match="no address"):
            job_storage().url("x")


class TestRegister:
    def test_refuses_a_name_that_is_taken(self, job_kind: JobKind) -> None:
        name = job_kind(nothing)
        with pytest.raises(ValueError, match="Two kinds"):
            kinds.register(name, run=a_report, label="Other")
