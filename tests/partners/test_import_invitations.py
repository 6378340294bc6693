"""Organisations of a table have nobody here: their contacts are invited, each once."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Invitation
from common.workflow import NotAllowed, NotPossible
from deadlines.models import Mail
from partners.access import actor_for
from partners.models import Organisation, RegistryImport
from partners.services import import_invitations as services
from partners.services import memberships
from partners.services.registry_imports import bring_in, read
from tests.partners.tables import good, table
from tests.support.cast import Cast, person
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db


@pytest.fixture
def imported(cast: Cast) -> RegistryImport:
    """Three organisations, one of them without an address."""
    lines = [good(1), good(2), good(3, email="")]
    return bring_in(reading=read(table(lines)), by=cast.co_ordinator, at=cast.at)


def invite(cast: Cast, imported: RegistryImport, **how: Any) -> int:
    uuids = how.pop("only", None) or set(
        services.entered_by(imported).values_list("uuid", flat=True)
    )
    given = {"by": cast.actor(cast.co_ordinator), "at": cast.at, **how}
    return services.invite_contacts(imported=imported, organisations=uuids, **given)


def codes(imported: RegistryImport, at: Any) -> list[str]:
    rows = list(services.entered_by(imported).order_by("name"))
    found = services.standings(rows, at)
    return [found[row.pk].code for row in rows]


class TestInviting:
    @pytest.mark.sqlite_too
    def test_writes_to_each_address_once(self, cast: Cast, imported: RegistryImport) -> None:
        assert services.entered_by(imported).count() == 3
        assert codes(imported, cast.at) == ["ready", "ready", "no_address"]
        assert (invite(cast, imported), invite(cast, imported)) == (2, 0)
        assert Mail.objects.filter(kind="invitation", address="office1@example.org").count() == 1
        assert codes(imported, cast.at) == ["open", "open", "no_address"]
        assert not services.uninvited(imported, cast.at).exists()

    def test_is_accepted_and_the_application_is_their_own(
        self, cast: Cast, imported: RegistryImport
    ) -> None:
        invite(cast, imported)
        first = services.entered_by(imported).order_by("name")[0]
        letter = Invitation.objects.get(subject_uuid=first.uuid)
        user = person("Office One", cast.at)
        memberships.accept_invitation(invitation=letter, user=user, at=cast.at)
        Invitation.objects.filter(pk=letter.pk).update(accepted_at=cast.at, accepted_by=user)
        assert codes(imported, cast.at)[0] == "accepted"
        assert actor_for(user, at=cast.at).organisation == first
        assert invite(cast, imported, at=cast.at + timedelta(days=30)) == 1

    def test_comes_again_where_it_ran_out_or_came_back(
        self, cast: Cast, imported: RegistryImport
    ) -> None:
        invite(cast, imported)
        letter = Invitation.objects.order_by("pk").last()
        assert letter is not None
        Mail.objects.filter(key=f"invitation:{letter.uuid}").update(
            sent_at=cast.at, returned_at=cast.at, returned_code="bounced", address="", variables={}
        )
        assert sorted(codes(imported, cast.at)) == ["came_back", "no_address", "open"]
        assert invite(cast, imported) == 1
        later = cast.at + timedelta(days=15)
        assert codes(imported, later).count("ran_out") == 2
        assert invite(cast, imported, at=later) == 2

    def test_is_the_co_ordinations_and_of_this_import_alone(
        self, cast: Cast, imported: RegistryImport
    ) -> None:
        with pytest.raises(NotAllowed):
            invite(cast, imported, by=cast.actor(cast.ngo_manager))
        with pytest.raises(NotPossible):
            services.invite_contacts(
                imported=imported, organisations=[], by=cast.actor(cast.co_ordinator), at=cast.at
            )
        Organisation.objects.filter(pk=cast.fund.pk).update(email="fund@example.org")
        assert invite(cast, imported, only={cast.fund.uuid}) == 0


class TestThePage:
    def test_names_whom_it_would_invite_first(
        self, cast: Cast, imported: RegistryImport, client_for: Any
    ) -> None:
        client = client_for(cast.co_ordinator)
        url = reverse("partners:registry-import-invitations", args=[imported.uuid])
        outcome = client.get(reverse("partners:registry-import", args=[imported.uuid]))
        assert url in outcome.text
        with at_most(10):
            page = client.get(url)
        assert "Invite 2 organisations of this page" in page.text
        assert "No e-mail address in the entry" in page.text
        assert not Invitation.objects.filter(email__startswith="office").exists()
        uuids = [str(each.uuid) for each in page.context["ready"]]
        client.post(url, {"one": uuids[0], "organisation": uuids})
        assert Invitation.objects.filter(email__startswith="office").count() == 1
        client.post(url, {"organisation": uuids})
        assert Invitation.objects.filter(email__startswith="office").count() == 2
        assert "Nobody is left to invite" in client.get(f"{url}?show=open").text
