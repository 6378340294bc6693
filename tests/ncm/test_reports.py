"""The quarterly report: what it counts, that every format says the same, and who gets it."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest
from django.urls import reverse
from django.utils import translation

from accounts.choices import LogAction
from accounts.models import AccessLog
from common.charts import WITHHELD
from deadlines.choices import JobState
from deadlines.jobs import JobFailed
from deadlines.models import Job
from deadlines.services.jobs import run_next_job
from ncm.jobs import quarterly_report
from ncm.models import Body
from ncm.reports.base import Context
from ncm.reports.formats import FORMATS
from ncm.reports.labels import label, outcome_names
from ncm.reports.periods import Quarter
from ncm.reports.quarterly import figures, tables
from ncm.reports.quarterly_report import QuarterlyReport, change, in_order
from partners.models import Membership
from referrals.choices import Basis, Origin, State, YesNoUnknown
from referrals.models import Decision, ImportBatch, Person, Referral
from referrals.words import stage_name
from tests.support.cast import Cast
from tests.support.client import StrictClient

pytestmark = pytest.mark.django_db

QUARTER = Quarter(2023, 1)
DAY = date(2023, 2, 14)
MADE_AT = datetime(2023, 5, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def refer(cast: Cast) -> Callable[..., list[Referral]]:
    """Enters imported history, each row alike but for what is given."""
    made = iter(range(100_000))
    batch = ImportBatch.objects.create(
        profile="test", file_digest="0", rows_read=1, rows_added=1, rows_known=0, rows_refused=0,
        imported_at=MADE_AT,
    )  # fmt: skip

    def go(number: int = 1, on: date | None = DAY, **fields: Any) -> list[Referral]:
        values: dict[str, Any] = {
            "basis": Basis.IMPORTED,
            "origin": Origin.HISTORICAL,
            "batch": batch,
            "state": State.SUBMITTED,
            "first_responder": cast.ngo,
            "responder_type": "NGO",
            "age_at_exploitation": "CHILD",
            "gender": "FEMALE",
            "nationalities": ("ALB",),
            "exploitation": ("SEXUAL",),
            "created_at": MADE_AT,
            "received_on": on,
            "received_at": on and datetime(on.year, on.month, on.day, 12, tzinfo=UTC),
            **fields,
        }
        if values["basis"] != Basis.IMPORTED:
            values |= {"origin": Origin.LIVE, "batch": None}
        rows = [Referral(reference=f"T-{next(made)}", **values) for _each in range(number)]
        for row in rows:
            row.import_key = f"test:{row.reference}" if row.batch else None
        return Referral.objects.bulk_create(rows)

    return go


@pytest.fixture
def live(refer: Callable[..., list[Referral]], cast: Cast, at: datetime) -> dict[str, Any]:
    """What a child's referral made here has beside."""
    return {
        "basis": Basis.CHILD,
        "is_child_now": YesNoUnknown.YES,
        "authority": cast.ministry,
        "person": Person.objects.create(kept_by=cast.ngo, created_at=at),
    }


@pytest.fixture
def quarter(refer: Callable[..., list[Referral]], cast: Cast) -> None:
    """A quarter with large, small and unknown figures, and one before it."""
    refer(40)
    refer(30, gender="MALE", age_at_exploitation="ADULT", nationalities=("UKR",))
    refer(3, gender="OTHER", age_at_exploitation="ADULT", nationalities=("ALB", "UKR"))
    refer(20, gender="MALE", nationalities=(), exploitation=("SEXUAL", "FORCED_LABOUR"))
    refer(15, first_responder=cast.other_ngo, age_at_exploitation="", gender="")
    refer(50, on=date(2022, 11, 2))
    decided = refer(26, gender="MALE", age_at_exploitation="ADULT")
    Decision.objects.bulk_create(
        Decision(
            referral=referral,
            stage="preliminary",
            outcome="positive" if place < 13 else "negative",
            decided_on=DAY,
        )
        for place, referral in enumerate(decided)
    )


def total(quarter: Quarter = QUARTER) -> int:
    return int(tables(quarter)["referrals_total"])


