"""What is sealed opens for its owner, its field and its key, and for nothing else."""

import base64
import copy
import pickle
import re
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.test.utils import isolate_apps
from django.views.debug import ExceptionReporter
from hypothesis import given
from hypothesis import strategies as st
from simple_history.models import HistoricalRecords

from common import sealing
from common.sealing import (
    DataKey,
    Erased,
    KeyMissing,
    SealBroken,
    SealedText,
    SealError,
    WrappedKeyField,
    new_data_key,
    open_data_key,
    rewrap,
    seal,
    unseal,
    unseal_bytes,
)

VELA, TARN = uuid.UUID(int=1), uuid.UUID(int=2)
FIELD = "test.narrative"
SECRET = "Invented words about an invented place"


def master(number: int) -> str:
    """An invented master key in base64; the same number gives the same key."""
    return base64.b64encode(bytes((number * 31 + place) % 256 for place in range(32))).decode()


@pytest.fixture(autouse=True)
def ring(settings: Any) -> None:
    settings.SEALING_KEYS = [f"old:{master(1)}"]


@pytest.fixture
def key() -> DataKey:
    return DataKey(bytes(range(32)))


class TestSeal:
    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=3000))
    def test_opens_to_the_text_that_was_sealed(self, text: str) -> None:
        key = DataKey(bytes(range(32)))
        assert unseal(seal(text, key=key, field=FIELD, owner=VELA), **at(key)) == text

    @given(st.binary(max_size=3000))
    def test_opens_to_the_bytes_that_were_sealed(self, blob: bytes) -> None:
        key = DataKey(bytes(range(32)))
        assert unseal_bytes(seal(blob, key=key, field=FIELD, owner=VELA), **at(key)) == blob

    @pytest.mark.parametrize("ending", [b"\x80", b"\x80\x00", b"\x00\x00", b"\x80" * 64])
    def test_keeps_bytes_that_look_like_padding(self, key: DataKey, ending: bytes) -> None:
        blob = b"photo" + ending
        assert unseal_bytes(seal(blob, key=key, field=FIELD, owner=VELA), **at(key)) == blob

    def test_takes_the_owner_as_uuid_or_text(self, key: DataKey) -> None:
        sealed = seal(SECRET, key=key, field=FIELD, owner=str(VELA))
        assert unseal(sealed, **at(key)) == SECRET

    def test_opens_what_the_database_driver_hands_back(self, key: DataKey) -> None:
        sealed = memoryview(seal(SECRET, key=key, field=FIELD, owner=VELA))
        assert unseal(sealed, **at(key)) == SECRET

    def test_holds_nothing_of_the_text(self, key: DataKey) -> None:
        sealed = seal(SECRET, key=key, field=FIELD, owner=VELA)
        assert not any(SECRET[i : i + 4].encode() in sealed for i in range(len(SECRET) - 3))

    def test_never_gives_the_same_bytes_twice(self, key: DataKey) -> None:
        assert len({seal("No", key=key, field=FIELD, owner=VELA) for _ in range(50)}) == 50

    @pytest.mark.parametrize(
        "text", ["", "Bo", "Zorvelia Quontrask", "Зорвелія Квонтраск", "زورفليا"]
    )
    def test_gives_short_values_one_length(self, key: DataKey, text: str) -> None:
        assert len(seal(text, key=key, field=FIELD, owner=VELA)) == 1 + 12 + 64 + 16

    def test_gives_longer_values_few_lengths(self, key: DataKey) -> None:
        lengths = [len(seal(bytes(n), key=key, field=FIELD, owner=VELA)) - 29 for n in range(4100)]
        assert sorted(set(lengths)) == [64, 128, 256, 512, 1024, 2048, 3072, 4096, 5120]
        assert lengths == sorted(lengths)

    def test_refuses_half_a_character_without_repeating_the_text(self, key: DataKey) -> None:
        with pytest.raises(ValueError, match=FIELD) as caught:
            seal("Zorvelia \ud800", key=key, field=FIELD, owner=VELA)
        assert not isinstance(caught.value, UnicodeError)
        assert "Zorvelia" not in str(caught.value)
        assert caught.value.__suppress_context__

    @pytest.mark.parametrize("field", ["", "a|b", "Narrative", "person name", "x" * 65])
    def test_refuses_a_field_name_that_could_be_read_two_ways(
        self, key: DataKey, field: str
    ) -> None:
        with pytest.raises(ValueError, match="logical field"):
            seal(SECRET, key=key, field=field, owner=VELA)

    @pytest.mark.parametrize("owner", [None, ""])
    def test_refuses_nobody_as_owner(self, key: DataKey, owner: Any) -> None:
        with pytest.raises(ValueError, match="owner"):
            seal(SECRET, key=key, field=FIELD, owner=owner)


