"""The registry, and who may do what."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PartnersConfig(AppConfig):
    name = "partners"
    verbose_name = _("Registry")

    def ready(self) -> None:
        from accounts import invitations
        from partners import notifications
        from partners.services import memberships, organisations

        notifications.register_kinds()
        for kind in (memberships.MEMBERSHIP, memberships.FOUNDING, organisations.APPLICATION):
            invitations.register(
                kind,
                on_accept=memberships.accept_invitation,
                describe=memberships.describe_invitation,
            )
