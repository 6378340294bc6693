"""Bringing a registry in: every bad row named, nothing before the confirmation, nothing twice."""

import csv
import io
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from accounts.models import AccessLog
from deadlines.choices import JobState
from deadlines.jobs import JobFailed, JobStopped
from deadlines.models import Deadline, Notice
from deadlines.services.jobs import cancel_job, run_next_job
from partners.access import system_actor
from partners.change_workflow import CHANGE
from partners.choices import OrganisationState
from partners.models import (
    ChangeRequest,
    HeldCapacity,
    Listing,
    Membership,
    Organisation,
    OrganisationEvent,
    RegistryImport,
    RegistryTable,
)
from partners.registry_table import COLUMNS, NotATable, read_table
from partners.services import registry_tables
from partners.services.organisations import installation_account
from partners.services.registry_imports import bring_in, plan, read
from partners.tables import table_storage
from tests.partners.tables import HEADER, WRONG, good, registry, table
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db
NEW = reverse("partners:registry-import-new")
LIST = reverse("partners:registry-imports")


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def reading(content: bytes, **more: Any):
    return read_table(content, references=lambda: (), **more)


def faults(content: bytes) -> list[tuple[int, str, str]]:
    return [(each.row, each.column, each.value) for each in reading(content).faults]


def workbook(rows: list[list[Any]]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


class TestReading:
    def test_takes_codes_and_words_alike(self, cast: Cast) -> None:
        words = table(
            [{"Name": "A (invented)", "Kind of organisation": "Trade union", "area": "north",
              "Languages spoken": "French, English", "level": "Regional", "is_informal": "Yes"}],
            ("Name", "Kind of organisation", "area", "Languages spoken", "level", "is_informal"),
        )  # fmt: skip
        (entry,) = reading(words).entries
        assert entry.said == {
            "name": "A (invented)",
            "kind": "trade_union",
            "area": "XX-N",
            "languages": ["en", "fr"],
            "level": "regional",
            "is_informal": True,
        }

    def test_names_row_column_value_and_reason_of_everything_wrong(self, cast: Cast) -> None:
        rows = [good(1), *(good(number, **{c: v}) for number, (c, v) in enumerate(WRONG, 2))]
        found = reading(
            table([*rows, good(9, name=""), good(10, website="x")], (*HEADER, "website"))
        )
        assert [(f.row, f.column, f.value) for f in found.faults] == [
            *((number, c, v) for number, (c, v) in enumerate(WRONG, 3)),
            (7, "name", ""),
            (8, "website", "x"),
        ]
        assert all(fault.reason for fault in found.faults)
        assert len(found.entries) == 1

    def test_refuses_the_same_organisation_twice(self, cast: Cast) -> None:
        twice = [good(1), good(2), good(3, registration_number="t-00001")]
        assert faults(table(twice)) == [(4, "registration_number", "t-00001")]
        nameless = [good(1, registration_number=""), good(1, registration_number="")]
        assert faults(table(nameless)) == [(3, "name", good(1)["name"])]

    def test_takes_no_class_for_a_state_agency_nor_a_text_too_long(self, cast: Cast) -> None:
        rows = [good(1, kind="state_agency", cso_class="legal"), good(2, name="x" * 201)]
        found = faults(table(rows, (*HEADER, "cso_class")))
        assert found == [(2, "cso_class", "legal"), (3, "name", "x" * 80)]

    def test_says_which_columns_it_does_not_take(self, cast: Cast) -> None:
        found = reading(table([good(1)], (*HEADER, "favourite colour")))
        assert found.unknown == ["favourite colour"]

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"", "empty"),
            (b"name,kind\r\n", "no rows"),
            (b"kind\r\ncso\r\n", "no column name"),
            (b"name,kind,name\r\n", "twice"),
            (b"\xff\xfe\x00", "UTF-8"),
            (b'name,kind\r\n"A,cso', "cannot be read"),
            (b"PK\x05\x06" + b"\0" * 18, "XLSX"),
        ],
    )
    def test_says_why_a_file_is_no_table(self, content, says, cast: Cast) -> None:
        with pytest.raises(NotATable, match=says):
            reading(content)

    def test_takes_no_more_rows_than_it_can(self, cast: Cast) -> None:
        with pytest.raises(NotATable, match="more than 2 rows"):
            reading(table([good(n) for n in range(3)]), most_rows=2)

    def test_reads_a_workbook_as_it_reads_text(self, cast: Cast) -> None:
        rows = [[*HEADER], [*good(1).values()], ["B (invented)", "cso", 1234.0, None, "en"]]
        first, second = reading(workbook(rows)).entries
        assert first.said == reading(table([good(1)])).entries[0].said
        assert second.said["registration_number"] == "1234"

    def test_refuses_a_workbook_that_declares_entities(self, cast: Cast) -> None:
        import zipfile

        original, out = io.BytesIO(workbook([[*HEADER], [*good(1).values()]])), io.BytesIO()
        with zipfile.ZipFile(original) as before, zipfile.ZipFile(out, "w") as after:
            for part in before.namelist():
                text = before.read(part)
                if part.endswith("sheet1.xml"):
                    text = b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + text
                after.writestr(part, text)
        with pytest.raises(NotATable, match="XLSX"):
            reading(out.getvalue())

    def test_reads_what_was_exported(self, cast: Cast, client_for) -> None:
        Organisation.objects.filter(pk=cast.ngo.pk).update(name="=1+1")
        export = reverse("partners:registry-export", args=["csv"])
        found = read(client_for(cast.co_ordinator).get(export).content)
        would = plan(found)
        assert (found.faults, would.fresh, would.differences) == ([], [], [])
        assert would.same == len(found.entries) > 5


