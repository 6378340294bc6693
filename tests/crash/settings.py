"""Settings of processes that are going to be killed: the suite's, with a real broker and relay."""

import os

from config.settings_test import *  # noqa: F403
from config.settings_test import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.crash.apps.CrashConfig"]
CELERY_TASK_ALWAYS_EAGER = False
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = "127.0.0.1"
EMAIL_PORT = int(os.environ.get("CRASH_SMTP_PORT", "0"))
EMAIL_TIMEOUT = 5
