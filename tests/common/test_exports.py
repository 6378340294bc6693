"""What leaves as a file reads back with the same values and starts no formula in a spreadsheet."""

import csv
import io
import json
import sys
import unicodedata
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import openpyxl
import pytest
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy
from hypothesis import given, settings
from hypothesis import strategies as st

from common import exports
from common.exports import TooManyRows, neutralise, to_csv, to_json, to_xlsx

# Written for this project: ways to have a spreadsheet calculate, call out or start something.
FORMULAS = [
    "=1+1",
    "=2*21",
    "+1+1",
    "-1+1",
    "@SUM(1+1)",
    "=SUM(A1:A9)",
    "=A1",
    "=NOW()",
    "+A1",
    "-A1",
    '=HYPERLINK("http://127.0.0.1/?leak="&A2,"open")',
    '=WEBSERVICE("http://127.0.0.1/"&B2)',
    '=IMPORTXML("http://127.0.0.1/","//a")',
    '=IMPORTDATA("http://127.0.0.1/x.csv")',
    '=IMAGE("http://127.0.0.1/x.png")',
    '=FILTERXML(A1,"//a")',
    '=RTD("prog.id",,"topic")',
    "=cmd|'/C calc'!A0",
    "+cmd|'/C calc'!A0",
    "-cmd|'/C calc'!A0",
    "@cmd|'/C calc'!A0",
    "=MSEXCEL|'\\..\\..\\Windows\\System32\\cmd.exe /c calc'!''",
    '=DDE("soffice","/etc/hostname","1")',
    "='file:///etc/hostname'#$Sheet.A1",
    '=CALL("kernel32","WinExec","JCJ","calc",1)',
    '=EXEC("calc")',
    "-2+3+cmd|'/C calc'!A0",
    "=-1",
    "=+1",
    "==1",
    "=@A1",
    " =1+1",
    "   =1+1",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\r\n=1+1",
    "\x0b=1+1",
    "\x0c=1+1",
    "\x00=1+1",
    "\x1f=1+1",
    "\x7f=1+1",
    "\u00a0=1+1",  # no-break space
    "\u2003=1+1",  # em space
    "\u3000=1+1",  # ideographic space
    "\u200b=1+1",  # zero-width space
    "\u200f=1+1",  # right-to-left mark
    "\u202e=1+1",  # right-to-left override
    "\u2066=1+1",  # isolate
    "\ufeff=1+1",  # byte-order mark
    "\u00ad=1+1",  # soft hyphen
    " \u00a0\u200b\t =1+1",
    "\uff1d1+1",  # full-width =
    "\uff0b1+1",  # full-width +
    "\uff0d1+1",  # full-width -
    "\uff20SUM(1)",  # full-width @
    "\ufe66SUM(1)",  # small =
    "\ufe62SUM(1)",  # small +
    "\ufe63SUM(1)",  # small -
    "\ufe6bSUM(1)",  # small @
    "\u22121+1",  # minus sign
    "\u00a0\uff1d1+1",
    "first line\n=1+1",
    "first line\r\n@SUM(1)",
    "first line\r-1",
    "first line\n\n \u00a0+1",
    "first line\u2028=1+1",
    "first line\x85=1+1",
    "first;=1+1",
    "first; =1+1;last",
    "first\t=1+1\tlast",
    '"=1+1"',
    '";=1+1;"',
    "'=1+1",
    "''=1+1",
    "\t",
    "\r",
    "\n",
    "\ttext",
]
HARMLESS = [
    "",
    " ",
    "text",
    "a=b",
    "a-b",
    "1-1",
    "someone@example.org",
    "tel. +380 44 000 00 00",
    "Kyiv, +380 44 000 00 00",
    "O'Neill",
    "'quoted'",
    "a\nb",
    "a\n\nb",
    "a; b",
    "a\tb",
    "R-7F3K-92QB",
    "\u2013 a dash",
    "وصف الحالة",
    "Ґанок, під'їзд",
    "2023-01-31",
    "c",
]
STARTS = "=+-@"
BREAKS = "\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029;\t"


AWKWARD = "=+-@'\"; \t\r\n\u00a0\u200b\uff1da1\u2028"


def would_be_cells(text: str) -> list[str]:
    """Every stretch of `text` that some spreadsheet takes for a cell of its own."""
    for sign in BREAKS:
        text = text.replace(sign, "\n")
    return text.split("\n")


