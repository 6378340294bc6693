"""Local protocols in pages: the list, one to print, and writing one."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from common.marks import Permission, needs
from common.paging import Order, paginate
from common.workflow import Stale
from partners.access import Actor, get_or_404, may
from partners.facility_choices import ProtocolState
from partners.filters import areas
from partners.forms import facilities as asked
from partners.forms.agreements import Confirm, Why
from partners.models import LocalProtocol, Organisation, PointOfContact
from partners.protocol_workflow import PROTOCOL
from partners.reach import posts_in_use
from partners.services import protocols as services
from partners.views import shown
from partners.views.contacts import entry
from partners.views.deeds import actor_of, as_uuid, conflict, differences, done, form_page, typed
from partners.views.lists import columns, page_links

P = Permission
S = ProtocolState
BY_TITLE = Order("title", "id")
PAGES = ("text", "signatories", "chain")
SPOKEN = ("put_in_force", "end", "drop")
STATE_COLOURS = {
    S.DRAFT: "grey",
    S.IN_FORCE: "green",
    S.REPLACED: "grey",
    S.ENDED: "red",
    S.DROPPED: "grey",
}


def _tag(state: str) -> dict[str, str]:
    known = S(state)
    return {"text": str(known.label), "colour": STATE_COLOURS[known]}


class Narrow(forms.Form):
    """Of which area, and whether earlier versions too."""

    area = forms.ChoiceField(required=False)
    past = forms.ChoiceField(required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        known = [
            (code, "\N{EM SPACE}" * (path.count("/") - 1) + name) for code, name, path in areas()
        ]
        self.paths = {code: path for code, _name, path in areas()}
        area, past = self.fields["area"], self.fields["past"]
        area.label, area.choices = _("Area"), [("", _("The whole country")), *known]  # type: ignore[attr-defined]
        past.label = _("Versions")
        past.choices = [("", _("In force, and drafts")), ("1", _("All versions"))]  # type: ignore[attr-defined]


@needs(P.AGREEMENT_SEE)
@require_safe
def protocols(request: HttpRequest) -> HttpResponse:
    """The local protocols in force, by title; a protocol of an area holds below it too."""
    actor = actor_of(request)
    rows = LocalProtocol.objects.visible_to(actor).select_related("area", "kept_by")
    form = Narrow(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    if path := form.paths.get(given.get("area", "")):
        codes = path.rstrip("/").split("/")
        above = ["".join(f"{code}/" for code in codes[:n]) for n in range(1, len(codes) + 1)]
        rows = rows.filter(area__path__startswith=path) | rows.filter(area__path__in=above)
    if not given.get("past"):
        rows = rows.filter(state__in=[S.IN_FORCE, S.DRAFT])
    page = paginate(rows, BY_TITLE, cursor=request.GET.get("cursor", ""))
    can_write = P.AGREEMENT_DRAFT in actor.permissions
    new = {"href": reverse("partners:protocol-new"), "label": _("Write a local protocol")}
    context = {
        "filter": form,
        "page": page,
        "columns": columns(_("Protocol"), _("Area"), _("Version"), _("State"), _("Kept by")),
        "rows": [
            [
                {"text": each.title, "href": each.get_absolute_url()},
                {"text": each.area.name},
                {"text": str(each.number)},
                _tag(each.state),
                {"text": each.kept_by.display_name},
            ]
            for each in page.rows
        ],
        "empty": {
            "title": _("No local protocol here"),
            "text": _("A protocol says how organisations of an area work together, and whom to "
                      "call in which order."),
            **(new if can_write else {}),
        },
        "acts": [{**new, "kind": "secondary"}] if can_write else [],
        "clear_href": reverse("partners:protocols"),
        **page_links(request, page),
    }  # fmt: skip
    return render(request, "partners/protocols.html", context)


# --- one protocol ---------------------------------------------------------------------------------


def _found(actor: Actor, uuid: UUID) -> LocalProtocol:
    rows = LocalProtocol.objects.select_related("area", "kept_by", "replaces")
    return get_or_404(rows, actor, uuid=uuid)


@needs(P.AGREEMENT_SEE)
@require_safe
def protocol(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One version: the procedure, who signed, and the chain with whoever answers now."""
    actor = actor_of(request)
    found = _found(actor, uuid)
    writes = bool(may(actor, P.AGREEMENT_DRAFT, found))
    following = found.next_versions.exclude(state=S.DROPPED).first()
    signatories = list(found.signatories.select_related("organisation"))
    chain = _chain(found, actor)
    context = {
        "protocol": found,
        "tags": [_tag(found.state)],
        "facts": _facts(found),
        "acts": _acts(found, actor, following) if writes else [],
        "tasks": _tasks(found, signatories, chain) if writes and found.state == S.DRAFT else [],
        "before": found.replaces,
        "following": following if following and following.in_force_at else None,
        "signatory_columns": columns(_("Organisation"), _("Who signs"), _("Signed")),
        "signatories": [
            [
                {"text": each.organisation.display_name},
                {"text": ", ".join(filter(None, (each.name, each.post)))},
                {"text": shown.date(each.signed_on) if each.signed_on else _("Not yet")},
            ]
            for each in signatories
        ],
        "chain": chain,
    }
    return render(request, "partners/protocol.html", context)


