"""A training is planned, postponed, held and counted; guidance is published and read by mail."""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from common.country import local_day
from partners.models import Guidance
from tests.journeys.conftest import Visitor
from tests.journeys.test_agreements import fill_in_day
from tests.partners import learning_stages as stages
from tests.support.cast import Cast


class TestATraining:
    def test_is_planned_postponed_held_and_entered(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        today = local_day(timezone.now())
        trainer = visit().arrive_as(stage.other_manager).open("/trainings/")
        trainer.follow("Plan a training").write("Title", "Recognising the signs (invented)")
        trainer.tick("Recognising the signs", "It counts as training of first responders")
        fill_in_day(trainer, "on", today + timedelta(days=20))
        trainer.press("Save and go on").pick("Organisation", stage.ngo.name)
        trainer.press("Add this organisation").picture("training-parties").follow("Done")
        trainer.follow("Postpone").tick("An emergency is on")
        trainer.write("In your words", "The hall is closed.").picture("training-postpone")
        trainer.press("Postpone it")
        assert "No new day yet" in trainer.text
        trainer.follow("Say that it was held").press("It was held")
        trainer.write(stage.ngo.name, "4").press("Save").picture("training")

        home = visit().arrive_as(stage.ngo_manager).open("/inbox/")
        home.press("A training was held: enter who took part").follow("Enter who took part")
        home.tick(stage.ngo_caseworker.display_name).picture("training-attendances")
        home.press("Save").follow("Training and guidance").follow("Our training")
        home.picture("currency")
        assert "Counts" in home.text
        desk = visit().arrive_as(stage.co_ordinator).open("/trainings/shares/")
        assert stage.ngo_caseworker.display_name not in desk.text
        desk.picture("currency-shares")


class TestGuidance:
    def test_is_published_and_read_through_a_link(
        self,
        visit: Callable[..., Visitor],
        stage: Cast,
        read_mail: Callable[[str], str],
    ) -> None:
        stages.paper(stage, stages.draft(stage))
        row = Guidance.objects.get()
        desk = visit().arrive_as(stage.co_ordinator).open(row.get_absolute_url())
        desk.picture("guidance-draft").follow("Put in force").press("Put it in force")
        assert "0 of 3 points of contact have read it." in desk.text
        manager = visit().arrive_as(stage.ngo_manager)
        manager.open(f"/contacts/{stage.contact.uuid}/")
        manager.press("Send the person a link to check it")
        holder = visit().open(read_mail("duty@example.org")).picture("contact-mine-guidance")
        holder.press(f"I have read it {row.title}")
        assert "Read on" in holder.text
        manager.open(row.get_absolute_url()).picture("guidance")
        assert "Said so through the link of a mail" in manager.text
        desk.open(row.get_absolute_url()).follow("Who has not").picture("guidance-unread")
