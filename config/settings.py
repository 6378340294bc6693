"""Every setting, read from the environment. With nothing set, every command works.

Sections follow a request from the outside in. Production is told apart by what is set: with
PostgreSQL or a host other than loopback, generated keys and the demonstration refuse to start.
"""

from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config.secrets import secret

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"
env = environ.Env()

# --- Where things are kept ----------------------------------------------------------------------
VAR = Path(env("CONCORD_VAR", default=str(BASE_DIR / "var")))
VAR.mkdir(parents=True, exist_ok=True)

DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("CONCORD_DEMO", default=False)
TESTING = False

# --- Hosts ----------------------------------------------------------------------------------------
LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=sorted(LOOPBACK))
SITE_URL = env("SITE_URL", default="http://localhost:8000")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
SECURE = SITE_URL.startswith("https://")
# How many proxies before us write down who asks, in X-Forwarded-For; what stands before theirs, the
# visitor wrote. By this address guessing is limited: were it the proxy's, whoever guesses would
# lock the person out everywhere.
WEB_PROXIES = env.int("WEB_PROXIES", default=1 if SECURE else 0)
ALLAUTH_TRUSTED_PROXY_COUNT = WEB_PROXIES
ADMIN_PATH = env("ADMIN_PATH", default="")
QUICK_EXIT_URL = env("QUICK_EXIT_URL", default="https://www.wikipedia.org/")

# --- Database -------------------------------------------------------------------------------------
DATABASES = {
    # An empty DATABASE_URL means the embedded default, as none does.
    "default": environ.Env.db_url_config(
        env("DATABASE_URL", default="") or f"sqlite:///{VAR / 'concord.sqlite3'}"
    ),
}
ON_POSTGRESQL = DATABASES["default"]["ENGINE"].endswith("postgresql")
if ON_POSTGRESQL:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # Row-level security needs the actor's context set inside one transaction (design §5.11).
    DATABASES["default"]["ATOMIC_REQUESTS"] = True
    # Lists are read from their index (design §5.3). PostgreSQL's own defaults, made for disks that
    # turn, take whole tables instead, and compile statements that are over before that is done.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault(
        "options", "-c random_page_cost=1.1 -c jit=off"
    )
else:
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
# The second lock on the rows of a case; SQLite has none, and `manage.py check` says so.
ROW_LOCK = ON_POSTGRESQL
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Keys -----------------------------------------------------------------------------------------
IN_PRODUCTION = ON_POSTGRESQL or bool(set(ALLOWED_HOSTS) - LOOPBACK)
MAY_GENERATE = not IN_PRODUCTION
SECRET_KEY = secret(env, "SECRET_KEY", VAR, generate=MAY_GENERATE)
SEALING_KEYS = [
    key.strip()
    for key in secret(env, "SEALING_KEYS", VAR, generate=MAY_GENERATE).split(",")
    if key.strip()
]
BLIND_INDEX_KEY = secret(env, "BLIND_INDEX_KEY", VAR, generate=MAY_GENERATE)
if DEMO and IN_PRODUCTION:
    raise ImproperlyConfigured(
        "CONCORD_DEMO=1 lets people in without a second factor, so it refuses to start with "
        "PostgreSQL or a host other than loopback. Unset CONCORD_DEMO."
    )

# --- Applications ---------------------------------------------------------------------------------
INSTALLED_APPS = [
    "common",
    "accounts",
    "deadlines",
    "partners",
    "referrals",
    "funding",
    "ncm",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",  # its widget templates, for FORM_RENDERER
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "anymail",
    "csp",
    "django_filters",
    "django_htmx",
    "guardian",
    "knox",
    "rest_framework",
    "drf_spectacular",
    "simple_history",
    "template_partials",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.closed_headers",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.sessions.TimeOutMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "partners.middleware.AccessMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.sessions.limits",
                "ncm.navigation.site",
            ],
        },
    },
]
FORM_RENDERER = "common.forms.ConcordFormRenderer"