class TestUnseal:
    @pytest.fixture
    def sealed(self, key: DataKey) -> bytes:
        return seal("Vela", key=key, field=FIELD, owner=VELA)

    def test_refuses_another_persons_cell(self, key: DataKey, sealed: bytes) -> None:
        # The same key on purpose: the binding to the owner holds by itself.
        with pytest.raises(SealBroken, match=FIELD):
            unseal(sealed, key=key, field=FIELD, owner=TARN)

    def test_refuses_another_columns_cell(self, key: DataKey, sealed: bytes) -> None:
        with pytest.raises(SealBroken, match=r"test\.safe_contact"):
            unseal(sealed, key=key, field="test.safe_contact", owner=VELA)

    def test_refuses_another_key(self, sealed: bytes) -> None:
        with pytest.raises(SealBroken):
            unseal(sealed, **at(DataKey(bytes(32))))

    def test_refuses_every_single_bit_flipped(self, key: DataKey, sealed: bytes) -> None:
        for flipped in flips(sealed):
            with pytest.raises(SealBroken):
                unseal(flipped, **at(key))

    def test_refuses_every_truncation_and_anything_added(self, key: DataKey, sealed: bytes) -> None:
        for wrong in [sealed[:end] for end in range(len(sealed))] + [sealed + b"\x00"]:
            with pytest.raises(SealBroken):
                unseal(wrong, **at(key))

    def test_says_so_when_bytes_are_read_as_text(self, key: DataKey) -> None:
        sealed = seal(b"\xff\xfe", key=key, field=FIELD, owner=VELA)
        with pytest.raises(SealBroken, match="not text") as caught:
            unseal(sealed, **at(key))
        assert caught.value.__suppress_context__  # the stock error carries the bytes

    def test_names_the_field_and_nothing_else(self, key: DataKey, sealed: bytes) -> None:
        with pytest.raises(SealBroken) as caught:
            unseal(sealed[:-1] + b"\x00", **at(key))
        assert FIELD in str(caught.value)
        assert str(VELA) not in str(caught.value)
        assert "Vela" not in str(caught.value)


class TestDataKey:
    def test_opens_for_its_owner(self) -> None:
        wrapped = new_data_key(VELA)
        sealed = seal(SECRET, key=open_data_key(wrapped, VELA), field=FIELD, owner=VELA)
        assert unseal(sealed, **at(open_data_key(memoryview(wrapped), str(VELA)))) == SECRET

    def test_refuses_another_owner(self) -> None:
        with pytest.raises(SealBroken):
            open_data_key(new_data_key(VELA), TARN)

    def test_differs_from_every_other(self) -> None:
        sealed = seal(SECRET, key=opened(VELA), field=FIELD, owner=VELA)
        with pytest.raises(SealBroken):
            unseal(sealed, **at(opened(VELA)))

    def test_refuses_every_single_bit_flipped(self) -> None:
        for flipped in flips(new_data_key(VELA)):
            # A bit of the master key's id makes it another id, which is not in the ring.
            with pytest.raises((SealBroken, KeyMissing)):
                open_data_key(flipped, VELA)

    def test_refuses_another_master_keys_id(self, settings: Any) -> None:
        wrapped = new_data_key(VELA)
        settings.SEALING_KEYS = [f"new:{master(2)}", f"old:{master(1)}"]
        with pytest.raises(SealBroken):
            open_data_key(wrapped.replace(b"old", b"new"), VELA)

    def test_refuses_every_truncation(self) -> None:
        wrapped = new_data_key(VELA)
        for end in range(len(wrapped)):
            with pytest.raises(SealBroken):
                open_data_key(wrapped[:end], VELA)

    def test_says_when_it_was_destroyed(self) -> None:
        for act in (open_data_key, rewrap):
            with pytest.raises(Erased):
                act(None, VELA)

    def test_shows_itself_nowhere(self) -> None:
        for secret in (opened(VELA), sealing.keyring()):
            assert repr(secret) in {"<DataKey>", "<Keyring of 1>"}
            assert not hasattr(secret, "__dict__")
            for act in (pickle.dumps, copy.copy, copy.deepcopy):
                with pytest.raises(TypeError, match="never pickled"):
                    act(secret)


