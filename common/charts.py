"""Figures as charts: the same SVG on screen and in the PDF, always with its numbers beside it.

Drawn by Vega-Lite (vl-convert) in one house theme. Which figures may be shown is decided before
they come here: a withheld one arrives as "c", is drawn as missing, and is "c" in the table.
"""

import hashlib
import json
import math
import unicodedata
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib.metadata import version
from typing import Any, Final, TypeAlias
from xml.etree import ElementTree

from django.core.cache import cache
from django.utils import formats
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

WITHHELD: Final = "c"
"""What disclosure control puts in place of a figure too small to publish (design §9)."""
Figure: TypeAlias = int | float | Decimal | str | None
"""A number, `WITHHELD`, or None where there is none."""
Spec: TypeAlias = dict[str, Any]

# Told apart without red, green or blue cones too, and each at least 3:1 on white: both measured in
# tests/common/test_charts.py. Lines differ by dash and point as well.
PALETTE: Final = ("#0f343d", "#ca802d", "#2570b4", "#923271", "#4f5e17", "#8c949b")
_DASHES: Final = ([1, 0], [7, 3], [2, 2], [9, 3, 2, 3], [5, 5], [1, 3])
_SHAPES: Final = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
_INK, _QUIET, _RULE = "#14212b", "#51606b", "#dfe5e8"
_FONT: Final = "Noto Sans, Noto Sans Arabic, Noto Sans Hebrew, DejaVu Sans, Arial, sans-serif"
# One face with all scripts: the PNG writer falls back to any face at all, a bold one for Arabic.
_FONT_OF_PNG: Final = "DejaVu Sans, sans-serif"
_VEGA_LITE: Final = "6.4"
_WIDTH, _HEIGHT = 640, 300  # CSS pixels; the width is that of the text on an A4 page
_LONG_LABEL: Final = 12  # characters; where labels are longer the bars lie down
_NUMBER: Final = ",.2~f"  # thousands apart, at most two decimals
_KEPT: Final = 24 * 3600  # seconds in the cache