def _facts(found: LocalProtocol) -> list[dict[str, str]]:
    facts = [
        (_("Area"), found.area.name),
        (_("Version"), str(found.number)),
        (_("In force from"), shown.date(found.from_on) if found.from_on else ""),
        (_("Until"), shown.date(found.until_on) if found.until_on else ""),
        (_("Kept by"), found.kept_by.display_name),
    ]
    return [{"label": label, "value": value} for label, value in facts if value]


def _chain(found: LocalProtocol, actor: Actor) -> list[dict[str, Any]]:
    """The steps in order, each with the post to call now. Never an entry the actor may not see."""
    steps = list(found.steps.select_related("organisation"))
    homes = {step.organisation_id for step in steps}
    seen = set(
        Organisation.objects.visible_to(actor).filter(pk__in=homes).values_list("pk", flat=True)
    )
    posts: dict[int, list[PointOfContact]] = {}
    for post in posts_in_use(actor).primary().filter(organisation__in=homes).order_by("id"):
        posts.setdefault(post.organisation_id, []).append(post)
    return [_step(step, posts.get(step.organisation_id, []), seen, actor) for step in steps]


def _step(step: Any, posts: list[PointOfContact], seen: set[int], actor: Actor) -> dict[str, Any]:
    known = step.organisation_id in seen
    chosen = [post for post in posts if post.pk == step.contact_id] or posts
    return {
        "rank": step.rank,
        "what": step.what,
        "within": step.within,
        "organisation": step.organisation.display_name if known else "",
        "href": step.organisation.get_absolute_url() if known else "",
        "post": entry(chosen[0], actor) if chosen and known else None,
    }


def _acts(found: LocalProtocol, actor: Actor, following: Any) -> list[dict[str, str]]:
    acts = [
        (each.title, each.name)
        for each, decision in PROTOCOL.available(found, actor)
        if decision and each.name in SPOKEN
    ]
    if found.state in (S.IN_FORCE, S.ENDED):
        label = _("Go on with the next version") if following else _("Begin the next version")
        acts.insert(0, (label, "next"))
    return [
        {
            "label": str(label),
            "href": reverse("partners:protocol-act", args=[found.uuid, name]),
            "kind": "" if name == "put_in_force" else "secondary",
        }
        for label, name in acts
    ]


def _tasks(found: LocalProtocol, signatories: Any, chain: Any) -> list[dict[str, Any]]:
    signed = sum(each.signed_on is not None for each in signatories)
    number = len(signatories)
    ready = {
        "text": (_("Procedure"), True, ""),
        "signatories": (
            _("Who works by it"),
            number > 1 and signed == number,
            _("%(n)s of %(of)s signed") % {"n": signed, "of": number},
        ),
        "chain": (
            _("Whom to call, in which order"),
            bool(chain),
            ngettext("%(n)s step", "%(n)s steps", len(chain)) % {"n": len(chain)},
        ),
    }
    return [
        {
            "label": label,
            "href": reverse("partners:protocol-page", args=[found.uuid, page]),
            "hint": hint,
            "status": _("Complete") if is_ready else _("To do"),
            "colour": "" if is_ready else "blue",
        }
        for page, (label, is_ready, hint) in ready.items()
    ]


# --- writing --------------------------------------------------------------------------------------


