"""The pages of this package through the client: whose they are, what they cost, what they say."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from accounts.models import AccessLog
from common.marks import Permission, Subject
from deadlines import jobs as kinds
from deadlines.choices import JobState
from deadlines.models import Job, Notice
from deadlines.services import jobs, notices
from tests.deadlines.conftest import Clock
from tests.support.cast import Cast
from tests.support.client import StrictClient
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db

SUBJECT = Subject("parcel", uuid.uuid4())
MOST_QUERIES = 8
OUTSIDERS = ["other_manager", "ngo_manager", "co_ordinator", "stranger"]


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def desk(cast: Cast, client_for: Callable[..., StrictClient]) -> StrictClient:
    """The caseworker's browser."""
    return client_for(cast.ngo_caseworker)


@pytest.fixture
def tell(cast: Cast, notice_kind: Callable[..., str]) -> Callable[..., Notice]:
    """Puts a notice into the caseworker's inbox."""

    def go(key: str = "1", kind: str = "", **options: Any) -> Notice:
        notices.notify(
            recipients=[cast.ngo_caseworker.pk],
            kind=kind or notice_kind(),
            subject=options.pop("subject", SUBJECT),
            by=cast.actor(cast.ngo_manager),
            at=options.pop("at", cast.at),
            key=key,
            **options,
        )
        return Notice.objects.get(key=key)

    return go


@pytest.fixture
def start(cast: Cast, job_kind: Callable[..., str]) -> Callable[..., Job]:
    """Starts a job for the caseworker."""

    def a_report(job: Job, progress: kinds.Progress) -> kinds.JobFile:
        return kinds.JobFile("report.csv", ContentFile(b"code,number\r\n"))

    def go(run: kinds.Run = a_report, **options: Any) -> Job:
        by = cast.actor(cast.ngo_caseworker)
        return jobs.start_job(kind=job_kind(run, **options), params={}, by=by, at=cast.at)

    return go


@pytest.fixture
def run(at: datetime) -> Callable[[], bool]:
    return lambda: jobs.run_next_job(clock=Clock(at), worker="here:1")


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


class TestInbox:
    def test_shows_what_is_unread_and_all_on_asking(
        self, desk: StrictClient, tell: Callable[..., Notice], cast: Cast
    ) -> None:
        tell("read")
        notices.mark_all_read(by=cast.actor(cast.ngo_caseworker), at=cast.at)
        assert "Nothing new" in text(desk.get("/inbox/"))
        assert "Something happened" in text(desk.get("/inbox/?show=all"))
        tell("new")
        assert text(desk.get("/inbox/")).count("Something happened") == 1
        assert text(desk.get("/inbox/?show=all")).count("Something happened") == 2

    def test_shows_nobody_elses(
        self, tell: Callable[..., Notice], cast: Cast, client_for: Callable[..., StrictClient]
    ) -> None:
        tell()
        for name in OUTSIDERS:
            answer = client_for(getattr(cast, name)).get("/inbox/?show=all")
            assert "Something happened" not in text(answer), name

    def test_says_nothing_of_a_subject_that_is_no_longer_visible(
        self, desk: StrictClient, tell: Callable[..., Notice], notice_kind: Callable[..., str]
    ) -> None:
        tell(kind=notice_kind({SUBJECT.uuid}))
        shown = text(desk.get("/inbox/"))
        assert "No longer available" in shown
        assert "Something happened" not in shown
        assert str(SUBJECT.uuid) not in shown

    def test_shows_a_notice_whose_kind_is_gone_as_no_longer_available(
        self, desk: StrictClient, tell: Callable[..., Notice]
    ) -> None:
        tell()
        Notice.objects.update(kind="from_an_older_version")
        assert "No longer available" in text(desk.get("/inbox/"))

    def test_marks_what_a_colleague_has_dealt_with(
        self, desk: StrictClient, tell: Callable[..., Notice], cast: Cast
    ) -> None:
        notice = tell()
        notices.mark_handled(subject=SUBJECT, kinds=[notice.kind], at=cast.at)
        assert "Dealt with" in text(desk.get("/inbox/?show=all"))

    def test_tells_of_notices_in_another_organisation(
        self, desk: StrictClient, tell: Callable[..., Notice], cast: Cast
    ) -> None:
        hint = "in another organisation"
        tell("here", organisation_uuid=cast.ngo.uuid)
        assert hint not in text(desk.get("/inbox/"))
        tell("there", organisation_uuid=cast.other_ngo.uuid)
        shown = text(desk.get("/inbox/"))
        assert hint in shown
        assert shown.count("Something happened") == 1

    def test_costs_the_same_for_1_and_for_200(
        self, desk: StrictClient, tell: Callable[..., Notice], notice_kind: Callable[..., str]
    ) -> None:
        # Kinds that ask in the same way are asked once: the last one here asks for itself.
        kind = notice_kind()
        tell("0", kind)
        desk.get("/inbox/")
        with at_most(MOST_QUERIES) as for_one:
            desk.get("/inbox/")
        for number in range(1, 200):
            tell(str(number), kind, subject=Subject("parcel", uuid.uuid4()))
        with at_most(len(for_one)):
            shown = text(desk.get("/inbox/"))
        assert shown.count("Something happened") == 25

    def test_pages_by_place_and_not_by_number(
        self, desk: StrictClient, tell: Callable[..., Notice], notice_kind: Callable[..., str]
    ) -> None:
        kind = notice_kind()
        for number in range(30):
            tell(str(number), kind)
        first = desk.get("/inbox/?show=all")
        following = first.context["next_href"]
        assert "show=all" in following
        second = desk.get(f"/inbox/{following}")
        assert (len(first.context["rows"]), len(second.context["rows"])) == (25, 5)
        assert not {row["action"] for row in first.context["rows"]} & {
            row["action"] for row in second.context["rows"]
        }


