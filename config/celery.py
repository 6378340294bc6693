"""The Celery app and the beat schedule: the only list of periodic jobs."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("concord")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    # One that no worker took in its minute is of no use: a week without workers leaves no pile.
    "sweep": {"task": "deadlines.sweep", "schedule": 60.0, "options": {"expires": 55}},
}