class TestCounts:
    def test_a_referral_that_was_received(self, refer: Any, live: dict[str, Any]) -> None:
        refer(2, **live)
        assert (total(), figures(QUARTER).imported) == (2, 0)

    def test_imported_history(self, refer: Any) -> None:
        refer()
        assert (total(), figures(QUARTER).imported) == (1, 1)

    def test_a_withdrawn_one_still(self, refer: Any, live: dict[str, Any]) -> None:
        refer(state=State.WITHDRAWN, **live)
        assert total() == 1

    def test_no_draft(self, refer: Any) -> None:
        refer(on=None, state=State.DRAFT, basis="")
        assert total() == 0

    def test_no_notice_without_identity(self, refer: Any, cast: Cast) -> None:
        refer(basis=Basis.NOTIFIED, state=State.NOTIFIED, authority=cast.ministry)
        assert total() == 0

    def test_the_first_and_the_last_day_of_the_quarter(self, refer: Any) -> None:
        for day in (date(2022, 12, 31), date(2023, 1, 1), date(2023, 3, 31), date(2023, 4, 1)):
            refer(on=day)
        assert [total(each) for each in (QUARTER.previous(), QUARTER, QUARTER.next())] == [1, 2, 1]

    def test_the_day_in_the_country_and_not_the_moment(self, refer: Any) -> None:
        # 22:30 in UTC on the last day of the quarter is the next quarter in Kyiv.
        refer(on=date(2023, 4, 1), received_at=datetime(2023, 3, 31, 22, 30, tzinfo=UTC))
        assert (total(), total(QUARTER.next())) == (0, 1)

    def test_decisions_by_their_own_day(self, refer: Any) -> None:
        earlier = refer(on=date(2022, 5, 1))[0]
        Decision.objects.create(
            referral=earlier, stage="preliminary", outcome="positive", decided_on=DAY
        )
        assert tables(QUARTER)["reasonable_grounds_decisions"] == {
            "CHILD": {"positive": 1, "negative": 0}
        }
        assert total() == 0

    def test_what_is_not_known_as_a_line_of_its_own(self, refer: Any) -> None:
        refer(gender="", age_at_exploitation="", nationalities=(), exploitation=())
        found = tables(QUARTER)
        for name in ("gender", "age_at_exploitation", "nationality", "exploitation_type"):
            assert found[f"referrals_by_{name}"] == {"UNKNOWN": 1}

    def test_the_trend_of_five_quarters(self, refer: Any) -> None:
        refer(3, on=date(2022, 1, 1))
        refer(9, on=date(2021, 12, 31))
        refer(2)
        ages = figures(QUARTER).ages
        assert list(ages) == [*(Quarter(2022, number) for number in (1, 2, 3, 4)), QUARTER]
        assert ages[Quarter(2022, 1)] == {"CHILD": 3}
        assert sum(ages[QUARTER].values()) == total() == 2

    @pytest.mark.sqlite_too
    def test_everything_in_two_queries(self, quarter: None, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(2):
            QuarterlyReport(QUARTER).context(at=MADE_AT)


@pytest.fixture
def report(quarter: None) -> Context:
    return QuarterlyReport(QUARTER, addressee="Task force North (invented)").context(at=MADE_AT)


class TestContext:
    def test_begins_with_the_total_and_the_change(self, report: Context) -> None:
        first, on_previous, on_year = report.headlines[:3]
        assert (first.value, on_previous.value, on_year.value) == ("134", "+168%", "–")

    def test_gives_the_share_of_positive_decisions(self, report: Context) -> None:
        assert [(each.value, each.note) for each in report.headlines[3:]] == [
            ("26", "50% positive")
        ]

    def test_says_what_c_means_where_one_is_printed(self, report: Context, refer: Any) -> None:
        assert "Fewer than 10" in report.withheld
        in_full = QuarterlyReport(QUARTER, internal=True).context(at=MADE_AT)
        assert in_full.withheld == ""
        assert in_full.classification

    def test_puts_the_total_first_the_largest_next_and_the_unknown_last(self) -> None:
        cells = {"UNKNOWN": 90, "a": 10, "b": 30, "z": WITHHELD, "y": WITHHELD, "OTHERS": 50}
        assert in_order(cells) == ["b", "a", "y", "z", "OTHERS", "UNKNOWN"]

    def test_takes_the_name_of_a_decision_from_the_country(self, settings: Any) -> None:
        settings.COUNTRY = "gb"
        found = stage_name("preliminary"), outcome_names("preliminary")["positive"]
        settings.COUNTRY = "ua"
        assert found[0] != stage_name("conclusive")
        assert stage_name("preliminary") == "First decision"  # Ukraine takes one decision only

    def test_has_a_name_for_every_code(self, report: Context) -> None:
        words = {row.label for table in report.tables for row in table.lines}
        assert {"Albania", "Sexual exploitation + Forced labour or services", "Not known"} <= words
        assert label("nationality", "ALB+UNKNOWN") == "Albania and not known"
        with translation.override("uk"):
            assert label("nationality", "UKR") == "Україна"

    def test_adds_up_what_a_short_table_leaves_out(self, quarter: None) -> None:
        whole = QuarterlyReport(QUARTER, internal=True).context(at=MADE_AT)
        table = next(each for each in whole.tables if each.key == "referrals_by_nationality")
        short = table.short(2)
        assert [row.cells for row in short.rows] == [(81,), (53,)]
        assert short.total == table.total

    @pytest.mark.parametrize(
        ("now", "then", "words"),
        [(110, 100, "+10%"), (4142, 4413, "-6%"), (10, 10, "+0%"), (5, 0, "–"), (9, "c", "c")],
    )
    def test_rounds_a_change_to_whole_per_cent(self, now: Any, then: Any, words: str) -> None:
        assert change(now, then) == words


class TestFormats:
    @pytest.fixture
    def printed(self, report: Context) -> list[list[Any]]:
        """Every line of every table, as codes or numbers only."""
        return [list(row.cells) for table in report.tables for row in table.lines]

    def test_json_has_the_figures_by_code_and_as_printed(
        self, report: Context, printed: list[list[Any]]
    ) -> None:
        read = json.loads(FORMATS["json"](report, ""))
        assert (read["quarter"], read["internal"], read["minimum_cell"]) == ("2023-Q1", False, 10)
        assert [row[2:] for table in read["printed"] for row in table["rows"]] == printed
        assert read["tables"]["referrals_by_age_at_exploitation"] == {
            "ADULT": 59, "CHILD": 60, "UNKNOWN": 15,
        }  # fmt: skip

    def test_csv_has_a_section_for_each_table(
        self, report: Context, printed: list[list[Any]]
    ) -> None:
        text = FORMATS["csv"](report, "").decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text)))
        figures = [
            [int(cell) if cell.isdigit() else cell for cell in row[1:]]
            for row in rows
            if len(row) > 1 and all(cell.isdigit() or cell == WITHHELD for cell in row[1:])
        ]
        assert figures == printed
        titles = {row[0] for row in rows if len(row) == 1}
        assert {table.title for table in report.tables} <= titles

    def test_xlsx_has_a_sheet_for_each_table(
        self, report: Context, printed: list[list[Any]]
    ) -> None:
        book = openpyxl.load_workbook(io.BytesIO(FORMATS["xlsx"](report, "")))
        assert len(book.sheetnames) == len(report.tables) + 1
        figures = [
            list(row[1:])
            for name in book.sheetnames[:-1]
            for row in book[name].iter_rows(min_row=2, values_only=True)
        ]
        assert figures == printed

    def test_pdf_is_accessible_and_says_the_same(self, report: Context) -> None:
        data = FORMATS["pdf"](report, QuarterlyReport.print_template)
        reader = pypdf.PdfReader(io.BytesIO(data))
        text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
        assert "Quarterly report" in text
        assert "Task force North (invented)" in text
        assert "134" in text
        assert "+168%" in text
        assert "50% positive" in text
        for table in report.in_print:
            assert table.title in text
        assert (
            "Referrals by nationality and kind of referring organisation"
            in text.split("Not printed here")[1]
        )
        assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
        assert "pdfuaid:part" in reader.trailer["/Root"]["/Metadata"].get_data().decode()

    def test_no_template_names_a_countrys_decision(self) -> None:
        from django.conf import settings

        for path in (Path(settings.BASE_DIR) / "templates").rglob("*.html"):
            assert "reasonable grounds" not in path.read_text().lower(), path.name


