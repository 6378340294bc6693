"""The seed map names every row of the seeds, and no test that does not exist."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
MAP = ROOT / "docs" / "seed-map.md"
ROW = re.compile(r"^\| (S\d+) \| (.+?) \| (.+?) \| (.+?) \|$")


def rows(text: str) -> list[tuple[str, ...]]:
    return [found.groups() for line in text.splitlines() if (found := ROW.match(line))]


def missing(test_id: str) -> str:
    """What of "path::Class::test" does not exist, or an empty string."""
    path, *names = test_id.split("::")
    if not (ROOT / path).is_file():
        return path
    body: list[ast.stmt] = ast.parse((ROOT / path).read_text()).body
    for name in names:
        found = [
            node
            for node in body
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name
        ]
        if not found:
            return f"{path}::{name}"
        body = found[0].body
    return ""


class TestSeedMap:
    def test_has_a_line_for_every_row_of_the_seeds_in_order(self) -> None:
        assert [row[0] for row in rows(MAP.read_text())] == [f"S{n}" for n in range(1, 93)]

    def test_names_only_tests_that_exist(self) -> None:
        named = [
            test_id
            for *_, cell in rows(MAP.read_text())
            for test_id in re.findall(r"`([^`]+)`", cell)
        ]
        assert named
        assert [gone for test_id in named if (gone := missing(test_id))] == []

    def test_says_not_yet_where_it_names_none(self) -> None:
        silent = [
            row
            for row, _, _, cell in rows(MAP.read_text())
            if "`" not in cell and cell != "not yet"
        ]
        assert silent == []

    @pytest.mark.parametrize(
        "test_id",
        [
            "tests/config/test_no_such_file.py",
            "tests/config/test_seed_map.py::TestNoSuchClass",
            "tests/config/test_seed_map.py::TestSeedMap::test_no_such_test",
        ],
    )
    def test_the_check_sees_a_test_that_is_gone(self, test_id: str) -> None:
        assert missing(test_id)
        assert not missing("tests/config/test_seed_map.py::TestSeedMap")

    def test_the_reference_has_the_same_rows(self) -> None:
        domain = ROOT.parent / "shared" / "reference" / "domain.md"
        if not domain.is_file():
            pytest.skip("../shared/reference/domain.md is not on this machine")
        found = re.findall(r"^\| (S\d+) \|", domain.read_text(), re.MULTILINE)
        assert sorted(set(found), key=lambda s: int(s[1:])) == [f"S{n}" for n in range(1, 93)]
