"""Writing a report part by part, a word beside a field, and the acts about a report."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from common.country import local_day
from common.marks import Permission, needs
from common.workflow import NotPossible, Stale
from funding.amounts import written
from funding.forms import terms as asked
from funding.forms.amounts import AmountField
from funding.models import GrantReport
from funding.models.reports import NARRATIVE
from funding.services import reports as services
from funding.terms_workflow import REPORT
from funding.views.report_parts import before
from funding.views.reports import found_report, name_of
from partners.access import Actor, may
from partners.views import shown
from partners.views.deeds import actor_of, conflict, differences, done, form_page, typed

P = Permission


class LinesSpent(forms.Form):
    """How much of each line was spent until the end of the period."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(self, report: GrantReport, data: Any = None) -> None:
        self.lines = list(report.award.lines.all())
        said = dict(report.spent.values_list("line_id", "spent"))
        initial: dict[str, Any] = {"version": report.version, "money_words": report.money_words}
        for line in self.lines:
            initial[asked.spent_name(line)] = said.get(line.pk, line.spent)
        super().__init__(data, initial=initial)
        for line in self.lines:
            has = _("The line has %(amount)s.")
            self.fields[asked.spent_name(line)] = AmountField(
                label=line.get_kind_display(),
                help_text=has % {"amount": written(line.amount, report.award.currency)},
                is_zero_allowed=True,
            )
        self.fields["money_words"] = asked.words(
            gettext_lazy("About the money"),
            gettext_lazy("Where more or less was spent than planned, and why."), required=False,
            most=4000,
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for line in self.lines:
            name = asked.spent_name(line)
            if given.get(name) is not None and given[name] > line.amount:
                self.add_error(
                    name, _("More than the line has. Ask for a reallocation on the award’s page.")
                )
        return given


# --- writing --------------------------------------------------------------------------------------


@needs(P.FUNDING_APPLY)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, uuid: UUID, page: str) -> HttpResponse:
    """One part of a report, while the recipient writes it."""
    actor = actor_of(request)
    draw = {"narrative": _words, "figures": _figures, "money": _money}.get(page)
    if draw is None:
        raise Http404
    found = found_report(actor, uuid)
    if not may(actor, P.FUNDING_APPLY, found):
        raise PermissionDenied
    return draw(request, actor, found)


def _words(request: HttpRequest, actor: Actor, found: GrantReport) -> HttpResponse:
    standing = {name: getattr(found, name) for name in NARRATIVE}
    form = asked.ReportWords(typed(request), initial={**standing, "version": found.version})
    if form.is_valid():
        try:
            services.write_words(
                report=found, by=actor, at=actor.at, version=form.cleaned_data["version"],
                **form.text(),
            )  # fmt: skip
        except Stale as error:
            now: Any = error.current
            labels = {name: form.fields[name].label for name in NARRATIVE}
            theirs = {name: getattr(now, name) for name in NARRATIVE}
            rows = differences(labels, form.text(), theirs)
            return conflict(request, rows=rows, version=now.version, back=found.get_absolute_url())
        except NotPossible as error:
            return _refused(request, found, error)
        return _saved(request, found)
    return _part(
        request, form, found, title=_("What happened"),
        lines=[_("Nobody who was helped is named, and no place where somebody stays.")],
    )  # fmt: skip


def _figures(request: HttpRequest, actor: Actor, found: GrantReport) -> HttpResponse:
    indicators = list(found.award.indicators.all())
    known = {each.indicator_id: each for each in found.figures.all()}
    form = asked.Figures(indicators, known, typed(request), version=found.version)
    if form.is_valid():
        try:
            services.write_figures(
                report=found, figures=form.figures(), by=actor, at=actor.at,
                version=form.cleaned_data["version"],
            )  # fmt: skip
        except Stale as error:
            now: Any = error.current
            theirs = {each.indicator_id: each.total for each in now.figures.all()}
            labels = {str(each.pk): each.name for each in indicators}
            mine = {str(e.pk): form.cleaned_data[asked.Figures.name(e)] for e in indicators}
            rows = differences(labels, mine, {k: theirs.get(int(k), "") for k in mine})
            return conflict(request, rows=rows, version=now.version, back=found.get_absolute_url())
        except NotPossible as error:
            return _refused(request, found, error)
        return _saved(request, found)
    last = before(found)
    earlier = {each.indicator_id: each.total for each in last.figures.all()} if last else {}
    groups = [
        {
            "label": each.name,
            "hint": _("In the report before: %(n)s.") % {"n": earlier[each.pk]}
            if each.pk in earlier
            else "",
            "fields": [form[name] for name in form.fields if name.startswith(f"f{each.pk}_")],
        }
        for each in indicators
    ]
    return _part(
        request, form, found, title=_("Figures"), template="funding/report_figures.html",
        groups=groups,
        lines=[
            _("Numbers of this period only. An empty box counts as none."),
            _("People by sex and age make the total. Where a number would show who somebody is, "
              "count the person as not recorded."),
        ],
    )  # fmt: skip