# --- Signing in -----------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "display_name"]},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},  # ASVS 5.0, 6.2: length instead of composition rules
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {"login": "accounts.forms.SignInForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_DISPLAY = "accounts.adapters.name_of"
ACCOUNT_EMAIL_VERIFICATION = "none"  # the invitation link is the proof of the address
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300  # seconds; "fresh" in common.marks
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
MFA_ADAPTER = "accounts.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Concord"
MFA_PASSKEY_LOGIN_ENABLED = False
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1  # time steps a phone's clock may be off; each step still works once
MFA_FORMS = {
    "authenticate": "accounts.forms.AuthenticateForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
    "activate_totp": "accounts.forms.ActivateTotpForm",
}
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE
USERSESSIONS_TRACK_ACTIVITY = False

SESSION_ENGINE = "django.contrib.sessions.backends.db"  # Redis may lose everything
SESSION_COOKIE_AGE = 8 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
if SECURE:
    SESSION_COOKIE_NAME = "__Host-concord"
SESSION_IDLE = timedelta(minutes=env.int("SESSION_IDLE_MINUTES", default=15))
SESSION_ABSOLUTE = timedelta(hours=env.int("SESSION_ABSOLUTE_HOURS", default=8))
SESSION_WARNING = timedelta(minutes=2)
CSRF_USE_SESSIONS = False
CSRF_COOKIE_HTTPONLY = True

KNOX_TOKEN_MODEL = "accounts.ApiToken"  # noqa: S105 - a model's name
# knox's own migrations would make the table that ours replaces, and a test that commits cannot
# empty a table which one that Django does not know refers to.
MIGRATION_MODULES = {"knox": None}
REST_KNOX = {
    "SECURE_HASH_ALGORITHM": "hashlib.sha512",
    "TOKEN_TTL": timedelta(days=90),
    "TOKEN_MODEL": "accounts.ApiToken",
    "AUTO_REFRESH": False,
}

# --- Who may see what -----------------------------------------------------------------------------
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.tokens.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["partners.access.ApiPermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "partners.openapi.ApiSchema",
    "DEFAULT_THROTTLE_CLASSES": ["partners.throttling.TokenThrottle"],
    # Of one token; "open" of one address without any.
    "DEFAULT_THROTTLE_RATES": {"read": "600/min", "write": "120/min", "open": "120/min"},
    "NUM_PROXIES": WEB_PROXIES,
    "UNAUTHENTICATED_USER": None,
    "EXCEPTION_HANDLER": "partners.problems.exception_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Concord",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "OrganisationStateEnum": "partners.choices.OrganisationState",
        "ReferralStateEnum": "referrals.choices.STATUSES",
        "OrganisationKindEnum": "partners.choices.OrganisationKind",
        "ChannelKindEnum": "partners.choices.ChannelKind",
    },
}

# --- What leaves in the headers -------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
# Not "no-referrer": browsers then post forms with "Origin: null", which the CSRF check refuses.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
if SECURE:
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Country, language, time ----------------------------------------------------------------------
COUNTRY = env("COUNTRY", default="coe")
# What published grants are numbered with; registered with 360Giving by whoever publishes them.
GRANTS_PREFIX = env("GRANTS_PREFIX", default="360G-concord")
LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", _("English")),
    ("fr", _("French")),
    ("uk", _("Ukrainian")),
    ("ar", _("Arabic")),
]
FORMAT_MODULE_PATH = ["config.formats"]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = SECURE
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"  # the country's zone decides dates; it is activated per request from the profile

# --- Files ----------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = Path(env("STATIC_ROOT", default=str(VAR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR / "files"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
if not IN_PRODUCTION:
    # Without a collected set (demo, tests) the files are served from where they were built.
    WHITENOISE_USE_FINDERS = True
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns of a folder that is missing
    STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# --- Mail -----------------------------------------------------------------------------------------