class TestOpenNotice:
    def href(self, notice: Notice) -> str:
        return reverse("deadlines:open_notice", args=[notice.uuid])

    def test_marks_it_read_and_goes_there(
        self, desk: StrictClient, tell: Callable[..., Notice]
    ) -> None:
        notice = tell()
        answer = desk.post(self.href(notice))
        assert (answer.status_code, answer["Location"]) == (302, f"/somewhere/{SUBJECT.uuid}/")
        notice.refresh_from_db()
        assert notice.read_at

    def test_does_nothing_on_get(self, desk: StrictClient, tell: Callable[..., Notice]) -> None:
        notice = tell()
        assert desk.get(self.href(notice)).status_code == 405
        notice.refresh_from_db()
        assert notice.read_at is None

    def test_stays_in_the_inbox_when_the_subject_is_no_longer_visible(
        self, desk: StrictClient, tell: Callable[..., Notice], notice_kind: Callable[..., str]
    ) -> None:
        notice = tell(kind=notice_kind({SUBJECT.uuid}))
        answer = desk.post(self.href(notice))
        assert answer["Location"] == "/inbox/"
        assert "no longer available to you" in text(desk.get("/inbox/"))

    def test_of_somebody_else_does_not_exist(
        self, tell: Callable[..., Notice], cast: Cast, client_for: Callable[..., StrictClient]
    ) -> None:
        notice = tell()
        for name in OUTSIDERS:
            other = client_for(getattr(cast, name))
            hidden = other.post(self.href(notice))
            never = other.post(reverse("deadlines:open_notice", args=[uuid.uuid4()]))
            assert hidden.status_code == never.status_code == 404, name
        notice.refresh_from_db()
        assert notice.read_at is None


class TestReadAll:
    def test_empties_the_inbox_and_says_how_many(
        self, desk: StrictClient, tell: Callable[..., Notice]
    ) -> None:
        tell("1")
        tell("2")
        answer = desk.post("/inbox/read/", follow=True)
        assert "2 notices marked as read" in text(answer)
        assert "Nothing new" in text(answer)


class TestJobList:
    def test_shows_ones_own_only(
        self,
        desk: StrictClient,
        start: Callable[..., Job],
        cast: Cast,
        client_for: Callable[..., StrictClient],
    ) -> None:
        assert "No jobs yet" in text(desk.get("/jobs/"))
        start()
        assert "Test work" in text(desk.get("/jobs/"))
        for name in OUTSIDERS:
            assert "Test work" not in text(client_for(getattr(cast, name)).get("/jobs/")), name

    def test_costs_the_same_for_1_and_for_200(
        self, desk: StrictClient, start: Callable[..., Job], cast: Cast
    ) -> None:
        start()
        desk.get("/jobs/")
        with at_most(MOST_QUERIES) as for_one:
            desk.get("/jobs/")
        job = Job.objects.get()
        Job.objects.bulk_create(
            Job(
                kind=job.kind,
                owner=job.owner,
                organisation_uuid=job.organisation_uuid,
                created_at=cast.at - timedelta(minutes=number),
            )
            for number in range(199)
        )
        with at_most(len(for_one)):
            assert len(desk.get("/jobs/").context["rows"]) == 25


