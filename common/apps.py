"""The library as an installed app, for its commands, checks and template tags. It has no tables."""

from django.apps import AppConfig


class CommonConfig(AppConfig):
    name = "common"

    def ready(self) -> None:
        from common import (
            country,  # noqa: F401 - registers the check of the country profile
            rowlock,
        )

        rowlock.install()
