"""The kinds of mail, and the few things a mail may say: a count, a date, links into this site.

Texts are `templates/deadlines/mail/<kind>_subject.txt` and `_body.txt`. Sending is
`deadlines.services.mail`.
"""

from dataclasses import dataclass

ALLOWED = frozenset({"count", "date", "stop", "url"})
"""Every variable a mail may have: nothing about a person, a case or an organisation. `stop` is the
link that ends such mails, empty where they cannot be ended."""


@dataclass(frozen=True)
class MailKind:
    """One kind of mail and the variables its text uses."""

    code: str
    variables: frozenset[str]

    @property
    def subject_template(self) -> str:
        return f"deadlines/mail/{self.code}_subject.txt"

    @property
    def body_template(self) -> str:
        return f"deadlines/mail/{self.code}_body.txt"


_kinds: dict[str, MailKind] = {}


def register(kind: str, *, variables: frozenset[str]) -> None:
    """Make a kind of mail known. Raises ValueError for a variable that no mail may have."""
    if not variables <= ALLOWED:
        raise ValueError(f"A mail may only have {', '.join(sorted(ALLOWED))}.")
    _kinds[kind] = MailKind(kind, variables)


def kind_of(code: str) -> MailKind | None:
    """The kind registered under this name, or None: a row may outlive the code that wrote it."""
    return _kinds.get(code)


def all_kinds() -> tuple[MailKind, ...]:
    """Every kind known, by name."""
    return tuple(_kinds[code] for code in sorted(_kinds))


def forget(kind: str) -> None:
    """Take a kind out again. For tests."""
    _kinds.pop(kind, None)
