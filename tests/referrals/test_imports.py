"""Reading a file of history: every fault is named, and the rejected rows come back mended."""

import csv
import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.exports import as_it_was, neutralise
from referrals.import_profile import load_profile
from referrals.imports import MARK, NotATable, read_file, rejects_file
from tests.referrals.history import HEADER, TODAY, read, reading, row, table

LONG = "x" * 15_001


def cells(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def written(rows: list[dict[str, str]]) -> bytes:
    return table(*[list(each.values()) for each in rows], header=list(rows[0]))


class TestAGoodRow:
    def test_is_translated(self) -> None:
        [entry] = reading(row()).entries
        assert entry.received_on == date(2022, 4, 1)
        assert (entry.responder_type, entry.first_responder) == ("POLICE", "Invented Constabulary")
        assert entry.exploitation == ("SEXUAL", "FORCED_LABOUR")
        assert entry.nationalities == ("ALB", "GRC")
        assert entry.preliminary == ("positive", date(2022, 4, 5))
        assert entry.conclusive == ("negative", date(2023, 1, 9))

    def test_may_have_no_decision_yet(self) -> None:
        nothing = dict.fromkeys(HEADER[7:], "")
        [entry] = reading(row(**nothing)).entries
        assert (entry.preliminary, entry.conclusive) == (None, None)

    def test_may_stand_under_headings_in_another_order_and_beside_other_columns(self) -> None:
        order = [*reversed(HEADER), "remarks"]
        [entry] = read(table([*reversed(row()), "seen"], header=order)).entries
        assert entry.fingerprint == reading(row()).entries[0].fingerprint

    @pytest.mark.parametrize("delimiter", [";", "\t"])
    def test_may_be_divided_as_other_countries_do(self, delimiter: str) -> None:
        assert read(table(row(), delimiter=delimiter)).entries == reading(row()).entries

    def test_may_come_with_a_mark_of_byte_order_and_empty_lines(self) -> None:
        content = b"\xef\xbb\xbf" + table(row()) + b"\r\n,,,\r\n"
        assert read(content).rows == 1


class TestABadRow:
    @pytest.mark.parametrize(
        ("column", "value", "reason"),
        [
            ("received_on", "01/04/2022", "Not a date. Write it as 2023-12-31."),
            ("received_on", "2022-02-30", "Not a date. Write it as 2023-12-31."),
            ("received_on", "", "The date is missing."),
            ("received_on", "2024-05-02", "In the future."),
            ("received_on", "0202-04-01", "Too long ago to be right."),
            ("first_responder_type", "Coastguard", "The profile does not know this label."),
            ("first_responder_type", "", "The value is missing."),
            ("first_responder", "", "The organisation is missing."),
            ("first_responder", LONG, "The name is longer than 200 characters."),
            ("first_responder", "Two\nlines", "The name has signs that cannot be shown."),
            ("exploitation_type", "Sexual & Magic", "The profile does not know this label."),
            ("exploitation_type", "", "The value is missing."),
            ("age_at_exploitation", "17", "The profile does not know this label."),
            ("gender", "female", "The profile does not know this label."),
            ("nationality", "Atlantean", "The profile does not know this label."),
            ("nationality", "", "The value is missing."),
            ("reasonable_grounds", "maybe", "The profile does not know this label."),
            ("reasonable_grounds", "", "An outcome and its date go together."),
            ("reasonable_grounds_on", "", "An outcome and its date go together."),
            ("reasonable_grounds_on", "2022-03-31", "Earlier than the referral."),
            ("conclusive_grounds_on", "2022-04-02", "Earlier than the first decision."),
        ],
    )
    def test_says_row_column_value_and_reason(self, column: str, value: str, reason: str) -> None:
        found = reading(row(), row(**{column: value}))
        [fault] = found.faults
        assert (fault.row, fault.column, fault.value) == (3, column, value[:80])
        assert fault.reason == reason
        assert (len(found.entries), found.bad_rows) == (1, 1)

    def test_names_every_fault_of_one_row(self) -> None:
        found = reading(row(gender="?", nationality="", received_on="soon"))
        assert {fault.column for fault in found.faults} == {"gender", "nationality", "received_on"}
        assert found.bad_rows == 1

    def test_may_be_short(self) -> None:
        found = reading(row()[:2])
        assert {fault.column for fault in found.faults} == set(HEADER[2:7])
        assert {fault.row for fault in found.faults} == {2}

    def test_may_be_longer_than_the_headings(self) -> None:
        # An unquoted comma moves every cell behind it: such a row is not to be trusted.
        found = reading([*row(), "one too many"])
        assert [fault.reason for fault in found.faults] == [
            "The row has 12 cells under 11 headings."
        ]


class TestUnknownLabels:
    def test_stand_once_with_how_often(self) -> None:
        strange = row(nationality="Atlantean")
        found = reading(strange, row(), strange, row(exploitation_type="Sexual & Magic"))
        assert found.unknown == {("nationality", "Atlantean"): 2, ("exploitation_type", "Magic"): 1}

    def test_are_cut(self) -> None:
        assert list(reading(row(gender=LONG)).unknown) == [("gender", LONG[:80])]


class TestKeys:
    def test_tell_equal_rows_apart_by_their_number(self) -> None:
        first, second = reading(row(), row()).entries
        assert first.fingerprint == second.fingerprint
        assert (first.occurrence, second.occurrence) == (1, 2)

    def test_do_not_move_when_another_row_is_mended(self) -> None:
        others = [row(), row(gender="Male"), row()]
        broken = reading(others[0], row(nationality="Atlantean"), *others[1:])
        mended = reading(others[0], row(nationality="Greek"), *others[1:])
        before = {(e.row, e.fingerprint, e.occurrence) for e in broken.entries}
        after = {(e.row, e.fingerprint, e.occurrence) for e in mended.entries}
        assert before < after

    def test_say_nothing_of_the_row(self, settings) -> None:
        [entry] = reading(row()).entries
        settings.BLIND_INDEX_KEY = "another key"
        assert reading(row()).entries[0].fingerprint != entry.fingerprint


class TestRejects:
    def test_are_read_back_once_mended(self) -> None:
        strange = row(nationality="Atlantean")
        out = cells(rejects_file(reading(row(), strange, strange)))
        assert [line["nationality"] for line in out] == ["Atlantean", "Atlantean"]
        assert [line["concord_row"] for line in out] == ["3", "4"]
        assert out[0]["concord_reason"] == "nationality: The profile does not know this label."
        assert len({line[MARK] for line in out}) == 2
        back = read(written([{**line, "nationality": "Greek"} for line in out]))
        assert [entry.mark for entry in back.entries] == [line[MARK] for line in out]
        assert back.faults == []

    def test_keep_their_marks_when_they_are_still_bad(self) -> None:
        first = rejects_file(reading(row(gender="?")))
        again = rejects_file(read(first))
        assert cells(again)[0][MARK] == cells(first)[0][MARK]
        assert list(cells(again)[0]) == list(cells(first)[0])

    def test_keep_short_rows_and_rows_that_are_too_long(self) -> None:
        out = cells(rejects_file(reading(row()[:2], [*row(), "", "more"])))
        assert out[0]["gender"] == ""
        assert (out[1]["concord_extra_1"], out[1]["concord_extra_2"]) == ("", "more")

    @pytest.mark.parametrize("name", ["=HYPERLINK(1)", "@Home", "-1", "+44", "'=quoted", "a;=b"])
    def test_hold_no_formula_and_come_back_as_they_were(self, name: str) -> None:
        content = rejects_file(reading(row(first_responder=name, gender="?")))
        [line] = cells(content)
        assert line["first_responder"] == neutralise(name) != name
        [entry] = read(content.replace(b'"?"', b'"Female"')).entries
        assert entry.first_responder == name

    def test_refuse_a_mark_that_is_none_and_one_that_stands_twice(self) -> None:
        [line] = cells(rejects_file(reading(row(gender="?"))))
        good = {**line, "gender": "Female"}
        found = read(written([good, good, {**good, MARK: "1"}, {**good, MARK: ""}]))
        assert [(fault.row, fault.column) for fault in found.faults] == [(3, MARK), (4, MARK)]
        assert [bool(entry.mark) for entry in found.entries] == [True, False]


@given(st.text(alphabet=st.sampled_from("'=+-@;\t\r\n \"a＝\u200b")))
def test_neutralising_can_be_taken_back(text: str) -> None:
    assert as_it_was(neutralise(text)) == text


class TestWhatIsNoTable:
    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "The file is empty."),
            (b"\r\n \r\n", "The file is empty."),
            (table(), "The file has the columns and no rows."),
            (b"\x89PNG\r\n\x1a\n\x00\x00", "not a CSV file in UTF-8"),
            (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "not a CSV file in UTF-8"),
            (b"%PDF-1.7\n1 0 obj\n", "The file has no column received_on"),
            (table(row()).decode().encode("utf-16"), "not a CSV file in UTF-8"),
            (table(row()).decode().encode("utf-16-le"), "it contains binary data"),
            (table(row(first_responder="Café")).decode().encode("latin-1"), "not a CSV file in"),
            (table(row()) + b'"open', "line 3 cannot be read"),
            (table(row(first_responder="x" * 200_000)), "line 2 cannot be read"),
            (table(row(), header=[*HEADER[:-1], "other"]), "no column conclusive_grounds_on"),
            (table(row(), header=[*HEADER[:-1], HEADER[0]]), "no column conclusive_grounds_on"),
            (table([*row(), ""], header=[*HEADER, "gender"]), "The column gender stands twice."),
        ],
    )
    def test_is_told_in_words(self, content: bytes, words: str) -> None:
        with pytest.raises(NotATable, match=words):
            read(content)

    def test_says_which_headings_it_found(self) -> None:
        with pytest.raises(NotATable, match=r"Its first line has: name, date\."):
            read(b"name,date\nx,y\n")

    def test_may_be_too_long(self) -> None:
        content, profile = table(*[row()] * 3), load_profile("uk_nrm")
        assert read_file(content, profile, today=TODAY, most_rows=3).rows == 3
        with pytest.raises(NotATable, match="more than 2 rows"):
            read_file(content, profile, today=TODAY, most_rows=2)
