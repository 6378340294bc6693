"""The component library: the gallery shows every file, and every file keeps its contract."""

import gzip
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from tests.support.cast import Cast
from tests.support.client import StrictClient

TEMPLATES = Path(settings.BASE_DIR) / "templates"
COMPONENTS = sorted((TEMPLATES / "components").glob("*.html"))
GALLERY = TEMPLATES / "ncm" / "components.html"
BUILD = Path(settings.BASE_DIR) / "static" / "build"
INCLUDE = re.compile(r"{%\s*include\s+(?P<what>\S+)(?P<rest>[^%]*)%}")
FIRST_PAGE = 120_000
"""Bytes a first visit may load, compressed: about 20 seconds on a poor connection."""


def includes(text: str) -> Iterator[tuple[str, str]]:
    """(what is included, how) for each include of a template's text."""
    for found in INCLUDE.finditer(text):
        yield found["what"].strip("\"'"), found["rest"].strip()


@pytest.fixture
def gallery(cast: Cast, client_for: Callable[..., StrictClient]) -> str:
    answer = client_for(cast.co_ordinator).get(reverse("ncm:components"))
    assert answer.status_code == 200
    return answer.content.decode()


class TestGallery:
    @pytest.mark.parametrize("component", COMPONENTS, ids=lambda path: path.stem)
    def test_shows_every_component(self, component: Path) -> None:
        shown = {what for what, _rest in includes(GALLERY.read_text())}
        # A component that only others draw is shown through them.
        through = {
            what
            for other in COMPONENTS
            if f"components/{other.name}" in shown
            for what, _rest in includes(other.read_text())
        }
        assert f"components/{component.name}" in shown | through

    @pytest.mark.django_db
    def test_is_a_whole_page(self, gallery: str) -> None:
        assert gallery.count("<h1") == 1
        assert gallery.rstrip().endswith("</html>")

    @pytest.mark.django_db
    def test_gives_no_id_twice(self, gallery: str) -> None:
        ids = re.findall(r"\sid=\"([^\"]+)\"", gallery)
        assert sorted(ids) == sorted(set(ids))

    @pytest.mark.django_db
    def test_describes_inputs_by_what_is_on_the_page(self, gallery: str) -> None:
        ids = set(re.findall(r"\sid=\"([^\"]+)\"", gallery))
        named = re.findall(r"aria-(?:describedby|labelledby)=\"([^\"]+)\"", gallery)
        assert named
        assert {one for several in named for one in several.split()} <= ids

    @pytest.mark.django_db
    def test_leads_from_each_error_to_its_input(self, gallery: str) -> None:
        ids = set(re.findall(r"\sid=\"([^\"]+)\"", gallery))
        summaries = re.findall(r"govuk-error-summary__list\">(.*?)</ul>", gallery, re.DOTALL)
        targets = re.findall(r"href=\"#([^\"]+)\"", "".join(summaries))
        assert len(targets) > 5
        assert set(targets) <= ids

    @pytest.mark.django_db
    def test_is_not_for_strangers(self, client: StrictClient) -> None:
        assert client.get(reverse("ncm:components")).status_code == 302


class TestContract:
    @pytest.mark.parametrize("component", COMPONENTS, ids=lambda path: path.stem)
    def test_names_its_inputs_first(self, component: Path) -> None:
        first = component.read_text().splitlines()[0]
        assert re.fullmatch(r"{# Inputs: .{8,} #}", first)

    @pytest.mark.parametrize("component", COMPONENTS, ids=lambda path: path.stem)
    def test_takes_nothing_from_the_page(self, component: Path) -> None:
        text = component.read_text()
        for hidden in ("request.user", "request.actor", "{% csrf_token %}", "perms."):
            assert hidden not in text

    def test_is_included_with_only(self) -> None:
        loose = [
            f"{path.relative_to(TEMPLATES)}: {what}"
            for path in TEMPLATES.rglob("*.html")
            for what, rest in includes(path.read_text())
            if what.startswith("components/") and not rest.endswith("only")
        ]
        assert loose == []

    def test_exists_where_it_is_included(self) -> None:
        missing = [
            f"{path.relative_to(TEMPLATES)}: {what}"
            for path in TEMPLATES.rglob("*.html")
            for what, _rest in includes(path.read_text())
            if what.startswith(("components/", "frame/")) and not (TEMPLATES / what).is_file()
        ]
        assert missing == []


