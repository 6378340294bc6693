"""One kind of deadline, and the waits of production made short enough to see the end of them."""

from datetime import timedelta
from typing import Any

from django.apps import AppConfig

KIND = "crash"
RUNG = timedelta(seconds=2)


def co_ordinators(deadline: Any) -> list[list[int]]:
    """The ladder: one rung."""
    from accounts.models import User

    found = User.objects.filter(email="co.ordinator@example.org")
    return [list(found.values_list("pk", flat=True))]


class CrashConfig(AppConfig):
    name = "tests.crash"
    label = "crash"

    def ready(self) -> None:
        from config.celery import app
        from deadlines import kinds
        from deadlines.choices import Urgency
        from deadlines.services import mail

        kinds.register(
            KIND,
            title="A deadline of the crash test",
            link=lambda uuid: "/calendar/",
            still_visible=lambda actor, uuids: dict.fromkeys(uuids, ""),
            escalation=co_ordinators,
            climbs_every=RUNG,
            urgency=Urgency.IMMEDIATE,
        )
        # A dead worker's batch comes free in seconds, and beat asks every second.
        mail.LEASE = timedelta(seconds=6)
        mail.RELAY_AWAY = timedelta(seconds=2)
        app.conf.beat_schedule["sweep"]["schedule"] = 1.0
