"""The pages about conditions of grants and reports on them."""

from django.urls import path

from funding.views import conditions, desk, report_pages, reports

patterns = [
    path("", desk.desk, name="desk"),
    path("conditions/", conditions.conditions, name="conditions"),
    path("conditions/restrictive/", conditions.restrictions, name="restrictions"),
    path("conditions/<uuid:uuid>/", conditions.condition, name="condition"),
    path("conditions/<uuid:uuid>/do/<slug:name>/", conditions.act, name="condition-act"),
    path("awards/<uuid:uuid>/terms/", reports.award_terms, name="award-terms"),
    path("awards/<uuid:uuid>/conditions/new/", conditions.new, name="condition-new"),
    path("awards/<uuid:uuid>/reports/plan/", reports.plan, name="reports-plan"),
    path("awards/<uuid:uuid>/indicators/", reports.indicators, name="indicators"),
    path("reports/", reports.reports, name="reports"),
    path("reports/<uuid:uuid>/", reports.report, name="report"),
    path("reports/<uuid:uuid>/write/<slug:page>/", report_pages.page, name="report-page"),
    path("reports/<uuid:uuid>/comment/<slug:field>/", report_pages.comment, name="report-comment"),
    path("reports/<uuid:uuid>/do/<slug:name>/", report_pages.act, name="report-act"),
]
