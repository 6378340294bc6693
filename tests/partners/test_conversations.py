"""Conversations in general: who reads, posting once, asking and answering, second thoughts."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from common.country import current
from common.sealing import Erased
from common.uploads import Upload
from common.workdays import start_of_day
from common.workflow import MissingAnswers, NotAllowed, NotPossible, Stale
from deadlines.models import Deadline, Notice
from deadlines.services.sweep import sweep
from partners.audiences import Part
from partners.choices import Role
from partners.conversation_choices import Outcome
from partners.models import (
    ContactAttempt,
    Conversation,
    Message,
    MessageFile,
    MessageTrace,
    Participant,
)
from partners.services import conversations
from partners.services.conversations import Asking, Words
from tests.support.cast import Cast, person, works_for
from tests.support.client import StrictClient
from tests.support.queries import at_most

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
LIST = reverse("partners:conversations")
SAID = "An invented word about the winter opening hours."


def words(text: str = SAID, **more) -> Words:
    return Words(text, client_key=str(uuid4()), **more)


def begun(cast: Cast, *, with_=None, topic="procedure", by=None, **more) -> Conversation:
    """Lantern House writes to Open Door, unless said otherwise."""
    parts = [each if isinstance(each, Part) else Part(each) for each in with_ or [cast.other_ngo]]
    return conversations.begin(
        topic=topic,
        parts=parts,
        words=more.pop("words", None) or words(),
        by=cast.actor(by or cast.ngo_manager),
        at=cast.at,
        **more,
    )


def reply(cast: Cast, conversation: Conversation, user, text: str = "An invented answer.", **more):
    at = more.pop("at", cast.at)
    return conversations.post(
        conversation=conversation, words=words(text), by=cast.actor(user, at), at=at, **more
    )


def page(conversation: Conversation) -> str:
    return reverse("partners:conversation", args=[conversation.uuid])


def sees(cast: Cast, conversation: Conversation, user) -> bool:
    rows = Conversation.objects.visible_to(cast.actor(user))
    return rows.filter(pk=conversation.pk).exists()


def waiting_for(user) -> int:
    return Notice.objects.unread().filter(recipient=user, kind="conversation_message").count()


class TestAudience:
    def test_is_read_by_the_organisations_chosen_and_nobody_else(self, cast: Cast) -> None:
        made = begun(cast)
        assert sees(cast, made, cast.ngo_caseworker)
        assert sees(cast, made, cast.other_manager)
        for outsider in (cast.officer, cast.co_ordinator, cast.stranger, cast.former):
            assert not sees(cast, made, outsider)

    def test_is_narrowed_to_one_role(self, cast: Cast) -> None:
        made = begun(cast, with_=[cast.other_ngo, Part(cast.ngo, Role.MANAGER)])
        assert sees(cast, made, cast.ngo_manager)
        assert not sees(cast, made, cast.ngo_caseworker)

    def test_does_not_leave_its_author_out(self, cast: Cast) -> None:
        with pytest.raises(NotAllowed):
            begun(
                cast,
                with_=[cast.other_ngo, Part(cast.ngo, Role.MANAGER)],
                by=cast.ngo_caseworker,
            )

    def test_needs_somebody_else(self, cast: Cast) -> None:
        with pytest.raises(MissingAnswers):
            begun(cast, with_=[cast.ngo])

    def test_refuses_a_topic_of_cases(self, cast: Cast) -> None:
        with pytest.raises(NotPossible):
            begun(cast, topic="case_support")

    def test_ends_with_the_membership_and_with_the_suspension(
        self, cast: Cast, client_for: Callable[..., StrictClient]
    ) -> None:
        from tests.access.scenes import suspend

        made = begun(cast)
        assert client_for(cast.ngo_manager).get(page(made)).status_code == 200
        suspend(cast)
        client = client_for(cast.ngo_manager)
        assert client.get(page(made)).status_code == 404
        assert client.get(LIST).status_code == 403
        assert not Participant.objects.visible_to(cast.actor(cast.ngo_manager)).exists()


class TestFirewall:
    def test_law_enforcement_reads_in_general_what_it_was_written(self, cast: Cast) -> None:
        assert sees(cast, begun(cast, with_=[cast.police]), cast.police_officer)

    @pytest.mark.parametrize("topic", ["services", "health", "residence", "labour"])
    def test_is_no_reader_of_support_whoever_chose_it(self, topic: str, cast: Cast) -> None:
        with pytest.raises(NotPossible):
            begun(cast, with_=[cast.police], topic=topic)
        made = begun(cast, topic=topic)
        Participant.objects.create(conversation=made, organisation=cast.police, last_at=cast.at)
        assert not sees(cast, made, cast.police_officer)
        assert not Participant.objects.visible_to(cast.actor(cast.police_officer)).exists()

    def test_begins_none_on_support(self, cast: Cast) -> None:
        with pytest.raises(NotAllowed):
            begun(cast, by=cast.police_officer, with_=[cast.ngo], topic="services")

    @pytest.mark.parametrize("written", ["R-7F3K-92QB", "r7f3k92qb", "R 7F3K 92QB"])
    def test_keeps_cases_out_of_general_conversations(self, written: str, cast: Cast) -> None:
        with pytest.raises(NotPossible, match="reference of a case"):
            begun(cast, words=words(f"How is {written} doing?"))

    def test_takes_words_that_only_look_like_a_reference(self, cast: Cast) -> None:
        begun(cast, words=words("A programme of re-examination, 12 months, 2026-2027, R-7F3K-92QA"))


class TestPosting:
    def test_twice_gives_one(self, cast: Cast) -> None:
        said = words()
        assert begun(cast, words=said) == begun(cast, words=said)
        made = begun(cast)
        for _again in range(2):
            conversations.post(
                conversation=made, words=said, by=cast.actor(cast.other_manager), at=cast.at
            )
        assert made.messages.count() == 2

    def test_seals_words_and_files(self, cast: Cast) -> None:
        file = Upload("txt", "invented.txt", b"invented content of a file")
        made = begun(cast, words=words(files=[file]))
        message, kept = made.messages.get(), MessageFile.objects.get()
        assert message.text == SAID
        assert b"invented" not in bytes(message.text_ct) + bytes(kept.content_ct) + bytes(
            kept.name_ct
        )
        opened = conversations.open_file(file=kept, by=cast.actor(cast.other_manager), at=cast.at)
        assert opened == file.content
        with pytest.raises(NotAllowed):
            conversations.open_file(file=kept, by=cast.actor(cast.officer), at=cast.at)

    def test_is_for_readers_only(self, cast: Cast) -> None:
        made = begun(cast)
        with pytest.raises(NotAllowed):
            reply(cast, made, cast.officer)

    def test_tells_each_reader_once_until_they_look(self, cast: Cast, client_for) -> None:
        made = begun(cast)
        reply(cast, made, cast.ngo_caseworker)
        assert waiting_for(cast.other_manager) == 1
        assert waiting_for(cast.officer) == 0
        client_for(cast.other_manager).get(page(made))
        assert waiting_for(cast.other_manager) == 0
        reply(cast, made, cast.ngo_caseworker)
        assert waiting_for(cast.other_manager) == 1

    def test_the_mail_says_that_something_waits_and_no_more(self, cast: Cast) -> None:
        begun(cast)
        sweep(at=timezone.now() + timedelta(days=2), clock=timezone.now)
        letters = [each for each in mail.outbox if each.to == [cast.other_manager.email]]
        assert letters
        for letter in letters:
            assert "invented" not in letter.body.lower()
            assert "Lantern" not in f"{letter.subject} {letter.body}"


class TestAsking:
    def asked(self, cast: Cast, **more) -> ContactAttempt:
        asking = Asking((cast.other_ngo.pk,), cast.at + timedelta(days=3))
        begun(cast, asking=asking, **more)
        return ContactAttempt.objects.get()

    def test_is_an_attempt_with_a_clock_for_each_who_may_answer(self, cast: Cast) -> None:
        attempt = self.asked(cast)
        assert (attempt.outcome, attempt.channel) == (Outcome.WAITING, "platform")
        (clock,) = Deadline.objects.open().filter(subject_uuid=attempt.uuid)
        assert (clock.user, clock.due_at) == (cast.other_manager, attempt.answer_by)

    def test_is_answered_by_whatever_a_colleague_writes_and_is_quiet_then(self, cast: Cast) -> None:
        colleague = person("Second Of Open Door", cast.at)
        works_for(colleague, cast.other_ngo, Role.CASEWORKER, cast.at)
        attempt = self.asked(cast)
        assert waiting_for(cast.other_manager) == 1
        later = cast.at + timedelta(hours=5)
        answer = reply(cast, attempt.conversation, colleague, at=later)
        attempt.refresh_from_db()
        assert (attempt.outcome, attempt.answer) == (Outcome.ANSWERED, answer)
        assert attempt.took == timedelta(hours=5)
        assert not Deadline.objects.open().filter(subject_uuid=attempt.uuid).exists()
        assert waiting_for(cast.other_manager) == 0
        # What comes after that is told anew.
        reply(cast, attempt.conversation, cast.ngo_manager, at=later)
        assert waiting_for(cast.other_manager) == 1

    def test_is_not_answered_by_whoever_asked_nor_by_a_third(self, cast: Cast) -> None:
        attempt = self.asked(cast, with_=[cast.other_ngo, cast.authority])
        reply(cast, attempt.conversation, cast.ngo_caseworker)
        reply(cast, attempt.conversation, cast.officer)
        attempt.refresh_from_db()
        assert attempt.outcome == Outcome.WAITING

    def test_nobody_answers_and_those_who_answer_for_it_are_told(self, cast: Cast) -> None:
        attempt = self.asked(cast)
        late = attempt.answer_by + timedelta(days=4)
        for hours in range(0, 6 * 24, 12):
            moment = cast.at + timedelta(hours=hours)
            sweep(at=min(moment, late), clock=lambda: late)
        escalated = Notice.objects.filter(kind__startswith="deadline_escalated")
        assert set(escalated.values_list("recipient", flat=True)) == {
            cast.ngo_manager.pk,
            cast.other_manager.pk,
        }

    def test_refuses_a_day_that_has_passed_and_somebody_outside(self, cast: Cast) -> None:
        for asking in (
            Asking((cast.other_ngo.pk,), cast.at - timedelta(days=1)),
            Asking((cast.authority.pk,), None),
        ):
            with pytest.raises(NotPossible):
                begun(cast, asking=asking)


class TestSecondThoughts:
    def test_the_author_corrects_and_the_trace_is_kept(self, cast: Cast) -> None:
        message = begun(cast).messages.get()
        who = {"by": cast.actor(cast.ngo_manager), "at": cast.at}
        conversations.correct(message=message, text="Other words.", version=1, **who)
        message = Message.objects.get()
        assert message.text == "Other words."
        assert MessageTrace.objects.get().words == SAID
        with pytest.raises(Stale):
            conversations.correct(message=message, text="Third words.", version=1, **who)

    def test_nobody_else_does_nor_they_after_a_quarter_of_an_hour(self, cast: Cast) -> None:
        message = begun(cast).messages.get()
        late = cast.at + timedelta(minutes=15)
        for user, at in (
            (cast.ngo_caseworker, cast.at),
            (cast.other_manager, cast.at),
            (cast.ngo_manager, late),
        ):
            with pytest.raises(NotAllowed):
                conversations.correct(
                    message=message, text="No.", version=1, by=cast.actor(user, at), at=at
                )
            with pytest.raises(NotAllowed):
                conversations.take_back(message=message, by=cast.actor(user, at), at=at)

    def test_a_question_taken_back_is_asked_no_more(self, cast: Cast) -> None:
        attempt = TestAsking().asked(cast)
        conversations.take_back(
            message=attempt.question, by=cast.actor(cast.ngo_manager), at=cast.at
        )
        attempt.refresh_from_db()
        assert attempt.outcome == Outcome.TAKEN_BACK
        assert not Deadline.objects.open().filter(subject_uuid=attempt.uuid).exists()
        assert Message.objects.get().text == ""

    def test_an_answer_taken_back_waits_again(self, cast: Cast) -> None:
        attempt = TestAsking().asked(cast)
        answer = reply(cast, attempt.conversation, cast.other_manager)
        conversations.take_back(message=answer, by=cast.actor(cast.other_manager), at=cast.at)
        attempt.refresh_from_db()
        assert (attempt.outcome, attempt.answered_at) == (Outcome.WAITING, None)
        assert Deadline.objects.open().filter(subject_uuid=attempt.uuid).exists()

    def test_its_words_are_shown_to_its_own_organisation_alone(
        self, cast: Cast, client_for
    ) -> None:
        made = begun(cast)
        act = {"args": [made.uuid, made.messages.get().uuid, "take-back"]}
        client = client_for(cast.ngo_manager)
        assert client.get(reverse("partners:conversation-message", **act)).status_code == 200
        client.post(reverse("partners:conversation-message", **act))
        assert SAID in client_for(cast.ngo_caseworker).get(page(made)).content.decode()
        theirs = client_for(cast.other_manager).get(page(made)).content.decode()
        assert SAID not in theirs
        assert "Taken back" in theirs
        assert client.get(reverse("partners:conversation-message", **act)).status_code == 302

    def test_shows_both_texts_after_a_lost_race(self, cast: Cast, client_for) -> None:
        made = begun(cast)
        message = made.messages.get()
        who = {"by": cast.actor(cast.ngo_manager), "at": cast.at}
        conversations.correct(message=message, text="Words of one window.", version=1, **who)
        url = reverse("partners:conversation-message", args=[made.uuid, message.uuid, "correct"])
        typed = {"text": "Words of the other.", "version": 1}
        answer = client_for(cast.ngo_manager).post(url, typed)
        assert answer.status_code == 409
        assert "Words of one window." in answer.content.decode()
        assert "Words of the other." in answer.content.decode()


class TestErasure:
    def test_shows_erased_and_takes_nothing_more(self, cast: Cast, client_for) -> None:
        made = begun(cast, words=words(files=[Upload("txt", "a.txt", b"invented")]))
        Conversation.objects.filter(pk=made.pk).update(data_key=None)
        body = client_for(cast.other_manager).get(page(made)).content.decode()
        assert "Erased" in body
        assert SAID not in body
        assert 'name="text"' not in body
        sent = client_for(cast.other_manager).post(page(made), {"text": "x", "client_key": "k"})
        assert "erased" in sent.content.decode()
        file = reverse(
            "partners:conversation-file", args=[made.uuid, MessageFile.objects.get().uuid]
        )
        assert client_for(cast.other_manager).post(file).status_code == 404
        with pytest.raises(Erased):
            reply(cast, Conversation.objects.get(pk=made.pk), cast.other_manager)


class TestPages:
    def body(self, client: StrictClient, url: str, **query) -> str:
        return client.get(url, query).content.decode()

    def test_the_list_says_who_and_what_for_and_no_word(self, cast: Cast, client_for) -> None:
        zone = current().time_zone
        last = cast.at.astimezone(zone).date() + timedelta(days=2)
        until = start_of_day(last + timedelta(days=1), zone)
        begun(cast, asking=Asking((cast.other_ngo.pk,), until))
        body = self.body(client_for(cast.other_manager), LIST)
        assert "Who does what" in body
        assert "Lantern House" in body
        assert f"Answer by {date_format(last)}" in body
        assert SAID not in body
        assert "Nobody has written yet" in self.body(client_for(cast.officer), LIST)

    @pytest.mark.parametrize(
        ("show", "who", "found"),
        [
            ("unread", "other_manager", True),
            ("unread", "ngo_manager", False),
            ("ours", "other_manager", True),
            ("ours", "ngo_manager", False),
            ("theirs", "ngo_manager", True),
            ("mine", "ngo_manager", True),
            ("mine", "ngo_caseworker", False),
            ("case", "ngo_manager", False),
            ("general", "ngo_manager", True),
        ],
    )
    def test_is_narrowed_by(self, show, who, found, cast: Cast, client_for) -> None:
        begun(cast, asking=Asking((cast.other_ngo.pk,)))
        response = client_for(getattr(cast, who)).get(LIST, {"show": show})
        assert bool(response.context["rows"]) is found

    @pytest.mark.parametrize("number", [1, 40])
    def test_asks_no_more_for_forty(self, number: int, cast: Cast, client_for) -> None:
        for _each in range(number):
            begun(cast, asking=Asking((cast.other_ngo.pk,)))
        client = client_for(cast.other_manager)
        client.get(LIST)
        with at_most(8):
            response = client.get(LIST)
        if number > 25:
            second = client.get(LIST + response.context["next_href"])
            assert len(second.context["rows"]) == number - 25

    def test_counts_what_is_new_beside_the_entry(self, cast: Cast, client_for) -> None:
        made = begun(cast)
        client = client_for(cast.other_manager)

        def number() -> str:
            entries = client.get(LIST).context["navigation"]
            return next(e["count"] for e in entries if e["href"] == LIST)

        assert number() == "1"
        client.get(page(made))
        assert number() == ""

    def test_one_begins_on_the_page_of_an_organisation(self, cast: Cast, client_for) -> None:
        client = client_for(cast.ngo_manager)
        sheet = client.get(reverse("partners:organisation", args=[cast.other_ngo.uuid]))
        href = f"{reverse('partners:conversation-write')}?with={cast.other_ngo.uuid}"
        assert href in sheet.content.decode()
        typed = {
            "topic": "procedure",
            f"with_{cast.other_ngo.uuid.hex}": "all",
            f"with_{cast.ngo.uuid.hex}": "manager",
            "text": SAID,
            "client_key": "k1",
            "ask": [str(cast.other_ngo.uuid)],
        }
        assert client.get(href).status_code == 200
        assert client.post(href, typed).status_code == 302
        assert client.post(href, typed).status_code == 302
        made = Conversation.objects.get()
        assert not sees(cast, made, cast.ngo_caseworker)
        assert ContactAttempt.objects.get().organisation == cast.other_ngo

    def test_says_what_is_missing_and_keeps_what_was_typed(self, cast: Cast, client_for) -> None:
        href = f"{reverse('partners:conversation-write')}?with={cast.other_ngo.uuid}"
        typed = {"text": "", "client_key": "k", "answer_by_day": "1", "answer_by_month": "1",
                 "answer_by_year": "2020"}  # fmt: skip
        body = client_for(cast.ngo_manager).post(href, typed).content.decode()
        for said in ("Choose what it is about.", "Write the message.", "Choose who is asked",
                     "Choose a day that has not passed."):  # fmt: skip
            assert said in body

    def test_whom_to_write_to_is_found_by_name_and_added(self, cast: Cast, client_for) -> None:
        client = client_for(cast.ngo_manager)
        url = reverse("partners:conversation-new")
        body = self.body(client, url, name="open door")
        assert f"?with={cast.other_ngo.uuid}" in body
        assert "No organisation matches" in self.body(client, url, name="quiet harbour")
        unlisted = client.get(url, {"with": str(cast.unlisted_ngo.uuid)})
        assert unlisted.status_code == 404
        assert client.get(url, {"with": "nonsense"}).status_code == 404

    def test_a_file_is_handed_out_under_no_name(self, cast: Cast, client_for) -> None:
        made = begun(cast, words=words(files=[Upload("txt", "ada.txt", b"invented")]))
        url = reverse(
            "partners:conversation-file", args=[made.uuid, MessageFile.objects.get().uuid]
        )
        client = client_for(cast.other_manager)
        answer = client.post(url)
        assert answer.content == b"invented"
        assert answer["Content-Disposition"] == 'attachment; filename="attachment.txt"'
        assert client.get(url).status_code == 405
        assert client_for(cast.officer).post(url).status_code == 404

    def test_refuses_a_file_that_is_not_what_it_says(self, cast: Cast, client_for) -> None:
        from django.core.files.uploadedfile import SimpleUploadedFile

        made = begun(cast)
        wrong = SimpleUploadedFile("picture.png", b"<svg onload=1>")
        typed = {"text": "With a file.", "client_key": "k", "files": [wrong]}
        body = client_for(cast.other_manager).post(page(made), typed).content.decode()
        assert "Attach a PDF" in body
        right = SimpleUploadedFile("note.txt", b"An invented note.")
        typed["files"] = [right]
        client_for(cast.other_manager).post(page(made), typed)
        assert MessageFile.objects.get().ending == "txt"

    def test_the_page_shows_an_older_page_of_messages(self, cast: Cast, client_for) -> None:
        made = begun(cast)
        for number in range(25):
            at: datetime = cast.at + timedelta(minutes=number)
            reply(cast, made, cast.ngo_manager, text=f"Number {number:02}.", at=at)
        first = client_for(cast.other_manager).get(page(made))
        assert SAID not in first.content.decode()
        older = client_for(cast.other_manager).get(page(made) + first.context["older"])
        assert SAID in older.content.decode()


class TestAtOnce:
    def test_whoever_comes_second_gets_the_one_that_stands(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said = words()
        first = begun(cast, words=said)
        # The second looked before the first was written.
        seen = Conversation.objects.filter
        monkeypatch.setattr(
            Conversation.objects,
            "filter",
            lambda *args, **kwargs: (
                seen(pk=None) if "client_key" in kwargs else seen(*args, **kwargs)
            ),
        )
        assert begun(cast, words=said) == first
        assert Message.objects.count() == 1
