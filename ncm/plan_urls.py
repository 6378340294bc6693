"""The pages of the action plan, under `/co-ordination/`."""

from django.urls import URLPattern, path

from ncm.views import activities, plan_reports, plans, revisions

patterns: list[URLPattern] = [
    path("plan/", plans.current, name="plan"),
    path("plan/all/", plans.plans, name="plans"),
    path("plan/new/", plans.new, name="plan-new"),
    path("plan/<uuid:uuid>/", plans.whole, name="plan-whole"),
    path("plan/<uuid:uuid>/timeline/", plans.timeline, name="plan-timeline"),
    path("plan/<uuid:uuid>/past/", plans.whole_past, name="plan-past"),
    path("plan/<uuid:uuid>/edit/", plans.edit, name="plan-edit"),
    path("plan/<uuid:uuid>/objectives/", plans.objectives, name="plan-objectives"),
    path("plan/<uuid:uuid>/activities/new/", activities.new, name="plan-activity-new"),
    path("plan/<uuid:uuid>/do/<str:name>/", plans.act, name="plan-act"),
    path("plan/<uuid:uuid>/revise/", revisions.begin, name="plan-revise"),
    path("plan/<uuid:uuid>/figures/", plan_reports.take, name="plan-take"),
    path("plan/<uuid:uuid>/figures/<str:ending>/", plan_reports.file, name="plan-file"),
    path("plan/<uuid:uuid>/pdf/", plan_reports.build, name="plan-build"),
    path("plan/activities/<uuid:uuid>/", activities.activity, name="plan-activity"),
    path("plan/activities/<uuid:uuid>/edit/", activities.edit, name="plan-activity-edit"),
    path("plan/activities/<uuid:uuid>/do/<str:name>/", activities.act, name="plan-activity-act"),
    path("plan/activities/<uuid:uuid>/evidence/<uuid:status>/", activities.evidence,
         name="plan-evidence"),
    path("plan/gaps/<uuid:uuid>/", activities.gap, name="plan-gap"),
    path("plan/revisions/<uuid:uuid>/", revisions.revision, name="plan-revision"),
    path("plan/revisions/<uuid:uuid>/choose/", revisions.choose, name="plan-revision-choose"),
    path("plan/revisions/<uuid:uuid>/change/<uuid:activity>/", revisions.change,
         name="plan-revision-change"),
    path("plan/revisions/<uuid:uuid>/do/<str:name>/", revisions.act, name="plan-revision-act"),
    path("plan/reports/<uuid:uuid>/", plan_reports.report, name="plan-report"),
    path("plan/reports/<uuid:uuid>/send/", plan_reports.send, name="plan-report-send"),
    path("plan/reports/<uuid:uuid>/files/<str:ending>/", plan_reports.report_file,
         name="plan-report-file"),
    path("plan/reports/<uuid:uuid>/pdf/", plan_reports.report_build, name="plan-report-build"),
    path("plan/parts/<uuid:uuid>/", plan_reports.part, name="plan-part"),
]  # fmt: skip
