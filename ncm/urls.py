"""The front door, the home page, and pages that belong to no other package."""

from django.urls import path

from ncm.views import components, funding, home, programs, reports

app_name = "ncm"
urlpatterns = [
    path("", home.home, name="home"),
    path("help/", home.help_page, name="help"),
    path("accessibility/", home.accessibility, name="accessibility"),
    path("livez", home.livez, name="livez"),
    path("components/", components.components, name="components"),
    path("programs/", programs.programs, name="programs"),
    path("programs/description/", programs.description, name="programs-description"),
    path("reports/", reports.choose, name="reports"),
    path("reports/funding/", funding.state_of_funding, name="state-of-funding"),
    path("reports/funding/build/", funding.build, name="state-of-funding-build"),
    path("reports/funding/<str:ending>/", funding.take, name="state-of-funding-file"),
    path("reports/quarterly/<str:quarter>/", reports.quarterly, name="report"),
    path("reports/quarterly/<str:quarter>/build/", reports.build, name="report-build"),
    path("reports/quarterly/<str:quarter>/<str:ending>/", reports.take, name="report-file"),
]
