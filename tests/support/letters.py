"""What a mail may say: words of our own templates, numbers, a day, links that name nobody.

Every mail of every test is read here before it "leaves" (tests/conftest.py). A word no template
has, such as a name, a reference or a line of a case, is a fault.
"""

import re
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import allauth
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import translation
from django.utils.dates import MONTHS

FOLDERS = (
    Path(settings.BASE_DIR) / "templates" / "deadlines" / "mail",
    *(Path(allauth.__file__).parent / "templates" / name / "email" for name in ("account", "mfa")),
)
SITE_WORDS = {"concord", "localhost", "testserver", "https", "http", "utc"}
LINK = re.compile(r"https?://[^\s>]+")
CODE = re.compile(r"{[{%#].*?[}%#]}", re.DOTALL)
LITERAL = re.compile(r"[\"'](.*?)[\"']", re.DOTALL)
PLACE = re.compile(r"%\(\w+\)s")
WORD = re.compile(r"[^\W\d_]+(?:[’'][^\W\d_]+)?")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-", re.IGNORECASE)
WITH_UUID = "/mail/stop/"
"""The one link that carries an id: the receiver's own, signed."""
HEADERS = {
    "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "List-Unsubscribe",
    "List-Unsubscribe-Post",
}  # fmt: skip


@cache
def known_words() -> frozenset[str]:
    """Every word of the templates mails are written from, and the months of a date."""
    words = set(SITE_WORDS)
    for folder in FOLDERS:
        for file in folder.glob("*.txt"):
            source = file.read_text()
            words |= _words(CODE.sub(" ", source) + " ".join(LITERAL.findall(source)))
    in_english = frozenset(words)
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            words |= _words(" ".join(map(str, MONTHS.values())))
        words |= _translated(language, in_english)
    return frozenset(words)


def _words(text: str) -> set[str]:
    return {word.lower() for word in WORD.findall(text)}


def _translated(language: str, in_english: frozenset[str]) -> set[str]:
    """The words of the sentences which in English are made of a mail's words alone."""
    file = Path(settings.BASE_DIR) / "locale" / language / "LC_MESSAGES" / "django.po"
    if not file.exists():
        return set()
    words = set()
    with file.open("rb") as opened:
        for entry in read_po(opened):
            asked = entry.id if isinstance(entry.id, str) else " ".join(entry.id)
            if _words(PLACE.sub(" ", asked)) <= in_english:
                said = entry.string if isinstance(entry.string, str) else " ".join(entry.string)
                words |= _words(PLACE.sub(" ", said))
    return words


def faults(letter: EmailMessage) -> list[str]:
    """What this mail says that no mail may: empty when it is fit to leave."""
    found = []
    body, headers = str(letter.body), dict(letter.extra_headers)
    if letter.attachments or getattr(letter, "alternatives", None):
        found.append("more than plain text")
    if len(letter.recipients()) != 1:
        found.append("not one receiver")
    if not set(headers) <= HEADERS:
        found.append(f"headers {sorted(set(headers) - HEADERS)}")
    if headers.get("Auto-Submitted") != "auto-generated":
        found.append("does not say that a program wrote it")
    for link in LINK.findall(body):
        address = urlsplit(link)
        if UUID.search(address.path) and WITH_UUID not in address.path:
            found.append("a link with an id")
        if address.query and "=" in address.query and "@" in address.query:
            found.append("a link with an address")
    said = f"{letter.subject}\n{LINK.sub(' ', body)}"
    if "@" in said:
        found.append("an address")
    strange = {word for word in WORD.findall(said) if word.lower() not in known_words()}
    # The words themselves may be somebody's name: only the first letters are told.
    found += sorted(f"a word of no template: {word[:3]}…" for word in strange)
    return found
