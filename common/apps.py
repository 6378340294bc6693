"""The library as an installed app, for its commands, checks and template tags. It has no tables."""

from django.apps import AppConfig


class CommonConfig(AppConfig):
    name = "common"
