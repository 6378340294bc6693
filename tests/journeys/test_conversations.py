"""A conversation that becomes an answered contact attempt, on a case and from the registry."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from common.country import local_day
from partners.conversation_choices import Outcome
from partners.models import ContactAttempt, Conversation
from tests.journeys.conftest import Visitor
from tests.referrals import stages
from tests.support.cast import Cast


def test_a_question_about_a_case_becomes_an_answered_attempt(
    visit: Callable[..., Visitor], stage: Cast, tmp_path: Path
) -> None:
    case = stages.sent(stage)
    note = tmp_path / "note.txt"
    note.write_text("An invented note.")
    # The caseworker asks the authority from the page of the case.
    asks = visit().arrive_as(stage.ngo_caseworker).open(f"/referrals/{case.uuid}/")
    asks.follow("Write to those the case is open to")
    asks.tick("Handing over").write("Message", "Invented: who brings the interpreter on Monday?")
    asks.page.set_input_files("input[type=file]", note)
    asks.page.locator("input[name=ask]").first.check()
    day = local_day(timezone.now()) + timedelta(days=3)
    for box, number in (("Day", day.day), ("Month", day.month), ("Year", day.year)):
        asks.write(box, str(number))
    asks.picture("conversation-write").press("Send")
    assert "Sent." in asks.text
    assert "is asked for an answer by" in asks.text
    asks.picture("conversation-asked")
    # The officer finds the notice, which says nothing, and answers.
    answers = visit().arrive_as(stage.officer).open("/inbox/")
    assert "A message waits" in answers.text
    assert case.reference not in answers.text
    answers.press("A message waits")
    assert "who brings the interpreter" in answers.text
    answers.open("/conversations/").picture("conversations")
    assert "Answer by" in answers.text
    answers.follow("Handing over")
    answers.write("Message", "Invented: we do, at nine.").press("Send").picture("conversation")
    # Both logs have it, and the clock is quiet.
    attempt = ContactAttempt.objects.get()
    assert attempt.outcome == Outcome.ANSWERED
    asks.open("/attempts/").picture("reach-out-log")
    assert "Answered" in asks.text
    # The officer thinks better of the words.
    answers.follow("Correct").write("Message", "Invented: we do, at ten.")
    answers.press("Save the correction")
    assert "corrected" in answers.text
    answers.follow("Take back").picture("message-take-back").press("Take it back")
    assert "Taken back" in answers.text
    attempt.refresh_from_db()
    assert attempt.outcome == Outcome.WAITING


def test_from_the_registry_without_scripts(visit: Callable[..., Visitor], stage: Cast) -> None:
    tries = visit(scripts=False).arrive_as(stage.ngo_manager)
    tries.open(f"/registry/{stage.other_ngo.uuid}/").follow("Log an attempt")
    tries.tick("Nobody answered").press("Log it")
    assert "They have answered now" in tries.text
    tries._go(tries.page.locator("main button", has_text="They have answered now"))
    assert re.search(r"Answered", tries.text)
    tries.open("/conversations/new/").write("Name of the organisation contains", "open door")
    tries.press("Find").follow("Add").follow("Go on")
    tries.tick("Who does what, and how").write("Message", "Invented: do you open on Sunday?")
    tries.press("Send")
    assert Conversation.objects.get().topic == "procedure"
    # As it looks with scripts, judged by axe.
    looks = visit().arrive_as(stage.ngo_manager)
    looks.open(f"/registry/{stage.other_ngo.uuid}/").picture("organisation-answers")
    looks.open(f"/attempts/upon/{stage.other_ngo.uuid}/").picture("attempt-new")
    looks.open(f"/conversations/new/?name=o&with={stage.authority.uuid}")
    looks.picture("conversation-new")
    looks.open(f"/conversations/write/?with={stage.police.uuid}")
    assert "Law enforcement would be among the readers" in looks.text
    steers = visit().arrive_as(stage.co_ordinator).open("/response-times/")
    steers.picture("response-times")