# A provider by its name in anymail ("postmark"), else a relay, else files.
MAIL_PROVIDER = env("MAIL_PROVIDER", default="")
MAIL_WEBHOOK_SECRET = env("MAIL_WEBHOOK_SECRET", default="")
if MAIL_PROVIDER:
    EMAIL_BACKEND = f"anymail.backends.{MAIL_PROVIDER}.EmailBackend"
    ANYMAIL = {
        # Nobody is watched reading: no pixel, and no link led through the provider.
        "SEND_DEFAULTS": {"track_opens": False, "track_clicks": False},
        "REQUESTS_TIMEOUT": 20,
        "WEBHOOK_SECRET": MAIL_WEBHOOK_SECRET or None,
        **{
            f"{MAIL_PROVIDER.upper()}_{name}": value
            for name, value in env.dict("MAIL_PROVIDER_KEYS", default={}).items()
        },
    }
elif env("EMAIL_URL", default=""):
    vars().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR / "mail"
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Concord <concord@localhost>")
EMAIL_TIMEOUT = 20
# From one network, at the pages behind a mailed link that need no account.
LINK_TRIES_A_MINUTE = 60
# The hour of the morning, in each person's own zone, at which a mail says what waits.
DIGEST_HOUR = env.int("DIGEST_HOUR", default=7)
if DIGEST_HOUR not in range(24):
    raise ImproperlyConfigured("DIGEST_HOUR is an hour of the day, from 0 to 23.")
# Who may read /health/status/ without a sign-in: monitoring. Empty: nobody.
HEALTH_TOKEN = env("HEALTH_TOKEN", default="")

# --- Cache and queue: both may be lost at any time ------------------------------------------------
if env("CACHE_URL", default=""):
    CACHES = {"default": env.cache_url("CACHE_URL")}
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": VAR / "cache",
        }
    }

CELERY_BROKER_URL = env("CELERY_BROKER_URL", default="filesystem://localhost/")
if CELERY_BROKER_URL.startswith("filesystem"):
    for folder in ("queue", "control"):
        (VAR / "broker" / folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(VAR / "broker" / "queue"),
        "data_folder_out": str(VAR / "broker" / "queue"),
        "control_folder": str(VAR / "broker" / "control"),
        "store_processed": False,
    }
elif CELERY_BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        # A message comes back this long after its worker died; longer than any task may run. The
        # sweep has found the work itself by then: messages carry nothing.
        "visibility_timeout": 3600,
        "socket_connect_timeout": 3,
        "socket_keepalive": True,
    }
# Messages may be lost, repeated and late: what is to be done stands in rows (docs/adr/0008).
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = CELERY_EVENT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 900
CELERY_TASK_SOFT_TIME_LIMIT = 840
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 350_000  # kB; WeasyPrint grows
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False  # a report under way goes on
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a broker may be away for a night
CELERY_BEAT_SCHEDULER = "deadlines.beat:OneBeat"
CELERY_BEAT_MAX_LOOP_INTERVAL = 30  # seconds; how soon a second beat takes over
# How long a worker may be silent before its job is another's.
JOB_LEASE = timedelta(seconds=env.int("JOB_LEASE_SECONDS", default=300))
# How long emergency access to a case lasts, and how soon it is reviewed by another organisation.
EMERGENCY_ACCESS_FOR = timedelta(minutes=env.int("EMERGENCY_ACCESS_MINUTES", default=60))
EMERGENCY_REVIEW_WITHIN = timedelta(hours=env.int("EMERGENCY_REVIEW_HOURS", default=72))
# How long somebody who misused it cannot use it.
EMERGENCY_BARRED_FOR = timedelta(days=env.int("EMERGENCY_BARRED_DAYS", default=365))

# --- Logs: which view, how long, what outcome; never a value --------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"no_values": {"()": "config.logs.NoValues"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "filters": ["no_values"],
        }
    },
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.server": {"level": "ERROR"},
        "django.db.backends": {"level": "WARNING"},
        "weasyprint": {"level": "ERROR"},
        "fontTools": {"level": "ERROR"},
    },
}
# guardian wants its own backend for has_perm; grants are read through visible_to instead.
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]
