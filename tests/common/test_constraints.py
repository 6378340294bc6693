"""The database refuses what the rules forbid, and says it in words."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.migrations.writer import MigrationWriter

from common.constraints import both_or_neither, in_choices, one_of, required_in_state
from tests.testapp.models import Box, Parcel, ParcelState

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]

REFUSED = [
    (
        {"sent_at": AT},
        "sent_at_with_sent_by",
        "Give both sent at and sent by, or neither.",
    ),
    ({"sent_by_id": 7}, "sent_at_with_sent_by", "Give both sent at and sent by"),
    ({"state": "lost"}, "state_is_known", "This is not a known value of state."),
    (
        {"state": "declined", "answered_at": AT},
        "declined_has_answered_at_and_declined_reason",
        "In this state the following is required: answered at, declined reason.",
    ),
    (
        {"state": "declined", "declined_reason": "full"},
        "declined_has_answered_at_and_declined_reason",
        "In this state the following is required: answered at, declined reason.",
    ),
]


class TestParcel:
    @pytest.mark.parametrize(("values", "name", "_message"), REFUSED)
    def test_is_refused_by_the_database(self, values, name, _message):
        with pytest.raises(IntegrityError, match=f"parcel_{name}"), transaction.atomic():
            Parcel.objects.create(**values)

    @pytest.mark.parametrize(("values", "_name", "message"), REFUSED)
    def test_is_refused_by_the_form_with_words(self, values, _name, message):
        with pytest.raises(ValidationError, match=message):
            Parcel(**values).validate_constraints()

    @pytest.mark.parametrize(
        "values",
        [
            {},
            {"sent_at": AT, "sent_by_id": 7, "state": "sent"},
            {"state": ParcelState.DECLINED, "answered_at": AT, "declined_reason": "full"},
            {"state": "sent", "answered_at": AT},
        ],
    )
    def test_is_taken_when_the_rules_hold(self, values):
        Parcel(**values).validate_constraints()
        assert Parcel.objects.create(**values).pk


class TestOneOf:
    @pytest.mark.parametrize("values", [{}, {"person": 1, "group": 2}])
    def test_refuses_none_and_both(self, values):
        with (
            pytest.raises(IntegrityError, match="box_one_of_person_or_group"),
            transaction.atomic(),
        ):
            Box.objects.create(**values)
        with pytest.raises(ValidationError, match="Give exactly one of: person, group."):
            Box(**values).validate_constraints()

    @pytest.mark.parametrize("values", [{"person": 1}, {"group": 2}])
    def test_takes_either(self, values):
        assert Box.objects.create(**values).pk


class TestNames:
    def test_name_the_model_and_the_fact(self):
        assert [each.name for each in Parcel._meta.constraints] == [
            "parcel_state_is_known",
            "parcel_sent_at_with_sent_by",
            "parcel_declined_has_answered_at_and_declined_reason",
        ]

    def test_may_be_given(self):
        named = one_of("a", "b", model="lock", fact="has_one_holder")
        assert named.name == "lock_has_one_holder"

    @pytest.mark.parametrize(
        "make",
        [
            lambda: both_or_neither("a", "b"),
            lambda: required_in_state(["x"], "a", text=["b"]),
            lambda: one_of("a", "b"),
            lambda: in_choices("a", ["x"]),
        ],
    )
    def test_make_the_same_twice_so_that_no_migration_appears(self, make):
        assert make() == make()
        source, _imports = MigrationWriter.serialize(make())
        assert "violation_error_message=" in source
