"""The pages of calls, applications and reviews, under `/funding/`."""

from django.urls import URLPattern, path

from funding.views import application_acts, applications, call_acts, calls, reviews

patterns: list[URLPattern] = [
    path("calls/", calls.calls, name="calls"),
    path("calls/new/", calls.new, name="call-new"),
    path("calls/<uuid:uuid>/", calls.call, name="call"),
    path("calls/<uuid:uuid>/write/<str:page>/", calls.page, name="call-page"),
    path("calls/<uuid:uuid>/do/<str:name>/", call_acts.act, name="call-act"),
    path("calls/<uuid:uuid>/questions/<uuid:question>/", call_acts.question, name="call-question"),
    path("calls/<uuid:uuid>/ranking/", call_acts.ranking, name="call-ranking"),
    path("applications/", applications.applications, name="applications"),
    path("applications/new/", applications.proposal, name="proposal-new"),
    path("applications/<uuid:uuid>/", applications.application, name="application"),
    path("applications/<uuid:uuid>/write/<str:page>/", applications.page, name="application-page"),
    path("applications/<uuid:uuid>/check/", applications.check, name="application-check"),
    path("applications/<uuid:uuid>/files/<uuid:file>/", applications.file, name="application-file"),
    path("applications/<uuid:uuid>/do/<str:name>/", application_acts.act, name="application-act"),
    path("reviews/", reviews.reviews, name="reviews"),
    path("reviews/<uuid:uuid>/", reviews.review, name="review"),
]