@pytest.fixture
def rapporteur(cast: Cast, client_for: Callable[..., StrictClient]) -> StrictClient:
    return client_for(cast.rapporteur)


@pytest.fixture
def _files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


class TestPages:
    def test_offer_the_quarters_that_are_over(
        self, quarter: None, rapporteur: StrictClient, at: datetime
    ) -> None:
        body = rapporteur.get(reverse("ncm:reports")).content.decode()
        assert 'value="2023-Q1"' in body
        assert 'value="2022-Q4"' in body
        assert 'value="2022-Q3"' not in body
        assert f'value="{Quarter.of(at.date())}"' not in body

    def test_lead_to_the_quarter_chosen(self, quarter: None, rapporteur: StrictClient) -> None:
        answer = rapporteur.get(reverse("ncm:reports"), {"quarter": "2023-Q1"})
        assert answer.url == reverse("ncm:report", args=["2023-Q1"])

    def test_say_what_is_wrong_with_a_choice(self, quarter: None, rapporteur: StrictClient) -> None:
        answer = rapporteur.get(reverse("ncm:reports"), {"quarter": "soon"})
        assert "Choose a quarter from the list." in answer.content.decode()

    def test_say_so_when_there_is_nothing_to_report(self, rapporteur: StrictClient) -> None:
        assert "No quarter to report yet" in rapporteur.get(reverse("ncm:reports")).content.decode()

    def test_show_the_tables_with_small_figures_withheld(
        self, quarter: None, rapporteur: StrictClient
    ) -> None:
        body = rapporteur.get(reverse("ncm:report", args=["2023-Q1"])).content.decode()
        assert "Referrals by gender and age when exploited" in body
        assert "<svg" in body
        assert "Build the PDF" in body
        assert "Albania and Ukraine" not in body  # three persons

    def test_cost_the_same_however_much_is_counted(
        self,
        quarter: None,
        refer: Any,
        rapporteur: StrictClient,
        django_assert_max_num_queries: Any,
    ) -> None:
        refer(200, nationalities=("SDN",))
        with django_assert_max_num_queries(12):
            rapporteur.get(reverse("ncm:report", args=["2023-Q1"]))

    @pytest.mark.parametrize("text", ["2023-Q5", "anything"])
    def test_know_no_other_quarters(self, text: str, rapporteur: StrictClient) -> None:
        assert rapporteur.get(reverse("ncm:report", args=[text])).status_code == 404

    def test_do_not_report_a_quarter_that_runs(
        self, rapporteur: StrictClient, at: datetime
    ) -> None:
        running = str(Quarter.of((at + timedelta(days=1)).date()))
        for name in ("ncm:report", "ncm:report-build"):
            ask = rapporteur.post if name.endswith("build") else rapporteur.get
            assert ask(reverse(name, args=[running])).status_code == 404

    @pytest.mark.parametrize("ending", ["csv", "xlsx", "json"])
    def test_hand_out_files_and_write_it_down(
        self, ending: str, quarter: None, rapporteur: StrictClient, cast: Cast
    ) -> None:
        answer = rapporteur.get(reverse("ncm:report-file", args=["2023-Q1", ending]))
        assert answer["Content-Disposition"] == (
            f'attachment; filename="quarterly-report-2023-q1.{ending}"'
        )
        entry = AccessLog.objects.get(action=LogAction.EXPORT)
        assert (entry.user, entry.reason_code) == (cast.rapporteur, ending)

    def test_do_not_make_a_pdf_while_one_waits(
        self, quarter: None, rapporteur: StrictClient
    ) -> None:
        address = reverse("ncm:report-file", args=["2023-Q1", "pdf"])
        assert rapporteur.get(address).status_code == 404

    def test_let_the_co_ordinator_read_and_not_build(
        self, quarter: None, cast: Cast, client_for: Callable[..., StrictClient]
    ) -> None:
        client = client_for(cast.co_ordinator)
        page = client.get(reverse("ncm:report", args=["2023-Q1"]))
        assert page.status_code == 200
        assert "Build the PDF" not in page.content.decode()
        assert client.post(reverse("ncm:report-build", args=["2023-Q1"])).status_code == 403

    def test_are_not_for_a_caseworker(
        self, cast: Cast, client_for: Callable[..., StrictClient]
    ) -> None:
        assert client_for(cast.ngo_caseworker).get(reverse("ncm:reports")).status_code == 403