def starts_formula(cell: str) -> bool:
    """A spreadsheet's view, written apart from the code under test: drop, fold, look."""
    for sign in cell:
        category = unicodedata.category(sign)
        if sign == '"' or sign.isspace() or category in {"Cc", "Cf", "Zs", "Zl", "Zp"}:
            continue
        return unicodedata.normalize("NFKC", sign)[0] in STARTS + "\u2212"
    return False


def without_guards(text: str) -> str:
    """Undo `neutralise` by its definition: one apostrophe less wherever it would put one."""
    places = [found.start() for found in exports._MAY_BEGIN.finditer(text)]
    for place in reversed(places):
        assert text[place] == "'"
        text = text[:place] + text[place + 1 :]
    return text


def csv_rows(data: bytes, delimiter: str = ",") -> list[list[str]]:
    text = data.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def sheet(data: bytes, name: str | None = None):
    book = openpyxl.load_workbook(io.BytesIO(data))
    return book[name] if name else book.worksheets[0]


class TestNeutralise:
    def test_has_a_corpus_worth_the_name(self):
        assert len(set(FORMULAS)) == len(FORMULAS) >= 60

    @pytest.mark.parametrize("text", FORMULAS, ids=ascii)
    def test_disarms(self, text):
        made = neutralise(text)
        assert made != text
        assert not any(starts_formula(cell) for cell in would_be_cells(made))
        assert made[0] not in "\t\r\n"

    @pytest.mark.parametrize("text", HARMLESS, ids=ascii)
    def test_leaves_alone(self, text):
        assert neutralise(text) == text

    def test_knows_every_character_that_folds_into_the_start_of_a_formula(self):
        for sign in map(chr, range(sys.maxunicode + 1)):
            if unicodedata.normalize("NFKC", sign)[:1] in set(STARTS + "\u2212"):
                assert neutralise(f"{sign}1") == f"'{sign}1", hex(ord(sign))

    def test_looks_behind_every_blank_or_invisible_character(self):
        for sign in map(chr, range(0x10000)):
            blank = sign.isspace() or unicodedata.category(sign) in {"Cc", "Zs", "Zl", "Zp"}
            if blank or sign in "\u200b\u200e\u202d\u2060\u2069\ufeff":
                assert "'" in neutralise(f"{sign}=1"), hex(ord(sign))

    @settings(deadline=None)
    @given(st.text(alphabet=AWKWARD, max_size=12) | st.text())
    def test_can_be_undone(self, text):
        assert without_guards(neutralise(text)) == text

    @settings(deadline=None)
    @given(st.text(alphabet=AWKWARD, max_size=12))
    def test_leaves_no_formula_in_any_order_of_dangerous_characters(self, text):
        assert not any(starts_formula(cell) for cell in would_be_cells(neutralise(text)))

    def test_takes_time_in_proportion_to_the_text(self):
        for text in ("'" * 200_000, " " * 200_000, "\n" * 200_000, "; " * 100_000, "\t'" * 99_999):
            neutralise(text)


