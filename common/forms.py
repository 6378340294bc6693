"""How every form of the platform is drawn: the renderer, its bound field, and the date widget.

Which fields a form has is the apps' business; the markup is in `templates/django/forms/`.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

# The longest answer a field takes, and the width in characters its box then has.
WIDTHS = ((2, "2"), (3, "3"), (4, "4"), (5, "5"), (10, "10"), (20, "20"), (60, "30"))
WIDTHS_BY_TYPE: tuple[tuple[type[forms.Field], str], ...] = (
    (forms.EmailField, "govuk-input--width-30"),
    (forms.URLField, "govuk-!-width-two-thirds"),
    (forms.DateTimeField, "govuk-input--width-20"),
    (forms.DateField, "govuk-input--width-10"),
    (forms.TimeField, "govuk-input--width-5"),
    (forms.DecimalField, "govuk-input--width-10"),
    (forms.IntegerField, "govuk-input--width-5"),
)
KINDS: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.CheckboxSelectMultiple, "checkboxes"),  # before its base class
    (forms.RadioSelect, "radios"),
    (forms.CheckboxInput, "checkbox"),
    (forms.Select, "select"),
    (forms.Textarea, "textarea"),
    (forms.PasswordInput, "password"),
    (forms.FileInput, "file"),
)
CLASSES = {
    "input": "govuk-input",
    "select": "govuk-select",
    "textarea": "govuk-textarea",
    "password": "govuk-input govuk-password-input__input govuk-js-password-input-input",
    "file": "govuk-file-upload",
    "radios": "govuk-radios__input",
    "checkboxes": "govuk-checkboxes__input",
    "checkbox": "govuk-checkboxes__input",
}


class DateInputs(forms.MultiWidget):
    """A date as three boxes: day, month, year. Nobody has to know a format or open a calendar.

    For `forms.DateField(widget=DateInputs)`: what is posted becomes "YYYY-MM-DD"; three empty
    boxes are no date; anything else is handed on as typed, for the field to refuse and show again.
    """

    template_name = "django/forms/widgets/date_inputs.html"
    use_fieldset = True

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        box = {"inputmode": "numeric", "autocomplete": "off"}
        super().__init__(
            widgets={
                "day": forms.TextInput(attrs=box),
                "month": forms.TextInput(attrs=box),
                "year": forms.TextInput(attrs=box),
            },
            attrs=attrs,
        )

    def decompress(self, value: date | datetime | str | None) -> list[str]:
        """The three boxes, as [day, month, year], of a date or of what was typed."""
        if isinstance(value, date):
            return [str(value.day), str(value.month), str(value.year)]
        parts = str(value or "").split("-")
        return parts[::-1] if len(parts) == len(self.widgets) else ["", "", ""]

    def value_from_datadict(  # type: ignore[override]
        self, data: Mapping[str, Any], files: MultiValueDict[str, Any], name: str
    ) -> str | None:
        """What was typed as "year-month-day", or None where all three boxes are empty."""
        day, month, year = (
            str(part or "").strip().replace("-", "")
            for part in super().value_from_datadict(data, files, name)
        )
        if not (day or month or year):
            return None
        if len(year) < len("2026"):  # some locales would read "26-3-4" in another order
            year = f"{year} "
        return f"{year}-{month}-{day}"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        widget = context["widget"]
        widget["has_error"] = widget["attrs"].get("aria-invalid") == "true"
        for box, label, width in zip(
            widget["subwidgets"], (_("Day"), _("Month"), _("Year")), ("2", "2", "4"), strict=True
        ):
            box["label"] = label
            error = " govuk-input--error" if widget["has_error"] else ""
            box["attrs"]["class"] = (
                f"govuk-input govuk-date-input__input govuk-input--width-{width}{error}"
            )
        return context


class ConcordBoundField(BoundField):
    """A field as a page shows it: its kind, its width, and what a screen reader is told."""

    @property
    def kind(self) -> str:
        """Which branch of `field.html` draws it: one of `CLASSES`, "date", "group", "hidden"."""
        widget = self.field.widget
        if widget.is_hidden:
            return "hidden"
        if isinstance(widget, DateInputs):
            return "date"
        for widget_class, kind in KINDS:
            if isinstance(widget, widget_class):
                return kind
        return "group" if widget.use_fieldset else "input"

    @property
    def focus_id(self) -> str:
        """The id of the input that a line of the error summary leads to."""
        if self.kind in {"date", "group", "radios", "checkboxes"}:
            return f"{self.auto_id}_0"
        return self.id_for_label or self.auto_id

    @property
    def is_marked_optional(self) -> bool:
        """Whether the label says "(optional)": only in a form that also has required fields."""
        if self.field.required or self.kind == "checkbox":
            return False
        return any(field.required for field in self.form.fields.values())

    def build_widget_attrs(
        self, attrs: dict[str, Any], widget: forms.Widget | None = None
    ) -> dict[str, Any]:
        """Django's attributes plus our classes; by default browsers are to remember nothing."""
        attrs = super().build_widget_attrs(attrs, widget)
        widget = widget or self.field.widget
        kind = self.kind
        if kind in CLASSES:
            given = widget.attrs.get("class", "")
            error = f"{CLASSES[kind].split()[0]}--error" if self.errors else ""
            width = "" if "width-" in given else self._width_class(kind)
            attrs["class"] = " ".join(filter(None, (CLASSES[kind], width, given, error)))
        if kind in {"input", "textarea"} and "autocomplete" not in widget.attrs:
            attrs["autocomplete"] = "off"  # answers about other people are no autofill material
        if "placeholder" in widget.attrs:
            attrs["placeholder"] = False  # the label stands above; a placeholder vanishes on typing
        return attrs

    def _width_class(self, kind: str) -> str:
        if kind not in {"input", "password"}:
            return ""
        if kind == "password":
            return "govuk-input--width-30"
        for field_class, width in WIDTHS_BY_TYPE:
            if isinstance(self.field, field_class):
                return width
        longest = getattr(self.field, "max_length", None)
        for length, width in WIDTHS:
            if longest and longest <= length:
                return f"govuk-input--width-{width}"
        return "govuk-!-width-two-thirds"