def _money(request: HttpRequest, actor: Actor, found: GrantReport) -> HttpResponse:
    form = LinesSpent(found, typed(request))
    if form.is_valid():
        given = form.cleaned_data
        try:
            services.write_money(
                report=found, spent=asked.spent_of(form.lines, given), words=given["money_words"],
                by=actor, at=actor.at, version=given["version"],
            )  # fmt: skip
        except Stale as error:
            now: Any = error.current
            theirs = dict(now.spent.values_list("line__kind", "spent"))
            labels = {line.kind: line.get_kind_display() for line in form.lines}
            mine = asked.spent_of(form.lines, given)
            rows = differences(labels, mine, {kind: theirs.get(kind, "") for kind in mine})
            return conflict(request, rows=rows, version=now.version, back=found.get_absolute_url())
        except NotPossible as error:
            return _refused(request, found, error)
        return _saved(request, found)
    return _part(
        request, form, found, title=_("Money"),
        lines=[
            _("Say of each line how much was spent in all, from the first day of the award until "
              "%(day)s, in %(currency)s.")
            % {"day": shown.date(found.until_on), "currency": found.award.currency},
            _("What you stated before stands in the boxes."),
        ],
    )  # fmt: skip


def _part(request: HttpRequest, form: Any, found: GrantReport, **more: Any) -> HttpResponse:
    return form_page(
        request, form=form, button=_("Save"), back=found.get_absolute_url(),
        about=name_of(found), **more,
    )  # fmt: skip


def _saved(request: HttpRequest, found: GrantReport) -> HttpResponse:
    done(request, lambda: None, _("Saved."))
    return redirect(found)


def _refused(request: HttpRequest, found: GrantReport, error: Exception) -> HttpResponse:
    def again() -> None:
        raise error

    done(request, again, "")
    return redirect(found)


