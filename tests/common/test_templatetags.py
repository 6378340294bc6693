"""The template tags: links that keep a list's filters, times in words, drawings that only draw."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.mfa.adapter import DefaultMFAAdapter as MFAAdapter
from django import forms
from django.http import QueryDict
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone, translation

from common.templatetags import concord

SVG = '<?xml version="1.0"?><svg viewBox="0 0 1 1"><path d="M0 0h1"/></svg>'


class Asked(forms.Form):
    region = forms.ChoiceField(choices=[("", "All"), ("n", "North")], required=False)
    name = forms.CharField(label="Name", required=False)


class TestErrorLinks:
    def test_names_the_field_and_leads_to_it(self) -> None:
        class Needed(forms.Form):
            name = forms.CharField(label="Name")

        assert concord.error_links(Needed({})) == [
            {"text": "Name: This field is required.", "href": "#id_name"}
        ]

    def test_leaves_errors_of_the_whole_form_without_a_link(self) -> None:
        form = Asked({})
        form.add_error(None, "These contradict each other.")
        assert concord.error_links(form) == [{"text": "These contradict each other.", "href": ""}]


class TestActiveFilters:
    def test_says_what_narrows_the_list_and_how_to_drop_it(self) -> None:
        chosen = concord.active_filters(Asked(QueryDict("region=n&name=ana&show=all")))
        assert chosen == [
            {"label": "Region", "value": "North", "remove": "?name=ana&show=all"},
            {"label": "Name", "value": "ana", "remove": "?region=n&show=all"},
        ]

    def test_starts_again_from_the_first_page(self) -> None:
        chosen = concord.active_filters(Asked(QueryDict("region=n&cursor=abc")))
        assert chosen[0]["remove"] == "?"

    def test_is_empty_for_a_filter_nobody_used(self) -> None:
        assert concord.active_filters(Asked()) == []


class TestSortLink:
    def test_keeps_the_filters_and_drops_the_place(self) -> None:
        request = RequestFactory().get("/x/", {"region": "n", "cursor": "abc", "order": "name"})
        assert concord.sort_link(request, "due") == "?region=n&order=due"


class TestMoment:
    def test_reads_in_the_language_and_zone_of_the_page(self) -> None:
        at = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
        with translation.override("fr"), timezone.override("Europe/Paris"):
            assert concord.moment(at) == "23 novembre 2026, 00:30"

    def test_shows_a_day_without_an_hour(self) -> None:
        with translation.override("fr"):
            assert concord.moment(date(2026, 11, 22)) == "22 novembre 2026"

    def test_gives_machines_the_same_instant(self) -> None:
        at = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
        with timezone.override("Europe/Paris"):
            assert concord.machine_time(at) == "2026-11-23T00:30+01:00"
        assert concord.machine_time(date(2026, 11, 22)) == "2026-11-22"


class TestDrawing:
    def test_draws_the_path_anew(self) -> None:
        assert concord.drawing(SVG) == (
            '<svg viewBox="0 0 1 1" aria-hidden="true" focusable="false"><path d="M0 0h1" /></svg>'
        )

    def test_draws_what_the_code_generator_makes(self) -> None:
        made = MFAAdapter().build_totp_svg("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP")
        assert concord.drawing(made).count("M") > 100

    @pytest.mark.parametrize(
        "hostile",
        [
            SVG.replace("<path", "<script>alert(1)</script><path"),
            SVG.replace("<path", '<path onload="alert(1)"'),
            SVG.replace("<svg", '<svg onload="alert(1)"'),
            SVG + "<script>alert(1)</script>",
        ],
    )
    def test_lets_nothing_else_through(self, hostile: str) -> None:
        assert "alert" not in concord.drawing(hostile)

    @pytest.mark.parametrize(
        "other",
        ["no drawing", SVG.replace('d="M0', 'd="javascript:M0'), SVG.replace("viewBox", "x")],
    )
    def test_refuses_another_drawing(self, other: str) -> None:
        with pytest.raises(ValueError, match="one path"):
            concord.drawing(other)


class TestUniqueId:
    def test_is_never_given_twice_on_a_page(self) -> None:
        once = '{% unique_id "a" as id %}{{ id }} '
        template = Template("{% load concord %}" + once * 3)
        ids = template.render(Context()).split()
        assert len(set(ids)) == 3


class TestUrlOrNothing:
    def test_is_empty_for_a_view_this_installation_lacks(self) -> None:
        assert concord.url_or_nothing("no_such:view") == ""
        assert concord.url_or_nothing("account_login")


class TestAsJson:
    def test_is_escaped_in_an_attribute(self) -> None:
        template = Template('{% load concord %}<i data-x="{{ value|as_json }}">')
        context: dict[str, Any] = {"value": {"a": '"><script>'}}
        assert "<script>" not in template.render(Context(context))


class TestFrame:
    def test_needs_no_request(self, settings: Any) -> None:
        settings.DEMO = True
        assert concord.frame()["is_demo"] is True
        assert concord.frame()["quick_exit_url"] == settings.QUICK_EXIT_URL


class TestBeside:
    def test_pairs_cells_with_columns(self) -> None:
        column = SimpleNamespace(label="Name")
        assert concord.beside(["a"], [column]) == [("a", column)]
