"""What the lists of this package share: the links of a page, and what a reader is told about it."""

from typing import Any

from django.http import HttpRequest

from common.paging import Page


def page_links(request: HttpRequest, page: Page, *, name: str = "cursor") -> dict[str, str]:
    """`next_href` and `previous_href` of components/pagination.html, the rest of the query kept."""
    links = {}
    for key, cursor in (("next_href", page.next), ("previous_href", page.previous)):
        query = request.GET.copy()
        query[name] = cursor
        links[key] = f"?{query.urlencode()}" if cursor else ""
    return links


def columns(*labels: Any) -> list[dict[str, str]]:
    """Headings as components/table.html takes them."""
    return [{"label": str(label)} for label in labels]
