"""A text document: what Word reads, and what cannot break it."""

import io
import zipfile
from xml.etree import ElementTree as tree

from common.docx import Document

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def parts(document: Document) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(document.to_bytes())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


class TestDocument:
    def test_is_a_package_whose_every_part_is_xml(self) -> None:
        document = Document("Minutes", language="en")
        document.text("One.\n\nTwo.")
        document.table(["Seat", "Vote"], [("A", "Yes"), ("B", "No")])
        found = parts(document)
        assert next(iter(found)) == "[Content_Types].xml"
        for content in found.values():
            tree.fromstring(content)  # noqa: S314 - our own
        root = tree.fromstring(found["word/document.xml"])  # noqa: S314 - our own
        words = [node.text for node in root.iter(f"{W}t")]
        assert words == ["Minutes", "One.", "Two.", "Seat", "Vote", "A", "Yes", "B", "No"]
        assert len(root.findall(f".//{W}tblHeader")) == 1

    def test_takes_signs_that_xml_has_no_place_for(self) -> None:
        document = Document("A < B & C", language="en")
        document.text("\x00\x0b<w:t>&amp;\ud7ff")
        root = tree.fromstring(parts(document)["word/document.xml"])  # noqa: S314 - our own
        assert [node.text for node in root.iter(f"{W}t")][:1] == ["A < B & C"]
        assert "<w:t>&amp;" in [node.text for node in root.iter(f"{W}t")][1]

    def test_gives_the_same_bytes_for_the_same_words(self) -> None:
        one, two = (Document("Same", language="uk") for _n in range(2))
        assert one.to_bytes() == two.to_bytes()

    def test_is_written_from_right_to_left_where_the_language_is(self) -> None:
        document = Document("محضر", language="ar", is_rtl=True)
        document.table(["مقعد"], [("نعم",)])
        content = parts(document)["word/document.xml"].decode()
        assert "<w:bidi/>" in content
        assert "<w:bidiVisual/>" in content