class TestKeyring:
    def test_wraps_with_the_newest_and_opens_with_all(self, settings: Any) -> None:
        before = new_data_key(VELA)
        settings.SEALING_KEYS = [f"new:{master(2)}", f"old:{master(1)}"]
        after = new_data_key(VELA)
        assert [sealing.master_key_id(wrapped) for wrapped in (before, after)] == ["old", "new"]
        assert [sealing.is_current(wrapped) for wrapped in (before, after)] == [False, True]
        open_data_key(before, VELA)
        open_data_key(after, VELA)

    def test_rewraps_without_touching_what_is_sealed(self, settings: Any) -> None:
        wrapped = new_data_key(VELA)
        sealed = seal(SECRET, key=open_data_key(wrapped, VELA), field=FIELD, owner=VELA)
        settings.SEALING_KEYS = [f"new:{master(2)}", f"old:{master(1)}"]
        again = rewrap(wrapped, VELA)
        settings.SEALING_KEYS = [f"new:{master(2)}"]
        assert unseal(sealed, **at(open_data_key(again, VELA))) == SECRET
        with pytest.raises(KeyMissing, match="'old'"):
            open_data_key(wrapped, VELA)

    def test_leaves_a_current_key_as_it_is(self) -> None:
        wrapped = new_data_key(VELA)
        assert rewrap(memoryview(wrapped), VELA) == wrapped

    def test_does_not_rewrap_what_does_not_open(self) -> None:
        wrapped = new_data_key(VELA)
        with pytest.raises(SealBroken):
            rewrap(wrapped[:-1] + bytes([wrapped[-1] ^ 1]), VELA)

    def test_needs_the_very_key_behind_an_id(self, settings: Any) -> None:
        wrapped = new_data_key(VELA)
        settings.SEALING_KEYS = [f"old:{master(2)}"]
        with pytest.raises(SealBroken):
            open_data_key(wrapped, VELA)

    @pytest.mark.parametrize("standard", [True, False])
    def test_reads_both_alphabets_with_or_without_padding(
        self, settings: Any, standard: bool
    ) -> None:
        wrapped = new_data_key(VELA)
        settings.SEALING_KEYS = [f"old:{master(1).rstrip('=')}"]
        open_data_key(wrapped, VELA)
        raw = bytes([0xFB, 0xEF, 0xBE] * 10 + [0xFB, 0xFF])  # "++++" and "/" or "----" and "_"
        encode = base64.b64encode if standard else base64.urlsafe_b64encode
        assert sealing.decode_key(encode(raw).decode()) == (raw,)


