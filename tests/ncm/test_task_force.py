"""The report for a body: its region, small figures withheld, nobody named who is not listed."""

import json
import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from common.country import local_day
from deadlines.models import Job
from deadlines.services.jobs import run_next_job
from ncm.models import Body
from ncm.reports.base import Context
from ncm.reports.hand_overs import Found, band, printed
from ncm.reports.task_force import TaskForceReport
from partners.models import Area, Organisation
from tests.ncm import plans as stages
from tests.support.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


def body(cast: Cast, **more: Any) -> Body:
    given: dict[str, Any] = {"name": "North (invented)", "code": "NRT", "area": cast.area} | more
    return Body.objects.create(**given)


def shown(cast: Cast, row: Body) -> Context:
    return TaskForceReport(row, local_day(cast.at)).context(at=cast.at)


def table(context: Context, key: str) -> dict[str, tuple[Any, ...]]:
    return {row.label: row.cells for each in context.tables if each.key == key
            for row in each.rows}  # fmt: skip


class TestDelays:
    def test_stand_in_bands_of_days(self) -> None:
        found = [band(timedelta(days=days)) for days in (0, 5, 6, 30, 31, 90, 91)]
        assert found == ["within_5", "within_5", "within_30", "within_30", "within_90",
                         "within_90", "over_90"]  # fmt: skip

    def test_withhold_small_figures_and_what_gives_them_away(self) -> None:
        counts = {"within_5": 40, "within_30": 3, "within_90": 25, "over_90": 0, "none": 30}
        many = Found(Counter({("", name): number for name, number in counts.items()}))
        line = printed(many, "", 10)["to_first"]
        assert (line.total, line.cells) == (
            98, {"within_5": 40, "within_30": "c", "within_90": "c", "over_90": 0, "none": 30}
        )  # fmt: skip
        few = printed(Found(Counter({("", "within_5"): 4})), "", 10)["to_first"]
        assert (few.total, few.cells) == ("c", {"within_5": "c"})


class TestTheReport:
    def test_is_of_the_region_of_the_body(self, cast: Cast) -> None:
        south = Area.objects.create(
            code="XX-S", name="South", level="region", parent=Area.objects.get(code="XX")
        )
        Organisation.objects.filter(pk=cast.other_ngo.pk).update(area=south)
        stages.adopted(cast)
        context = shown(cast, body(cast))
        named = table(context, "organisations")
        assert cast.ngo.name in named
        assert cast.other_ngo.name not in named
        assert all("South" not in label for label in table(context, "holes"))
        assert table(context, "plan")["Prevention"][0] == 1
        assert (
            table(shown(cast, body(cast, name="S", code="S", area=south)), "plan")["Prevention"][0]
            == 0
        )

    def test_names_no_organisation_that_is_not_listed(self, cast: Cast, client_for: Any) -> None:
        plan = stages.adopted(cast)
        stages.many(cast, plan, 6)
        row = body(cast)
        client = client_for(cast.rapporteur)
        for page in (
            reverse("ncm:task-force-report", args=[row.uuid]),
            *(reverse("ncm:task-force-file", args=[row.uuid, each]) for each in ("csv", "json")),
        ):
            assert "Quiet Harbour" not in client.get(page).content.decode(), page

    def test_sets_words_apart_from_figures(self, cast: Cast, client_for: Any) -> None:
        row = body(cast)
        page = client_for(cast.co_ordinator).get(reverse("ncm:task-force-report", args=[row.uuid]))
        lines = re.findall(r'<td class="([^"]*)" data-label="([^"]*)"', page.content.decode())
        by_words = {name: "numeric" in classes for classes, name in lines}
        assert not by_words["Kind"]
        assert not by_words["What it does"]
        assert by_words["Number"]

    def test_counts_posts_nobody_holds(self, cast: Cast) -> None:
        cells = table(shown(cast, body(cast)), "contacts")
        assert cells["Organisations where nobody answers"][0] > 0

    def test_has_the_same_figures_for_a_machine(self, cast: Cast, client_for: Any) -> None:
        row = body(cast)
        href = reverse("ncm:task-force-file", args=[row.uuid, "json"])
        found = json.loads(client_for(cast.co_ordinator).get(href).content)
        assert set(found["tables"]) == {
            "organisations", "contacts", "delays", "points", "holes", "plan",
        }  # fmt: skip

    def test_is_found_on_the_page_of_the_body(self, cast: Cast, client_for: Any) -> None:
        row = body(cast)
        href = reverse("ncm:task-force-report", args=[row.uuid])
        page = reverse("ncm:body", args=[row.uuid])
        assert href in client_for(cast.rapporteur).get(page).content.decode()
        assert href not in client_for(cast.ngo_manager).get(page).content.decode()

    def test_is_printed_by_a_job(self, cast: Cast, client_for: Any, at: Any) -> None:
        stages.adopted(cast)
        row = body(cast)
        client_for(cast.co_ordinator).post(reverse("ncm:task-force-build", args=[row.uuid]))
        assert run_next_job(clock=lambda: at, worker="test")
        job = Job.objects.get()
        assert job.state == "done"
        with job.result.open("rb") as content:
            assert content.read(4) == b"%PDF"
