"""The gallery of components, with invented data in every state a component has.

Whoever writes a screen looks here first. The data is fixed: pictures of this page can be compared.
"""

from datetime import UTC, date, datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from common.charts import Chart, bar_chart
from common.forms import DateInputs
from common.marks import Permission, needs

REGIONS = [("n", _("North")), ("s", _("South")), ("w", _("West"))]
SAMPLE_BARS = (("Q1", 12), ("Q2", 24), ("Q3", 18), ("Q4", 31))


class SampleFilter(forms.Form):
    """A filter as lists have it: every field optional."""

    region = forms.ChoiceField(label=_("Region"), choices=[("", _("All"))], required=False)
    state = forms.ChoiceField(label=_("State"), choices=[("", _("All"))], required=False)
    name = forms.CharField(label=_("Name contains"), required=False, max_length=80)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].choices = [("", _("All")), *REGIONS]  # type: ignore[attr-defined]
        self.fields["state"].choices = [  # type: ignore[attr-defined]
            ("", _("All")),
            ("member", _("Member")),
            ("suspended", _("Suspended")),
        ]


class SampleForm(forms.Form):
    """One field of each kind that the field template draws."""

    name = forms.CharField(label=_("Name of the organisation"), max_length=200)
    code = forms.CharField(label=_("Registration number"), max_length=10, required=False)
    email = forms.EmailField(
        label=_("E-mail address"), help_text=_("Only the co-ordination team sees it.")
    )
    beds = forms.IntegerField(label=_("Places in the shelter"), min_value=0)
    founded_on = forms.DateField(
        label=_("Founded on"), widget=DateInputs, help_text=_("For example, 27 3 2014.")
    )
    region = forms.ChoiceField(label=_("Region"), choices=REGIONS)
    kind = forms.ChoiceField(
        label=_("Kind of organisation"),
        choices=[("ngo", _("Non-governmental")), ("state", _("Public authority"))],
        widget=forms.RadioSelect,
    )
    services = forms.MultipleChoiceField(
        label=_("Services offered"),
        choices=[("s", _("Shelter")), ("l", _("Legal aid")), ("h", _("Health care"))],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Choose all that apply."),
    )
    about = forms.CharField(
        label=_("About the organisation"), widget=forms.Textarea(attrs={"rows": 4}), required=False
    )
    password = forms.CharField(label=_("Password"), widget=forms.PasswordInput)
    statutes = forms.FileField(label=_("Statutes"), required=False)
    agrees = forms.BooleanField(label=_("We agree to the rules of the mechanism"))


def _sample_chart() -> Chart:
    rows = [{"quarter": name, "referrals": number} for name, number in SAMPLE_BARS]
    labels = {"quarter": _("Quarter"), "referrals": _("Referrals")}
    return bar_chart(
        rows, x="quarter", y="referrals", title=_("Referrals by quarter"), labels=labels
    )


def _cells(*cells: str | dict[str, Any]) -> list[dict[str, Any]]:
    return [cell if isinstance(cell, dict) else {"text": cell} for cell in cells]


def _lists() -> dict[str, Any]:
    return {
        "columns": [
            {"label": _("Organisation"), "order": "name", "sorted": "ascending"},
            {"label": _("State")},
            {"label": _("Region")},
            {"label": _("Places"), "is_number": True, "order": "places"},
            {"label": _("Reply by"), "order": "due"},
        ],
        "rows": [
            _cells(
                {"text": "Lantern House", "href": "#table", "note": _("Non-governmental")},
                {"text": _("Member"), "colour": "green"},
                "North",
                "14",
                {"text": "24 Nov 2026", "note": _("2 working days left")},
            ),
            _cells(
                {
                    "text": "Association for the Protection of Seasonal and Domestic Workers",
                    "href": "#table",
                },
                {"text": _("Under review"), "colour": "yellow"},
                "South",
                "0",
                {"text": "20 Nov 2026", "note": _("1 working day late")},
            ),
            _cells(
                {"text": "بيت الأمل", "href": "#table"},
                {"text": _("Suspended"), "colour": "red"},
                "West",
                "1,000+",
                "—",
            ),
        ],
        "chart_columns": [{"label": _("Quarter")}, {"label": _("Referrals"), "is_number": True}],
        "chart_rows": [_cells(name, str(number)) for name, number in SAMPLE_BARS],
        "nothing_found": {
            "title": _("No organisation matches"),
            "text": _(
                "Try a wider region, or ask the co-ordination team which service is nearest."
            ),
            "href": "#table",
            "label": _("Clear all filters"),
        },
        "files": [
            {"name": "statutes-2014.pdf", "href": "#files", "size": 482_113, "kind": "PDF"},
            {
                "name": "annual-report.xlsx",
                "href": "#files",
                "size": 2_104_337,
                "kind": "XLSX",
                "note": _("Can be fetched until 29 November 2026."),
                "remove_href": "#files",
            },
        ],
    }