class TestKeyringOfTwoParts:
    def test_opens_with_both(self, settings: Any) -> None:
        settings.SEALING_KEYS = [f"k:{master(3)}+{master(4)}"]
        wrapped = new_data_key(VELA)
        settings.SEALING_KEYS = [f"k:{master(3).rstrip('=')}+{master(4)}"]
        open_data_key(wrapped, VELA)

    @pytest.mark.parametrize(
        "alone",
        [
            master(3),
            master(4),
            f"{master(4)}+{master(3)}",
            f"{master(3)}+{master(5)}",
            f"{master(5)}+{master(4)}",
        ],
    )
    def test_does_not_open_with_one(self, settings: Any, alone: str) -> None:
        settings.SEALING_KEYS = [f"k:{master(3)}+{master(4)}"]
        wrapped = new_data_key(VELA)
        settings.SEALING_KEYS = [f"k:{alone}"]
        with pytest.raises(SealBroken):
            open_data_key(wrapped, VELA)

    def test_is_told_from_a_plus_of_the_alphabet(self) -> None:
        plus = base64.b64encode(bytes([0xFB, 0xEF, 0xBE] * 10 + [0xFB, 0xEF])).decode()
        assert plus.startswith("++++")
        assert len(sealing.decode_key(plus) or ()) == 1
        assert len(sealing.decode_key(f"{plus}+{plus}") or ()) == 2


class TestKeyringRefuses:
    @pytest.mark.parametrize(
        ("entries", "says"),
        [
            ([], "has no key"),
            (None, "has no key"),
            (f"k:{master(1)}", "has no key"),
            ([master(1)], "entry 1 does not begin with an id"),
            ([f":{master(1)}"], "entry 1 does not begin with an id"),
            ([f"{master(1)}:{master(2)}"], "entry 1 does not begin with an id"),
            ([f"k:{master(1)}", "q:"], "entry 2 is not a key of 32 bytes"),
            ([f"k:{master(1)[:-8]}"], "entry 1 is not a key of 32 bytes"),
            ([f"k:{master(1)}AAAA"], "entry 1 is not a key of 32 bytes"),
            ([f"k:{master(1)[:-2]}!="], "entry 1 is not a key of 32 bytes"),
            ([f"k:{master(1)}+"], "entry 1 is not a key of 32 bytes"),
            ([f"k:{master(1)}+{master(2)[:-8]}"], "entry 1 is not a key of 32 bytes"),
            ([f"k:{master(1)}+{master(2)}+{master(3)}"], "entry 1 is not a key of 32 bytes"),
            ([f"k:{master(1)}+{master(1)}"], "entry 1 has two equal parts"),
            ([f"k:{master(1)}", f"k:{master(2)}"], "entry 2 has an id that an earlier entry"),
            ([f"k:{master(1)}", f"q:{master(1)}"], "entries 1 and 2 are the same key"),
        ],
    )
    def test_saying_what_to_do_and_showing_no_key(
        self, settings: Any, entries: Any, says: str
    ) -> None:
        settings.SEALING_KEYS = entries
        with pytest.raises(ImproperlyConfigured, match=says) as caught:
            new_data_key(VELA)
        assert re.search(r"\. (Give|Make|Write|Let) |openssl", str(caught.value))
        material = "".join(entries or []).split(":")[-1]
        for shown in {master(n)[:8] for n in (1, 2, 3)} | {material[:8]} - {""}:
            assert shown not in str(caught.value)

    def test_when_first_used_and_not_before(self, settings: Any) -> None:
        del settings.SEALING_KEYS
        with pytest.raises(ImproperlyConfigured, match="SEALING_KEYS has no key"):
            sealing.keyring()


@pytest.fixture
def person() -> Iterator[type[models.Model]]:
    """A model that holds a key and a sealed text, in a registry of its own."""
    with isolate_apps("common"):

        class Person(models.Model):
            uuid = models.UUIDField(default=uuid.uuid4)
            data_key = WrappedKeyField()
            name_ct = models.BinaryField(null=True)
            name = SealedText("person.name")

            class Meta:
                app_label = "common"

        yield Person


def saved(row: models.Model) -> Any:
    """The row as if it had been read from the database."""
    row._state.adding = False
    return row


