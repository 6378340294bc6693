"""Money for civil society. Empty until issue 06 lays the funds."""

from django.apps import AppConfig


class FundingConfig(AppConfig):
    name = "funding"
