"""A PDF is accessible, reads right in both directions, and reaches nothing outside itself."""

import base64
import io
import logging
import socket
import struct
import subprocess
import sys
import threading
import zlib
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pypdf
import pytest
from django.template import Context, Template
from django.utils import translation

from common import pdf
from common.charts import bar_chart
from common.pdf import ASSETS, PdfRefused, PdfUnavailable, html_to_pdf, render_pdf

TOKEN = "canary-7d1f0c55"
REPORT = {
    "title": "Quarterly report",
    "mechanism": "Referral mechanism of Exampleland",
    "period": "2023-Q1",
    "classification": "For publication",
    "generated_at": datetime(2023, 4, 12, 9, 0, tzinfo=UTC),
}


def page(body: str = "", head: str = "", language: str = "en", direction: str = "ltr") -> str:
    return (
        f'<!DOCTYPE html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8">'
        f"<title>A page</title>{head}</head><body>{body}</body></html>"
    )


def report(body: str, language: str = "en", **context: object) -> bytes:
    """`body` as the content of a report."""
    source = "{% extends 'base_print.html' %}{% block content %}" + body + "{% endblock %}"
    with translation.override(language):
        return html_to_pdf(Template(source).render(Context({**REPORT, **context})))


def png(width: int = 2, height: int = 2) -> bytes:
    """A PNG whose header says `width` × `height`; its pixels are right for the small ones only."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(
        b"".join(b"\x00" + b"\x7f" * min(width, 9) for _row in range(min(height, 9)))
    )
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )  # fmt: skip


def data_url(picture: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(picture).decode()


def read(data: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(data))


def everything(data: bytes) -> bytes:
    """All bytes of a PDF with each stream unpacked, attachments included."""
    reader = read(data)
    parts = [data]
    for number in {*reader.xref[0], *reader.xref_objStm}:
        found = reader.get_object(number)
        if isinstance(found, pypdf.generic.StreamObject):
            parts.append(found.get_data())
    return b"\n".join(parts)


class Canary:
    """A server on loopback that counts who asks, and a file that only a leak could show."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "canary.txt"
        self.file.write_text(TOKEN)
        self.asked: list[str] = []
        canary = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                canary.asked.append(self.path)
                if self.path.startswith("/redirect"):
                    self.send_response(302)
                    self.send_header("Location", canary.file.as_uri())
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                body = png() if self.path.endswith(".png") else f"/* {TOKEN} */".encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                kind = "image/png" if self.path.endswith(".png") else "text/css"
                self.send_header("Content-Type", kind)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                """Nothing: the test counts."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()
        self.http = f"http://127.0.0.1:{self.server.server_port}"
        self.ftp_listener = socket.create_server(("127.0.0.1", 0))
        self.ftp_listener.settimeout(0)
        self.ftp = f"ftp://127.0.0.1:{self.ftp_listener.getsockname()[1]}"

    def was_called(self) -> bool:
        try:
            self.ftp_listener.accept()[0].close()
        except BlockingIOError:
            return bool(self.asked)
        return True

    def fill(self, text: str) -> str:
        svg = f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{self.http}/n.png"/></svg>'
        return (
            text.replace("HTTP", self.http)
            .replace("FILE", self.file.as_uri())
            .replace("PATH", str(self.file))
            .replace("FTP", self.ftp)
            .replace("NESTED", base64.b64encode(svg.encode()).decode())
        )

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
        self.ftp_listener.close()


@pytest.fixture
def canary(tmp_path, socket_enabled):
    canary = Canary(tmp_path)
    yield canary
    canary.close()


# Name: (head, body, the stock fetcher's guilt: "asks" the server, "shows" the file, "" not tried).
VECTORS = {
    "img": ("", '<img src="HTTP/x.png" alt="x">', "asks"),
    "link": ('<link rel="stylesheet" href="HTTP/x.css">', "", "asks"),
    "import": ('<style>@import url("HTTP/x.css");</style>', "", "asks"),
    "font-face": (
        '<style>@font-face{font-family:F;src:url("HTTP/x.woff2")}p{font-family:F}</style>',
        "<p>x</p>",
        "asks",
    ),
    "link rel=attachment": ('<link rel="attachment" href="FILE">', "", "shows"),
    "a rel=attachment": ("", '<a rel="attachment" href="FILE">x</a>', "shows"),
    "svg image": (
        "",
        '<svg width="9" height="9"><image width="9" height="9" href="HTTP/x.png"/></svg>',
        "asks",
    ),
    "object": ("", '<object data="HTTP/x.png"></object>', "asks"),
    "embed": ("", '<embed src="HTTP/x.png">', "asks"),
    "background": ("", '<p style="background:url(HTTP/x.png)">x</p>', "asks"),
    "redirect to file": ('<link rel="attachment" href="HTTP/redirect">', "", "asks"),
    "file": ("", '<img src="FILE" alt="x">', ""),
    "ftp": ("", '<img src="FTP/x.png" alt="x">', ""),
    "base": ('<base href="HTTP/">', '<img src="x.png" alt="x">', "asks"),
    "content": ("<style>p::before{content:url(HTTP/x.png)}</style>", "<p>x</p>", "asks"),
    "nested svg data": ("", '<img src="data:image/svg+xml;base64,NESTED" alt="x">', "asks"),
    "list-style-image": ("", '<ul style="list-style-image:url(HTTP/x.png)"><li>x</ul>', "asks"),
    "traversal": ("", '<img src="static:../../../../../..PATH" alt="x">', ""),
    # Beyond the eighteen of security.md §2.10 (the last of them, stylesheets=, has its own test).
    "protocol-relative": ('<base href="HTTP/">', '<img src="//127.0.0.1/x.png" alt="x">', ""),
    "relative": ("", '<img src="PATH" alt="x">', ""),
    "encoded traversal": ("", '<img src="static:%2e%2e/%2e%2ePATH" alt="x">', ""),
    "static with authority": ("", '<img src="static://127.0.0.1/report.css" alt="x">', ""),
    "upper case": ("", '<img src="STATIC:mark.svg" alt="x">', ""),
    "data css": ('<link rel="stylesheet" href="data:text/css,p{}">', "", ""),
    "data svg": ("", '<img src="data:image/svg+xml,<svg/>" alt="x">', ""),
    "data attachment": ('<link rel="attachment" href="data:text/plain,x">', "", ""),
    "border-image": (
        "",
        '<p style="border:9px solid;border-image:url(HTTP/x.png) 9">x</p>',
        "asks",
    ),
    "@page background": ("<style>@page{background:url(HTTP/x.png)}</style>", "<p>x</p>", "asks"),
    "margin box": ("<style>@page{@top-left{content:url(HTTP/x.png)}}</style>", "<p>x</p>", "asks"),
}
# WeasyPrint 70 does not follow these, so nothing is refused; they are watched all the same.
NOT_FOLLOWED = {
    "svg use": '<svg width="9" height="9"><use href="FILE#a"/><use href="HTTP/x.svg#a"/></svg>',
    "svg fill": '<svg width="9" height="9"><rect width="9" height="9" fill="url(HTTP/x#a)"/></svg>',
    "svg stylesheet": '<svg width="9" height="9"><style>@import "HTTP/x.css";</style></svg>',
    "script": '<script src="HTTP/x.js"></script>',
    "iframe": '<iframe src="HTTP/x.html"></iframe>',
    "video": '<video src="HTTP/x.mp4" poster="HTTP/x.png"></video>',
    "meta refresh": '<meta http-equiv="refresh" content="0;url=HTTP/">',
    "form": '<form action="HTTP/"><input type="image" src="HTTP/x.png"></form>',
    "anchor": '<a href="HTTP/x.html">x</a> <a href="FILE">x</a>',
}


class TestClosedFetcher:
    @pytest.mark.parametrize("name", VECTORS)
    def test_reaches_nothing_outside(self, canary, name):
        head, body, _guilt = VECTORS[name]
        with pytest.raises(PdfRefused, match="refers to something outside itself") as caught:
            html_to_pdf(canary.fill(page(body, head)))
        assert not canary.was_called()
        assert str(canary.file) not in str(caught.value)
        assert canary.http not in str(caught.value)

    @pytest.mark.parametrize("name", NOT_FOLLOWED)
    def test_leaves_alone_what_is_not_followed(self, canary, name):
        data = html_to_pdf(canary.fill(page(NOT_FOLLOWED[name])))
        assert not canary.was_called()
        assert TOKEN.encode() not in everything(data)

    def test_reaches_nothing_through_the_stylesheets_parameter(self, canary):
        for url in (f"{canary.http}/x.css", canary.file.as_uri(), str(canary.file), "../x.css"):
            with pytest.raises(PdfRefused, match="refers to something outside itself"):
                html_to_pdf(page("<p>x</p>"), stylesheets=[url])
        assert not canary.was_called()

    @pytest.mark.parametrize("name", [name for name, vector in VECTORS.items() if vector[2]])
    def test_would_be_needed_with_the_stock_fetcher(self, canary, name):
        """The negative control: each probe is alive."""
        import weasyprint

        head, body, guilt = VECTORS[name]
        document = weasyprint.HTML(string=canary.fill(page(body, head)))
        try:
            data = document.write_pdf()
        finally:
            asked = canary.was_called()
        if guilt == "asks":
            assert asked
        else:
            assert TOKEN.encode() in everything(data)

    def test_ends_in_an_ordinary_exception(self):
        with pytest.raises(PdfRefused) as caught:
            html_to_pdf(page('<img src="http://192.0.2.1/?name=somebody" alt="x">'))
        assert isinstance(caught.value, Exception)
        assert "somebody" not in str(caught.value)

    @pytest.mark.parametrize("name", ASSETS)
    def test_serves_the_assets_it_names(self, name):
        media_type, path = ASSETS[name]
        assert pdf._serve(f"static:{name}") == (media_type, path.read_bytes())

    def test_serves_a_small_png(self):
        data = html_to_pdf(page(f'<img src="{data_url(png())}" alt="two by two">'))
        assert len(read(data).pages[0].images) == 1

    @pytest.mark.parametrize(
        "url",
        [
            data_url(b""),
            data_url(b"GIF89a" + b"x" * 40),
            data_url(png()[:20]),
            data_url(png(60_000, 60_000)),
            data_url(png(0, 5)),
            data_url(png() + b"x" * pdf.LARGEST_PICTURE),
            data_url(png()) + "!",
            data_url(png()).replace("image/png", "image/svg+xml"),
            data_url(png()).replace("image/png", "text/css"),
            "static:",
            "static:REPORT.CSS",
            "static:report.css?x",
            "static:pdf/report.css",
            "static:./report.css",
            " static:report.css",
            "",
        ],
    )
    def test_serves_nothing_like_it(self, url):
        assert pdf._serve(url) is None

    def test_needs_the_weasyprint_whose_fetcher_cannot_be_passed_by(self):
        import weasyprint

        assert int(weasyprint.__version__.split(".")[0]) >= 70


class TestHtmlToPdf:
    def test_is_tagged_and_says_so(self):
        reader = read(report("<h2>Part</h2><p>Text</p>"))
        root = reader.root_object
        assert root["/MarkInfo"]["/Marked"]
        assert root["/Lang"] == "en"
        assert root["/ViewerPreferences"]["/DisplayDocTitle"]
        assert "/StructTreeRoot" in root
        xmp = root["/Metadata"].get_data().decode()
        assert 'pdfuaid:part="1"' in xmp or "<pdfuaid:part>1</pdfuaid:part>" in xmp
        assert reader.metadata.title == "Quarterly report, 2023-Q1"
        assert reader.metadata.author == "Referral mechanism of Exampleland"

    def test_gives_the_same_bytes_twice(self):
        assert report("<p>Text</p>") == report("<p>Text</p>")
        assert report("<p>Text</p>") != report("<p>Other</p>")

    @pytest.mark.parametrize(
        ("html", "message"),
        [
            (page().replace(' lang="en"', ""), "language"),
            (page().replace('lang="en"', 'lang=" "'), "language"),
            (page().replace("A page", " "), "title"),
            (page().replace("<title>A page</title>", ""), "title"),
        ],
    )
    def test_refuses_what_cannot_be_accessible(self, html, message):
        with pytest.raises(PdfRefused, match=message):
            html_to_pdf(html)

    def test_refuses_a_long_listing(self, monkeypatch):
        table = "<table>" + "<tr><td>x</td></tr>" * 3 + "</table>"
        monkeypatch.setattr(pdf, "MOST_ROWS_IN_A_TABLE", 3)
        monkeypatch.setattr(pdf, "MOST_ROWS_IN_ALL", 6)
        assert html_to_pdf(page(table * 2))
        with pytest.raises(PdfRefused, match="9 rows"):
            html_to_pdf(page(table * 3))
        with pytest.raises(PdfRefused, match="4 rows"):
            html_to_pdf(page(table.replace("</table>", "<tr><td>x</td></tr></table>")))

    def test_refuses_an_endless_document(self, monkeypatch):
        monkeypatch.setattr(pdf, "LONGEST_HTML", 100)
        with pytest.raises(PdfRefused, match="too long"):
            html_to_pdf(page("x" * 100))

    def test_names_the_packages_where_pango_is_missing(self, monkeypatch):
        def missing(_name: str) -> None:
            raise OSError("cannot load library 'libpango-1.0-0'")

        monkeypatch.setattr(pdf, "import_module", missing)
        with pytest.raises(PdfUnavailable, match="apt-get install libpango-1.0-0"):
            html_to_pdf(page())

    def test_costs_nothing_until_it_is_used(self):
        """The application starts where Pango is missing."""
        source = "import sys, common.pdf; sys.exit('weasyprint' in sys.modules)"
        root = Path(pdf.__file__).parent.parent
        subprocess.run([sys.executable, "-c", source], cwd=root, check=True, timeout=60)


class TestRightToLeft:
    def test_survives_a_drawing_of_open_size(self):
        drawing = '<svg viewBox="0 0 9 9"><title>A square</title><path d="M0 0h9v9z"/></svg>'
        assert report(drawing, language="ar")

    def test_would_not_without_our_stylesheet(self):
        """The negative control: when this passes, the rule in report.css can go."""
        with pytest.raises(AttributeError, match="position_x"):
            html_to_pdf(page('<svg viewBox="0 0 9 9"><path d=""/></svg>', "", "ar", "rtl"))

    def test_keeps_arabic_readable_as_text(self):
        words = "الإحالات الواردة في هذا الربع"
        data = report("<p>{{ words }}</p>", language="ar", words=words, title="التقرير")
        assert read(data).root_object["/Lang"] == "ar"
        assert read(data).metadata.title == "التقرير, 2023-Q1"
        assert words in read(data).pages[0].extract_text()

    def test_keeps_a_period_in_its_order(self):
        """Digits, dash, letter: without isolation the two halves change places."""
        data = html_to_pdf(page("<p><bdi>2023-Q1</bdi></p>", "", "ar", "rtl"))
        assert "2023-Q1" in read(data).pages[0].extract_text()
        data = html_to_pdf(page("<p>2023-Q1</p>", "", "ar", "rtl"))
        assert "2023-Q1" not in read(data).pages[0].extract_text()


class TestRenderPdf:
    def test_prints_the_house_style(self):
        text = "\n".join(
            page.extract_text() for page in read(render_pdf("base_print.html", REPORT)).pages
        )
        for words in ("Referral mechanism of Exampleland", "Quarterly report", "2023-Q1"):
            assert words in text
        assert "For publication" in text
        assert "Page 1 of 1" in text
        assert "12 April 2023" in text

    def test_speaks_the_language_asked_for(self):
        data = render_pdf("base_print.html", REPORT, language="fr")
        assert read(data).root_object["/Lang"] == "fr"
        assert "12 avril 2023" in read(data).pages[0].extract_text()
        assert translation.get_language() == "en"

    def test_prints_markup_as_text(self):
        context = REPORT | {"title": '<img src="http://192.0.2.1/x.png">&'}
        data = render_pdf("base_print.html", context)
        assert '<img src="http://192.0.2.1/x.png">&' in read(data).metadata.title

    def test_does_without_what_is_optional(self):
        context = {key: REPORT[key] for key in ("title", "mechanism", "generated_at")}
        assert read(render_pdf("base_print.html", context)).metadata.title == "Quarterly report"

    def test_repeats_the_head_of_a_long_table_and_counts_pages(self):
        body = (
            '<table><thead><tr><th scope="col">Nationality</th><th scope="col">Persons</th></tr>'
            "</thead><tbody>" + "<tr><td>x</td><td>1</td></tr>" * 80 + "</tbody></table>"
        )
        pages = [page.extract_text() for page in read(report(body)).pages]
        assert len(pages) >= 2
        for number, text in enumerate(pages, start=1):
            assert "Nationality" in text
            assert f"Page {number} of {len(pages)}" in text

    @pytest.mark.parametrize("language", ["en", "ar"])
    def test_prints_a_chart_with_its_words_and_numbers(self, language, caplog):
        name = "غير معروف" if language == "ar" else "Not known"
        rows = [{"form": name, "persons": 1234}, {"form": "Other", "persons": "c"}]
        with translation.override(language):
            chart = bar_chart(rows, x="form", y="persons", title="Persons by form")
        with caplog.at_level(logging.WARNING, logger="weasyprint"):
            body = '{% include "print/chart.html" with chart=chart number=1 only %}'
            data = report(body, language=language, chart=chart)
        assert not caplog.records
        text = read(data).pages[0].extract_text()
        assert name in text
        assert "Figure 1. Persons by form" in text or language == "ar"
        figures = [tag for tag in structure(data) if tag["/S"] == "/Figure"]
        assert [tag["/Alt"] for tag in figures] == [
            chart.summary if language == "ar" else f"{chart.title}. {chart.summary}"
        ]
        assert {"/H1", "/Table", "/TH", "/TD", "/Caption"} <= {tag["/S"] for tag in structure(data)}


def structure(data: bytes) -> list[pypdf.generic.DictionaryObject]:
    """Every element of the tag tree."""
    found, waiting = [], [read(data).root_object["/StructTreeRoot"]]
    while waiting:
        element = waiting.pop().get_object()
        if isinstance(element, pypdf.generic.ArrayObject):
            waiting += element
        elif isinstance(element, pypdf.generic.DictionaryObject):
            if "/S" in element and "/P" in element:
                found.append(element)
            if "/K" in element:
                waiting.append(element["/K"])
    return found
