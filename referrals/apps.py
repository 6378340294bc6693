"""Referrals of presumed victims, from a draft to the last decision."""

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class ReferralsConfig(AppConfig):
    name = "referrals"
    verbose_name = _("Referrals")

    def ready(self) -> None:
        from partners import about, grants, leaving
        from partners import access as partners_access
        from partners.services import memberships
        from referrals import (
            access,
            clocks,
            closing,
            disclosure_notices,
            emergency_notices,
            lists,
            notifications,
            talk,
        )
        from referrals.checks import (
            check_alternates,
            check_deciders,
            check_row_lock,
            check_seats,
        )
        from referrals.models import (
            Referral,
            ReferralGrantBasis,
            ReferralGroupGrant,
            ReferralUserGrant,
        )
        from referrals.services import assignments, import_files

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
                barred=closing.barred,
                by_group=clocks.due_by_group,
                by_group_default={"due_at": None},
            ),
        )
        leaving.register("referrals", lists.left_open)
        about.register(talk.CASE)
        memberships.register_narrowed(assignments.keep_own)
        notifications.register_kinds()
        emergency_notices.register_kinds()
        disclosure_notices.register_kinds()
        clocks.register_kinds()
        import_files.register_job()
        _register_sweeps()
        checks.register(check_deciders, checks.Tags.database)
        checks.register(check_alternates, checks.Tags.database)
        checks.register(check_seats, checks.Tags.database)
        checks.register(check_row_lock, checks.Tags.database)


def _register_sweeps() -> None:
    """What the minute's round does for referrals."""
    from deadlines import sweeps
    from referrals.services import (
        disclosures,
        emergency,
        exclusions,
        import_files,
        restrictions,
    )
    from referrals.services.drafts import expire_drafts
    from referrals.services.seats import follow_seats

    sweeps.register("referral_drafts", expire_drafts)
    sweeps.register("deciding seats", follow_seats)
    sweeps.register("disclosures to tell of", disclosures.remind_to_tell)
    sweeps.register("emergency reviews", emergency.remind_of_reviews)
    sweeps.register("restricted cases", restrictions.care_for_all)
    sweeps.register("cases without an authority", exclusions.hand_over_waiting)
    sweeps.register("files to import", import_files.forget_files)
