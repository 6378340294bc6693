"""Settings of a real worker in a test: the suite's, but tasks go through a broker."""

from config.settings_test import *  # noqa: F403
from config.settings_test import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.deadlines.worker.apps.WorkerConfig"]
CELERY_TASK_ALWAYS_EAGER = False