class TestTemplate:
    @pytest.mark.parametrize("ending", ["csv", "xlsx"])
    def test_has_every_heading(self, ending, cast: Cast, client_for) -> None:
        address = reverse("partners:registry-template", args=[ending])
        content = client_for(cast.co_ordinator).get(address).content
        if ending == "xlsx":
            book = load_workbook(io.BytesIO(content))
            header = [cell.value for cell in book.worksheets[0][1]]
            assert "trade_union" in [cell.value for cell in book.worksheets[1]["B"]]
        else:
            header = next(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        assert header == list(COLUMNS)


class TestBringIn:
    def bring(self, content: bytes, at: datetime, **more: Any) -> RegistryImport:
        given = {"by": installation_account(at=at), "at": at, **more}
        return bring_in(reading=read(content), **given)

    def test_enters_each_as_having_applied(self, cast: Cast, at: datetime) -> None:
        notices, deadlines = Notice.objects.count(), Deadline.objects.count()
        done = self.bring(table([good(1)]), at)
        entered = Organisation.objects.get(registration_number="T-00001")
        assert (done.rows_added, entered.state) == (1, OrganisationState.APPLIED)
        assert entered.area == cast.area
        asked = HeldCapacity.objects.filter(organisation=entered, granted_at=None)
        assert asked.count() == 2
        assert entered.events.get().kind == "organisation.brought_in"
        assert entered.history.get().history_date == at
        assert Listing.objects.filter(organisation=entered, heading="area:XX-N").exists()
        # Nobody there waits for an answer, and nobody was told anything.
        assert (Notice.objects.count(), Deadline.objects.count()) == (notices, deadlines)
        assert not Membership.objects.filter(organisation=entered).exists()

    def test_adds_nothing_the_second_time(self, cast: Cast, at: datetime) -> None:
        content = table([good(1), good(2, registration_number="")])
        assert self.bring(content, at).rows_added == 2
        again = self.bring(content, at)
        assert (again.rows_added, again.rows_same, again.rows_differing) == (0, 2, 0)

    def test_shows_where_an_entry_differs_and_overwrites_nothing(
        self, cast: Cast, at: datetime
    ) -> None:
        Organisation.objects.filter(pk=cast.ngo.pk).update(registration_number="T-00007")
        content = table([good(7, name="Lantern (invented)", area="XX")])
        found = {each.part: (each.here, each.there) for each in plan(read(content)).differences}
        assert found["name"] == (cast.ngo.name, "Lantern (invented)")
        assert found["area"] == ("XX-N", "XX")
        assert self.bring(content, at).changes_asked == 0
        cast.ngo.refresh_from_db()
        assert cast.ngo.name == "Lantern House (invented)"

    def test_makes_a_change_of_a_members_differences_when_told(
        self, cast: Cast, at: datetime
    ) -> None:
        content = table(
            [{"reference": str(cast.ngo.uuid), "name": "Lantern (invented)", "kind": "cso",
              "registration_number": "N-1", "is_informal": "no", "area": "XX"}],
            ("reference", "name", "kind", "registration_number", "is_informal", "area"),
        )  # fmt: skip
        by = cast.actor(cast.co_ordinator)
        assert self.bring(content, at, by=by.user, ask_changes=True).changes_asked == 1
        request = ChangeRequest.objects.get(organisation=cast.ngo)
        assert request.changes["registration"] == [False, "N-1"]
        assert self.bring(content, at, ask_changes=True).changes_asked == 0
        CHANGE.apply(request, "agree", by=cast.actor(cast.second_co_ordinator), at=at)
        cast.ngo.refresh_from_db()
        assert (cast.ngo.name, cast.ngo.registration_number, cast.ngo.area.code) == (
            "Lantern (invented)", "N-1", "XX",
        )  # fmt: skip
        assert plan(read(content)).same == 1

    def test_a_reference_of_nobody_is_a_bad_row(self, cast: Cast) -> None:
        rows = [good(1, reference=str(cast.applying.uuid)), good(2, reference="x")]
        found = read(table(rows, ("reference", *HEADER)))
        assert [(each.row, each.column) for each in found.faults] == [
            (2, "reference"),
            (3, "reference"),
        ]

    def test_knows_nothing_of_a_draft(self, cast: Cast, at: datetime) -> None:
        Organisation.objects.filter(pk=cast.applying.pk).update(registration_number="T-00001")
        assert self.bring(table([good(1)]), at).rows_added == 1


class TestThePages:
    def upload(self, client, content: bytes) -> RegistryTable:
        file = SimpleUploadedFile("registry.csv", content)
        assert client.post(NEW, {"file": file}).status_code == 302
        return RegistryTable.objects.latest("pk")

    def act(self, client, kept: RegistryTable, name: str, **data: str):
        address = reverse("partners:registry-table-act", args=[kept.uuid, name])
        return client.post(address, data)

    def page(self, kept: RegistryTable) -> str:
        return reverse("partners:registry-table", args=[kept.uuid])

    def run_job(self) -> None:
        assert run_next_job(clock=timezone.now, worker="test")

    def test_five_hundred_rows_with_four_bad_ones(self, cast: Cast, client_for) -> None:
        prove_import(self, cast, client_for, rows=500, bad=4)

    @pytest.mark.prove
    def test_five_thousand_rows_with_forty_bad_ones(self, cast: Cast, client_for) -> None:
        prove_import(self, cast, client_for, rows=5000, bad=40)

    def test_bad_rows_come_back_to_be_mended(self, cast: Cast, client_for) -> None:
        client = client_for(cast.co_ordinator)
        kept = self.upload(client, registry(8, 4))
        answer = client.get(reverse("partners:registry-bad-rows", args=[kept.uuid]))
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert [row["row_in_the_file"] for row in rows] == ["2", "4", "6", "8"]
        assert all(row["what_is_wrong"] for row in rows)
        assert AccessLog.objects.filter(field_group="bad_rows").exists()
        mended = [row | good(100 + number) for number, row in enumerate(rows)]
        header = (*HEADER, "row_in_the_file", "what_is_wrong")
        assert read(table(mended, header)).faults == []

    def test_nothing_is_written_while_bad_rows_are_not_left_out(
        self, cast: Cast, client_for
    ) -> None:
        client = client_for(cast.co_ordinator)
        kept = self.upload(client, registry(8, 4))
        self.act(client, kept, "start")
        kept.refresh_from_db()
        assert kept.job is None

    def test_started_twice_it_is_one_job(self, cast: Cast, client_for) -> None:
        client = client_for(cast.co_ordinator)
        kept = self.upload(client, table([good(1)]))
        self.act(client, kept, "start")
        self.act(client, kept, "start")
        self.run_job()
        assert not run_next_job(clock=timezone.now, worker="test")
        assert RegistryImport.objects.count() == 1
        assert client.get(self.page(kept)).url.startswith(LIST)

    def test_stopped_while_it_is_written_nothing_is_kept(self, cast: Cast, client_for) -> None:
        client = client_for(cast.co_ordinator)
        kept = self.upload(client, table([good(1)]))
        self.act(client, kept, "start")
        kept.refresh_from_db()

        def stop_at_the_end(done: int, total: int = 0, message: str = "") -> None:
            if done:
                cancel_job(job=kept.job, by=cast.actor(cast.co_ordinator), at=cast.at)
                raise JobStopped

        with pytest.raises(JobStopped):
            registry_tables.run(kept.job, stop_at_the_end)
        assert not Organisation.objects.filter(registration_number="T-00001").exists()

    def test_is_refused_to_somebody_who_may_no_longer(self, cast: Cast, client_for) -> None:
        client = client_for(cast.co_ordinator)
        kept = self.upload(client, table([good(1)]))
        self.act(client, kept, "start")
        kept.refresh_from_db()
        Membership.objects.filter(user=cast.co_ordinator).update(until_at=cast.at)
        with pytest.raises(JobFailed, match="not_allowed"):
            registry_tables.run(kept.job, lambda *args: None)

    def test_a_table_is_nobody_elses_and_gone_after_a_day(self, cast: Cast, client_for) -> None:
        kept = self.upload(client_for(cast.co_ordinator), table([good(1)]))
        assert client_for(cast.second_co_ordinator).get(self.page(kept)).status_code == 404
        name = kept.content.name
        assert registry_tables.forget_tables(timezone.now() + timedelta(hours=23)) == 0
        registry_tables.forget_tables(timezone.now() + timedelta(hours=25))
        assert not RegistryTable.objects.exists()
        assert not table_storage().exists(name) or name  # deleted on commit

    def test_pages_ask_no_more_for_many_differences(self, cast: Cast, client_for) -> None:
        client = client_for(cast.co_ordinator)
        rows = [
            {"reference": str(each.uuid), "name": each.name, "kind": "media", "area": "XX"}
            for each in Organisation.objects.filter(applied_at__isnull=False)
        ]
        kept = self.upload(client, table(rows, ("reference", "name", "kind", "area")))
        with at_most(8):
            body = client.get(self.page(kept)).content.decode()
        assert "Media organisation" in body
        assert "Exampleland" in body


def prove_import(self, cast: Cast, client_for, *, rows: int, bad: int) -> None:
    """The issue's own words: all bad rows named, nothing before, everything else after."""
    client, before = client_for(cast.co_ordinator), Organisation.objects.count()
    kept = self.upload(client, registry(rows, bad))
    page = client.get(self.page(kept))
    assert [(row[1]["text"], row[2]["text"]) for row in page.context["faults"]] == [
        WRONG[number % len(WRONG)] for number in range(bad)
    ]
    assert all(row[0]["text"] and row[3]["text"] for row in page.context["faults"])
    assert Organisation.objects.count() == before
    self.act(client, kept, "start", skip_bad="1")
    assert Organisation.objects.count() == before
    self.run_job()
    assert Organisation.objects.count() == before + rows - bad
    kept.refresh_from_db()
    assert kept.job.state == JobState.DONE
    outcome = client.get(client.get(self.page(kept)).url)
    assert outcome.context["outcome"].rows_refused == bad
    again = self.upload(client, registry(rows, bad))
    assert (again.found["fresh"], again.found["same"]) == (0, rows - bad)


class TestCommand:
    def run(self, path: Path, *args: str) -> str:
        out = io.StringIO()
        call_command("import_registry", str(path), *args, stdout=out)
        return out.getvalue()

    def test_is_a_dry_run_unless_told_otherwise(self, cast: Cast, tmp_path: Path) -> None:
        file = tmp_path / "registry.csv"
        file.write_bytes(registry(8, 4))
        before = Organisation.objects.count()
        said = self.run(file)
        assert "Read 8 rows: 4 new, 0 known and the same, 0 differing, 4 bad." in said
        assert "row 4, area “Atlantis”: No area of the country" in said
        assert "Dry run" in said
        assert Organisation.objects.count() == before

    def test_writes_nothing_of_a_bad_table_unless_rows_are_left_out(
        self, cast: Cast, tmp_path: Path
    ) -> None:
        file, rejects = tmp_path / "registry.csv", tmp_path / "rejects.csv"
        file.write_bytes(registry(8, 4))
        with pytest.raises(CommandError, match="Nothing was written"):
            self.run(file, "--commit")
        said = self.run(file, "--commit", "--skip-bad", str(rejects))
        assert "Added 4, known and the same 0, differing 0 (changes asked 0), left out 4." in said
        assert rejects.read_text().count("what_is_wrong") == 1
        by = system_actor("test", cast.at)
        assert (
            OrganisationEvent.objects.visible_to(by).filter(kind__endswith="brought_in").count()
            == 4
        )

    def test_says_when_the_file_cannot_be_read(self, cast: Cast, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="Cannot read"):
            self.run(tmp_path / "nothing.csv")
        (tmp_path / "empty.csv").write_bytes(b"")
        with pytest.raises(CommandError, match="empty"):
            self.run(tmp_path / "empty.csv")
