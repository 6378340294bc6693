"""Enters the co-ordinating organisation and invites its first co-ordinator."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import invitations
from partners.access import system_actor
from partners.choices import Capacity, OrganisationKind, Role
from partners.models import HeldCapacity
from partners.services import memberships, organisations


class Command(BaseCommand):
    help = (
        "Enter the organisation that co-ordinates the mechanism and print the link with which its "
        "first co-ordinator makes a sign-in. Refuses once a co-ordinating organisation exists."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True, help="the organisation, such as the ministry")
        parser.add_argument("--email", required=True, help="the first co-ordinator's address")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        by = system_actor("found_mechanism", at)
        validate_email(options["email"])
        if HeldCapacity.objects.held().filter(capacity=Capacity.CO_ORDINATION).exists():
            raise CommandError(
                "A co-ordinating organisation exists already. Its manager invites colleagues."
            )
        organisation = organisations.found(
            name=options["name"],
            kind=OrganisationKind.STATE_AGENCY,
            capacities=[Capacity.CO_ORDINATION],
            by=by,
            at=at,
        )
        for role in (Role.MANAGER, Role.CO_ORDINATOR):
            memberships.role_group(organisation=organisation, role=role, at=at)
        # Printed once, for the person at the machine, and mailed to nobody.
        _, token = invitations.invite(
            email=options["email"],
            kind=memberships.FOUNDING,
            subject_uuid=organisation.uuid,
            role=Role.CO_ORDINATOR,
            by=None,
            at=at,
        )
        link = settings.SITE_URL + reverse("accounts:accept", args=[token])
        self.stdout.write(f"Open within 14 days, once: {link}")
