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


class TestEachClass:
    @pytest.mark.parametrize("who", by_class.CLASSES)
    def test_may_and_sees_what_was_decided(self, who: str, cast: Cast) -> None:
        answered = by_class.answers(cast, who)
        if os.environ.get("CONCORD_WRITE_MATRIX"):
            for name, cells in answered.items():
                by_class.write_column(name, who, cells)
            pytest.skip("wrote the column; read it before you keep it")
        assert answered == DECIDED[who]

    @pytest.mark.parametrize("who", by_class.CLASSES)
    def test_was_given_nothing_that_its_roles_do_not_include(self, who: str) -> None:
        roles = by_class.ROLES_OF.get(who, ())
        included = WITHOUT_ROLE.union(*(ROLE_PERMISSIONS[role] for role in roles))
        given = {p for p, cell in DECIDED[who]["permissions"].items() if cell != "–"}
        assert sorted(given - included) == []
