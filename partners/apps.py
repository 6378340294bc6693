"""The registry, and who may do what."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class PartnersConfig(AppConfig):
    name = "partners"
    verbose_name = _("Registry")

    def ready(self) -> None:
        from accounts import invitations, locks
        from deadlines import feeds, sweeps
        from deadlines.services import absences
        from partners import (
            clocks,
            clocks_places,
            contact_jobs,
            conversation_notices,
            deeds,
            grants,
            notifications,
            notifications_places,
            request_clocks,
            request_notices,
            taxonomy,
            upkeep,
        )
        from partners.access import actors_of
        from partners.offices import office_to_call
        from partners.services import (
            holds,
            memberships,
            organisations,
            proceedings,
            requests,
        )
        from partners.sight import sight_of

        notifications.register_kinds()
        clocks.register_kinds()
        clocks_places.register_kinds()
        notifications_places.register_kinds()
        deeds.register()
        conversation_notices.register_kinds()
        request_notices.register_kinds()
        request_clocks.register_kinds()
        absences.register(memberships.colleagues_of)
        feeds.register_actors(actors_of, sight_of)
        locks.register(contact=office_to_call)
        sweeps.register("rounds of recurring requests", requests.open_due_rounds)
        contact_jobs.register()
        sweeps.register("appeals nobody decided", proceedings.lapse_overdue)
        letters = (*memberships.TO_COLLEAGUES, memberships.FOUNDING, organisations.APPLICATION)
        for kind in letters:
            invitations.register(
                kind,
                on_accept=memberships.accept_invitation,
                describe=memberships.describe_invitation,
            )
        post_migrate.connect(grants.forget_permission_ids)
        post_migrate.connect(taxonomy.ensure_rows, sender=self)
        sweeps.register("held places that ran out", holds.lapse_overdue)
        sweeps.register("houses that do not answer", holds.propose_the_next)
        sweeps.register(
            "questions closed to somebody", conversation_notices.release_those_who_read_no_more
        )
        sweeps.register("grants that ended", upkeep.end_expired)
        sweeps.register("grants proved", upkeep.prove_a_part)
        _register_registry()


def _register_registry() -> None:
    """What the registry as a list needs: headings, filters, tables to bring in; and learning."""
    from deadlines import sweeps
    from partners import learning
    from partners.services import listings, registry_tables, stored_filters

    learning.register()
    registry_tables.register_job()
    sweeps.register("headings of the registry", listings.prove_a_part)
    sweeps.register("stored filters deleted long ago", stored_filters.forget)
    sweeps.register("tables to bring in", registry_tables.forget_tables)