class TestJob:
    def href(self, job: Job) -> str:
        return reverse("deadlines:job", args=[job.uuid])

    def test_asks_again_while_it_is_open_and_stops_when_it_has_ended(
        self, desk: StrictClient, start: Callable[..., Job], run: Callable[[], bool]
    ) -> None:
        job = start()
        part = desk.get(self.href(job), headers={"HX-Request": "true"})
        assert 'hx-trigger="every 3s"' in text(part)
        assert "<html" not in text(part)
        run()
        part = desk.get(self.href(job), headers={"HX-Request": "true"})
        assert "hx-trigger" not in text(part)
        assert "Download" in text(part)

    def test_works_without_scripts(self, desk: StrictClient, start: Callable[..., Job]) -> None:
        shown = text(desk.get(self.href(start())))
        assert "Look again" in shown
        assert "Stop it" in shown

    def test_shows_how_far_it_is(self, desk: StrictClient, start: Callable[..., Job]) -> None:
        job = start(words={"reading": "Reading the rows"})
        Job.objects.update(state=JobState.RUNNING, done=30, total=120, message="reading")
        shown = text(desk.get(self.href(job)))
        assert "30 of 120" in shown
        assert "Reading the rows" in shown

    def test_says_in_words_why_it_failed_and_offers_another_try(
        self, desk: StrictClient, start: Callable[..., Job], run: Callable[[], bool]
    ) -> None:
        def work(job: Job, progress: kinds.Progress) -> None:
            raise kinds.JobFailed("no_rows")

        job = start(work, words={"no_rows": "There is nothing to report."})
        run()
        shown = text(desk.get(self.href(job)))
        assert "There is nothing to report." in shown
        assert "Try again" in shown
        desk.post(reverse("deadlines:retry_job", args=[job.uuid]))
        job.refresh_from_db()
        assert job.state == JobState.QUEUED

    def test_is_stopped_by_its_button(self, desk: StrictClient, start: Callable[..., Job]) -> None:
        job = start()
        answer = desk.post(reverse("deadlines:cancel_job", args=[job.uuid]), follow=True)
        assert "Stopped" in text(answer)
        job.refresh_from_db()
        assert job.state == JobState.CANCELLED
        again = desk.post(reverse("deadlines:cancel_job", args=[job.uuid]), follow=True)
        assert "already finished" in text(again)

    @pytest.mark.parametrize(
        ("name", "method"),
        [("job", "get"), ("job_file", "get"), ("cancel_job", "post"), ("retry_job", "post")],
    )
    def test_of_somebody_else_does_not_exist(
        self,
        start: Callable[..., Job],
        run: Callable[[], bool],
        cast: Cast,
        client_for: Callable[..., StrictClient],
        name: str,
        method: str,
    ) -> None:
        job = start()
        run()
        for outsider in OUTSIDERS:
            ask = getattr(client_for(getattr(cast, outsider)), method)
            hidden = ask(reverse(f"deadlines:{name}", args=[job.uuid]))
            never = ask(reverse(f"deadlines:{name}", args=[uuid.uuid4()]))
            assert hidden.status_code == never.status_code == 404, outsider
            assert sorted(hidden.headers) == sorted(never.headers), outsider


class TestJobFile:
    def href(self, job: Job) -> str:
        return reverse("deadlines:job_file", args=[job.uuid])

    def test_comes_as_a_download_under_a_name_of_ours_and_is_logged(
        self, desk: StrictClient, start: Callable[..., Job], run: Callable[[], bool], cast: Cast
    ) -> None:
        job = start()
        run()
        answer = desk.get(self.href(job))
        assert answer.content == b"code,number\r\n"
        assert answer["Content-Disposition"] == 'attachment; filename="report.csv"'
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cache-Control"] == "no-store"
        assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
        logged = AccessLog.objects.about("job", job.uuid).get()
        assert (logged.user, logged.organisation_uuid) == (cast.ngo_caseworker, cast.ngo.uuid)

    def test_is_not_handed_out_when_the_log_cannot_be_written(
        self,
        desk: StrictClient,
        start: Callable[..., Job],
        run: Callable[[], bool],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def refuse(**_values: Any) -> None:
            raise RuntimeError("disk full")

        job = start()
        run()
        monkeypatch.setattr("deadlines.views.jobs.record", refuse)
        desk.raise_request_exception = False
        assert desk.get(self.href(job)).status_code == 500

    def test_before_it_is_there_does_not_exist(
        self, desk: StrictClient, start: Callable[..., Job]
    ) -> None:
        assert desk.get(self.href(start())).status_code == 404

    @pytest.mark.parametrize("swept", [True, False])
    def test_is_gone_in_words_when_its_time_is_past(
        self,
        desk: StrictClient,
        start: Callable[..., Job],
        run: Callable[[], bool],
        at: datetime,
        swept: bool,
    ) -> None:
        job = start()
        run()
        Job.objects.update(expires_at=at - timedelta(seconds=1))
        if swept:
            jobs.expire_results(at)
        answer = desk.get(self.href(job))
        assert answer.status_code == 410
        assert "no longer kept" in text(answer)

    def test_is_closed_to_who_lost_the_permission_since(
        self,
        desk: StrictClient,
        start: Callable[..., Job],
        run: Callable[[], bool],
        job_kind: Callable[..., str],
    ) -> None:
        job = start()
        run()
        assert desk.get(self.href(job)).status_code == 200
        closed = job_kind(lambda job, progress: None, permission=Permission.ORGANISATION_REVIEW)
        Job.objects.update(kind=closed)
        assert desk.get(self.href(job)).status_code == 404

    def test_is_closed_to_its_owner_after_leaving_the_organisation(
        self, desk: StrictClient, start: Callable[..., Job], run: Callable[[], bool], cast: Cast
    ) -> None:
        from partners.models import Membership
        from partners.services import memberships

        job = start()
        run()
        membership = Membership.objects.get(user=cast.ngo_caseworker)
        memberships.end_membership(
            membership=membership, by=cast.actor(cast.ngo_manager), at=cast.at
        )
        assert desk.get(self.href(job)).status_code == 404
