"""The pages of referrals."""

from django.urls import path

from referrals.views import imports

app_name = "referrals"
urlpatterns = [
    path("imports/", imports.batches, name="imports"),
    path("imports/new/", imports.new, name="import-new"),
    path("imports/files/<uuid:uuid>/", imports.file, name="import-file"),
    path("imports/files/<uuid:uuid>/rows/", imports.bad_rows, name="import-bad-rows"),
    path("imports/files/<uuid:uuid>/act/<slug:name>/", imports.act, name="import-act"),
    path("imports/<uuid:uuid>/", imports.batch, name="import"),
]
