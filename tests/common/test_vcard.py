"""Cards as RFC 6350 wants them: escaped, folded, nothing smuggled in."""

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from common.vcard import Card, to_vcf

UID = UUID("00000000-0000-4000-8000-000000000001")


def unfolded(vcf: bytes) -> list[str]:
    return vcf.decode().replace("\r\n ", "").split("\r\n")


class TestToVcf:
    def test_writes_what_a_card_holds_in_order(self) -> None:
        card = Card(
            UID,
            "Ada Example",
            organisation="Lantern House",
            title="Duty officer",
            phones=["+000 111", "+000 112"],
            emails=["duty@example.org"],
            languages=["en"],
            note="Mon–Fri 08:00–16:00",
            changed_at=datetime(2026, 3, 2, 8, 0, tzinfo=UTC),
        )
        assert unfolded(to_vcf([card])) == [
            "BEGIN:VCARD",
            "VERSION:4.0",
            "KIND:individual",
            f"UID:urn:uuid:{UID}",
            "FN:Ada Example",
            "ORG:Lantern House",
            "TITLE:Duty officer",
            "TEL;VALUE=text;PREF=1:+000 111",
            "TEL;VALUE=text;PREF=2:+000 112",
            "EMAIL;PREF=1:duty@example.org",
            "LANG;PREF=1:en",
            "NOTE:Mon–Fri 08:00–16:00",
            "REV:20260302T080000Z",
            "END:VCARD",
            "",
        ]

    def test_a_name_begins_no_property_of_its_own(self) -> None:
        card = Card(UID, "Ada; the, first\\\r\nTEL:+666\x07")
        lines = unfolded(to_vcf([card]))
        assert lines[4] == "FN:Ada\\; the\\, first\\\\\\nTEL:+666"
        assert not any(line.startswith("TEL") for line in lines)

    @given(st.text(alphabet="aé中🙂, ;", max_size=300))
    def test_no_line_is_longer_than_75_octets_and_none_is_lost(self, note: str) -> None:
        vcf = to_vcf([Card(UID, "Ada", note=f"x{note}")])
        assert max(len(line) for line in vcf.split(b"\r\n")) <= 75
        for line in vcf.split(b"\r\n"):
            line.decode()  # no sign is cut in two
        escaped = note.replace(",", "\\,").replace(";", "\\;")
        assert f"NOTE:x{escaped}" in unfolded(vcf)

    def test_puts_one_card_after_another(self) -> None:
        assert to_vcf([Card(UID, "Ada"), Card(UID, "Ben")]).count(b"BEGIN:VCARD\r\n") == 2
