"""The state of funding: its figures from rows of known size, its page, its files, its PDF."""

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from common.country import local_day
from deadlines.choices import JobState
from deadlines.models import Job
from deadlines.services.jobs import run_next_job
from ncm.reports.funding_figures import figures
from ncm.reports.state_of_funding import StateOfFunding
from tests.funding import money, terms
from tests.partners import deeds
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = [pytest.mark.django_db]
PAGE = reverse("ncm:state-of-funding")


@pytest.fixture
def funded(cast: Cast) -> Cast:
    """Two grants: one of a year in euros with a gag clause, one of two years in dollars."""
    today = local_day(cast.at)
    terms.condition(cast, terms.award(cast))
    dollars = money.fund(cast, currency="USD", source_class="foundation", allows_overhead=False)
    money.in_force(
        cast, fund=dollars, currency="USD", kind="networking", area=None,
        until_on=today + timedelta(days=731),
    )  # fmt: skip
    deeds.signed(cast)
    return cast


class TestFigures:
    def test_are_those_of_the_rows(self, funded: Cast) -> None:
        with at_most(9):
            found = figures(local_day(funded.at))
        assert found.all_grants.number == 2
        assert found.all_grants.money == {"EUR": Decimal(10_000), "USD": Decimal(10_000)}
        assert (found.long_term, found.with_overhead) == (1, 1)
        assert [(d.duty, d.number, d.by_nobody) for d in found.duties] == [("shelter", 1, 1)]
        assert sum(found.clauses.values()) == 1
        assert {name: each.number for name, each in found.by(lambda g: g.source_class).items()} == {
            "foundation": 1, "state_central": 1,
        }  # fmt: skip

    def test_leave_out_what_has_ended(self, funded: Cast) -> None:
        later = local_day(funded.at) + timedelta(days=400)
        assert figures(later).all_grants.number == 1

    def test_never_add_currencies(self, funded: Cast) -> None:
        context = StateOfFunding(local_day(funded.at)).context(at=funded.at)
        purpose = context.tables[0]
        assert [column.key for column in purpose.columns] == ["grants", "EUR", "USD"]
        assert purpose.total is not None
        assert purpose.total.cells == (2, "10,000.00", "10,000.00")


class TestThePage:
    def test_leads_to_what_it_counts_and_names_no_recipient(
        self, funded: Cast, client_for: Any
    ) -> None:
        client = client_for(funded.co_ordinator)
        shown = client.get(PAGE).content.decode()
        assert reverse("funding:restrictions") in shown
        assert funded.ngo.display_name not in shown
        found = json.loads(client.get(f"{PAGE}json/").content)
        assert found["tables"]["duties"]["rows"]["shelter"] == [1, 1, 1, 0]

    def test_builds_the_pdf_in_a_job(
        self, funded: Cast, client_for: Any, settings: Any, tmp_path: Path
    ) -> None:
        settings.MEDIA_ROOT = tmp_path
        client = client_for(funded.co_ordinator)
        client.post(reverse("ncm:state-of-funding-build"), {})
        job = Job.objects.get()
        if job.state == JobState.QUEUED:
            run_next_job(clock=lambda: funded.at, worker="test")
        job.refresh_from_db()
        assert (job.state, job.error_code) == (JobState.DONE, "")
        assert job.result_name.startswith("state-of-funding-")
