"""A chart shows what it was given, in colours everybody tells apart, and carries nothing active."""

import itertools
import json
import math
import re
import struct
from base64 import b64decode
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from django.core.cache import cache
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString

from common.charts import PALETTE, UnsafeSvg, bar_chart, checked_svg, line_chart

SVG = "{http://www.w3.org/2000/svg}"
QUARTERS = ["2022-Q4", "2023-Q1", "2023-Q2"]
FORMS = [
    {"form": "Labour", "persons": 1410},
    {"form": "Sexual", "persons": 388},
    {"form": "Organs", "persons": "c"},
    {"form": "Unknown", "persons": None},
]
BY_SEX = [
    {"quarter": quarter, "sex": sex, "persons": 10 * row + column}
    for row, quarter in enumerate(QUARTERS, start=1)
    for column, sex in enumerate(["Women", "Men"])
]
LABELS = {"form": "Form of exploitation", "persons": "Persons", "quarter": "Quarter"}


def forms(**changes: object):
    return bar_chart(FORMS, x="form", y="persons", title="Persons", labels=LABELS, **changes)


def drawn(chart) -> ElementTree.Element:
    return ElementTree.fromstring(chart.svg)  # noqa: S314 - our own drawing


def words(chart) -> list[str]:
    """Every word drawn."""
    return [text.text or "" for text in drawn(chart).iter(f"{SVG}text")]


def fills(chart, colour: str) -> int:
    """How many shapes are filled with a colour."""
    paths = drawn(chart).iter(f"{SVG}path")
    return sum(1 for path in paths if path.get("fill") == colour)


