"""The API: one line per view."""

from django.urls import path

from ncm import api as ncm
from partners import api as partners
from referrals import api as referrals

app_name = "api"
urlpatterns = [
    path("organisations/", partners.Organisations.as_view(), name="organisations"),
    path("organisations/<uuid:uuid>/", partners.OrganisationDetail.as_view(), name="organisation"),
    path("referrals/", referrals.Referrals.as_view(), name="referrals"),
    path("referrals/<uuid:uuid>/", referrals.ReferralDetail.as_view(), name="referral"),
    path("referrals/<uuid:uuid>/actions/", referrals.Actions.as_view(), name="referral-acts"),
    path(
        "referrals/<uuid:uuid>/actions/<slug:name>/",
        referrals.Act.as_view(),
        name="referral-act",
    ),
    path("codes/", referrals.Codes.as_view(), name="codes"),
    path("schema/", ncm.Schema.as_view(), name="schema"),
]
