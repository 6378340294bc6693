"""The national picture: home pages, reports, co-ordination."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from common.marks import Permission


class NcmConfig(AppConfig):
    name = "ncm"
    verbose_name = _("National co-ordination")

    def ready(self) -> None:
        from deadlines import jobs
        from ncm.jobs import QUARTERLY_REPORT, quarterly_report

        jobs.register(
            QUARTERLY_REPORT,
            run=quarterly_report,
            label=_("Quarterly report"),
            permission=Permission.REPORT_BUILD,
            words={
                "counting": _("Counting"),
                "printing": _("Setting the pages"),
                "not_allowed": _("Your role no longer includes building reports."),
                "no_pdf": _("This installation cannot make PDF files. Tell whoever runs it."),
            },
        )
