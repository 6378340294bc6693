"""The demonstration's services and places, and its confidential shelter, which is found nowhere."""

import json
from io import BytesIO, StringIO
from pathlib import Path

import pypdf
import pytest
from django.conf import settings
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from ncm.demo_places import HIDDEN
from ncm.management.commands.demo_data import DemoCountry
from partners.choices_places import HoldState
from partners.models import Inspection, Location, PlaceCount, PlaceHold, ServiceOffer

pytestmark = pytest.mark.django_db
NOBODY_ELSE = ("manager1", "coordinator", "police", "funder", "rapporteur", "officer")


@pytest.mark.slow
class TestDemonstration:
    def test_shows_something_on_every_screen_and_the_shelter_on_none(
        self, client_for, tmp_path: Path
    ) -> None:
        country = DemoCountry(timezone.now())
        country.build()
        assert set(PlaceHold.objects.values_list("state", flat=True)) == {
            HoldState.REFUSED, HoldState.TAKEN, HoldState.HELD,
        }  # fmt: skip
        assert Inspection.objects.exists()
        assert ServiceOffer.objects.filter(pool_size__gt=0).count() == 2
        house = Location.objects.get(is_confidential=True)
        shelter = house.services.get()
        assert PlaceCount.objects.filter(offer=shelter).count() == 3

        texts = [*self._pages(country, client_for, shelter), *self._files(tmp_path)]
        for text in texts:
            assert not [word for word in HIDDEN.values() if word in text]
        assert str(shelter.uuid) not in "".join(self._files(tmp_path))

    def _pages(self, country: DemoCountry, client_for, shelter: ServiceOffer) -> list[str]:
        hold = PlaceHold.objects.filter(state=HoldState.HELD).get()
        paths = [
            reverse("ncm:home"),
            reverse("partners:services"),
            reverse("partners:services-file"),
            f"{reverse('partners:services')}?name=shelter",
            reverse("partners:service", args=[shelter.uuid]),
            reverse("partners:registry"),
            reverse("partners:organisation", args=[shelter.organisation.uuid]),
            reverse("partners:demand"),
            f"{reverse('partners:demand')}?format=csv",
            reverse("partners:search", args=[hold.request.uuid]),
            reverse("partners:hold", args=[hold.uuid]),
            reverse("partners:location", args=[shelter.location.uuid]),  # type: ignore[union-attr]
            reverse("partners:hsds-services") + "?full=true&search=",
            reverse("partners:hsds-organisations"),
        ]
        clients = {who: client_for(country.people[who]) for who in NOBODY_ELSE}
        answers = {(who, p): clients[who].get(p) for who in NOBODY_ELSE for p in paths}
        assert answers["police", paths[9]].status_code == 200
        assert answers["manager1", paths[11]].status_code == 404
        return [answer.content.decode() for answer in answers.values()]

    def _files(self, tmp_path: Path) -> list[str]:
        out, said = tmp_path / "services.json", StringIO()
        call_command("export_services", output=out, stdout=said)
        assert len(json.loads(out.read_text())) == 3
        report = tmp_path / "report.pdf"
        call_command(
            "quarterly_report", "2023-Q1", output=report, format="pdf", internal=True, stdout=said
        )
        pages = pypdf.PdfReader(BytesIO(report.read_bytes())).pages
        logs = [path.read_text() for path in Path(settings.VAR).rglob("*.log")]
        return [out.read_text(), "".join(page.extract_text() for page in pages), *logs]
