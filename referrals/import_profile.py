"""How one publication or register writes its columns and labels, read from a TOML file.

Here: the profile and the translation of a label into our codes, both ways. Not here: reading a
file's rows (`referrals/imports.py`) and writing them (`referrals/services/imports.py`).
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.utils.translation import gettext as _

from common.fields import SEPARATOR
from referrals.choices import AgeGroup, Exploitation, Gender, Outcome, ResponderType

FOLDER = Path(__file__).parent / "import_profiles"
LONGEST_NAME = 20
"""Of a profile: it stands in the key of every row imported by it."""

#: Every column a profile names; the last four may be empty in a row.
COLUMNS = (
    "received_on",
    "responder_type",
    "first_responder",
    "exploitation",
    "age_at_exploitation",
    "gender",
    "nationalities",
    "preliminary",
    "preliminary_on",
    "conclusive",
    "conclusive_on",
)
CODES: Mapping[str, frozenset[str]] = {
    "responder_type": frozenset(ResponderType.values),
    "age_at_exploitation": frozenset(AgeGroup.values),
    "gender": frozenset(Gender.values),
    "outcome": frozenset(Outcome.values),
    "exploitation": frozenset(Exploitation.values),
}
LABELLED = (*CODES, "nationalities")
_CODE = re.compile(r"[A-Z][A-Z0-9_]*")
_DIVIDER = re.compile(r", | & ")


class ProfileError(ValueError):
    """No such profile, or one that cannot be used; the text says what to do."""


class UnknownLabel(ValueError):
    """A label the profile does not translate."""


@dataclass(frozen=True)
class ImportProfile:
    """Column names of the file by ours, and codes by label for each coded column."""

    name: str
    title: str
    columns: Mapping[str, str]
    labels: Mapping[str, Mapping[str, str]]

    def codes(self, column: str, label: str) -> tuple[str, ...]:
        """Our codes for a label, in the order the label gives them. Raises UnknownLabel."""
        folded = " ".join(label.split())
        translate = self.labels["outcome" if column in ("preliminary", "conclusive") else column]
        if column == "nationalities":
            return self._side_by_side(folded, translate)
        if column == "exploitation":
            return tuple(self._one(part, translate) for part in _DIVIDER.split(folded))
        return (self._one(folded, translate),)

    def joined(self, column: str, label: str) -> str:
        """The codes as a report's cell key: several joined by "+" in their stored order."""
        codes = self.codes(column, label)
        if column == "exploitation":
            codes = tuple(sorted(codes, key=Exploitation.values.index))
        return SEPARATOR.join(dict.fromkeys(codes))

    @staticmethod
    def _one(label: str, translate: Mapping[str, str]) -> str:
        try:
            return translate[label]
        except KeyError:
            raise UnknownLabel(label) from None

    @staticmethod
    def _side_by_side(label: str, translate: Mapping[str, str]) -> tuple[str, ...]:
        """Each word taken as long as it can be: "South Sudanese" is one, not two."""
        words, codes = label.split(), []
        while words:
            for length in range(len(words), 0, -1):
                if code := translate.get(" ".join(words[:length])):
                    codes.append(code)
                    words = words[length:]
                    break
            else:
                raise UnknownLabel(label)
        if not codes:
            raise UnknownLabel(label)
        return tuple(codes)


def profile_names() -> list[str]:
    """The profiles that are installed."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@lru_cache
def load_profile(name: str) -> ImportProfile:
    """The profile of that name. Raises ProfileError, naming the ones there are."""
    if name not in profile_names():
        raise ProfileError(
            _("There is no import profile “%(name)s”. There are: %(names)s.")
            % {"name": name, "names": ", ".join(profile_names())}
        )
    try:
        values = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError(f"{name}.toml: {error}") from None
    columns, labels = values.get("columns", {}), values.get("labels", {})
    problems = [f"columns.{column}: missing" for column in COLUMNS if column not in columns]
    problems += [f"labels.{column}: missing" for column in LABELLED if column not in labels]
    problems += [
        f"labels.nationalities: {code!r} is not a code in capital letters"
        for code in labels.get("nationalities", {}).values()
        if not _CODE.fullmatch(str(code))
    ]
    if len(name) > LONGEST_NAME:
        problems.append(f"the name is longer than {LONGEST_NAME} characters")
    problems += [
        f"labels.{column}: {code!r} is not one of our codes"
        for column, known in CODES.items()
        for code in labels.get(column, {}).values()
        if code not in known
    ]
    if problems:
        raise ProfileError(f"{name}.toml: " + "; ".join(problems))
    return ImportProfile(name, values.get("title", name), columns, labels)