class TestTable:
    COLUMNS = ({"label": "Name"}, {"label": "Places"})

    def draw(self, **context: object) -> str:
        return render_to_string("components/table.html", {"caption": "C", **context})

    def test_labels_each_cell_for_the_phone(self) -> None:
        page = self.draw(columns=self.COLUMNS, rows=[[{"text": "A"}, {"text": "3"}]])
        assert re.findall(r"data-label=\"(\w+)\"", page) == ["Name", "Places"]

    def test_refuses_a_row_of_another_length(self) -> None:
        with pytest.raises(ValueError, match="zip"):
            self.draw(columns=self.COLUMNS, rows=[[{"text": "A"}]])

    def test_says_what_now_when_empty(self) -> None:
        empty = {"title": "None found", "text": "Ask the desk.", "href": "/x", "label": "Ask"}
        page = self.draw(columns=self.COLUMNS, rows=[], empty=empty)
        assert "Ask the desk." in page
        assert 'href="/x"' in page
        assert "<table" not in page

    def test_escapes_what_it_shows(self) -> None:
        page = self.draw(columns=self.COLUMNS, rows=[[{"text": "<b>"}, {"text": "1"}]])
        assert "<b>" not in page


class TestFrame:
    @pytest.mark.django_db
    @pytest.mark.parametrize(
        ("language", "direction", "sheet"),
        [("en", "ltr", "build/app.css"), ("ar", "rtl", "build/app.rtl.css")],
    )
    def test_turns_with_the_language(
        self, client: StrictClient, language: str, direction: str, sheet: str
    ) -> None:
        page = client.get(
            reverse("account_login"), headers={"accept-language": language}
        ).content.decode()
        assert f'lang="{language}" dir="{direction}"' in page
        assert sheet in page

    @pytest.mark.django_db
    def test_offers_the_quick_exit_before_signing_in(self, client: StrictClient) -> None:
        page = client.get(reverse("account_login")).content.decode()
        assert f'href="{settings.QUICK_EXIT_URL}"' in page

    @pytest.mark.django_db
    def test_offers_no_account_to_strangers(self, client: StrictClient) -> None:
        page = client.get(reverse("account_login")).content.decode()
        assert "sign up" not in page.lower()

    def test_draws_the_failure_page_without_a_request(self) -> None:
        page = render_to_string("500.html")
        assert "Something went wrong" in page
        assert "csrfmiddlewaretoken" not in page

    @pytest.mark.django_db
    def test_has_no_form_on_the_page_for_what_is_not_there(
        self, cast: Cast, client_for: Callable[..., StrictClient]
    ) -> None:
        answer = client_for(cast.co_ordinator).get("/nowhere-at-all/")
        assert answer.status_code == 404
        assert b"<form" not in answer.content
        assert b"nowhere" not in answer.content


class TestBuild:
    """What `npm run build` made. `make setup` runs it; without it these tests say so."""

    @pytest.mark.parametrize("sheet", ["app.css", "app.rtl.css"])
    def test_fetches_no_font_and_no_picture(self, sheet: str) -> None:
        css = (BUILD / sheet).read_text()
        assert len(css) > 50_000
        for fetched in ("@font-face", "url(", "@import", "GDS Transport"):
            assert fetched not in css

    def test_writes_no_case_data_into_the_browser(self) -> None:
        for script in (Path(settings.BASE_DIR) / "static" / "js").glob("*.js"):
            text = script.read_text()
            assert "localStorage" not in text
            assert "sessionStorage.setItem" not in text
            assert "indexedDB" not in text

    @pytest.mark.django_db
    def test_loads_little_on_a_first_visit(self, client: StrictClient) -> None:
        from django.contrib.staticfiles import finders

        page = client.get(reverse("account_login")).content
        loaded = re.findall(rb"(?:href|src)=\"/?static/([^\"]+)\"", page)
        assert len(loaded) >= 4
        files = [Path(str(finders.find(name.decode()))).read_bytes() for name in loaded]
        assert sum(len(gzip.compress(file)) for file in [page, *files]) < FIRST_PAGE
