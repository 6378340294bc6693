"""The national picture: home pages, reports, co-ordination."""

from django.apps import AppConfig


class NcmConfig(AppConfig):
    name = "ncm"