class TestToCsv:
    def test_writes_bom_crlf_and_quoted_text(self):
        data = to_csv(["Organisation", "Places"], [["A, B", 3], ['say "yes"', None]])
        assert data == (
            b"\xef\xbb\xbf"
            b'"Organisation","Places"\r\n'
            b'"A, B",3\r\n'
            b'"say ""yes""",\r\n'
        )  # fmt: skip

    def test_writes_numbers_dates_and_answers_bare(self):
        at = datetime(2023, 1, 31, 22, 30, tzinfo=UTC)
        uuid = UUID("0b9d8a52-6f1e-4a53-9a7e-2b1f4b1c9d10")
        row = [
            -5,
            Decimal("-1.50"),
            Decimal("1E+3"),
            0.25,
            True,
            False,
            date(2023, 1, 31),
            at,
            uuid,
        ]
        line = to_csv([str(number) for number in range(9)], [row]).decode().splitlines()[1]
        assert line == (
            '-5,-1.50,1000,0.25,true,false,"2023-01-31","2023-01-31T22:30:00Z",'
            '"0b9d8a52-6f1e-4a53-9a7e-2b1f4b1c9d10"'
        )

    @pytest.mark.parametrize("text", FORMULAS, ids=ascii)
    def test_disarms_cells_and_headers_for_comma_and_semicolon_readers(self, text):
        data = to_csv([text, "b"], [[text, "x"], ["x", text]])
        for delimiter in ",;\t":
            for row in csv_rows(data, delimiter):
                assert not any(
                    starts_formula(line) for cell in row for line in would_be_cells(cell)
                )

    @settings(deadline=None)
    @given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=5))
    def test_gives_back_the_same_text_less_the_apostrophes(self, rows):
        rows = [[cell.encode(errors="replace").decode() for cell in row] for row in rows]
        read = csv_rows(to_csv(["a", "b"], rows))
        assert read[0] == ["a", "b"]
        assert [[without_guards(cell) for cell in row] for row in read[1:]] == rows

    def test_translates_lazy_text_when_it_is_written(self):
        assert to_csv([gettext_lazy("Yes")], []) == b'\xef\xbb\xbf"Yes"\r\n'
        with translation.override("fr"):
            assert to_csv([gettext_lazy("Yes")], []) == b'\xef\xbb\xbf"Oui"\r\n'

    def test_is_not_lost_over_half_a_character(self):
        assert to_csv(["a"], [["x\ud800"]]).endswith(b'"x?"\r\n')
        assert json.loads(to_json(["a"], [["x\ud800"]])) == [{"a": "x?"}]

    @pytest.mark.parametrize("cell", [[1], {"a": 1}, b"bytes", object(), 1j])
    def test_refuses_what_is_no_cell(self, cell):
        with pytest.raises(TypeError, match="A cell cannot hold"):
            to_csv(["a"], [[cell]])

    @pytest.mark.parametrize("number", [float("nan"), float("inf"), Decimal("NaN")])
    @pytest.mark.parametrize("writer", [to_csv, to_json, lambda *rows: to_xlsx("t", *rows)])
    def test_refuses_a_number_that_is_none(self, writer, number):
        with pytest.raises(ValueError, match="not finite"):
            writer(["a"], [[number]])

    @pytest.mark.parametrize("writer", [to_csv, to_json, lambda *rows: to_xlsx("t", *rows)])
    def test_refuses_a_time_without_a_zone(self, writer):
        with pytest.raises(ValueError, match="without a zone"):
            writer(["a"], [[datetime(2023, 1, 1)]])  # noqa: DTZ001 - the point

    @pytest.mark.parametrize("writer", [to_csv, to_json, lambda *rows: to_xlsx("t", *rows)])
    @pytest.mark.parametrize("row", [[], ["a"], ["a", "b", "c"]])
    def test_refuses_a_row_of_another_length(self, writer, row):
        with pytest.raises(ValueError, match="cells under 2 columns"):
            writer(["a", "b"], [row])


class TestToJson:
    def test_keeps_types(self):
        at = datetime(2023, 1, 31, 22, 30, tzinfo=UTC)
        columns = ["text", "count", "money", "yes", "on", "at", "nothing"]
        rows = [["=1+1", -5, Decimal("12345678901234.50"), True, date(2023, 1, 31), at, None]]
        data = to_json(columns, rows)
        assert json.loads(data, parse_float=Decimal) == [
            {
                "text": "=1+1",
                "count": -5,
                "money": Decimal("12345678901234.50"),
                "yes": True,
                "on": "2023-01-31",
                "at": "2023-01-31T22:30:00Z",
                "nothing": None,
            }
        ]

    def test_refuses_a_decimal_it_would_round(self):
        with pytest.raises(ValueError, match="more digits"):
            to_json(["a"], [[Decimal("0.12345678901234567890")]])

    def test_refuses_two_columns_of_one_name(self):
        with pytest.raises(ValueError, match="same name"):
            to_json(["a", "a"], [])

    def test_writes_other_scripts_as_they_are(self):
        assert "حالة".encode() in to_json(["a"], [["حالة"]])


