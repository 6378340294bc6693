"""The addresses of survival: rounds, answers, staff, programmes."""

from django.urls import path

from funding.views import endings, programmes, rounds, staffing, survey, sustainability

patterns = [
    path("sustainability/", sustainability.sustainability, name="sustainability"),
    path("sustainability/ask/", rounds.new, name="round-new"),
    path("sustainability/rounds/<uuid:uuid>/", rounds.figures, name="round"),
    path("sustainability/answers/<uuid:uuid>/", survey.survey, name="survey"),
    path("sustainability/answers/<uuid:uuid>/<slug:page>/", survey.page, name="survey-page"),
    path("sustainability/staff/", staffing.staffing, name="staffing"),
    path("sustainability/staff/new/", staffing.new, name="staffing-new"),
    path("sustainability/endings/", endings.page, name="endings"),
    path("sustainability/endings/new/", endings.new, name="standing-new"),
    path("sustainability/endings/<uuid:uuid>/remove/", endings.remove, name="standing-remove"),
    path("sustainability/programmes/", programmes.programmes, name="programmes"),
    path("sustainability/programmes/new/", programmes.new, name="programme-new"),
    path("sustainability/programmes/<uuid:uuid>/", programmes.programme, name="programme"),
    path(
        "sustainability/programmes/<uuid:uuid>/after/<int:after>/",
        programmes.follow_up,
        name="programme-follow-up",
    ),
]