@needs(P.AGREEMENT_DRAFT)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Begin the first version of a protocol."""
    actor = actor_of(request)
    form = asked.ProtocolText(typed(request), initial={"client_key": uuid4(), "version": 0})
    if form.is_valid():
        made: list[LocalProtocol] = []
        key = form.cleaned_data["client_key"] or uuid4()
        act = lambda: made.append(  # noqa: E731 - done() asks for a function
            services.draft_protocol(client_key=key, by=actor, at=actor.at, **form.text())
        )
        if done(request, act, _("The draft is begun. Say who works by it next.")):
            return redirect(made[0])
    return form_page(
        request, form=form, title=_("Write a local protocol"), button=_("Save and go on"),
        back=reverse("partners:protocols"),
    )  # fmt: skip


@needs(P.AGREEMENT_DRAFT)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, uuid: UUID, page: str) -> HttpResponse:
    """One page of a draft."""
    actor = actor_of(request)
    if page not in PAGES:
        raise Http404
    found = _found(actor, uuid)
    if not may(actor, P.AGREEMENT_DRAFT, found):
        raise PermissionDenied
    if page == "text":
        return _text(request, actor, found)
    return _parts(request, actor, found, page)


def _text(request: HttpRequest, actor: Actor, found: LocalProtocol) -> HttpResponse:
    standing = {name: getattr(found, name) for name in services.TEXT}
    form = asked.ProtocolText(typed(request), initial={**standing, "version": found.version})
    back = found.get_absolute_url()
    if form.is_valid():
        version = form.cleaned_data["version"]
        try:
            services.change_text(
                protocol=found, by=actor, at=actor.at, version=version, **form.text()
            )
        except Stale as error:
            now: Any = error.current
            theirs = {name: getattr(now, name) for name in services.TEXT}
            labels = {name: form.fields[name].label for name in theirs}
            rows = differences(labels, form.text(), theirs)
            return conflict(request, rows=rows, version=now.version, back=back)
        done(request, lambda: None, _("Saved."))
        return redirect(found)
    return form_page(
        request, form=form, title=_("Procedure"), button=_("Save"), back=back, about=found.title
    )


def _parts(request: HttpRequest, actor: Actor, found: LocalProtocol, page: str) -> HttpResponse:
    here, is_chain = request.path, page == "chain"
    if gone := request.POST.get("remove"):
        act = lambda: services.remove_part(  # noqa: E731
            protocol=found, part=as_uuid(gone), by=actor, at=actor.at
        )
        done(request, act, _("Taken out."))
        return redirect(here)
    form: forms.Form = (asked.Step if is_chain else asked.Signatory)(actor, typed(request))
    if form.is_valid():
        service: Any = services.add_step if is_chain else services.name_signatory
        act = lambda: service(protocol=found, by=actor, at=actor.at, **form.cleaned_data)  # noqa: E731
        if done(request, act, _("Saved. Enter the next one, or go back.")):
            return redirect(here)
    return form_page(
        request, form=form, about=found.title, back=found.get_absolute_url(),
        title=_("Whom to call, in which order") if is_chain else _("Who works by it"),
        button=_("Save this step") if is_chain else _("Save this organisation"),
        template="partners/deed_parts.html",
        parts=_steps(found) if is_chain else _signed(found),
        hint=_("A step is added at the end. To change one, take it out and enter it again.")
        if is_chain
        else _("The paper is signed outside the platform. Enter the organisation again once it "
               "has signed."),
    )  # fmt: skip


def _steps(found: LocalProtocol) -> list[dict[str, Any]]:
    return [
        {
            "text": f"{each.rank}. {each.what}",
            "note": ", ".join(filter(None, (each.organisation.display_name, each.within))),
            "remove": each.uuid,
        }
        for each in found.steps.select_related("organisation")
    ]


def _signed(found: LocalProtocol) -> list[dict[str, Any]]:
    return [
        {
            "text": each.organisation.display_name,
            "note": f"{each.name}: "
            + (shown.date(each.signed_on) if each.signed_on else _("not yet")),
            "remove": each.uuid,
        }
        for each in found.signatories.select_related("organisation")
    ]


@needs(P.AGREEMENT_DRAFT)
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Put a version in force, end it, give a draft up, or begin the next version."""
    actor = actor_of(request)
    if name not in (*SPOKEN, "next"):
        raise Http404
    found = _found(actor, uuid)
    if not may(actor, P.AGREEMENT_DRAFT, found):
        raise PermissionDenied
    back = found.get_absolute_url()
    if name == "end":
        why = Why(typed(request))
        if why.is_valid():
            _apply(request, actor, found, name, comment=why.cleaned_data["comment"])
            return redirect(found)
        return form_page(
            request, form=why, title=_("End the protocol"), button=_("End it"), back=back,
            about=found.title, warning=_("Nobody works by it from tomorrow on."),
        )  # fmt: skip
    if request.method == "POST":
        if name != "next":
            _apply(request, actor, found, name)
            return redirect(found)
        made: list[LocalProtocol] = []
        begin = lambda: made.append(  # noqa: E731
            services.next_version(protocol=found, by=actor, at=actor.at)
        )
        done(request, begin, _("The next version is a draft. This one holds until it is in force."))
        return redirect(made[0] if made else found)
    title = _("Begin the next version") if name == "next" else PROTOCOL[name].title
    lines = {
        "put_in_force": [_("It holds from today, and every member reads it."),
                         _("The version before it gives way.")],
        "drop": [_("The draft cannot be taken up again.")],
        "next": [_("The text and the chain are taken over. Signatures are given anew.")],
    }[name]  # fmt: skip
    return form_page(
        request, form=Confirm(), title=title, button=title, back=back, about=found.title,
        lines=lines,
    )  # fmt: skip


def _apply(
    request: HttpRequest, actor: Actor, found: LocalProtocol, name: str, **answers: Any
) -> None:
    step = lambda: PROTOCOL.apply(found, name, by=actor, at=actor.at, **answers)  # noqa: E731
    words = {
        "put_in_force": _("The protocol is in force."),
        "end": _("The protocol has ended."),
        "drop": _("The draft is given up."),
    }
    done(request, step, words[name])
