"""The action plan in pages: few queries, the former text beside the new, files as they were."""

import io
from datetime import timedelta
from typing import Any
from uuid import uuid4

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from common.country import local_day
from deadlines.models import Job
from deadlines.services.jobs import run_next_job
from ncm.models import ActionPlan, Activity, PlanReport, PlanReportFile, Revision
from ncm.services import plan_reports
from tests.ncm import plans as stages
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


def day(name: str, on: Any) -> dict[str, str]:
    return {f"{name}_{part}": str(getattr(on, part)) for part in ("day", "month", "year")}


def activity_form(cast: Cast, **more: Any) -> dict[str, Any]:
    today = local_day(cast.at)
    return {
        "version": "0", "words": "Teach inspectors (invented)", "lead": str(cast.ngo.uuid),
        "indicator": "Inspectors", "cost": "1000", "from_state": "400", "from_donors": "",
        "from_own": "", **day("deadline_on", today + timedelta(days=90)),
        **day("from_on", today),
    } | more  # fmt: skip


class TestWriting:
    def test_goes_from_draft_to_adoption(self, cast: Cast, client_for: Any) -> None:
        client, today = client_for(cast.co_ordinator), local_day(cast.at)
        typed = {
            "version": "0", "client_key": str(uuid4()), "title": "Plan (invented)",
            "currency": "eur", **day("from_on", today),
            **day("until_on", today + timedelta(days=500)),
        }  # fmt: skip
        for _twice in range(2):
            client.post(reverse("ncm:plan-new"), typed)
        plan = ActionPlan.objects.get()
        client.post(
            reverse("ncm:plan-objectives", args=[plan.uuid]),
            {"p": "prosecution", "words": "Inspectors refer"},
        )
        new = reverse("ncm:plan-activity-new", args=[plan.uuid])
        form = activity_form(cast, objective=str(plan.objectives.get().uuid))
        refused = client.post(new, form | {"cost": "1,000"}).content.decode()
        assert "no comma, no blank" in refused
        too_much = client.post(new, form | {"from_donors": "900"}).content.decode()
        assert "gives more than it costs" in too_much
        client.post(new, form)
        assert Activity.objects.get().gap == 600
        client.post(reverse("ncm:plan-act", args=[plan.uuid, "adopt"]), {"act": "Decision 4"})
        assert stages.now(plan).state == "adopted"

    def test_of_two_at_the_same_time_shows_both_texts(self, cast: Cast, client_for: Any) -> None:
        plan, client = stages.draft(cast), client_for(cast.co_ordinator)
        row = stages.own(plan, cast.ngo)
        href = reverse("ncm:plan-activity-edit", args=[row.uuid])
        answer = client.post(href, activity_form(cast, version=str(row.version + 3)))
        assert answer.status_code == 409
        body = answer.content.decode()
        assert "Teach inspectors (invented)" in body
        assert "Train those who meet people first (invented)" in body

    def test_of_the_plan_itself_too(self, cast: Cast, client_for: Any) -> None:
        plan, client, today = stages.draft(cast), client_for(cast.co_ordinator), local_day(cast.at)
        typed = {
            "version": str(plan.version + 1), "title": "Another title", "currency": "EUR",
            **day("from_on", today), **day("until_on", today + timedelta(days=500)),
        }  # fmt: skip
        answer = client.post(reverse("ncm:plan-edit", args=[plan.uuid]), typed)
        assert answer.status_code == 409
        assert "Another title" in answer.content.decode()


class TestChanges:
    def test_shows_each_change_under_its_revision_and_reason(
        self, cast: Cast, client_for: Any
    ) -> None:
        plan = stages.adopted(cast)
        first = stages.revised(cast, plan, reason="Schools are closed.")
        row = stages.own(plan, cast.ngo)
        page = client_for(cast.ngo_manager).get(row.get_absolute_url())
        [change] = page.context["changes"]
        assert (change["title"], change["href"]) == ("Revision 1", first.get_absolute_url())
        reason = '<p class="govuk-body"><bdi>Schools are closed.</bdi></p>'
        assert page.content.decode().count(reason) == 1
        shown = client_for(cast.ngo_manager).get(first.get_absolute_url())
        [change] = shown.context["changes"]
        assert (change["title"], change["href"]) == (row.words, row.get_absolute_url())
        assert reason not in shown.content.decode()

    def test_of_a_revision_each_step_says_what_was_done(self, cast: Cast, client_for: Any) -> None:
        row = stages.revision(cast, stages.adopted(cast))
        step = lambda name: reverse("ncm:plan-revision-act", args=[row.uuid, name])  # noqa: E731
        said = client_for(cast.co_ordinator).post(step("propose"), {}, follow=True)
        assert "The other co-ordinators have been told." in said.content.decode()
        said = client_for(cast.second_co_ordinator).post(step("adopt"), {"act": ""}, follow=True)
        assert "The revision is adopted." in said.content.decode()