class TestSealedText:
    def test_seals_what_is_assigned_and_opens_what_is_read(self, person: Any) -> None:
        row = person(name=SECRET)
        assert row.name == SECRET
        assert len(row.name_ct) == 93
        assert row.name_ct != SECRET.encode()

    def test_opens_in_a_copied_row_of_another_table(self, person: Any) -> None:
        row, holder = person(name=SECRET), person
        with isolate_apps("common"):

            class HistoricalPerson(models.Model):
                person = models.ForeignKey(holder, on_delete=models.PROTECT)
                name_ct = models.BinaryField(null=True)
                name = SealedText("person.name", key_holder="person")

                class Meta:
                    app_label = "common"

            assert HistoricalPerson(person=row, name_ct=row.name_ct).name == SECRET

    def test_does_not_open_in_another_row(self, person: Any) -> None:
        mine, other = person(name=SECRET), person(name="Another")
        other.name_ct = mine.name_ct
        with pytest.raises(SealBroken, match=r"person\.name"):
            _ = other.name

    def test_does_not_open_with_both_cell_and_key_of_another_row(self, person: Any) -> None:
        mine, other = person(name=SECRET), person(name="Another")
        other.name_ct, other.data_key = mine.name_ct, mine.data_key
        with pytest.raises(SealBroken):
            _ = other.name

    def test_keeps_null_and_empty_apart(self, person: Any) -> None:
        assert person().name is None
        assert person(name=None).name_ct is None
        assert person(name="").name == ""
        row = person(name=SECRET)
        row.name = None
        assert row.name_ct is None

    def test_reads_as_erased_once_the_key_is_destroyed(self, person: Any) -> None:
        row = saved(person(name=SECRET))
        row.data_key = None
        with pytest.raises(Erased):
            _ = row.name

    def test_cannot_be_written_for_an_erased_person(self, person: Any) -> None:
        row = saved(person(name=SECRET))
        row.data_key = None
        with pytest.raises(Erased):
            row.name = "New words"
        assert row.data_key is None

    def test_leaves_no_plaintext_on_the_row(self, person: Any) -> None:
        row = person(name=SECRET)
        assert row.name == SECRET
        assert SECRET not in repr(vars(row))
        assert SECRET not in repr(row)
        with isolate_apps("common"):
            assert SECRET.encode() not in b"".join(
                pickle.dumps(value) for name, value in vars(row).items() if name != "_state"
            )

    def test_names_the_field_in_its_repr(self, person: Any) -> None:
        assert repr(person.name) == "<SealedText person.name>"

    def test_asks_for_a_holder(self, person: Any) -> None:
        holder = person
        with isolate_apps("common"):

            class Note(models.Model):
                person = models.ForeignKey(holder, null=True, on_delete=models.PROTECT)
                text_ct = models.BinaryField(null=True)
                text = SealedText("note.text", key_holder="person")

                class Meta:
                    app_label = "common"

            with pytest.raises(ValueError, match=r"note\.text: .* nobody"):
                Note(text=SECRET)
            assert Note(person=person(), text=SECRET).text == SECRET


class TestSealedTextTap:
    @pytest.fixture
    def tapped(self) -> Iterator[Any]:
        opened_fields: list[tuple[Any, str]] = []

        def tap(row: models.Model, field: str) -> None:
            opened_fields.append((row, field))
            if getattr(row, "log_is_full", False):
                raise OSError("cannot be written")

        with isolate_apps("common"):

            class Person(models.Model):
                uuid = models.UUIDField(default=uuid.uuid4)
                data_key = WrappedKeyField()
                name_ct = models.BinaryField(null=True)
                name = SealedText("person.name", on_open=tap)

                class Meta:
                    app_label = "common"

            yield Person, opened_fields

    def test_hears_of_each_read_and_of_no_write(self, tapped: Any) -> None:
        person, heard = tapped
        row = person(name=SECRET)
        assert heard == []
        assert (row.name, row.name) == (SECRET, SECRET)
        assert heard == [(row, "person.name")] * 2

    def test_hears_nothing_where_there_is_nothing_to_read(self, tapped: Any) -> None:
        person, heard = tapped
        assert person().name is None
        erased = saved(person(name=SECRET))
        erased.data_key = None
        with pytest.raises(Erased):
            _ = erased.name
        assert heard == []

    def test_keeps_the_text_back_when_it_cannot_log(self, tapped: Any) -> None:
        row = tapped[0](name=SECRET)
        row.log_is_full = True
        with pytest.raises(OSError, match="cannot be written"):
            _ = row.name

    def test_leaves_no_text_in_an_error_report(self, tapped: Any) -> None:
        row = tapped[0](name=SECRET)
        row.log_is_full = True
        try:
            _ = row.name
        except OSError:
            reporter = ExceptionReporter(None, *sys.exc_info())
        frames = [f for f in reporter.get_traceback_frames() if f["filename"] == sealing.__file__]
        assert {frame["function"] for frame in frames} >= {"__get__", "_read"}
        assert SECRET not in repr([frame["vars"] for frame in frames])


