"""Referrals of presumed victims. Empty until issue 02 lays the referral."""

from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    name = "referrals"
