"""Settings of a real worker in a test: the suite's, but tasks go through a broker."""

from config.settings_test import *  # noqa: F403
from config.settings_test import CELERY_BROKER_URL, INSTALLED_APPS, VAR

INSTALLED_APPS = [*INSTALLED_APPS, "tests.deadlines.worker.apps.WorkerConfig"]
CELERY_TASK_ALWAYS_EAGER = False
if CELERY_BROKER_URL.startswith("redis"):
    # A shared Redis: this worker takes nobody else's messages, and nobody takes its.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": f"{VAR}:"}
# Another process sees a mail that is a file.
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR / "mail"