class TestThePlan:
    @pytest.mark.parametrize("number", [1, 500])
    def test_is_shown_in_at_most_ten_queries(
        self, cast: Cast, client_for: Any, number: int
    ) -> None:
        plan = stages.adopted(cast)
        stages.many(cast, plan, number)
        client = client_for(cast.co_ordinator)
        client.get(plan.get_absolute_url())
        with at_most(10):
            body = client.get(plan.get_absolute_url()).content.decode()
        assert "Progress by P" in body
        with at_most(10):
            client.get(reverse("ncm:plan-timeline", args=[plan.uuid]))

    @pytest.mark.parametrize("number", [1, 40])
    def test_list_of_plans_takes_few_queries(
        self, cast: Cast, client_for: Any, number: int
    ) -> None:
        today = local_day(cast.at)
        ActionPlan.objects.bulk_create(
            ActionPlan(
                client_key=uuid4(), title=f"Plan {n}", from_on=today,
                until_on=today + timedelta(days=9), currency="EUR", act="Decision",
                created_at=cast.at, created_by=cast.co_ordinator, adopted_at=cast.at,
                adopted_by=cast.co_ordinator, **{"state": "adopted"},
            )
            for n in range(number)
        )  # fmt: skip
        client = client_for(cast.ngo_manager)
        client.get(reverse("ncm:plans"))
        with at_most(8):
            client.get(reverse("ncm:plans"))

    def test_narrows_by_p_progress_group_and_lead(self, cast: Cast, client_for: Any) -> None:
        plan = stages.adopted(cast)
        client, href = client_for(cast.ngo_manager), plan.get_absolute_url()
        train, beds = "Train those who meet", "Beds in the north"
        for query, shown, hidden in (
            ("p=prevention", train, beds),
            ("p=protection", beds, train),
            ("group=migrants", train, beds),
            ("whose=ours", train, beds),
            ("progress=done", "No activity matches", train),
            ("whose=late", "No activity matches", train),
        ):
            body = client.get(f"{href}?{query}").content.decode()
            assert shown in body
            assert hidden not in body

    def test_leads_to_the_one_in_force(self, cast: Cast, client_for: Any) -> None:
        client = client_for(cast.ngo_manager)
        assert client.get(reverse("ncm:plan")).headers["Location"] == reverse("ncm:plans")
        plan = stages.adopted(cast)
        assert client.get(reverse("ncm:plan")).headers["Location"] == plan.get_absolute_url()

    def test_names_no_organisation_that_is_not_listed(self, cast: Cast, client_for: Any) -> None:
        plan = stages.adopted(cast)
        stages.many(cast, plan, 3)
        row = Activity.objects.filter(lead=cast.unlisted_ngo)[0]
        client = client_for(cast.ngo_manager)
        pages = [
            plan.get_absolute_url(), row.get_absolute_url(),
            reverse("ncm:plan-timeline", args=[plan.uuid]),
            reverse("ncm:plan-take", args=[plan.uuid]),
            *(reverse("ncm:plan-file", args=[plan.uuid, each]) for each in ("csv", "json")),
        ]  # fmt: skip
        for page in pages:
            body = client.get(page).content.decode()
            assert "Quiet Harbour" not in body, page
        assert (
            "Quiet Harbour"
            in client_for(cast.unlisted_manager).get(row.get_absolute_url()).content.decode()
        )


class TestAnActivity:
    def test_shows_what_was_reported_and_what_is_missing(self, cast: Cast, client_for: Any) -> None:
        plan = stages.adopted(cast)
        row, lead = stages.own(plan, cast.ngo), client_for(cast.ngo_manager)
        href = reverse("ncm:plan-activity-act", args=[row.uuid, "report"])
        file = SimpleUploadedFile("list.pdf", b"%PDF-1.7 invented")
        typed = {
            "client_key": str(uuid4()), "progress": "under_way", "value": "30",
            "words": "Two courses.", **day("on", local_day(cast.at)),
        }  # fmt: skip
        lead.post(href, typed | {"file": file})
        other = client_for(cast.other_manager)
        gap = {"client_key": str(uuid4()), "kind": "money", "words": "Nobody pays the rooms."}
        other.post(reverse("ncm:plan-activity-act", args=[row.uuid, "gap"]), gap)
        body = other.get(row.get_absolute_url()).content.decode()
        assert "Two courses." in body
        assert "Nobody pays the rooms." in body
        evidence = reverse("ncm:plan-evidence", args=[row.uuid, row.statuses.get().uuid])
        assert evidence in body
        answer = other.get(evidence)
        assert answer.content == b"%PDF-1.7 invented"
        assert answer.headers["Content-Disposition"].startswith("attachment")

    def test_shows_the_former_text_beside_the_new(self, cast: Cast, client_for: Any) -> None:
        plan = stages.adopted(cast)
        stages.revised(cast, plan)
        body = (
            client_for(cast.ngo_manager)
            .get(stages.own(plan, cast.ngo).get_absolute_url())
            .content.decode()
        )
        assert "What revisions changed" in body
        assert "<bdi>120</bdi>" in body
        assert "<bdi>60</bdi>" in body