def _differences() -> list[dict[str, Any]]:
    return [
        {
            "label": _("About the organisation"),
            "mine": [_("Shelter and legal aid."), _("Day and night.")],
            "theirs": [_("Shelter, legal aid and health care.")],
        },
        {"label": _("Second channel"), "mine": ["+000 111 222"], "theirs": []},
    ]


def _stories() -> dict[str, Any]:
    return {
        "differences": _differences(),
        "events": [
            {
                "title": _("Admitted to the mechanism"),
                "by": "K. Example, Co-ordination Office",
                "at": datetime(2026, 11, 20, 14, 5, tzinfo=UTC),
                "tag": {"text": _("Member"), "colour": "green"},
            },
            {
                "title": _("Sent back with questions"),
                "by": "K. Example, Co-ordination Office",
                "at": datetime(2026, 11, 12, 9, 30, tzinfo=UTC),
                "text": _(
                    "Please add the deputy of the contact point and how to reach them at night."
                ),
            },
            {"title": _("Application received"), "at": date(2026, 11, 9)},
        ],
        "tasks": [
            {"label": _("Who you are"), "href": "#tasks", "status": _("Completed")},
            {
                "label": _("Services and places"),
                "href": "#tasks",
                "hint": _("About five minutes."),
                "status": _("In progress"),
                "colour": "teal",
            },
            {
                "label": _("Contact points"),
                "href": "#tasks",
                "status": _("Not started"),
                "colour": "blue",
            },
            {"label": _("Check and send"), "status": _("Cannot start yet")},
        ],
        "answers": [
            {"label": _("Name"), "value": "Lantern House", "href": "#summary"},
            {"label": _("State"), "value": _("Member"), "colour": "green"},
            {
                "label": _("Address"),
                "lines": ["12 Harbour Street", "North Town"],
                "href": "#summary",
            },
            {"label": _("Second channel"), "value": "", "href": "#summary", "action": _("Add")},
        ],
        "steps": [
            _("The co-ordination team reads it within ten working days, by 4 December 2026."),
            _("They may send it back with questions. You get a notice here."),
            _("A body with a voting seat for civil society decides."),
        ],
        "contact": {
            "text": _("Questions? Write to"),
            "href": "mailto:desk@example.org",
            "label": "desk@example.org",
        },
    }


def _panels() -> dict[str, Any]:
    return {
        "panel_tags": [
            {"text": _("Accepted"), "colour": "green"},
            {"text": _("Urgent"), "colour": "red"},
        ],
        "panel_facts": [
            {"label": _("Received"), "value": "9 Nov 2026"},
            {"label": _("Decision due"), "value": "24 Nov 2026"},
            {"label": _("Lead organisation"), "value": "Lantern House"},
        ],
        "buttons": [
            {"label": _("Save and continue")},
            {
                "label": _("Save and come back later"),
                "kind": "secondary",
                "name": "later",
                "value": "1",
            },
        ],
        "panel_actions": [
            {"label": _("Add a note"), "href": "#panel"},
            {"label": _("Close"), "href": "#panel", "kind": "secondary"},
        ],
        "danger": [{"label": _("Withdraw the application"), "kind": "warning"}],
        "cancel": {"label": _("Cancel"), "href": "#buttons"},
        "crumbs": [
            {"label": _("Home"), "href": "/"},
            {"label": _("Registry"), "href": "#top"},
            {"label": "Lantern House"},
        ],
        "errors": [
            {"text": _("Enter the name of the organisation"), "href": "#id_name"},
            {"text": _("The two dates contradict each other")},
        ],
        "result": {
            "label": _("Download the report"),
            "href": "#progress",
            "note": _("Kept for seven days."),
        },
        "tag_colours": ["grey", "green", "teal", "blue", "purple", "red", "orange", "yellow"],
    }


def _forms() -> dict[str, Any]:
    wrong = QueryDict(
        "s-email=lantern&s-founded_on_day=31&s-founded_on_month=2&s-founded_on_year=2014"
    )
    return {
        "filter": SampleFilter(
            QueryDict("region=n&state=member"), prefix=None, auto_id="filter_%s"
        ),
        "search": SampleFilter(auto_id="search_%s"),
        "empty_form": SampleForm(),
        "wrong_form": SampleForm(wrong, prefix="s"),
        "chart_svg": _sample_chart().svg,
    }


@needs(Permission.SIGNED_IN)
@require_GET
def components(request: HttpRequest) -> HttpResponse:
    """Every component in its states."""
    context = {**_lists(), **_stories(), **_panels(), **_forms()}
    return render(request, "ncm/components.html", context)
