"""The front door, the home page, and pages that belong to no other package."""

from django.urls import include, path

from ncm import bodies_urls, plan_urls
from ncm.views import action_acts, actions, board, components, funding, home, programs, reports

app_name = "ncm"
urlpatterns = [
    path("", home.home, name="home"),
    path("help/", home.help_page, name="help"),
    path("accessibility/", home.accessibility, name="accessibility"),
    path("livez", home.livez, name="livez"),
    path("components/", components.components, name="components"),
    path("actions/", actions.actions, name="actions"),
    path("actions/new/", action_acts.new, name="action-new"),
    path("actions/file/", actions.as_file, name="actions-file"),
    path("actions/<uuid:uuid>/", actions.action, name="action"),
    path("actions/<uuid:uuid>/comment/", action_acts.comment, name="action-comment"),
    path("actions/<uuid:uuid>/files/<uuid:file>/", actions.file, name="action-file"),
    path("actions/<uuid:uuid>/<slug:name>/", action_acts.act, name="action-act"),
    path("board/", board.board, name="board"),
    path("board/<slug:what>/", board.rows, name="board-rows"),
    *bodies_urls.patterns,
    path("co-ordination/", include(plan_urls.patterns)),
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
