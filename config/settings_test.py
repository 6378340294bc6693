"""Settings of the test suite: the real ones, with fast hashing and eager tasks."""

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("CONCORD_VAR", tempfile.mkdtemp(prefix="concord-test-"))
if "pytest" in sys.modules and (worker := os.environ.get("PYTEST_XDIST_WORKER")):
    # Each worker has a folder as it has a database: a sweep clears files that no row of its own
    # database knows, and those would be the other's.
    os.environ["CONCORD_VAR"] = str(Path(os.environ["CONCORD_VAR"]) / worker)
    Path(os.environ["CONCORD_VAR"]).mkdir(parents=True, exist_ok=True)
os.environ.setdefault("DATABASE_URL", "postgres://root@127.0.0.1:5432/concord")
os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ.setdefault("SEALING_KEYS", "t1:" + "dGVzdCBrZXkgb25lIGZvciBjb25jb3JkIHN1aXRlISE=")
os.environ.setdefault("BLIND_INDEX_KEY", "dGVzdCBibGluZCBpbmRleCBrZXkgZm9yIGNvbmNvcmQ=")

from config.settings import *
from config.settings import DATABASES, INSTALLED_APPS, ON_POSTGRESQL, STORAGES, TEMPLATES, VAR

TESTING = True
if not ON_POSTGRESQL:
    # A file with its log, as the demo has it: in memory a second writer is refused, not kept
    # waiting.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR / "test.sqlite3")}
INSTALLED_APPS = [*INSTALLED_APPS, "tests.testapp"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = ""
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
ACCOUNT_RATE_LIMITS = False
LINK_TRIES_A_MINUTE = 100_000