class TestWrappedKeyField:
    def test_is_made_for_a_new_row_and_never_again(self, person: Any) -> None:
        field = person._meta.get_field("data_key")
        row = person()
        first = field.pre_save(row, add=True)
        assert field.pre_save(row, add=True) == first == row.data_key
        field.open(row)
        row = saved(row)
        row.data_key = None
        assert field.pre_save(row, add=False) is None

    @pytest.mark.sqlite_too
    def test_is_destroyed_by_saving_none_and_not_brought_back(self, db: None) -> None:
        users = get_user_model().objects
        users.bulk_create(
            [users.model(email="a@example.org", joined_at=datetime(2026, 1, 1, tzinfo=UTC))]
        )
        row, late = users.get(), users.get()
        row.data_key = None
        row.save()
        assert users.get().data_key is None
        late.save()
        assert users.get().data_key is None

    def test_is_never_offered_in_a_form(self, person: Any) -> None:
        assert not person._meta.get_field("data_key").editable

    def test_survives_a_migration_file(self) -> None:
        for field in (WrappedKeyField(), WrappedKeyField("data key", owner="code")):
            _, path, args, kwargs = field.deconstruct()
            again = WrappedKeyField(*args, **kwargs)
            assert path == "common.sealing.WrappedKeyField"
            assert (again.owner, again.null) == (field.owner, True)

    @pytest.mark.parametrize(("excluded", "errors"), [([], ["common.E001"]), (["data_key"], [])])
    def test_is_refused_in_history(self, excluded: list[str], errors: list[str]) -> None:
        with isolate_apps("common"):

            class Tracked(models.Model):
                uuid = models.UUIDField(default=uuid.uuid4)
                data_key = WrappedKeyField()
                history = HistoricalRecords(excluded_fields=excluded, app="common")

                class Meta:
                    app_label = "common"

            found = [
                problem.id
                for field in Tracked.history.model._meta.local_concrete_fields
                if isinstance(field, WrappedKeyField)
                for problem in field.check()
            ]
            assert found == errors
            assert Tracked._meta.get_field("data_key").check() == []

    def test_must_be_what_the_sealed_text_names(self) -> None:
        with isolate_apps("common"):

            class Plain(models.Model):
                data_key = models.BinaryField(null=True)
                text_ct = models.BinaryField(null=True)
                text = SealedText("plain.text")

                class Meta:
                    app_label = "common"

            with pytest.raises(ImproperlyConfigured, match="not a WrappedKeyField"):
                Plain(text=SECRET)


def at(key: DataKey) -> Any:
    return {"key": key, "field": FIELD, "owner": VELA}


def opened(owner: uuid.UUID) -> DataKey:
    return open_data_key(new_data_key(owner), owner)


def flips(blob: bytes) -> Iterator[bytes]:
    """The blob with each of its bits flipped in turn."""
    for place in range(len(blob) * 8):
        wrong = bytearray(blob)
        wrong[place // 8] ^= 1 << place % 8
        yield bytes(wrong)


def test_every_error_is_a_seal_error() -> None:
    assert all(issubclass(error, SealError) for error in (SealBroken, KeyMissing, Erased))
