"""Every permission and every kind of row × actor class, asked of the code that decides."""

import os

import pytest

from common.marks import NO_ROLE_NEEDED, Permission
from partners.roles import ROLE_PERMISSIONS
from tests.access import by_class
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
DECIDED = {
    who: {name: by_class.column(name, who) for name in ("permissions", "rows")}
    for who in by_class.CLASSES
}
#: Named to a panel, or signed in: no role says these.
WITHOUT_ROLE = NO_ROLE_NEEDED | {Permission.PANEL_SIT}


def otherwise(answered: dict[str, by_class.Columns]) -> list[str]:
    """Where what was said is not what was decided, in words."""
    return [
        f"{who}, {row}: decided {decided.get(row)}, said {said.get(row)}"
        for who, columns in DECIDED.items()
        for name, decided in columns.items()
        for said in [answered[who][name]]
        for row in {**decided, **said}
        if decided.get(row) != said.get(row)
    ]


class TestEachClass:
    def test_may_and_sees_what_was_decided(self, cast: Cast) -> None:
        answered = dict(by_class.answers(cast))
        if os.environ.get("CONCORD_WRITE_MATRIX"):
            for who, columns in answered.items():
                for name, cells in columns.items():
                    by_class.write_column(name, who, cells)
            pytest.skip("wrote the columns; read them before you keep them")
        assert otherwise(answered) == []

    @pytest.mark.parametrize("who", by_class.CLASSES)
    def test_was_given_nothing_that_its_roles_do_not_include(self, who: str) -> None:
        roles = by_class.ROLES_OF.get(who, ())
        included = WITHOUT_ROLE.union(*(ROLE_PERMISSIONS[role] for role in roles))
        given = {p for p, cell in DECIDED[who]["permissions"].items() if cell != "–"}
        assert sorted(given - included) == []