class TestBarChart:
    def test_draws_a_bar_and_a_number_for_every_figure(self):
        chart = forms()
        assert fills(chart, PALETTE[0]) == 2
        assert {"1,410", "388", "Labour", "Sexual", "Organs", "Unknown"} <= set(words(chart))

    def test_draws_a_withheld_figure_as_missing_and_marks_it(self):
        chart = forms()
        assert words(chart).count("c") == 1
        assert chart.note.startswith("c: withheld")
        shown = bar_chart(FORMS[:2], x="form", y="persons", title="Persons")
        assert "c" not in words(shown)
        assert shown.note == ""

    def test_keeps_the_same_numbers_as_a_table(self):
        chart = forms()
        assert chart.columns == (
            {"label": "Form of exploitation", "is_number": False},
            {"label": "Persons", "is_number": True},
        )
        assert chart.rows == (
            [{"text": "Labour"}, {"text": "1,410"}],
            [{"text": "Sexual"}, {"text": "388"}],
            [{"text": "Organs"}, {"text": "c"}],
            [{"text": "Unknown"}, {"text": "–"}],
        )

    def test_spreads_series_over_the_columns_of_the_table(self):
        rows = [*BY_SEX, {"quarter": "2023-Q3", "sex": "Women", "persons": 7}]
        chart = bar_chart(rows, x="quarter", y="persons", colour="sex", title="t", labels=LABELS)
        assert [column["label"] for column in chart.columns] == ["Quarter", "Women", "Men"]
        assert [[cell["text"] for cell in row] for row in chart.rows] == [
            ["2022-Q4", "10", "11"],
            ["2023-Q1", "20", "21"],
            ["2023-Q2", "30", "31"],
            ["2023-Q3", "7", "–"],
        ]

    @pytest.mark.parametrize("stacked", [False, True])
    def test_gives_each_series_its_colour_and_a_key(self, stacked):
        chart = bar_chart(
            BY_SEX, x="quarter", y="persons", colour="sex", title="t", stacked=stacked
        )
        assert fills(chart, PALETTE[0]) == fills(chart, PALETTE[1]) == len(QUARTERS) + 1
        assert {"Women", "Men"} <= set(words(chart))

    def test_draws_no_line_around_a_part_that_is_nought(self):
        rows = [{"q": "A", "s": "one", "n": 4}, {"q": "A", "s": "two", "n": 0}]
        svg = bar_chart(rows, x="q", y="n", colour="s", title="t", stacked=True).svg
        nought = re.findall(r'd="M[^"]*v0h[^"]*"[^>]*stroke-width="(\d)"', svg)
        assert nought == ["0"]

    def test_stacks_only_when_asked(self):
        kinds = [
            bar_chart(BY_SEX, x="quarter", y="persons", colour="sex", title="t", stacked=stacked)
            for stacked in (False, True)
        ]
        highest = [max(int(word) for word in words(kind) if word.isdecimal()) for kind in kinds]
        assert highest[0] < 45 < highest[1]  # 30 and 31, side by side or on each other

    def test_keeps_the_order_of_the_rows(self):
        drawn = words(bar_chart(FORMS[::-1], x="form", y="persons", title="t"))
        names = [row["form"] for row in FORMS[::-1]]
        assert [word for word in drawn if word in names] == names

    def test_lays_bars_down_for_long_labels(self):
        long = [{"form": "Forced criminality of children", "persons": 3}]
        assert _is_lying(bar_chart(long, x="form", y="persons", title="t"))
        assert not _is_lying(bar_chart(long, x="form", y="persons", title="t", horizontal=False))
        assert not _is_lying(forms())
        assert _is_lying(forms(horizontal=True))

    def test_draws_nothing_from_no_rows(self):
        chart = bar_chart([], x="form", y="persons", title="t", labels=LABELS)
        assert chart.rows == ()
        assert chart.summary == "Bar chart of Persons by Form of exploitation."

    def test_says_in_words_what_it_shows(self):
        assert forms().summary == (
            "Bar chart of Persons by Form of exploitation. "
            "Highest Labour: 1,410; lowest Sexual: 388."
        )

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            ("12", "numbers"),
            ("C", "numbers"),
            (True, "numbers"),
            (math.nan, "not finite"),
            (Decimal("Infinity"), "not finite"),
            ([1], "numbers"),
        ],
    )
    def test_refuses_what_is_no_figure(self, value, message):
        with pytest.raises(ValueError, match=message):
            bar_chart([{"a": "x", "b": value}], x="a", y="b", title="t")

    def test_refuses_two_figures_for_one_place(self):
        with pytest.raises(ValueError, match="Two figures"):
            bar_chart([*FORMS, FORMS[0]], x="form", y="persons", title="t")

    def test_refuses_more_series_than_it_can_tell_apart(self):
        rows = [{"a": "x", "s": str(n), "b": n} for n in range(len(PALETTE) + 1)]
        assert bar_chart(rows[:-1], x="a", y="b", colour="s", title="t")
        with pytest.raises(ValueError, match="series"):
            bar_chart(rows, x="a", y="b", colour="s", title="t")


class TestLineChart:
    def test_breaks_the_line_where_a_figure_is_missing(self):
        rows = [{"q": f"Q{n}", "n": "c" if n == 3 else n} for n in range(1, 7)]
        whole = line_chart([row | {"n": 1} for row in rows], x="q", y="n", title="t")
        broken = line_chart(rows, x="q", y="n", title="t")
        assert _line(whole).count("M") == 1
        assert _line(broken).count("M") == 2
        assert (fills(whole, PALETTE[0]), fills(broken, PALETTE[0])) == (6, 5)

    def test_tells_series_apart_without_colour(self):
        chart = line_chart(BY_SEX, x="quarter", y="persons", colour="sex", title="t")
        paths = list(drawn(chart).iter(f"{SVG}path"))
        lines = [
            path for path in paths if path.get("fill") is None and path.get("stroke-dasharray")
        ]
        assert len({path.get("stroke-dasharray") for path in lines}) == 2
        shapes = {
            path.get("d") for path in paths if path.get("fill") in PALETTE and path.get("transform")
        }
        assert len(shapes) >= 2

    def test_says_in_words_what_it_shows(self):
        chart = line_chart(BY_SEX, x="quarter", y="persons", colour="sex", title="t", labels=LABELS)
        assert chart.summary == (
            "Line chart of Persons by Quarter. Highest 2023-Q2, Men: 31; lowest 2022-Q4, Women: 10."
        )