class TestRevising:
    def test_goes_page_by_page_to_a_second_person(self, cast: Cast, client_for: Any) -> None:
        plan = stages.adopted(cast)
        first, second = client_for(cast.co_ordinator), client_for(cast.second_co_ordinator)
        begin = reverse("ncm:plan-revise", args=[plan.uuid])
        first.post(begin, {"client_key": str(uuid4()), "reason": "A storm."})
        row = Revision.objects.get()
        activity = stages.own(plan, cast.ngo)
        change = reverse("ncm:plan-revision-change", args=[row.uuid, activity.uuid])
        first.post(change, activity_form(cast))
        beds = stages.own(plan, cast.other_ngo)
        drop = reverse("ncm:plan-revision-change", args=[row.uuid, beds.uuid])
        first.post(drop, {"drop": "1"})
        for name in ("propose", "adopt"):
            first.post(reverse("ncm:plan-revision-act", args=[row.uuid, name]), {"act": ""})
        assert stages.now(row).state == "proposed"
        assert (
            "Somebody else than who drafted it"
            in first.get(row.get_absolute_url()).content.decode()
        )
        second.post(reverse("ncm:plan-revision-act", args=[row.uuid, "adopt"]), {"act": ""})
        assert stages.now(row).state == "adopted"
        assert stages.now(activity).words == "Teach inspectors (invented)"
        assert stages.now(beds).dropped_at is not None

    def test_takes_a_change_out_again(self, cast: Cast, client_for: Any) -> None:
        row = stages.revision(cast, stages.adopted(cast))
        remove = reverse("ncm:plan-revision-act", args=[row.uuid, "remove"])
        client = client_for(cast.co_ordinator)
        assert client.post(remove, {"change": "nonsense"}).status_code == 404
        client.post(remove, {"change": str(row.changes.get().uuid)})
        assert not row.changes.exists()


class TestTheHalfYearlyReport:
    def test_is_put_together_sent_and_kept_as_files(
        self, cast: Cast, client_for: Any, at: Any
    ) -> None:
        plan, client = stages.adopted(cast), client_for(cast.co_ordinator)
        client.post(reverse("ncm:plan-act", args=[plan.uuid, "report"]))
        report = PlanReport.objects.get()
        stages.report(cast, stages.own(plan, cast.ngo), at=report.opened_at)
        send = reverse("ncm:plan-report-send", args=[report.uuid])
        assert "Leads that have not reported: 1" in client.get(send).content.decode()
        stale = client.post(send, {"version": str(report.version + 1), "summary": "Half done."})
        assert stale.status_code == 409
        client.post(send, {"version": str(report.version), "summary": "Half done."})
        assert run_next_job(clock=lambda: at, worker="test")
        assert Job.objects.get().state == "done"
        member = client_for(cast.unlisted_manager)
        body = member.get(report.get_absolute_url()).content.decode()
        assert "Half done." in body
        assert "Open Door (invented)" in body
        endings = set(PlanReportFile.objects.values_list("ending", flat=True))
        assert endings == {"csv", "json", "pdf", "xlsx"}
        book = member.get(reverse("ncm:plan-report-file", args=[report.uuid, "xlsx"])).content
        cells = [
            str(cell.value) for sheet in openpyxl.load_workbook(io.BytesIO(book)) for row in sheet
            for cell in row
        ]  # fmt: skip
        assert "Train those who meet people first (invented)" in cells

    def test_part_shows_a_lead_what_it_still_has_to_report(
        self, cast: Cast, client_for: Any
    ) -> None:
        plan = stages.adopted(cast)
        report = plan_reports.open_report(plan=plan, by=cast.actor(cast.co_ordinator), at=cast.at)
        part = report.parts.get(organisation=cast.ngo)
        client = client_for(cast.ngo_manager)
        assert "Not yet" in client.get(reverse("ncm:plan-part", args=[part.uuid])).content.decode()
        stages.report(cast, stages.own(plan, cast.ngo))
        body = client.get(reverse("ncm:plan-part", args=[part.uuid])).content.decode()
        assert "You have reported on everything" in body
