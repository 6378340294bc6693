"""The calendar and its rules, the inbox, and the person's own background work."""

from django.urls import path

from deadlines import views

app_name = "deadlines"
urlpatterns = [
    path("calendar/", views.calendar, name="calendar"),
    path("rules/", views.rules, name="rules"),
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/read/", views.read_all, name="read_all"),
    path("inbox/<uuid:uuid>/open/", views.open_notice, name="open_notice"),
    path("jobs/", views.job_list, name="jobs"),
    path("jobs/<uuid:uuid>/", views.job, name="job"),
    path("jobs/<uuid:uuid>/file/", views.job_file, name="job_file"),
    path("jobs/<uuid:uuid>/cancel/", views.cancel, name="cancel_job"),
    path("jobs/<uuid:uuid>/retry/", views.retry, name="retry_job"),
]