_SVG: Final = "{http://www.w3.org/2000/svg}"
_ELEMENTS: Final = frozenset({"svg", "g", "path", "line", "rect", "text"})
_ATTRIBUTES: Final = frozenset(
    {"d", "display", "dominant-baseline", "fill", "fill-opacity", "font-family", "font-size"}
    | {"font-style", "font-weight", "height", "opacity", "stroke", "stroke-dasharray"}
    | {"stroke-dashoffset", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit"}
    | {"stroke-opacity", "stroke-width", "text-anchor", "transform", "viewBox", "width"}
    | {"x", "x1", "x2", "y", "y1", "y2"}
)
# Of no use in a picture that is one image to everybody, and class names would meet the page's own.
_STRIPPED: Final = frozenset(
    {"class", "role", "aria-hidden", "aria-roledescription", "pointer-events", "version"}
)


class UnsafeSvg(ValueError):
    """A drawing holds something other than shapes and text; it is not shown."""


@dataclass(frozen=True)
class Chart:
    """A drawing and the same numbers as `components/table.html` takes them.

    `columns` are `{label, is_number}`, `rows` lists of `{text}`; `summary` says in words what the
    drawing shows and is its text alternative; `note` explains "c" where it occurs, else is empty.
    """

    title: str
    summary: str
    note: str
    svg: SafeString
    columns: tuple[dict[str, Any], ...]
    rows: tuple[list[dict[str, str]], ...]
    spec: Spec

    @property
    def picture(self) -> SafeString:
        """The drawing for paper: the SVG, or a PNG where its words run from right to left.

        WeasyPrint neither joins nor orders Arabic and Hebrew inside an SVG (its issue 2909).
        """
        if not _has_right_to_left(json.dumps(self.spec, ensure_ascii=False)):
            return self.svg
        png = _cached("png", self.spec)
        return format_html(
            '<img src="data:image/png;base64,{}" width="{}" height="{}" alt="{}">',
            b64encode(png).decode(),
            self.spec["width"],
            self.spec["height"],
            self.summary,
        )


def bar_chart(
    rows: Iterable[Mapping[str, Any]],
    *,
    x: str,
    y: str,
    colour: str | None = None,
    title: str,
    labels: Mapping[str, str] | None = None,
    stacked: bool = False,
    horizontal: bool | None = None,
) -> Chart:
    """Bars for the figures `row[y]` over the categories `row[x]`, in the order of the rows.

    `colour` splits each category into up to six series, side by side or `stacked`; `labels` gives
    the words for the three keys. Bars lie down when asked, by default where labels are long.
    Raises ValueError for a value that is no `Figure`, two figures in one place, a seventh series.
    """
    data = _Data.of(rows, x=x, y=y, colour=colour)
    if horizontal is None:
        horizontal = any(len(name) > _LONG_LABEL for name in data.xs) or len(data.xs) > 16
    across, along = ("y", "x") if horizontal else ("x", "y")
    encoding: Spec = {across: _categories(data, upright=horizontal)}
    quantity = {along: _quantities(data) | {"stack": "zero" if stacked else None}}
    bar: Spec = {"type": "bar"}
    if colour:
        encoding["color"] = _series(data, PALETTE)
        if stacked:
            bar |= {"stroke": "#ffffff"}
            # The line between two parts; of a part that is nought it would cut through the axis.
            something = {"test": "datum.y > 0", "value": 1}
            encoding["strokeWidth"] = {"condition": something, "value": 0}
        else:
            encoding[f"{across}Offset"] = {"field": "s", "type": "nominal", "sort": data.series}
    layers: list[Spec] = [{"mark": bar, "encoding": quantity}]
    if not stacked:
        layers.append(_withheld_layer(along))
    if not colour:
        layers.append(_value_layer(along, quantity))
    lines = len(data.xs) * (1 if stacked or not colour else max(1, len(data.series) * 0.6))
    height = round(min(900, 70 + 30 * lines)) if horizontal else _HEIGHT
    spec = _spec(data, encoding, layers, height)
    kind = _("Stacked bar chart") if stacked else _("Bar chart")
    return _chart(data, spec, kind=kind, title=title, labels=labels or {}, keys=(x, y))


def line_chart(
    rows: Iterable[Mapping[str, Any]],
    *,
    x: str,
    y: str,
    colour: str | None = None,
    title: str,
    labels: Mapping[str, str] | None = None,
) -> Chart:
    """A line through the figures `row[y]` over the periods `row[x]`, in the order of the rows.

    The line is broken where a figure is missing. Otherwise as `bar_chart`.
    """
    data = _Data.of(rows, x=x, y=y, colour=colour)
    encoding = {"x": _categories(data, upright=False), "y": _quantities(data)}
    if colour:
        encoding["color"] = _series(data, PALETTE)
        encoding["shape"] = _series(data, _SHAPES)
        encoding["strokeDash"] = _series(data, _DASHES)
    layers: list[Spec] = [
        {"mark": {"type": "line", "strokeWidth": 2.5, "invalid": "break-paths-show-domains"}},
        {"mark": {"type": "point", "filled": True, "size": 55, "opacity": 1}},
    ]
    # A point is drawn whole, so its outline carries no dash.
    layers[1]["encoding"] = {"strokeDash": {"value": [1, 0]}}
    spec = _spec(data, encoding, layers, _HEIGHT)
    return _chart(data, spec, kind=_("Line chart"), title=title, labels=labels or {}, keys=(x, y))


# --- Figures --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Data:
    """The figures by category and series, both in the order in which they came."""

    xs: list[str]
    series: list[str]
    figures: dict[tuple[str, str], Figure]

    @classmethod
    def of(
        cls, rows: Iterable[Mapping[str, Any]], *, x: str, y: str, colour: str | None
    ) -> "_Data":
        figures: dict[tuple[str, str], Figure] = {}
        for row in rows:
            place = (str(row[x]), str(row[colour]) if colour else "")
            if place in figures:
                raise ValueError(f"Two figures for one place in the chart, column {y!r}.")
            figures[place] = _figure(row[y])
        series = list(dict.fromkeys(name for _x, name in figures))
        if len(series) > len(PALETTE):
            raise ValueError(
                f"A chart tells {len(PALETTE)} series apart; {len(series)} were given."
            )
        return cls(list(dict.fromkeys(name for name, _s in figures)), series, figures)

    def numbers(self) -> list[tuple[str, str, int | float | Decimal]]:
        """Category, series and value of every figure that is a number."""
        return [
            (name, series, figure)
            for (name, series), figure in self.figures.items()
            if isinstance(figure, int | float | Decimal)
        ]

    def drawn(self) -> list[Spec]:
        """The rows Vega-Lite draws, under field names of our own."""
        return [
            {
                "x": name,
                "s": series,
                "y": None if figure is None or isinstance(figure, str) else float(figure),
                "withheld": figure == WITHHELD,
            }
            for (name, series), figure in self.figures.items()
        ]


def _figure(value: object) -> Figure:
    if value is None or value == WITHHELD:
        return WITHHELD if value == WITHHELD else None
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise ValueError("A chart cannot show a number that is not finite.")
        return value
    raise ValueError(f"A chart shows numbers, not a value of type {type(value).__name__}.")


def _written(figure: Figure) -> str:
    """The figure as the table shows it, in the active language."""
    if figure is None:
        return "–"
    return figure if isinstance(figure, str) else formats.number_format(figure, force_grouping=True)


# --- Vega-Lite ------------------------------------------------------------------------------------


def _categories(data: _Data, *, upright: bool) -> Spec:
    axis: Spec = {"title": None, "labelAngle": 0, "ticks": False, "labelLimit": 220}
    if not upright and sum(len(name) for name in data.xs) > 72:
        axis |= {"labelAngle": -40, "labelLimit": 120}
    return {"field": "x", "type": "nominal", "sort": data.xs, "axis": axis}


def _quantities(data: _Data) -> Spec:
    axis: Spec = {"title": None, "format": _NUMBER, "tickCount": 5}
    if all(number == int(number) for _x, _s, number in data.numbers()):
        axis |= {"tickMinStep": 1}
    return {"field": "y", "type": "quantitative", "axis": axis}


def _series(data: _Data, range_: Iterable[object]) -> Spec:
    scale = {"domain": data.series, "range": list(range_)[: len(data.series)]}
    return {"field": "s", "type": "nominal", "scale": scale, "sort": data.series}


def _beside(along: str) -> Spec:
    """Where a word stands at the end of a bar that grows `along` x or y."""
    return {"align": "left", "dx": 4} if along == "x" else {"baseline": "bottom", "dy": -3}


def _withheld_layer(along: str) -> Spec:
    """A small "c" where a bar would begin."""
    return {
        "transform": [{"filter": "datum.withheld"}],
        "mark": {"type": "text", "text": WITHHELD, **_beside(along)},
        "encoding": {along: {"datum": 0}, "color": {"value": _QUIET}},
    }


def _value_layer(along: str, quantity: Spec) -> Spec:
    """The number at the end of each bar."""
    text = {"field": "y", "type": "quantitative", "format": _NUMBER}
    return {
        "transform": [{"filter": "isValid(datum.y)"}],
        "mark": {"type": "text", **_beside(along)},
        "encoding": {**quantity, "text": text, "color": {"value": _INK}},
    }


def _spec(data: _Data, encoding: Spec, layers: list[Spec], height: int) -> Spec:
    axis = {
        "labelFont": _FONT,
        "labelFontSize": 12,
        "labelColor": _INK,
        "labelPadding": 6,
        "domainColor": _QUIET,
        "gridColor": _RULE,
        "tickColor": _RULE,
    }
    return {
        "width": _WIDTH,
        "height": height,
        "autosize": {"type": "fit", "contains": "padding"},
        "padding": 4,
        "background": None,
        "data": {"values": data.drawn()},
        "encoding": encoding,
        "layer": layers,
        "config": {
            "aria": False,
            "font": _FONT,
            "view": {"stroke": None},
            "axis": axis,
            "bar": {"color": PALETTE[0]},
            "line": {"color": PALETTE[0]},
            "point": {"color": PALETTE[0]},
            "text": {"font": _FONT, "fontSize": 12},
            "scale": {"bandPaddingInner": 0.3, "bandPaddingOuter": 0.15},
            "legend": {
                "title": None,
                "orient": "top",
                "columns": 3 if any(len(name) > 16 for name in data.series) else len(PALETTE),
                "labelFont": _FONT,
                "labelFontSize": 12,
                "labelColor": _INK,
                "labelLimit": 190,
                "symbolSize": 110,
                "offset": 14,
            },
        },
    }


def _cached(kind: str, spec: Spec) -> bytes:
    """The drawing as SVG or PNG bytes, kept by the hash of everything that decides it."""
    import vl_convert

    grouping = formats.get_format("NUMBER_GROUPING")  # 0: the language does not group
    locale = {
        "decimal": formats.get_format("DECIMAL_SEPARATOR"),
        "thousands": formats.get_format("THOUSAND_SEPARATOR") if grouping else "",
        "grouping": [3],
        "currency": ["", ""],
    }
    decides = json.dumps(
        [_FONT_OF_PNG, version("vl-convert-python"), _VEGA_LITE, locale, spec], sort_keys=True
    )
    key = f"chart:{kind}:{hashlib.sha256(decides.encode()).hexdigest()}"
    made = cache.get(key)
    if isinstance(made, bytes):
        return made
    options: Any = {
        "vl_version": _VEGA_LITE,
        "allowed_base_urls": [],
        "format_locale": locale,
    }
    if kind == "png":
        # On a clear ground the fine grey lines would come out black.
        whole = json.dumps(spec | {"background": "#ffffff"}).replace(_FONT, _FONT_OF_PNG)
        made = vl_convert.vegalite_to_png(whole, scale=2, **options)
    else:
        made = vl_convert.vegalite_to_svg(spec, **options).encode()
    cache.set(key, made, _KEPT)
    return made


# --- The chart ------------------------------------------------------------------------------------


def _chart(
    data: _Data,
    spec: Spec,
    *,
    kind: str,
    title: str,
    labels: Mapping[str, str],
    keys: tuple[str, str],
) -> Chart:
    over, what = (str(labels.get(key, key)) for key in keys)
    split = data.series != [""]
    columns = [{"label": over, "is_number": False}]
    columns += [{"label": name if split else what, "is_number": True} for name in data.series]
    summary = _summary(data, kind=kind, over=over, what=what)
    withheld = WITHHELD in data.figures.values()
    return Chart(
        title=str(title),
        summary=summary,
        note=_("c: withheld, because so small a figure could point to a person.")
        if withheld
        else "",
        svg=checked_svg(_cached("svg", spec).decode(), f"{title}. {summary}"),
        columns=tuple(columns),
        rows=tuple(
            [{"text": x}, *({"text": _written(data.figures.get((x, s)))} for s in data.series)]
            for x in data.xs
        ),
        spec=spec,
    )


def _summary(data: _Data, *, kind: str, over: str, what: str) -> str:
    """One sentence or two: what is drawn over what, the highest and the lowest figure."""
    opening = _("%(kind)s of %(what)s by %(over)s.") % {"kind": kind, "what": what, "over": over}
    numbers = data.numbers()
    if not numbers:
        return opening
    named = [
        f"{x}{', ' + s if s else ''}: {_written(number)}"
        for x, s, number in (max(numbers, key=_value), min(numbers, key=_value))
    ]
    extremes = _("Highest %(highest)s; lowest %(lowest)s.") % {
        "highest": named[0],
        "lowest": named[1],
    }
    return f"{opening} {extremes}"


def _value(number: tuple[str, str, int | float | Decimal]) -> int | float | Decimal:
    return number[2]


def checked_svg(svg: str, alternative: str) -> SafeString:
    """The drawing rebuilt from shapes and text alone, as one image named `alternative`.

    Safe to put in a page because nothing else passes: no script, style, link, reference, event or
    name of the renderer's choosing. Raises `UnsafeSvg`.
    """
    if "<!" in svg or "<?" in svg:
        raise UnsafeSvg("A drawing declares more than shapes.")
    try:
        root = ElementTree.fromstring(svg)  # noqa: S314 - entities need a declaration, refused above
    except ElementTree.ParseError as error:
        raise UnsafeSvg("A drawing is not well-formed.") from error
    if root.tag != f"{_SVG}svg":
        raise UnsafeSvg("A drawing is not an SVG.")
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
        if element.tag not in _ELEMENTS:
            raise UnsafeSvg(f"A drawing holds an element {element.tag[:40]!a}.")
        for stripped in _STRIPPED.intersection(element.keys()):
            del element.attrib[stripped]
        for name, value in element.items():
            if name not in _ATTRIBUTES or "url(" in value.lower() or ":" in value:
                raise UnsafeSvg(f"A drawing holds an attribute {name[:40]!a}.")
    if not {"width", "height"}.issubset(root.keys()):
        raise UnsafeSvg("A drawing has no size.")
    root.set("xmlns", _SVG[1:-1])
    root.set("role", "img")
    root.set("focusable", "false")
    title = ElementTree.Element("title")
    title.text = alternative
    root.insert(0, title)
    return mark_safe(ElementTree.tostring(root, encoding="unicode"))  # noqa: S308 - rebuilt above


def _has_right_to_left(text: str) -> bool:
    return any(unicodedata.bidirectional(sign) in {"R", "AL"} for sign in text)
