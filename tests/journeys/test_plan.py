"""The action plan: revised for an emergency by two people; the half-yearly report sent to all."""

from collections.abc import Callable

from django.utils import timezone

from common.country import local_day
from deadlines.services.jobs import run_next_job
from ncm.models import Activity, PlanReport, Revision
from partners.services import emergencies
from tests.journeys.conftest import Visitor
from tests.ncm import plans
from tests.support.cast import Cast


class TestAPlanRevisedForAnEmergency:
    def test_is_adopted_by_a_second_person_and_keeps_its_former_text(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        plan = plans.adopted(stage)
        keeper = stage.actor(stage.co_ordinator, timezone.now())
        emergencies.declare(area=stage.area, reason="A storm", by=keeper, at=keeper.at)
        desk = visit().arrive_as(stage.co_ordinator)
        desk.open("/co-ordination/plan/").picture("plan").follow("Revise the plan")
        desk.write("Why the plan is revised", "Schools are closed after the storm.")
        desk.pick("Emergency it answers to (optional)", "A storm").picture("plan-revise")
        desk.press("Begin the revision").follow("Change an activity")
        desk.picture("plan-revise-choose").follow("Train those who meet people first")
        desk.write("Target (optional)", "60").press("Save in the revision")
        desk.picture("plan-revision").follow("Give it to a second person").press("Give it on")
        assert "Somebody else than who drafted it adopts a revision." in desk.text

        second = visit().arrive_as(stage.second_co_ordinator)
        second.open("/inbox/").press("A revision of the action plan waits for a second person")
        second.follow("Adopt the revision").press("Adopt it")
        assert Revision.objects.get().state == "adopted"
        second.picture("plan-revised")

        lead = visit().arrive_as(stage.ngo_manager)
        lead.open("/inbox/").press("The action plan was revised")
        lead.follow("Train those who meet people first")
        assert "What revisions changed" in lead.text
        assert "120" in lead.text
        assert plans.own(plan, stage.ngo).target == 60
        lead.picture("plan-activity")
        lead.open(f"/co-ordination/plan/{plan.uuid}/timeline/").picture("plan-timeline")


class TestTheHalfYearlyReport:
    def test_is_reported_by_leads_and_sent_to_all(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        plan = plans.adopted(stage)
        desk = visit().arrive_as(stage.co_ordinator)
        desk.open(plan.get_absolute_url()).follow("Ask the leads to report").press("Ask them")
        report = PlanReport.objects.get()

        lead = visit().arrive_as(stage.ngo_manager)
        lead.open("/inbox/").press("Report on the activities you lead")
        lead.picture("plan-part").follow("Train those who meet people first")
        lead.tick("Under way").write("Value reached (optional)", "30")
        lead.write("What was done", "Two courses; interpreters are hard to find.")
        lead.picture("plan-report-progress").press("Report")
        assert "Two courses" in lead.text
        assert report.parts.get(organisation=stage.ngo).delivered_at is not None

        desk.open(report.get_absolute_url()).picture("plan-report-open")
        desk.follow("Put it together and send it")
        desk.write("Summary", "Half a year of courses; beds are late.").press("Send it")
        assert run_next_job(clock=timezone.now, worker="journey")

        member = visit().arrive_as(stage.other_manager)
        member.open("/inbox/").press("A report on the action plan was sent")
        assert "Half a year of courses" in member.text
        member.picture("plan-report-sent")
        assert PlanReport.objects.get().state == "sent"


class TestConsultationsAndRegisters:
    def test_hear_and_answer_and_show_holes(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        row = plans.consultation(stage)
        plans.adopted(stage)
        plans.entry(stage)
        plans.obligation(stage)
        ngo = visit().arrive_as(stage.ngo_manager)
        ngo.open(row.get_absolute_url()).follow("State our position")
        ngo.write("Position of your organisation", "Not without a lawyer.").press("State it")
        desk = visit().arrive_as(stage.co_ordinator)
        desk.open("/inbox/").press("A position was stated in a consultation")
        desk.follow("Answer").tick("Taken up in part").write("Why", "In court only.")
        desk.press("Answer").picture("consultation")
        ngo.open("/inbox/").press("Your position in a consultation was answered")
        assert "In court only." in ngo.text
        ngo.open("/co-ordination/consultations/").picture("consultations")
        ngo.open("/co-ordination/prevention/").picture("prevention")
        ngo.open("/co-ordination/obligations/").picture("obligations")
        ngo.open("/co-ordination/coverage/").picture("four-ps")
        assert Activity.objects.filter(deadline_on__lt=local_day(timezone.now())).count() == 0
