"""What may be attached, and what is cut out of it."""

import io
import struct
import zlib

import pytest
from django.core.exceptions import ValidationError
from PIL import Image

from common import uploads
from common.uploads import checked

WHERE = b"Invented village, 12.34 N"


def jpeg() -> bytes:
    """A picture with where it was taken in EXIF, in a comment and behind its end."""
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = WHERE.decode()
    Image.new("RGB", (8, 8), "red").save(out, "JPEG", exif=exif, comment=WHERE)
    return out.getvalue() + WHERE


def jpeg_of_a_telephone() -> bytes:
    """Two pictures in one file, as telephones store them: the second has EXIF of its own."""
    plain = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(plain, "JPEG")
    return plain.getvalue() + jpeg() + b"\xff\xd9"


def jpeg_in_several_scans() -> bytes:
    """A progressive picture with a comment between two of its scans."""
    out = io.BytesIO()
    Image.effect_noise((64, 64), 90).convert("RGB").save(out, "JPEG", progressive=True)
    content = out.getvalue()
    second = content.index(b"\xff\xda", content.index(b"\xff\xda") + 2)
    comment = b"\xff\xfe" + struct.pack(">H", len(WHERE) + 2) + WHERE
    return content[:second] + comment + content[second:]


def png() -> bytes:
    plain = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(plain, "PNG")
    head, rest = plain.getvalue()[:33], plain.getvalue()[33:]
    body = b"tEXt" + b"Comment\0" + WHERE
    text = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return head + text + rest + WHERE


class TestChecked:
    @pytest.mark.parametrize(
        ("name", "content", "ending"),
        [
            ("a.pdf", b"%PDF-1.7 invented", "pdf"),
            ("A.PDF", b"%PDF-1.7 invented", "pdf"),
            ("a.jpeg", jpeg(), "jpg"),
            ("a.png", png(), "png"),
            ("a.txt", "Слова.\n".encode(), "txt"),
        ],
    )
    def test_takes(self, name: str, content: bytes, ending: str) -> None:
        assert checked(name=name, content=content).ending == ending

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("a.pdf", b"MZ\x90\x00"),
            ("a.png", jpeg()),
            ("a.svg", b"<svg onload='x'>"),
            ("a.html", b"<script>"),
            ("a.docx", b"PK\x03\x04"),
            ("a.txt", b"\x00\x01"),
            ("a", b"words"),
            ("a.txt", b""),
            ("a.txt", b"x" * (uploads.LARGEST + 1)),
            ("a.jpg", jpeg()[:40]),
            ("a.jpg", jpeg()[: -len(WHERE) - 2]),
            ("a.jpg", b"\xff\xd8" + b"\xff\xda\x00\x02" * 100_000 + b"\xff\xd9"),
            ("a.png", png()[:40]),
            ("a.png", png()[:16] + struct.pack(">II", 60_000, 60_000) + png()[24:]),
        ],
    )
    def test_refuses(self, name: str, content: bytes) -> None:
        with pytest.raises(ValidationError):
            checked(name=name, content=content)

    @pytest.mark.parametrize(("name", "content"), [("a.jpg", jpeg()), ("a.png", png())])
    def test_cuts_out_where_a_picture_was_taken_and_leaves_the_picture(
        self, name: str, content: bytes
    ) -> None:
        assert WHERE in content
        kept = checked(name=name, content=content).content
        assert WHERE not in kept
        assert Image.open(io.BytesIO(kept)).convert("RGB").getpixel((4, 4))[0] > 200

    @pytest.mark.parametrize("content", [jpeg_of_a_telephone(), jpeg_in_several_scans()])
    def test_cuts_it_out_wherever_in_the_file_it_stands(self, content: bytes) -> None:
        assert WHERE in content
        kept = checked(name="a.jpg", content=content).content
        assert WHERE not in kept
        before, after = (Image.open(io.BytesIO(each)).convert("RGB") for each in (content, kept))
        assert before.tobytes() == after.tobytes()

    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            ("../../etc/a.txt", "a.txt"),
            ("C:\\files\\a.txt", "a.txt"),
            ("a\u202egnp\r\n.txt", "agnp.txt"),
        ],
    )
    def test_keeps_the_last_part_of_the_name(self, name: str, shown: str) -> None:
        assert checked(name=name, content=b"words").name == shown