class TestDrawing:
    def test_is_the_same_every_time(self):
        first = forms().svg
        cache.clear()
        assert forms().svg == first

    def test_is_drawn_once_and_kept(self, monkeypatch):
        import vl_convert

        first = forms().svg
        monkeypatch.setattr(vl_convert, "vegalite_to_svg", None)
        assert forms().svg == first
        with pytest.raises(TypeError):
            forms(horizontal=True)

    def test_is_one_named_image_of_a_fixed_size(self):
        root = drawn(forms())
        assert isinstance(forms().svg, SafeString)
        assert root.get("role") == "img"
        assert root.find(f"{SVG}title").text.startswith("Persons. Bar chart of Persons")
        assert (root.get("width"), root.get("height")) == ("640", "300")

    def test_has_no_style_class_script_or_address(self):
        for chart in (
            forms(),
            line_chart(BY_SEX, x="quarter", y="persons", colour="sex", title="t"),
        ):
            svg = chart.svg.replace("http://www.w3.org/2000/svg", "")
            for sign in ("style", "class=", "<script", "href", "url(", "http", "id="):
                assert sign not in svg

    @pytest.mark.parametrize(
        "text",
        [
            "<script>alert(1)</script>",
            '"><img src=x onerror=alert(1)>',
            "]]></text><script>",
            "&lt;b&gt;",
            "javascript:alert(1)",
            "datum.x.y['z']",
            "{{ settings }}",
            "\\",
        ],
    )
    def test_writes_every_name_as_text(self, text):
        chart = bar_chart(
            [{text: text, "n": 1}], x=text, y="n", title=text, labels={text: text}, horizontal=False
        )
        assert text[:12] in "".join(words(chart)) or "…" in "".join(words(chart))
        assert "<script" not in chart.svg
        assert "<img" not in chart.svg
        assert drawn(chart).find(f"{SVG}title").text.startswith(text)

    def test_writes_numbers_as_the_language_does(self):
        assert "1,410" in words(forms())
        with translation.override("fr"):
            chart = forms()
        assert any(word.startswith("1") and word.endswith("410") for word in words(chart))
        assert "1,410" not in words(chart)
        assert chart.rows[0][1]["text"] in words(chart)

    def test_goes_through_the_chart_component(self):
        chart = forms()
        html = render_to_string(
            "components/chart.html",
            {"title": chart.title, "svg": chart.svg, "columns": chart.columns, "rows": chart.rows},
        )
        assert "<svg" in html
        assert "1,410" in html


class TestPicture:
    def test_is_the_drawing_where_words_run_left_to_right(self):
        assert forms().picture == forms().svg

    def test_is_a_png_where_words_run_right_to_left(self):
        rows = [{"form": "غير معروف", "persons": 3}]
        chart = bar_chart(rows, x="form", y="persons", title='"t"', labels={"form": '"<b>'})
        assert chart.picture.startswith('<img src="data:image/png;base64,')
        assert "by &quot;&lt;b&gt;." in chart.picture
        encoded = chart.picture.partition("base64,")[2].partition('"')[0]
        width, height = struct.unpack(">II", b64decode(encoded)[16:24])
        assert (width, height) == (2 * 640, 2 * chart.spec["height"])


