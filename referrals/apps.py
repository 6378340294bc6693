"""Referrals of presumed victims, from a draft to the last decision."""

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class ReferralsConfig(AppConfig):
    name = "referrals"
    verbose_name = _("Referrals")

    def ready(self) -> None:
        from deadlines import sweeps
        from partners import access as partners_access
        from partners import grants
        from referrals import access, clocks, notifications
        from referrals.checks import check_deciders
        from referrals.models import (
            Referral,
            ReferralGrantBasis,
            ReferralGroupGrant,
            ReferralUserGrant,
        )
        from referrals.services import import_files
        from referrals.services.drafts import expire_drafts

        partners_access.register_rule(Referral, access.may_to)
        grants.register(
            Referral,
            grants.Grantable(
                ReferralGrantBasis,
                ReferralGroupGrant,
                ReferralUserGrant,
                columns=lambda referral: {
                    "sort_at": referral.received_at or referral.created_at,
                    "status": referral.state,
                },
            ),
        )
        notifications.register_kinds()
        clocks.register_kinds()
        sweeps.register("referral_drafts", expire_drafts)
        import_files.register_job()
        sweeps.register("files to import", import_files.forget_files)
        checks.register(check_deciders, checks.Tags.database)
