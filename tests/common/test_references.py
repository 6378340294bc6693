"""References are random, survive handwriting and telephone, and betray every single slip."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.references import ALPHABET, BadReference, new_reference, parse_reference

PREFIXES = st.sampled_from(["R", "G", "A", "RG", "ZZ", "AA"])
# Drawn by seed, not by `secrets`, so that a failing example can be replayed.
BODIES = st.text(alphabet=ALPHABET, min_size=7, max_size=7)


def with_check(prefix: str, seven: str) -> str:
    """The one valid reference that begins so, found by asking the parser for each character."""
    found = []
    for last in ALPHABET:
        try:
            found.append(parse_reference(f"{prefix}{seven}{last}"))
        except BadReference:
            continue
    assert len(found) == 1
    return found[0]


class TestNewReference:
    def test_has_the_shape_people_are_told(self):
        prefix, first, second = new_reference("R").split("-")
        assert (prefix, len(first), len(second)) == ("R", 4, 4)

    def test_reads_back_as_itself(self):
        for _turn in range(200):
            reference = new_reference("R")
            assert parse_reference(reference) == reference

    def test_does_not_repeat_or_count(self):
        made = [new_reference("R") for _turn in range(2_000)]
        assert len(set(made)) == len(made)
        assert made != sorted(made)

    def test_uses_the_whole_alphabet_at_every_place(self):
        made = [new_reference("R").replace("-", "")[1:] for _turn in range(3_000)]
        for place in range(8):
            assert {body[place] for body in made} == set(ALPHABET)

    @pytest.mark.parametrize("prefix", ["", "r", "R1", "RRR", "O", "I", "L", "S", "U", "Я", "R\n"])
    def test_refuses_a_prefix_that_could_not_be_read_back(self, prefix):
        with pytest.raises(ValueError, match="prefix"):
            new_reference(prefix)


class TestParseReference:
    @pytest.mark.parametrize(
        "typed",
        [
            "R-7F3K-92QB",
            "r-7f3k-92qb",
            "R7F3K92QB",
            "  r 7f3k 92qb\n",
            "R – 7F3K — 92QB",
            "R\u20117F3K\u201192QB",
            "R\u22127F3K\u221292QB",
            "R_7F3K/92QB",
            "\u2068R-7F3K-92QB\u2069",
            "\uff32-\uff17F3K-92QB",
            "R-٧F٣K-٩٢QB",
            "R-7F3\u041a-92Q\u0412",  # Cyrillic К and В
            "R-7F3\u039a-92Q\u0392",  # Greek Κ and Β
            "R-7F3\u043a-92Q\u0432",
        ],
    )
    def test_forgives_the_way_people_write(self, typed):
        assert parse_reference(typed) == "R-7F3K-92QB"

    @pytest.mark.parametrize(
        ("heard", "meant"), [("O", "0"), ("o", "0"), ("I", "1"), ("l", "1"), ("s", "5"), ("u", "V")]
    )
    @pytest.mark.parametrize("place", range(7))
    def test_forgives_the_usual_misreadings(self, heard, meant, place):
        seven = "7F3K92Q"
        reference = with_check("R", seven[:place] + meant + seven[place + 1 :])
        typed = reference.replace("-", "")
        assert parse_reference(f"R{typed[1:][:place]}{heard}{typed[2 + place :]}") == reference

    @pytest.mark.parametrize(
        ("looks", "like"),
        [
            *zip("АВЕКМНРТХ", "ABEKMHPTX", strict=True),
            *zip("ΑΒΕΖΗΚΜΝΡΤΥΧ", "ABEZHKMNPTYX", strict=True),
        ]
        + [("І", "1"), ("О", "0"), ("Ι", "1"), ("Ο", "0"), ("Ѕ", "5"), ("С", "C"), ("Ј", "J")],
    )
    def test_forgives_the_letters_of_another_keyboard(self, looks, like):
        typed = with_check("R", f"7F3K9{like}Q").replace("-", "")
        assert parse_reference(typed[:6] + looks + typed[7:]) == parse_reference(typed)

    @pytest.mark.parametrize(
        "typed",
        [
            "",
            "R",
            "-",
            "7F3K-92QB",
            "R-7F3K-92Q",
            "RRR-7F3K-92QB",
            "1-7F3K-92QB",
            "R-7F3K-92Q!",
            "R-7F3K-92QЯ",
            "O-7F3K-92QB",
            "R-7F3K-92QB" + " " * 40,
            "R-7F3K-92QB' OR 1=1",
            "R-\x00F3K-92QB",
        ],
    )
    def test_says_when_the_form_is_wrong(self, typed):
        with pytest.raises(BadReference) as caught:
            parse_reference(typed)
        assert caught.value.wrong == "format"
        assert "has another form" in str(caught.value)

    def test_says_when_a_character_is_wrong(self):
        with pytest.raises(BadReference) as caught:
            parse_reference("R-7F3K-92QC")
        assert caught.value.wrong == "check"
        assert "the wrong way round" in str(caught.value)

    def test_shows_an_example_that_is_itself_valid(self):
        with pytest.raises(BadReference) as caught:
            parse_reference("?")
        assert parse_reference("R-7F3K-92QB") in str(caught.value)

    @settings(deadline=None)
    @given(st.text(max_size=60))
    def test_answers_anything_typed_with_a_reference_or_the_reason(self, typed):
        try:
            reference = parse_reference(typed)
        except BadReference:
            return
        assert parse_reference(reference) == reference


class TestCheckCharacter:
    @settings(deadline=None)
    @given(PREFIXES, BODIES)
    def test_catches_every_single_wrong_character(self, prefix, seven):
        compact = with_check(prefix, seven).replace("-", "")
        for place, right in enumerate(compact):
            letters = ALPHABET[10:] if place < len(prefix) else ALPHABET
            for wrong in set(letters) - {right}:
                with pytest.raises(BadReference) as caught:
                    parse_reference(compact[:place] + wrong + compact[place + 1 :])
                assert caught.value.wrong == "check"

    @settings(deadline=None)
    @given(PREFIXES, BODIES)
    def test_catches_any_two_characters_exchanged(self, prefix, seven):
        compact = with_check(prefix, seven).replace("-", "")
        for one, two in itertools.combinations(range(len(compact)), 2):
            if compact[one] == compact[two]:
                continue
            signs = list(compact)
            signs[one], signs[two] = signs[two], signs[one]
            with pytest.raises(BadReference):
                parse_reference("".join(signs))

    def test_catches_every_adjacent_exchange_of_every_pair_of_characters(self):
        """Exhaustive: each ordered pair at each place, the rest fixed."""
        for place in range(6):
            for one, two in itertools.permutations(ALPHABET, 2):
                seven = "7F3K92Q"[:place] + one + two + "7F3K92Q"[place + 2 :]
                body = with_check_fast("R", seven)
                swapped = body[:place] + two + one + body[place + 2 :]
                with pytest.raises(BadReference):
                    parse_reference("R" + swapped)

    def test_leaves_one_guess_in_thirty_one_right(self):
        right = 0
        for last in ALPHABET:
            try:
                parse_reference(f"R0000001{last}")
                right += 1
            except BadReference:
                pass
        assert right == 1


def with_check_fast(prefix: str, seven: str) -> str:
    """Body with its check character, by the published rule rather than by the code under test."""
    places = range(len(prefix) + 8, 1, -1)
    total = sum(
        place * ALPHABET.index(sign) for place, sign in zip(places, prefix + seven, strict=True)
    )
    return seven + ALPHABET[-total % 31]
