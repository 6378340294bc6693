"""Where each package's pages are mounted, and the marks of the pages we did not write."""

from allauth.account import views as account_views
from allauth.account.decorators import secure_admin_login
from anymail.urls import urlpatterns as provider_patterns
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ImproperlyConfigured
from django.urls import include, path, re_path
from django.views.i18n import set_language

from common.marks import Mark, Permission, mark_third_party
from config.errors import bad_request, not_found, permission_denied, server_error
from ncm.views.home import joining

handler400 = bad_request
handler403 = permission_denied
handler404 = not_found
handler500 = server_error

P = Permission
THIRD_PARTY_MARKS: dict[str, Mark | Permission] = {
    "set_language": P.PUBLIC,
    "account_login": P.PUBLIC,
    "account_logout": P.ENROLLING,
    "account_reauthenticate": P.ENROLLING,
    "account_change_password": Mark(P.SIGNED_IN, fresh=True),
    "account_reset_password": P.PUBLIC,
    "account_reset_password_done": P.PUBLIC,
    "account_reset_password_from_key": P.PUBLIC,
    "account_reset_password_from_key_done": P.PUBLIC,
    "account_inactive": P.PUBLIC,
    "mfa_index": P.ENROLLING,
    "mfa_authenticate": P.PUBLIC,  # between the password and the second factor
    "mfa_reauthenticate": P.ENROLLING,
    "mfa_activate_totp": P.ENROLLING,
    "mfa_deactivate_totp": Mark(P.SIGNED_IN, fresh=True),
    "mfa_generate_recovery_codes": Mark(P.SIGNED_IN, fresh=True),
    "mfa_view_recovery_codes": Mark(P.SIGNED_IN, fresh=True),
    "mfa_download_recovery_codes": Mark(P.SIGNED_IN, fresh=True),
    "mfa_list_webauthn": P.ENROLLING,
    "mfa_add_webauthn": P.ENROLLING,
    "mfa_edit_webauthn": Mark(P.SIGNED_IN, fresh=True),
    "mfa_remove_webauthn": Mark(P.SIGNED_IN, fresh=True),
    "mfa_reauthenticate_webauthn": P.ENROLLING,
    "usersessions_list": P.SIGNED_IN,
    "admin:": Mark(P.SYSTEM_HEALTH_SEE, fresh=True),
}
if HEARS_FROM_PROVIDER := bool(settings.MAIL_PROVIDER and settings.MAIL_WEBHOOK_SECRET):
    THIRD_PARTY_MARKS["mail_provider"] = P.PUBLIC  # it proves itself by the secret
mark_third_party(THIRD_PARTY_MARKS)

account_patterns = [
    path("sign-in/", account_views.login, name="account_login"),
    path("joining/", joining, name="account_signup"),  # there is no open registration
    path("sign-out/", account_views.logout, name="account_logout"),
    path("confirm/", account_views.reauthenticate, name="account_reauthenticate"),
    path("password/", account_views.password_change, name="account_change_password"),
    path("password/reset/", account_views.password_reset, name="account_reset_password"),
    path(
        "password/reset/sent/",
        account_views.password_reset_done,
        name="account_reset_password_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account_views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/done/",
        account_views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("inactive/", account_views.account_inactive, name="account_inactive"),
    path("second-factor/", include("allauth.mfa.urls")),
    path("sessions/", include("allauth.usersessions.urls")),
]

urlpatterns = [
    path("", include("ncm.urls")),
    path("account/", include("accounts.urls")),
    path("account/", include(account_patterns)),
    path("", include("deadlines.urls")),
    path("", include("partners.urls")),
    path("", include("referrals.urls")),
    path("funding/", include("funding.urls")),
    path("api/v1/", include("config.api")),
    path("language/", set_language, name="set_language"),
]

if HEARS_FROM_PROVIDER:
    name = f"{settings.MAIL_PROVIDER}_tracking_webhook"
    hears = next((entry.callback for entry in provider_patterns if entry.name == name), None)
    if hears is None:
        raise ImproperlyConfigured(
            f"{settings.MAIL_PROVIDER} cannot tell us which mails came back. Leave "
            "MAIL_WEBHOOK_SECRET empty, or choose another MAIL_PROVIDER."
        )
    urlpatterns.append(path("mail/provider/", hears, name="mail_provider"))

if settings.ADMIN_PATH:
    admin.site.login = secure_admin_login(admin.site.login)
    urlpatterns.append(path(f"{settings.ADMIN_PATH.strip('/')}/", admin.site.urls))
