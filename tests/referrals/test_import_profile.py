"""Profiles: one that cannot be used says why before it reads a row."""

from pathlib import Path

import pytest

from referrals import import_profile
from referrals.import_profile import ProfileError, UnknownLabel, load_profile, profile_names

WHOLE = Path(import_profile.__file__).parent / "import_profiles" / "uk_nrm.toml"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(import_profile, "FOLDER", tmp_path)
    load_profile.cache_clear()

    def profile(text: str, name: str = "mine") -> str:
        (tmp_path / f"{name}.toml").write_text(text)
        return name

    yield profile
    load_profile.cache_clear()


class TestLoading:
    @pytest.mark.parametrize("name", ["nobody", "../uk_nrm", "", "UK_NRM"])
    def test_names_the_profiles_there_are(self, name: str) -> None:
        with pytest.raises(ProfileError, match=r"There are: uk_nrm\."):
            load_profile(name)

    @pytest.mark.parametrize(
        ("find", "instead", "words"),
        [
            ('gender = "gender"', "", "columns.gender: missing"),
            ("[labels.nationalities]", "[labels.others]", "labels.nationalities: missing"),
            ("[labels.gender]", "[labels.others]", "labels.gender: missing"),
            ('= "MALE"', '= "MAN"', "labels.gender: 'MAN' is not one of our codes"),
            ('= "AFG"', '= "afg+x"', "labels.nationalities: 'afg\\+x' is not a code"),
            ("[columns]", "[columns", "mine.toml: "),
        ],
    )
    def test_refuses_what_cannot_be_used(self, write, find: str, instead: str, words: str) -> None:
        text = WHOLE.read_text()
        assert find in text
        with pytest.raises(ProfileError, match=words):
            load_profile(write(text.replace(find, instead, 1)))

    def test_refuses_a_name_too_long_for_the_keys(self, write) -> None:
        name = write(WHOLE.read_text(), "a" * 21)
        with pytest.raises(ProfileError, match="longer than 20"):
            load_profile(name)

    def test_reads_a_profile_that_is_put_there(self, write) -> None:
        assert load_profile(write(WHOLE.read_text())).title.startswith("UK")
        assert profile_names() == ["mine"]


class TestLabels:
    def test_fold_white_space_and_nothing_else(self) -> None:
        profile = load_profile("uk_nrm")
        assert profile.codes("gender", " Not   Recorded ") == ("NOT_RECORDED",)
        with pytest.raises(UnknownLabel):
            profile.codes("gender", "not recorded")

    def test_give_several_codes_in_their_order(self) -> None:
        profile = load_profile("uk_nrm")
        assert profile.codes("exploitation", "Labour, Sexual & Criminal") == (
            "FORCED_LABOUR",
            "SEXUAL",
            "FORCED_CRIMINALITY",
        )
        assert profile.joined("exploitation", "Labour & Sexual") == "SEXUAL+FORCED_LABOUR"
