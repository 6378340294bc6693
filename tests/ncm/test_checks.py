"""What `manage.py check --database default` says of the co-ordination."""

import pytest
from django.core import checks

from ncm.checks import check_co_ordinators
from ncm.models import ActionPoint
from partners.choices import Role
from partners.models import Membership
from tests.ncm import actions, plans
from tests.support.cast import Cast, works_for

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


def found() -> list[checks.CheckMessage]:
    return check_co_ordinators(databases=["default"])


def one_goes(cast: Cast) -> None:
    Membership.objects.filter(user=cast.second_co_ordinator).update(until_at=cast.at)


class TestCoOrdinators:
    def test_may_be_one_while_nothing_asks_for_a_second(self, cast: Cast) -> None:
        one_goes(cast)
        plans.draft(cast)
        assert found() == []

    def test_are_two_once_a_plan_is_adopted(self, cast: Cast) -> None:
        plans.adopted(cast)
        assert found() == []
        one_goes(cast)
        [warning] = found()
        assert warning.id == "ncm.W001"
        assert warning.msg.startswith("Co-ordinators: 1.")
        works_for(cast.other_manager, cast.ministry, Role.CO_ORDINATOR, cast.at)
        assert found() == []

    def test_are_two_while_an_action_point_stands(self, cast: Cast) -> None:
        row = actions.made(cast)
        assert found() == []
        one_goes(cast)
        assert [each.id for each in found()] == ["ncm.W001"]
        actions.act(cast, row, "cancel", cast.co_ordinator, comment="Done elsewhere.")
        assert not ActionPoint.objects.standing().exists()
        assert found() == []

    def test_are_not_asked_for_before_the_tables_are_there(self, cast: Cast) -> None:
        plans.adopted(cast)
        one_goes(cast)
        assert check_co_ordinators() == []

    def test_are_asked_for_once(self) -> None:
        """One check with one id: the plan and the action points need the same two."""
        ours = [each for each in checks.registry.registry.get_checks(include_deployment_checks=True)
                if each.__module__.startswith("ncm.")]  # fmt: skip
        assert ours == [check_co_ordinators]
