"""A text document as DOCX (Office Open XML), for minutes and letters that people go on writing.

Headings, paragraphs and tables; nothing else is needed. The same content gives the same bytes.
"""

from collections.abc import Iterable, Sequence
from io import BytesIO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPES = (
    _HEAD + '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
    'relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-'
    'officedocument.wordprocessingml.document.main+xml"/>'
    '<Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-'
    'officedocument.wordprocessingml.styles+xml"/>'
    '<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-'
    'package.core-properties+xml"/></Types>'
)
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_RELS = (
    _HEAD + f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATION}/officeDocument" Target="word/document.xml"/>'
    f'<Relationship Id="rId2" Type="{_PACKAGE}/relationships/metadata/core-properties" '
    'Target="docProps/core.xml"/></Relationships>'
)
_DOCUMENT_RELS = (
    _HEAD + f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATION}/styles" Target="styles.xml"/></Relationships>'
)
_SIZES = {1: 36, 2: 28, 3: 24}
"""Half points of each level of heading."""
_PAGE = (
    '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1134" w:right="1134" '
    'w:bottom="1134" w:left="1134" w:header="567" w:footer="567" w:gutter="0"/></w:sectPr>'
)


class Document:
    """A document that is written from top to bottom."""

    def __init__(self, title: str, *, language: str, is_rtl: bool = False) -> None:
        self._title, self._language, self._is_rtl = title, language, is_rtl
        self._parts: list[str] = []
        self.heading(title, 1)

    def heading(self, text: str, level: int = 2) -> None:
        """A heading of level 1 to 3."""
        self._parts.append(self._paragraph(text, f"Heading{level}"))

    def text(self, words: str) -> None:
        """Paragraphs, one a line; an empty line is left out."""
        for line in words.splitlines():
            if _plain(line).strip():
                self._parts.append(self._paragraph(line, ""))

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A table whose first row is repeated on every page."""
        width = 9638 // max(len(heads), 1)
        grid = f'<w:gridCol w:w="{width}"/>' * len(heads)
        head = "".join(self._cell(each, width, is_head=True) for each in heads)
        body = "".join(
            f"<w:tr>{''.join(self._cell(each, width) for each in row)}</w:tr>" for row in rows
        )
        visual = "<w:bidiVisual/>" if self._is_rtl else ""
        self._parts.append(
            f'<w:tbl><w:tblPr><w:tblStyle w:val="Grid"/>{visual}'
            '<w:tblW w:w="5000" w:type="pct"/></w:tblPr>'
            f"<w:tblGrid>{grid}</w:tblGrid>"
            f"<w:tr><w:trPr><w:tblHeader/></w:trPr>{head}</w:tr>{body}</w:tbl>"
        )
        # Word asks for a paragraph behind a table.
        self._parts.append("<w:p/>")

    def to_bytes(self) -> bytes:
        """The file."""
        document = (
            f'{_HEAD}<w:document xmlns:w="{_W}"><w:body>{"".join(self._parts)}{_PAGE}</w:body>'
            "</w:document>"
        )
        parts = {
            "[Content_Types].xml": _TYPES,
            "_rels/.rels": _RELS,
            "docProps/core.xml": self._core(),
            "word/_rels/document.xml.rels": _DOCUMENT_RELS,
            "word/document.xml": document,
            "word/styles.xml": self._styles(),
        }
        buffer = BytesIO()
        with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                entry = ZipInfo(name)
                entry.compress_type = ZIP_DEFLATED
                archive.writestr(entry, content)
        return buffer.getvalue()

    def _cell(self, text: str, width: int, *, is_head: bool = False) -> str:
        lines = text.splitlines() or [""]
        words = "".join(self._paragraph(line, "", is_bold=is_head) for line in lines)
        return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{words}</w:tc>'

    def _paragraph(self, text: str, style: str, *, is_bold: bool = False) -> str:
        named = f'<w:pStyle w:val="{style}"/>' if style else ""
        bidi = "<w:bidi/>" if self._is_rtl else ""
        run = f"<w:rPr>{'<w:b/>' if is_bold else ''}{'<w:rtl/>' if self._is_rtl else ''}</w:rPr>"
        return (
            f"<w:p><w:pPr>{named}{bidi}</w:pPr><w:r>{run}"
            f'<w:t xml:space="preserve">{_plain(text)}</w:t></w:r></w:p>'
        )

    def _core(self) -> str:
        return (
            f'{_HEAD}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f"<dc:title>{_plain(self._title)}</dc:title>"
            f"<dc:language>{_plain(self._language)}</dc:language></cp:coreProperties>"
        )

    def _styles(self) -> str:
        headings = "".join(
            f'<w:style w:type="paragraph" w:styleId="Heading{level}">'
            f'<w:name w:val="heading {level}"/><w:basedOn w:val="Normal"/><w:next w:val="Normal"/>'
            '<w:pPr><w:keepNext/><w:spacing w:before="240" w:after="120"/>'
            f'<w:outlineLvl w:val="{level - 1}"/></w:pPr>'
            f'<w:rPr><w:b/><w:sz w:val="{size}"/></w:rPr></w:style>'
            for level, size in _SIZES.items()
        )
        sides = "".join(
            f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="808080"/>'
            for side in ("top", "left", "bottom", "right", "insideH", "insideV")
        )
        return (
            f'{_HEAD}<w:styles xmlns:w="{_W}"><w:docDefaults><w:rPrDefault><w:rPr>'
            '<w:rFonts w:ascii="Arial" w:hAnsi="Arial" w:cs="Arial"/><w:sz w:val="22"/>'
            f'<w:lang w:val="{_plain(self._language)}"/></w:rPr></w:rPrDefault>'
            '<w:pPrDefault><w:pPr><w:spacing w:after="120"/></w:pPr></w:pPrDefault>'
            '</w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="Normal">'
            f'<w:name w:val="Normal"/></w:style>{headings}'
            '<w:style w:type="table" w:styleId="Grid"><w:name w:val="Table Grid"/>'
            f"<w:tblPr><w:tblBorders>{sides}</w:tblBorders></w:tblPr></w:style></w:styles>"
        )


def _plain(text: str) -> str:
    """Without the signs that XML has no place for."""
    return escape("".join(sign for sign in text if sign.isprintable() or sign == "\t"))
