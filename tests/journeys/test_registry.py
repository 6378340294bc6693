"""The co-ordinator's registry in a browser: narrowed, kept, reminded, brought in from a table."""

from collections.abc import Callable

from django.utils import timezone

from deadlines.models import Notice
from deadlines.services.jobs import run_next_job
from partners.models import Organisation, StoredFilter
from tests.journeys.conftest import Visitor
from tests.partners.tables import WRONG, registry
from tests.support.cast import Cast


class TestTheCoOrdinator:
    def test_narrows_keeps_and_reminds(self, stage: Cast, visit: Callable[..., Visitor]) -> None:
        desk = visit().arrive_as(stage.co_ordinator).open("/registry/")
        desk.pick("Kind", "Civil society organisation").pick("Deputy", "None stands in")
        desk.press("Apply")
        assert stage.other_ngo.name in desk.text
        assert stage.ngo.name not in desk.text
        desk.write("Name of the filter", "NGOs without a deputy")
        desk.tick("Begin with it whenever I open the registry")
        desk.press("Keep the filter").picture("registry-narrowed")
        assert StoredFilter.objects.get().query == "kind=cso&deputy=missing"
        desk.open("/registry/")
        assert stage.ngo.name not in desk.text
        desk.follow("Ask them to confirm").picture("registry-reminders")
        assert "Is asked" in desk.text
        assert not Notice.objects.filter(kind="entry_to_confirm").exists()
        desk.press("Ask them")
        assert "2 organisations were asked" in desk.text
        assert Notice.objects.filter(kind="entry_to_confirm").count() == 2
        desk.open("/registry/filters/").press("Delete NGOs without a deputy")
        desk.press("Put it back NGOs without a deputy").picture("registry-filters")
        desk.open("/registry/coverage/").picture("registry-coverage")
        desk.follow("3")
        assert stage.ngo.name in desk.text

    def test_brings_a_table_in(self, stage: Cast, visit: Callable[..., Visitor], tmp_path) -> None:
        file = tmp_path / "registry.csv"
        file.write_bytes(registry(40, 4))
        before = Organisation.objects.count()
        desk = visit().arrive_as(stage.co_ordinator).open("/registry/?all=1")
        desk.follow("Bring a table in").follow("Bring a table in")
        desk.page.get_by_label("File").set_input_files(file)
        desk.press("Check the file").picture("registry-table-check")
        for _column, value in WRONG:
            assert value in desk.text
        assert Organisation.objects.count() == before
        desk.press("Bring the good rows in").picture("registry-table-running")
        assert run_next_job(clock=timezone.now, worker="journey")
        desk.open(desk.path)
        assert "36 organisations added" in desk.text
        desk.picture("registry-table-outcome")
        assert Organisation.objects.count() == before + 36