@needs(P.FUNDING_SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def comment(request: HttpRequest, uuid: UUID, field: str) -> HttpResponse:
    """A word beside one field."""
    actor = actor_of(request)
    found = found_report(actor, uuid)
    ours = found.award.funder_id == actor.organisation_id
    if not may(actor, P.FUNDING_KEEP if ours else P.FUNDING_APPLY, found):
        raise PermissionDenied
    if field not in services.commented(found):
        raise Http404
    form = asked.Comment(typed(request), initial={"client_key": uuid4()})
    if form.is_valid():
        given = form.cleaned_data
        write = lambda: services.write_comment(  # noqa: E731
            client_key=given["client_key"], report=found, field=field, words=given["words"],
            by=actor, at=actor.at,
        )  # fmt: skip
        if done(request, write, _("It stands beside the field.")):
            return redirect(f"{found.get_absolute_url()}#{field}")
    return form_page(
        request, form=form, title=_("Comment"), button=_("Save the comment"),
        back=f"{found.get_absolute_url()}#{field}", about=_label_of(found, field),
    )  # fmt: skip


def _label_of(found: GrantReport, field: str) -> str:
    if field.startswith("figure-"):
        return found.award.indicators.get(uuid=field.removeprefix("figure-")).name
    if field.startswith("line-"):
        line = found.award.lines.get(kind=field.removeprefix("line-"))
        return line.get_kind_display()
    return str(GrantReport._meta.get_field(field).verbose_name)  # type: ignore[union-attr]


# --- acts -----------------------------------------------------------------------------------------


@needs(P.FUNDING_SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Send a report, accept it, send it back, give more time, or no longer ask for it."""
    actor = actor_of(request)
    draw = {
        "send": _send,
        "accept": _accept,
        "send_back": _send_back,
        "put_off": _put_off,
        "drop": _drop,
        "let_wait": _let_wait,
    }.get(name)
    if draw is None:
        raise Http404
    found = found_report(actor, uuid)
    permission = P.FUNDING_KEEP if name == "let_wait" else REPORT[name].permission
    if not may(actor, permission, found):
        raise PermissionDenied
    return draw(request, actor, found)


def _asks(
    request: HttpRequest, found: GrantReport, *, title: str, button: str, form: Any = None,
    lines: list[str] | None = None,
) -> HttpResponse:  # fmt: skip
    return form_page(
        request, form=form or forms.Form(), title=title, button=button,
        back=found.get_absolute_url(), about=name_of(found), lines=lines,
    )  # fmt: skip


def _send(request: HttpRequest, actor: Actor, found: GrantReport) -> HttpResponse:
    if request.method == "POST":
        act = lambda: REPORT.apply(found, "send", by=actor, at=actor.at)  # noqa: E731
        done(request, act, _("Sent. You see here by when the funder has to answer."))
        return redirect(found)
    return _asks(
        request, found, title=_("Send the report"), button=_("Send it"),
        lines=[
            _("The funder reads it and accepts it, or sends it back with comments beside the "
              "fields."),
            _("You cannot change it while the funder reads it."),
        ],
    )  # fmt: skip


def _accept(request: HttpRequest, actor: Actor, found: GrantReport) -> HttpResponse:
    if request.method == "POST":
        act = lambda: services.accept(report=found, by=actor, at=actor.at)  # noqa: E731
        done(request, act, _("Accepted. What waited for it can be paid."))
        return redirect(found)
    return _asks(
        request, found, title=_("Accept the report"), button=_("Accept it"),
        lines=[_("It is closed then: neither side changes it any more.")],
    )  # fmt: skip


def _send_back(request: HttpRequest, actor: Actor, found: GrantReport) -> HttpResponse:
    form = asked.SendBack(typed(request), today=local_day(actor.at))
    return _with_day(
        request, actor, found, "send_back", form, title=_("Send it back"),
        words=_("Sent back. Everything that stood in it stays."),
        lines=[
            _("Write comments beside the fields first; here comes what is missing in all."),
            _("Nothing the recipient wrote is lost."),
        ],
    )  # fmt: skip


def _put_off(request: HttpRequest, actor: Actor, found: GrantReport) -> HttpResponse:
    form = asked.MoreTime(typed(request), today=local_day(actor.at), after=found.due_on)
    return _with_day(
        request, actor, found, "put_off", form, title=_("Give more time"),
        words=_("The recipient has been told of the new day."), lines=[],
    )  # fmt: skip


def _with_day(
    request: HttpRequest, actor: Actor, found: GrantReport, name: str, form: Any, *, title: str,
    words: str, lines: list[str],
) -> HttpResponse:  # fmt: skip
    if form.is_valid():
        given = form.cleaned_data
        act = lambda: REPORT.apply(found, name, by=actor, at=actor.at, **given)  # noqa: E731
        if done(request, act, words):
            return redirect(found)
    return _asks(request, found, form=form, title=title, button=title, lines=lines)


def _drop(request: HttpRequest, actor: Actor, found: GrantReport) -> HttpResponse:
    form = asked.Dropped(typed(request))
    if form.is_valid():
        comment = form.cleaned_data["comment"]
        act = lambda: REPORT.apply(found, "drop", by=actor, at=actor.at, comment=comment)  # noqa: E731
        done(request, act, _("This report is no longer asked for."))
        return redirect(found)
    return _asks(
        request, found, form=form, title=_("No longer ask for it"), button=_("No longer ask for it")
    )


class Which(forms.Form):
    """Which instalment waits for the report."""

    instalment = forms.ModelChoiceField(
        label=gettext_lazy("Which instalment"), queryset=None, empty_label=None,
        widget=forms.RadioSelect, to_field_name="uuid",
    )  # fmt: skip

    def __init__(self, found: GrantReport, data: Any = None) -> None:
        super().__init__(data)
        field: Any = self.fields["instalment"]
        field.queryset = services.free_instalments(found)
        currency = found.award.currency
        field.label_from_instance = lambda each: _("%(n)s: %(amount)s, planned for %(day)s") % {
            "n": each.number, "amount": written(each.amount, currency),
            "day": shown.date(each.due_on),
        }  # fmt: skip


def _let_wait(request: HttpRequest, actor: Actor, found: GrantReport) -> HttpResponse:
    form = Which(found, typed(request))
    if form.is_valid():
        act = lambda: services.let_wait(  # noqa: E731
            report=found, instalment=form.cleaned_data["instalment"], by=actor, at=actor.at
        )
        done(request, act, _("It is paid once this report is accepted."))
        return redirect(found)
    return _asks(
        request, found, form=form, title=_("Let an instalment wait for it"), button=_("Save"),
        lines=[_("The recipient sees on the award’s page what the instalment waits for.")],
    )  # fmt: skip
