"""The app, and what the sweep does by itself. Kinds of jobs, deadlines, notices come from above."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeadlinesConfig(AppConfig):
    name = "deadlines"
    verbose_name = _("Deadlines, inbox, mail and background work")

    def ready(self) -> None:
        from anymail.signals import tracking

        from accounts import kept, locks, resets
        from deadlines import mails, notifications, sweeps
        from deadlines.services import accounts, acts, jobs, mail, notices, reminders
        from deadlines.services.sweep import send_mail

        mails.register(mail.NOTICES_WAITING, variables=frozenset({"count", "stop", "url"}))
        mails.register("invitation", variables=frozenset({"date", "url"}))
        mails.register(notifications.FACTOR_RESET, variables=frozenset({"date"}))
        mails.register(notifications.ACCOUNT_LOCKED, variables=frozenset({"date", "url"}))
        notifications.register_kinds()
        acts.register_kind()
        accounts.register_kind()
        locks.register(tell=notifications.account_locked)
        resets.register(accounts.factor_reset)
        tracking.connect(notifications.mail_came_back, dispatch_uid="deadlines")

        # In this order: what writes notices and mail comes before what sends them.
        sweeps.register("resets of second factors", resets.carry_out_due)
        sweeps.register("kept forms", kept.purge_kept_forms)
        sweeps.register("reminders", reminders.remind)
        sweeps.register("summaries", notices.write_summaries)
        sweeps.register("mail", send_mail)
        sweeps.register("addresses of dead mail", mail.forget_dead_addresses)
        sweeps.register("jobs", jobs.wake_waiting)
        sweeps.register("results of jobs", jobs.expire_results)
