"""The app, and what the sweep does by itself. Kinds of jobs and notices come from above."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeadlinesConfig(AppConfig):
    name = "deadlines"
    verbose_name = _("Inbox, mail and background work")

    def ready(self) -> None:
        from deadlines import mails, sweeps
        from deadlines.services import jobs, mail, notices
        from deadlines.services.sweep import send_mail

        mails.register("notices_waiting", variables=frozenset({"count", "url"}))
        mails.register("invitation", variables=frozenset({"date", "url"}))
        sweeps.register("summaries", notices.write_summaries)
        sweeps.register("mail", send_mail)
        sweeps.register("unsent addresses", mail.forget_dead_addresses)
        sweeps.register("jobs", jobs.wake_waiting)
        sweeps.register("results of jobs", jobs.expire_results)
