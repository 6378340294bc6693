"""Calendar, rules and feed, the inbox, what one wants mail about, background work, health."""

from django.urls import path

from deadlines import views

app_name = "deadlines"
urlpatterns = [
    path("calendar/", views.calendar, name="calendar"),
    path("calendar/answering/", views.answering, name="answering"),
    path("calendar/away/", views.away, name="away"),
    path("calendar/away/<uuid:uuid>/end/", views.away_end, name="away_end"),
    path("calendar/<uuid:uuid>/", views.deadline, name="deadline"),
    path("calendar/<uuid:uuid>/<slug:name>/", views.deadline_act, name="deadline_act"),
    path("rules/", views.rules, name="rules"),
    path("rules/days/", views.calendar_days, name="calendar_days"),
    path("rules/days/add/", views.calendar_day_add, name="calendar_day_add"),
    path("rules/<slug:code>/change/", views.rule_change, name="rule_change"),
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/read/", views.read_all, name="read_all"),
    path("inbox/<uuid:uuid>/open/", views.open_notice, name="open_notice"),
    path("calendar/feed/", views.feed, name="feed"),
    path("calendar/feed/end/", views.end_feed, name="end_feed"),
    path("calendar/feed/<str:secret>.ics", views.feed_file, name="feed_file"),
    path("mail/", views.mail_choices, name="mail_choices"),
    path("mail/stop/<str:token>/", views.stop_mail, name="stop_mail"),
    path("health/", views.health, name="health"),
    path("health/status/", views.health_status, name="health_status"),
    path("health/mail/", views.dead_mail, name="dead_mail"),
    path("health/mail/resend/", views.resend_all_mail, name="resend_all_mail"),
    path("health/mail/<uuid:uuid>/resend/", views.resend_mail, name="resend_mail"),
    path("health/mail/<uuid:uuid>/put-away/", views.put_away_mail, name="put_away_mail"),
    path("jobs/", views.job_list, name="jobs"),
    path("jobs/<uuid:uuid>/", views.job, name="job"),
    path("jobs/<uuid:uuid>/file/", views.job_file, name="job_file"),
    path("jobs/<uuid:uuid>/cancel/", views.cancel, name="cancel_job"),
    path("jobs/<uuid:uuid>/retry/", views.retry, name="retry_job"),
]
