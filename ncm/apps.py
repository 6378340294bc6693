"""The national picture: home pages, reports, co-ordination."""

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _

from common.marks import Permission


class NcmConfig(AppConfig):
    name = "ncm"
    verbose_name = _("National co-ordination")

    def ready(self) -> None:
        from deadlines import jobs
        from ncm import actions, bodies, plans
        from ncm.checks import check_co_ordinators
        from ncm.jobs import (
            QUARTERLY_REPORT,
            STATE_OF_FUNDING,
            quarterly_report,
            state_of_funding,
        )

        actions.register()
        bodies.register()
        words = {
            "counting": _("Counting"),
            "printing": _("Setting the pages"),
            "not_allowed": _("Your role no longer includes building reports."),
            "no_pdf": _("This installation cannot make PDF files. Tell whoever runs it."),
        }
        jobs.register(
            STATE_OF_FUNDING,
            run=state_of_funding,
            label=_("State of funding"),
            permission=Permission.FUNDING_OVERSEE,
            words=words,
        )

        jobs.register(
            QUARTERLY_REPORT,
            run=quarterly_report,
            label=_("Quarterly report"),
            permission=Permission.REPORT_BUILD,
            words=words,
        )
        plans.register()
        checks.register(check_co_ordinators, checks.Tags.database)
