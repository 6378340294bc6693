"""The pages of referrals."""

from django.urls import path

from referrals.views import check, decide, detail, imports, inbox, log

app_name = "referrals"
urlpatterns = [
    path("referrals/", inbox.inbox, name="inbox"),
    path("referrals/new/", log.new, name="new"),
    path("referrals/<uuid:uuid>/", detail.detail, name="detail"),
    path("referrals/<uuid:uuid>/log/", log.task_list, name="log"),
    path("referrals/<uuid:uuid>/log/<slug:page>/", log.page, name="log-page"),
    path("referrals/<uuid:uuid>/check/", check.check, name="check"),
    path("referrals/<uuid:uuid>/sent/", check.sent, name="sent"),
    path("referrals/<uuid:uuid>/act/<slug:name>/", decide.act, name="act"),
    path("referrals/<uuid:uuid>/identity/", detail.identity, name="identity"),
    path("referrals/<uuid:uuid>/who-looked/", detail.who_looked, name="who-looked"),
    path("imports/", imports.batches, name="imports"),
    path("imports/new/", imports.new, name="import-new"),
    path("imports/files/<uuid:uuid>/", imports.file, name="import-file"),
    path("imports/files/<uuid:uuid>/rows/", imports.bad_rows, name="import-bad-rows"),
    path("imports/files/<uuid:uuid>/act/<slug:name>/", imports.act, name="import-act"),
    path("imports/<uuid:uuid>/", imports.batch, name="import"),
]