def put_in(form: forms.BaseForm, typed: QueryDict | None) -> None:
    """Show a fresh form with what was typed before a time-out, without judging it yet."""
    if typed is None:
        return
    for name, field in form.fields.items():
        html_name = form.add_prefix(name)
        if not field.widget.value_omitted_from_data(typed, {}, html_name):
            form.initial[name] = field.widget.value_from_datadict(typed, {}, html_name)


class NarrowForm(forms.Form):
    """What a list is narrowed by, where it takes no FilterSet."""

    @property
    def is_narrowing(self) -> bool:
        """Whether anything was asked for."""
        return any(self.data.get(name) for name in self.fields)


def in_words(form: forms.BaseForm, values: Mapping[str, Any]) -> dict[str, Any]:
    """These values of a form's fields, codes as its own choices say them: for a page on which two
    people's answers stand side by side."""
    return {name: _said(form.fields[name], value) for name, value in values.items()}


def _said(field: forms.Field, value: Any) -> Any:
    if isinstance(field, forms.ModelChoiceField):
        return "" if value is None else field.label_from_instance(value).strip()
    if not isinstance(field, forms.ChoiceField):
        return value
    choices: Any = field.choices
    labels = {str(code): str(label) for code, label in choices}
    if isinstance(field, forms.MultipleChoiceField):
        return ", ".join(labels.get(code, code) for code in value)
    return labels.get(str(value), value)


class ConcordFormRenderer(TemplatesSetting):
    """Django's forms with our field template. `{{ form }}` draws the whole form, fields only."""

    form_template_name = "django/forms/form.html"
    field_template_name = "django/forms/field.html"
    bound_field_class = ConcordBoundField


def focus_id(field: BoundField) -> str:
    """The id to jump to for a field of any form, also one drawn by another renderer."""
    if isinstance(field, ConcordBoundField):
        return field.focus_id
    return field.id_for_label or field.auto_id
