"""The addresses of money: funds, awards, payments, and the grants as they are published."""

from django.urls import path

from funding.views import award_acts, awards, funds, grants

patterns = [
    path("awards/", awards.awards, name="awards"),
    path("awards/<uuid:uuid>/", awards.award, name="award"),
    path("awards/<uuid:uuid>/act/<slug:name>/", award_acts.act, name="award-act"),
    path("changes/<uuid:uuid>/<slug:name>/", award_acts.change_act, name="change-act"),
    path("funds/", funds.funds, name="funds"),
    path("funds/new/", funds.new, name="fund-new"),
    path("funds/<uuid:uuid>/", funds.fund, name="fund"),
    path("funds/<uuid:uuid>/act/<slug:name>/", funds.act, name="fund-act"),
    path("grants/", grants.grants, name="grants"),
    path("grants/grants.csv", grants.grants_csv, name="grants-csv"),
    path("grants/grants.json", grants.grants_json, name="grants-json"),
    path("instalments/<uuid:uuid>/", awards.instalment, name="instalment"),
    path(
        "instalments/<uuid:uuid>/act/<slug:name>/", award_acts.instalment_act,
        name="instalment-act",
    ),
    path("payments/<uuid:uuid>/arrived/", award_acts.arrived, name="payment-arrived"),
]  # fmt: skip
