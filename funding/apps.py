"""Money for civil society: funds, calls, awards, reports, and whether services survive."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FundingConfig(AppConfig):
    name = "funding"
    verbose_name = _("Funding")

    def ready(self) -> None:
        """Each topic registers its own, in one function of its module."""
        from funding import calls, money, survival, terms

        money.register()
        calls.register()
        survival.register()
        terms.register()
