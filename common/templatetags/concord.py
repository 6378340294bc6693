"""What templates need beyond Django's own tags: the frame of a page, optional links, form errors.

No rule and no query is here: who may see what reaches a template already decided, in its context.
"""

import json
import re
from collections.abc import Iterable
from datetime import date, datetime
from itertools import count
from typing import Any, TypedDict

from django import template
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.forms import BaseForm
from django.http import HttpRequest, QueryDict
from django.template.context import Context
from django.template.defaultfilters import date as localised
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from common.forms import focus_id

register = template.Library()

VIEW_BOX = re.compile(r'\sviewBox="([0-9. ]+)"')
PATH = re.compile(r'<path\b[^<>]*?\sd="([MmLlHhVvZz0-9., -]+)"')


class Frame(TypedDict):
    """What the header and footer of every page show, error pages included."""

    name: str
    version: str
    is_demo: bool
    quick_exit_url: str


class ErrorLink(TypedDict):
    """One line of the error summary. An empty `href` is a message about the form as a whole."""

    text: str
    href: str


@register.simple_tag
def frame() -> Frame:
    """The fixed parts of a page, from settings alone, so that an error page can show them too."""
    return {
        "name": getattr(settings, "SITE_NAME", "Concord"),
        "version": getattr(settings, "VERSION", ""),
        "is_demo": getattr(settings, "DEMO", False),
        "quick_exit_url": settings.QUICK_EXIT_URL,
    }


@register.simple_tag
def url_or_nothing(name: str, *args: Any) -> str:
    """The address of a named view, or "" where this installation has no such view."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


@register.filter
def error_links(form: BaseForm) -> list[ErrorLink]:
    """The errors of a form in the order of its fields, each with the id of the input to mend."""
    lines: list[ErrorLink] = [
        {"text": str(message), "href": ""} for message in form.non_field_errors()
    ]
    for field in form:
        href = "" if field.is_hidden else f"#{focus_id(field)}"
        for message in field.errors:
            # Many messages do not say what they are about: beside the field that is plain.
            text = _("%(label)s: %(message)s") % {"label": field.label, "message": message}
            lines.append({"text": text, "href": href})
    return lines


@register.filter
def active_filters(form: BaseForm) -> list[dict[str, str]]:
    """What a bound filter form narrows by, as [{label, value, remove}] with a link to drop each."""
    if not form.is_bound or not form.is_valid():
        return []
    chosen = []
    for field in form:
        if field.is_hidden or field.data in (None, "", []):
            continue
        values = field.data if isinstance(field.data, list | tuple) else [field.data]
        labels = {
            str(key): str(label)
            for key, label in getattr(field.field, "choices", ())
            if not isinstance(label, list | tuple)
        }
        remaining = QueryDict(mutable=True)
        remaining.update(form.data)
        for dropped in (field.html_name, "cursor"):
            remaining.pop(dropped, None)
        chosen.append(
            {
                "label": str(field.label),
                "value": ", ".join(labels.get(str(value), str(value)) for value in values),
                "remove": f"?{remaining.urlencode()}",
            }
        )
    return chosen


@register.simple_tag
def sort_link(request: HttpRequest, order: str) -> str:
    """The address of this list in another order, from its first page, with its filters kept."""
    query = request.GET.copy()
    query.pop("cursor", None)
    query["order"] = order
    return f"?{query.urlencode()}"


@register.filter
def beside(cells: Iterable[Any], columns: Iterable[Any]) -> list[tuple[Any, Any]]:
    """The cells of a row, each with its column. ValueError for a row of another length."""
    return list(zip(cells, columns, strict=True))


@register.filter
def moment(value: date | datetime) -> str:
    """A time as a person reads it, in the page's language: date and hour, or the date alone."""
    if isinstance(value, datetime):
        here = timezone.localtime(value)
        return f"{localised(here, 'DATE_FORMAT')}, {localised(here, 'H:i')}"
    return localised(value, "DATE_FORMAT")


@register.filter
def machine_time(value: date | datetime) -> str:
    """The same time for the `datetime` attribute: ISO 8601, an hour with its offset."""
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="minutes")
    return value.isoformat()


@register.simple_tag(takes_context=True)
def unique_id(context: Context, stem: str) -> str:
    """An id that no other call on the same page gets: "banner-1", "banner-2"."""
    page: Any = context.render_context.dicts[0]  # shared by every include of the page
    return f"{stem}-{next(page.setdefault('concord_unique_ids', count(1)))}"


@register.filter
def as_json(value: Any) -> str:
    """A value as JSON for a data attribute; the template escapes it like any other text."""
    return json.dumps(value, cls=DjangoJSONEncoder)


@register.filter
def drawing(svg: str) -> SafeString:
    """The picture of an SVG made of one path, drawn anew from its numbers alone.

    The content policy allows no `data:` pictures, so the code for an authenticator app is inlined;
    nothing but the path's commands comes through. Raises ValueError for any other drawing.
    """
    view, path = VIEW_BOX.search(svg), PATH.findall(svg)
    if view is None or len(path) != 1:
        raise ValueError("not a drawing of one path")
    return format_html(
        '<svg viewBox="{}" aria-hidden="true" focusable="false"><path d="{}" /></svg>',
        view[1],
        path[0],
    )