class TestToXlsx:
    @pytest.mark.parametrize("text", FORMULAS, ids=ascii)
    def test_keeps_a_formula_as_marked_text(self, text):
        page = sheet(to_xlsx("Report", [text], [[text]]))
        for cell in (page["A1"], page["A2"]):
            assert cell.data_type == "s"
            assert cell.quotePrefix
        shown = text.replace("\r\n", "\n").replace("\r", "\n")
        assert page["A2"].value == exports._NOT_IN_XML.sub("\ufffd", shown)

    @pytest.mark.parametrize("text", FORMULAS, ids=ascii)
    def test_writes_no_formula_element(self, text):
        with zipfile.ZipFile(io.BytesIO(to_xlsx(text, [text], [[text]], notes=[text]))) as book:
            parts = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
            assert len(parts) == 2
            for name in parts:
                assert b"<f>" not in book.read(name)

    def test_keeps_types(self):
        at = datetime(2023, 1, 31, 22, 30, tzinfo=UTC)
        row = [-5, Decimal("-1.50"), True, date(2023, 1, 31), at, None, "-5", "2023-01-31"]
        with timezone.override("Europe/Kyiv"):
            data = to_xlsx("Report", [str(number) for number in range(8)], [row])
        cells = list(sheet(data)[2])
        assert [cell.value for cell in cells] == [
            -5,
            -1.5,
            True,
            datetime(2023, 1, 31),  # noqa: DTZ001 - a sheet knows no zones
            datetime(2023, 2, 1, 0, 30),  # noqa: DTZ001
            None,
            "-5",
            "2023-01-31",
        ]
        assert [cell.data_type for cell in cells] == ["n", "n", "b", "d", "d", "n", "s", "s"]
        assert cells[3].number_format == "yyyy-mm-dd"

    def test_dresses_the_header(self):
        page = sheet(to_xlsx("Report", ["Organisation", "Places"], [["x" * 30, 1], ["y", 2]]))
        assert page.freeze_panes == "A2"
        assert page.auto_filter.ref == "A1:B3"
        assert page["A1"].font.bold
        assert page["A1"].fill.fgColor.rgb == "FF0F343D"
        assert not page["A2"].font.bold
        assert page.column_dimensions["A"].width == 31
        assert page.column_dimensions["B"].width == 11

    def test_reads_from_the_right_in_arabic(self):
        assert not sheet(to_xlsx("t", ["a"], [])).sheet_view.rightToLeft
        with translation.override("ar"):
            assert sheet(to_xlsx("t", ["a"], [])).sheet_view.rightToLeft

    def test_puts_notes_on_a_sheet_of_their_own(self):
        data = to_xlsx("Notes", ["a"], [[1]], notes=["Data cut 31 January", "=1+1"])
        book = openpyxl.load_workbook(io.BytesIO(data))
        assert book.sheetnames == ["Notes", "Notes 2"]
        assert [cell.value for cell in book["Notes 2"]["A"]][1:] == ["Data cut 31 January", "=1+1"]
        assert len(openpyxl.load_workbook(io.BytesIO(to_xlsx("t", ["a"], []))).sheetnames) == 1

    @pytest.mark.parametrize(
        ("title", "name"),
        [
            ("Referrals 2023-Q1", "Referrals 2023-Q1"),
            ("A/B: [what?] \\ *", "A B   what"),
            ("'=1+1'", "=1+1"),
            ("x" * 40, "x" * 31),
            ("::", "Data"),
            ("", "Data"),
        ],
    )
    def test_makes_a_lawful_sheet_name(self, title, name):
        book = openpyxl.load_workbook(io.BytesIO(to_xlsx(title, ["a"], [])))
        assert book.sheetnames == [name]

    def test_says_where_it_cut_a_text(self):
        whole, cut = "x" * exports.LONGEST_XLSX_TEXT, "x" * (exports.LONGEST_XLSX_TEXT + 1)
        page = sheet(to_xlsx("t", ["a"], [[whole], [cut]]))
        assert page["A2"].value == whole
        assert len(page["A3"].value) == exports.LONGEST_XLSX_TEXT
        assert page["A3"].value.endswith("the CSV export has the whole text]")

    def test_refuses_more_rows_than_a_sheet_has(self, monkeypatch):
        monkeypatch.setattr(exports, "MOST_XLSX_ROWS", 3)
        assert sheet(to_xlsx("t", ["a"], [[n] for n in range(3)])).max_row == 4
        with pytest.raises(TooManyRows):
            to_xlsx("t", ["a"], [[n] for n in range(4)])

    @settings(deadline=None)
    @given(st.lists(st.text(max_size=40), max_size=6))
    def test_gives_back_the_same_text(self, texts):
        page = sheet(to_xlsx("t", ["a"], [[text] for text in texts]))
        read = [cell.value or "" for cell in page["A"]][1:]
        assert read == [exports._xml_text(text) for text in texts]
