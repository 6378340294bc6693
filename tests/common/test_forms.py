"""The field template and its widget: what a person sees, and what a screen reader is told."""

from datetime import date

import pytest
from django import forms
from django.http import QueryDict
from django.utils import translation

from common.forms import ConcordBoundField, DateInputs, focus_id


class Sample(forms.Form):
    name = forms.CharField(label="Name", max_length=200, help_text="As registered.")
    code = forms.CharField(label="Code", max_length=10, required=False)
    email = forms.EmailField(label="E-mail", required=False)
    kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    ways = forms.MultipleChoiceField(
        choices=[("a", "A"), ("b", "B")], widget=forms.CheckboxSelectMultiple, required=False
    )
    agrees = forms.BooleanField(label="Agreed")
    founded_on = forms.DateField(widget=DateInputs, help_text="For example, 27 3 2014.")


class Born(forms.Form):
    on = forms.DateField(widget=DateInputs, required=False)


def typed(day: str, month: str, year: str) -> Born:
    return Born(QueryDict(f"on_day={day}&on_month={month}&on_year={year}"))


def field(name: str, form: forms.Form | None = None) -> ConcordBoundField:
    bound = (form or Sample())[name]
    assert isinstance(bound, ConcordBoundField)
    return bound


class TestField:
    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("name", "input"),
            ("kind", "radios"),
            ("ways", "checkboxes"),
            ("agrees", "checkbox"),
            ("founded_on", "date"),
        ],
    )
    def test_knows_its_kind(self, name: str, kind: str) -> None:
        assert field(name).kind == kind

    @pytest.mark.parametrize(
        ("name", "width"),
        [
            ("name", "govuk-!-width-two-thirds"),
            ("code", "govuk-input--width-10"),
            ("email", "govuk-input--width-30"),
        ],
    )
    def test_is_as_wide_as_its_answer(self, name: str, width: str) -> None:
        assert width in str(field(name))

    def test_keeps_a_width_it_was_given(self) -> None:
        class Narrow(forms.Form):
            name = forms.CharField(widget=forms.TextInput(attrs={"class": "govuk-input--width-4"}))

        drawn = str(Narrow()["name"])
        assert "govuk-input--width-4" in drawn
        assert "two-thirds" not in drawn

    def test_ties_hint_and_error_to_the_input(self) -> None:
        drawn = field("name", Sample({})).as_field_group()
        assert 'aria-describedby="id_name_helptext id_name_error"' in drawn
        assert 'id="id_name_helptext"' in drawn
        assert 'id="id_name_error"' in drawn
        assert "govuk-input--error" in drawn

    def test_tells_the_browser_to_remember_nothing(self) -> None:
        assert 'autocomplete="off"' in str(field("code"))

    def test_leaves_autocomplete_to_who_set_it(self) -> None:
        class SignIn(forms.Form):
            email = forms.EmailField(widget=forms.EmailInput({"autocomplete": "email"}))

        assert 'autocomplete="email"' in str(SignIn()["email"])

    def test_shows_no_placeholder(self) -> None:
        class Hinting(forms.Form):
            name = forms.CharField(widget=forms.TextInput({"placeholder": "Name"}))

        assert "placeholder" not in str(Hinting()["name"])

    def test_says_optional_where_something_else_is_required(self) -> None:
        assert "(optional)" in field("code").as_field_group()
        assert "(optional)" not in field("name").as_field_group()

    def test_does_not_say_optional_where_all_is(self) -> None:
        assert "(optional)" not in field("on", Born()).as_field_group()

    def test_escapes_its_label(self) -> None:
        class Hostile(forms.Form):
            name = forms.CharField(label="<script>")

        assert "<script>" not in field("name", Hostile()).as_field_group()


class TestFocusId:
    @pytest.mark.parametrize("name", ["name", "kind", "ways", "agrees", "founded_on"])
    def test_is_an_input_on_the_page(self, name: str) -> None:
        bound = field(name)
        assert f'id="{focus_id(bound)}"' in bound.as_field_group()


class TestDateInputs:
    def test_reads_three_boxes_as_a_date(self) -> None:
        form = typed("27", "3", "2014")
        assert form.is_valid()
        assert form.cleaned_data["on"] == date(2014, 3, 27)

    def test_reads_three_empty_boxes_as_no_date(self) -> None:
        form = typed("", "", "")
        assert form.is_valid()
        assert form.cleaned_data["on"] is None

    @pytest.mark.parametrize(
        "boxes",
        [
            ("31", "2", "2014"),
            ("27", "", "2014"),
            ("27", "3", "14"),
            ("a", "b", "c"),
            ("", "", "2014"),
        ],
    )
    @pytest.mark.parametrize("language", ["en", "pl", "fr"])
    def test_refuses_what_is_no_date(self, boxes: tuple[str, str, str], language: str) -> None:
        with translation.override(language):
            assert "on" in typed(*boxes).errors

    def test_shows_again_what_was_refused(self) -> None:
        drawn = str(typed("31", "2", "2014")["on"])
        assert [f'value="{part}"' in drawn for part in ("31", "2", "2014")] == [True] * 3
        assert drawn.count("govuk-input--error") == 3

    def test_shows_a_date_in_its_boxes(self) -> None:
        drawn = str(Born(initial={"on": date(2014, 3, 27)})["on"])
        assert [f'value="{part}"' in drawn for part in ("27", "3", "2014")] == [True] * 3
        assert "error" not in drawn

    def test_labels_each_box(self) -> None:
        drawn = str(Born()["on"])
        for number, label in enumerate(("Day", "Month", "Year")):
            assert f'for="id_on_{number}">{label}</label>' in drawn