@pytest.mark.usefixtures("_files")
class TestTheJob:
    def start(self, rapporteur: StrictClient, **fields: str) -> Job:
        answer = rapporteur.post(reverse("ncm:report-build", args=["2023-Q1"]), fields)
        job = Job.objects.get()
        assert answer.url == reverse("deadlines:job", args=[job.uuid])
        return job

    def test_makes_the_pdf_for_the_task_force(
        self, quarter: None, rapporteur: StrictClient, cast: Cast, at: datetime
    ) -> None:
        force = Body.objects.create(
            name="Task force North (invented)", code="NORTH", area=cast.area
        )
        job = self.start(rapporteur, task_force=str(force.uuid))
        if job.state == JobState.QUEUED:
            run_next_job(clock=lambda: at, worker="test")
        job.refresh_from_db()
        assert (job.state, job.result_name) == (JobState.DONE, "quarterly-report-2023-q1.pdf")
        answer = rapporteur.get(reverse("deadlines:job_file", args=[job.uuid]))
        text = pypdf.PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
        assert force.name in text
        assert AccessLog.objects.filter(action=LogAction.EXPORT, subject_uuid=job.uuid).exists()

    def test_refuses_a_task_force_that_does_not_exist(
        self, quarter: None, rapporteur: StrictClient
    ) -> None:
        answer = rapporteur.post(
            reverse("ncm:report-build", args=["2023-Q1"]), {"task_force": "nobody"}
        )
        assert answer.status_code == 422
        assert not Job.objects.exists()

    def test_asks_again_whether_the_person_may(
        self, quarter: None, cast: Cast, at: datetime
    ) -> None:
        job = Job(
            owner=cast.rapporteur,
            organisation_uuid=cast.ministry.uuid,
            kind="quarterly_report",
            params={"quarter": "2023-Q1", "language": "en", "task_force": None},
            created_at=at,
        )
        Membership.objects.filter(user=cast.rapporteur).update(until_at=at - timedelta(minutes=1))
        with pytest.raises(JobFailed, match="not_allowed"):
            quarterly_report(job, lambda done, total=0, message="": None)