class TestCheckedSvg:
    GOOD = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0,0"/>%s</svg>'

    def test_lets_shapes_and_text_pass(self):
        assert checked_svg(self.GOOD % "<text>a &lt; b</text>", 'A "name" <b>') == (
            '<svg width="9" height="9" xmlns="http://www.w3.org/2000/svg" role="img" '
            'focusable="false"><title>A "name" &lt;b&gt;</title><path d="M0,0" />'
            "<text>a &lt; b</text></svg>"
        )

    @pytest.mark.parametrize(
        "part",
        [
            "<script>alert(1)</script>",
            "<style>path{fill:url(//x)}</style>",
            '<a href="https://example.org"><path/></a>',
            '<image href="x.png"/>',
            '<use href="#a"/>',
            "<foreignObject><p>x</p></foreignObject>",
            '<animate attributeName="x"/>',
            '<set attributeName="onload" to="x"/>',
            "<title>another name</title>",
            '<path onclick="x()"/>',
            '<path style="fill:red"/>',
            '<path id="a"/>',
            '<path fill="url(#a)"/>',
            '<path fill="URL(//x)"/>',
            '<path fill="javascript:x"/>',
            '<path aria-label="x"/>',
            '<path xmlns:x="http://www.w3.org/1999/xlink" x:href="#a"/>',
            '<html xmlns="http://www.w3.org/1999/xhtml"/>',
            '<path xmlns="http://www.w3.org/1999/xhtml"/>',
            "<!-- x -->",
            "<![CDATA[x]]>",
            "<?xml-stylesheet href='x'?>",
            "<path>",
        ],
    )
    def test_refuses(self, part):
        with pytest.raises(UnsafeSvg):
            checked_svg(self.GOOD % part, "x")

    @pytest.mark.parametrize(
        "svg",
        [
            "",
            "<svg/>",
            '<svg xmlns="http://www.w3.org/2000/svg"/>',
            '<svg xmlns="http://www.w3.org/2000/svg" width="9"/>',
            '<g xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
            '<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg" width="9"'
            ' height="9"><text>&a;</text></svg>',
        ],
    )
    def test_refuses_what_is_no_drawing(self, svg):
        with pytest.raises(UnsafeSvg):
            checked_svg(svg, "x")

    def test_is_applied_to_what_the_cache_gives_back(self):
        forms()
        for key in list(cache._cache):
            cache.set(key.partition(":1:")[2], (self.GOOD % "<script>x</script>").encode())
        with pytest.raises(UnsafeSvg):
            forms()


class TestPalette:
    # Machado, Oliveira and Fernandes 2009, full severity, on linear RGB.
    MISSING_CONES = {
        "none": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
        "red": (
            (0.152286, 1.052583, -0.204868),
            (0.114503, 0.786281, 0.099216),
            (-0.003882, -0.048116, 1.051998),
        ),
        "green": (
            (0.367322, 0.860646, -0.227968),
            (0.280085, 0.672501, 0.047413),
            (-0.011820, 0.042940, 0.968881),
        ),
        "blue": (
            (1.255528, -0.076749, -0.178779),
            (-0.078411, 0.930809, 0.147602),
            (0.004733, 0.691367, 0.303900),
        ),
    }

    @pytest.mark.parametrize("colour", PALETTE)
    def test_stands_out_from_the_paper(self, colour):
        luminance = sum(
            part * weight
            for part, weight in zip(_linear(colour), (0.2126, 0.7152, 0.0722), strict=True)
        )
        assert 1.05 / (luminance + 0.05) >= 3  # WCAG 1.4.11

    @pytest.mark.parametrize("missing", MISSING_CONES)
    def test_is_told_apart_by_every_eye(self, missing):
        seen = [
            _lab(
                [
                    sum(a * b for a, b in zip(row, _linear(colour), strict=True))
                    for row in self.MISSING_CONES[missing]
                ]
            )
            for colour in PALETTE
        ]
        for (one, first), (two, second) in itertools.combinations(
            zip(PALETTE, seen, strict=True), 2
        ):
            assert math.dist(first, second) >= 18, (one, two)


def _is_lying(chart) -> bool:
    return json.dumps(chart.spec["encoding"]).startswith('{"y"')


def _line(chart) -> str:
    """The commands of the longest line without filling."""
    paths = drawn(chart).iter(f"{SVG}path")
    return max((path.get("d") for path in paths if path.get("stroke") == PALETTE[0]), key=len)


def _linear(colour: str) -> list[float]:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def _lab(linear: list[float]) -> tuple[float, float, float]:
    """CIE L*a*b* (D65) of linear RGB; one unit is about the smallest difference seen."""
    red, green, blue = (min(1, max(0, part)) for part in linear)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    fx, fy, fz = (
        part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z)
    )
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)
