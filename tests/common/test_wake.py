"""Nudges: after the commit, once, and never in the way of what was committed."""

import logging

import pytest
from django.db import transaction

from common.wake import wake

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


def wake_and_roll_back():
    with transaction.atomic():
        wake("deadlines.sweep")
        transaction.set_rollback(True)


@pytest.fixture
def sent(monkeypatch):
    """The names of the tasks that reached the broker."""
    names: list[str] = []
    monkeypatch.setattr(
        "common.wake.current_app.send_task", lambda name, **options: names.append(name)
    )
    return names


class TestWake:
    def test_waits_for_the_commit(self, sent, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            wake("deadlines.sweep")
            assert sent == []
        assert sent == ["deadlines.sweep"]

    def test_sends_each_task_once_a_transaction(self, sent, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            for name in ("deadlines.sweep", "deadlines.sweep", "deadlines.mail"):
                wake(name)
        assert sent == ["deadlines.sweep", "deadlines.mail"]

    def test_says_nothing_when_the_work_is_rolled_back(
        self, sent, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            wake_and_roll_back()
        assert sent == []

    def test_is_not_silenced_by_a_nudge_that_was_rolled_back(
        self, sent, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            wake_and_roll_back()
            wake("deadlines.sweep")
        assert sent == ["deadlines.sweep"]

    def test_is_sent_once_for_work_at_every_depth(self, sent, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            with transaction.atomic():
                wake("deadlines.sweep")
                wake_and_roll_back()
            wake("deadlines.sweep")
        assert sent == ["deadlines.sweep"]

    def test_survives_a_broker_that_is_down_and_logs_no_content(
        self, monkeypatch, caplog, django_capture_on_commit_callbacks
    ):
        def fails(name, **options):
            raise ConnectionError("redis://:secret@broker refused")

        monkeypatch.setattr("common.wake.current_app.send_task", fails)
        with (
            caplog.at_level(logging.WARNING, "common.wake"),
            django_capture_on_commit_callbacks(execute=True),
        ):
            wake("deadlines.sweep")
        assert [record.getMessage() for record in caplog.records] == [
            "Nudge deadlines.sweep not sent: ConnectionError"
        ]

    def test_carries_nothing_but_the_name(self, monkeypatch, django_capture_on_commit_callbacks):
        calls = []
        monkeypatch.setattr(
            "common.wake.current_app.send_task",
            lambda *args, **options: calls.append((args, options)),
        )
        with django_capture_on_commit_callbacks(execute=True):
            wake("deadlines.sweep")
        assert calls == [(("deadlines.sweep",), {"ignore_result": True, "retry": False})]
