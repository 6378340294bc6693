"""Guidance in pages: the list, one version with its documents and who has read it, writing one."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.marks import Permission, needs
from common.paging import Order, paginate
from common.templatetags.concord import moment
from partners.access import Actor, get_or_404, may
from partners.agreement_files import KINDS
from partners.choices import Capacity, OrganisationKind
from partners.forms import learning as asked
from partners.forms.agreements import Confirm, Paper, Why
from partners.learning_choices import GuidanceState, ReadHow
from partners.learning_workflow import GUIDANCE
from partners.models import Guidance, GuidanceFile, PointOfContact
from partners.services import guidance as services
from partners.views import shown
from partners.views.deeds import actor_of, conflict, differences, done, form_page, typed
from partners.views.lists import columns, page_links

P = Permission
S = GuidanceState
READ = ["GET", "HEAD", "POST"]
BY_TITLE = Order("title", "id")
BY_HOME = Order("organisation_id", "id")
PAGES = ("text", "papers")
SPOKEN = ("put_in_force", "end", "drop")
STATE_COLOURS = {
    S.DRAFT: "grey",
    S.IN_FORCE: "green",
    S.REPLACED: "grey",
    S.ENDED: "red",
    S.DROPPED: "grey",
}


def tag(state: str) -> dict[str, str]:
    known = S(state)
    return {"text": str(known.label), "colour": STATE_COLOURS[known]}


def audience(found: Guidance) -> str:
    """Whose points of contact it is for, in words."""
    kinds = [str(OrganisationKind(code).label) for code in found.for_kinds]
    does = [str(Capacity(code).label) for code in found.for_capacities]
    place = found.area.name if found.area else ""
    parts = [", ".join(each) for each in (kinds, does, [place] if place else []) if each]
    return " · ".join(parts) or _("Every point of contact")


class Narrow(forms.Form):
    """Whether earlier versions too."""

    past = forms.ChoiceField(required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        past = self.fields["past"]
        past.label = _("Versions")
        past.choices = [("", _("In force, and drafts")), ("1", _("All versions"))]  # type: ignore[attr-defined]


@needs(P.GUIDANCE_SEE)
@require_safe
def guidance(request: HttpRequest) -> HttpResponse:
    """The guidance in force by title, and whether one's own points of contact have read it."""
    actor = actor_of(request)
    form = Narrow(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    rows = Guidance.objects.visible_to(actor).select_related("area")
    if not given.get("past"):
        rows = rows.filter(state__in=[S.IN_FORCE, S.DRAFT])
    page = paginate(rows, BY_TITLE, cursor=request.GET.get("cursor", ""))
    writes = P.GUIDANCE_KEEP in actor.permissions
    new = {"href": reverse("partners:guidance-new"), "label": _("Write guidance")}
    context = {
        "filter": form,
        "page": page,
        "columns": columns(_("Guidance"), _("For whom"), _("Version"), _("State")),
        "rows": [
            [
                {"text": each.title, "href": each.get_absolute_url()},
                {"text": audience(each)},
                {"text": str(each.number)},
                tag(each.state),
            ]
            for each in page.rows
        ],
        "empty": {
            "title": _("No guidance is in force"),
            "text": _("What points of contact go by, in versions, with who has read it."),
            **(new if writes else {}),
        },
        "acts": [new] if writes else [],
        "clear_href": reverse("partners:guidance"),
        **page_links(request, page),
    }
    return render(request, "partners/guidance.html", context)


# --- one version ----------------------------------------------------------------------------------


def _found(actor: Actor, uuid: UUID) -> Guidance:
    rows = Guidance.objects.select_related("area", "kept_by", "replaces")
    return get_or_404(rows, actor, uuid=uuid)


@needs(P.GUIDANCE_SEE)
@require_safe
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One version: what it says, its documents, and which of one's own contacts have read it."""
    actor = actor_of(request)
    found = _found(actor, uuid)
    writes = bool(may(actor, P.GUIDANCE_KEEP, found))
    following = found.next_versions.exclude(state=S.DROPPED).first()
    files = list(found.files.all())
    context = {
        "guidance": found,
        "tags": [tag(found.state)],
        "facts": _facts(found),
        "acts": _acts(found, actor, following) if writes else [],
        "tasks": _tasks(found, files) if writes and found.state == S.DRAFT else [],
        "before": found.replaces,
        "following": following if following and following.in_force_at else None,
        "files": [_file(found, each) for each in files],
        "read": _read(found) if writes and found.state != S.DRAFT else None,
        "own": _own(found, actor) if found.state == S.IN_FORCE else [],
        "events": [
            {"title": each.get_kind_display(), "at": each.at, "text": each.comment}
            for each in found.events.all()[:20]
        ]
        if writes
        else [],
    }
    return render(request, "partners/guidance_one.html", context)


def _facts(found: Guidance) -> list[dict[str, str]]:
    facts = [
        (_("Version"), str(found.number)),
        (_("For whom"), audience(found)),
        (_("In force since"), moment(found.in_force_at) if found.in_force_at else ""),
        (_("Until"), moment(found.over_at) if found.in_force_at and found.over_at else ""),
        (_("Kept by"), found.kept_by.display_name),
    ]
    return [{"label": label, "value": value} for label, value in facts if value]


def _file(found: Guidance, each: GuidanceFile) -> dict[str, Any]:
    return {
        "name": each.title,
        "href": reverse("partners:guidance-file", args=[found.uuid, each.uuid]),
        "size": each.size,
        "kind": each.kind.upper(),
    }


def _read(found: Guidance) -> dict[str, Any]:
    """How many have read it, for whoever keeps it."""
    waiting = found.unread().count()
    total = found.readers().count()
    return {
        "total": total,
        "read": total - waiting,
        "href": reverse("partners:guidance-unread", args=[found.uuid]),
        "reminded": shown.date(found.reminded_at.date()) if found.reminded_at else "",
    }


def _own(found: Guidance, actor: Actor) -> list[dict[str, Any]]:
    """The points of contact of the organisation acted for that are to read it."""
    posts = found.readers().filter(organisation_id=actor.organisation_id)
    receipts = {each.contact_id: each for each in found.receipts.visible_to(actor)}
    lines = []
    for post in posts.prefetch_related("channels").order_by("rank", "id"):
        receipt = receipts.get(post.pk)
        how = None if receipt else services.may_confirm(found, post, actor)
        lines.append(
            {
                "name": post.person_name,
                "post": post.post,
                "read": moment(receipt.read_at) if receipt else "",
                "how": str(ReadHow(receipt.how).label) if receipt else "",
                "action": reverse("partners:guidance-read", args=[found.uuid, post.uuid])
                if how
                else "",
                "is_self": how == ReadHow.SELF,
            }
        )
    return lines


def _acts(found: Guidance, actor: Actor, following: Any) -> list[dict[str, str]]:
    acts = [
        (each.title, each.name)
        for each, decision in GUIDANCE.available(found, actor)
        if decision and each.name in SPOKEN
    ]
    if found.state in (S.IN_FORCE, S.ENDED):
        label = _("Go on with the next version") if following else _("Begin the next version")
        acts.insert(0, (label, "next"))
    if found.state == S.IN_FORCE:
        acts.insert(1, (_("Remind whoever has not read it"), "remind"))
    return [
        {
            "label": str(label),
            "href": reverse("partners:guidance-act", args=[found.uuid, name]),
            "kind": "" if name == "put_in_force" else "secondary",
        }
        for label, name in acts
    ]


def _tasks(found: Guidance, files: list[GuidanceFile]) -> list[dict[str, Any]]:
    number = len(files)
    documents = ngettext("%(n)s document", "%(n)s documents", number) % {"n": number}
    return [
        {
            "label": label,
            "href": reverse("partners:guidance-page", args=[found.uuid, page]),
            "hint": hint,
            "status": _("Complete") if ready else _("To do"),
            "colour": "" if ready else "blue",
        }
        for page, label, hint, ready in (
            ("text", _("What it says, and for whom"), audience(found), True),
            ("papers", _("Documents"), documents, bool(files)),
        )
    ]


@needs(P.GUIDANCE_SEE)
@require_safe
def paper(request: HttpRequest, uuid: UUID, file: UUID) -> HttpResponse:
    """A document, to whoever sees the version; never shown inside the site."""
    actor = actor_of(request)
    found = get_or_404(GuidanceFile.objects.filter(guidance__uuid=uuid), actor, uuid=file)
    return download(found)


def download(found: GuidanceFile) -> HttpResponse:
    """The document as a file to keep."""
    with found.content.open("rb") as content:
        answer = HttpResponse(content.read(), content_type=KINDS[found.kind].content_type)
    answer["Content-Disposition"] = f'attachment; filename="guidance.{found.kind}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


@needs(P.GUIDANCE_SEE)
@require_POST
def read(request: HttpRequest, uuid: UUID, contact: UUID) -> HttpResponse:
    """Say that a point of contact of one's own has read it."""
    actor = actor_of(request)
    found = _found(actor, uuid)
    posts = PointOfContact.objects.filter(organisation_id=actor.organisation_id)
    post = get_or_404(posts.prefetch_related("channels"), actor, uuid=contact)
    act = lambda: services.confirm_read(  # noqa: E731
        guidance=found, contact=post, by=actor, at=actor.at
    )
    done(request, act, _("Saved: it has been read."))
    return redirect(found)


@needs(P.GUIDANCE_KEEP)
@require_safe
def unread(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Which points of contact have not said that they read it, by organisation."""
    actor = actor_of(request)
    found = _found(actor, uuid)
    if not may(actor, P.GUIDANCE_KEEP, found):
        raise PermissionDenied
    rows = found.unread().visible_to(actor).select_related("organisation")
    page = paginate(rows, BY_HOME, cursor=request.GET.get("cursor", ""))
    context = {
        "guidance": found,
        "page": page,
        "columns": columns(_("Organisation"), _("Point of contact"), _("Post")),
        "rows": [
            [
                {
                    "text": each.organisation.display_name,
                    "href": each.organisation.get_absolute_url(),
                },
                {"text": each.person_name},
                {"text": each.post},
            ]
            for each in page.rows
        ],
        "empty": {
            "title": _("Everybody has read it"),
            "text": _("New points of contact stand here until they have, too."),
        },
        **page_links(request, page),
    }
    return render(request, "partners/guidance_unread.html", context)


# --- writing --------------------------------------------------------------------------------------


@needs(P.GUIDANCE_KEEP)
@require_http_methods(READ)
def new(request: HttpRequest) -> HttpResponse:
    """Begin the first version."""
    actor = actor_of(request)
    form = asked.GuidanceText(typed(request), initial={"client_key": uuid4(), "version": 0})
    if form.is_valid():
        made: list[Guidance] = []
        key = form.cleaned_data["client_key"] or uuid4()
        act = lambda: made.append(  # noqa: E731 - done() asks for a function
            services.draft_guidance(client_key=key, by=actor, at=actor.at, **form.text())
        )
        if done(request, act, _("The draft is begun. Add its document next.")):
            return redirect("partners:guidance-page", made[0].uuid, "papers")
    return form_page(
        request, form=form, title=_("Write guidance"), button=_("Save and go on"),
        back=reverse("partners:guidance"),
    )  # fmt: skip


@needs(P.GUIDANCE_KEEP)
@require_http_methods(READ)
def page(request: HttpRequest, uuid: UUID, page: str) -> HttpResponse:
    """One page of a draft."""
    actor = actor_of(request)
    if page not in PAGES:
        raise Http404
    found = _found(actor, uuid)
    if not may(actor, P.GUIDANCE_KEEP, found):
        raise PermissionDenied
    return _text(request, actor, found) if page == "text" else _papers(request, actor, found)


def _text(request: HttpRequest, actor: Actor, found: Guidance) -> HttpResponse:
    standing = {name: getattr(found, name) for name in services.TEXT}
    form = asked.GuidanceText(typed(request), initial={**standing, "version": found.version})
    back = found.get_absolute_url()
    if form.is_valid():
        version, text = form.cleaned_data["version"], form.text()

        def act() -> Guidance:
            return services.change_text(
                guidance=found, by=actor, at=actor.at, version=version, **text
            )

        if version != found.version:
            theirs = {name: getattr(found, name) for name in services.TEXT}
            labels = {name: form.fields[name].label for name in theirs}
            rows = differences(labels, text, theirs)
            return conflict(request, rows=rows, version=found.version, back=back)
        if done(request, act, _("Saved.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("What it says, and for whom"), button=_("Save"), back=back,
        about=found.title,
    )  # fmt: skip


def _papers(request: HttpRequest, actor: Actor, found: Guidance) -> HttpResponse:
    here = request.path
    if gone := request.POST.get("remove"):
        try:
            file = UUID(gone)
        except ValueError as error:
            raise Http404 from error
        act = lambda: services.remove_file(  # noqa: E731
            guidance=found, file=file, by=actor, at=actor.at
        )
        done(request, act, _("Taken out."))
        return redirect(here)
    form = Paper(typed(request), request.FILES or None)
    if form.is_valid():
        given = form.cleaned_data["file"]
        act = lambda: services.add_file(  # noqa: E731
            guidance=found, title=form.cleaned_data["title"], name=given.name,
            content=given.read(), by=actor, at=actor.at,
        )  # fmt: skip
        if done(request, act, _("The document is added.")):
            return redirect(here)
    return form_page(
        request, form=form, title=_("Documents"), button=_("Add the document"),
        back=found.get_absolute_url(), about=found.title, template="partners/deed_parts.html",
        parts=[
            {
                "text": each.title,
                "href": _file(found, each)["href"],
                "note": each.kind.upper(),
                "remove": each.uuid if found.state == S.DRAFT else "",
            }
            for each in found.files.all()
        ],
        is_upload=True,
        hint=_("One for each language, and annexes. Every member reads them."),
    )  # fmt: skip


@needs(P.GUIDANCE_KEEP)
@require_http_methods(READ)
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Put a version in force, end it, give a draft up, begin the next one, or remind."""
    actor = actor_of(request)
    words = _words().get(name)
    if words is None:
        raise Http404
    found = _found(actor, uuid)
    if not may(actor, P.GUIDANCE_KEEP, found):
        raise PermissionDenied
    form: forms.Form = Why(typed(request)) if name == "end" else Confirm(typed(request))
    if form.is_valid():
        return redirect(_do(request, actor, found, name, form, words["done"]))
    return form_page(
        request, form=form, title=words["title"], button=words["button"],
        back=found.get_absolute_url(), about=found.title, lines=[words["line"]],
    )  # fmt: skip


def _do(
    request: HttpRequest, actor: Actor, found: Guidance, name: str, form: forms.Form, words: str
) -> Guidance:
    """Do it; the version to look at next."""
    if name == "next":
        made: list[Guidance] = []
        act = lambda: made.append(  # noqa: E731
            services.next_version(guidance=found, by=actor, at=actor.at)
        )
        return made[0] if done(request, act, words) else found
    if name == "remind":
        act = lambda: services.remind_unread(guidance=found, by=actor, at=actor.at)  # type: ignore[assignment,return-value]  # noqa: E731
    else:
        comment = form.cleaned_data.get("comment", "")
        act = lambda: GUIDANCE.apply(found, name, by=actor, at=actor.at, comment=comment)  # type: ignore[assignment,return-value]  # noqa: E731
    done(request, act, words)
    return found


def _words() -> dict[str, dict[str, str]]:
    """What each act is called, in the language of whoever asks."""
    return {
        "put_in_force": {
            "title": _("Put the guidance in force"), "button": _("Put it in force"),
            "line": _("The managers of every organisation it is for are told; the version before "
                      "stays readable."),
            "done": _("In force. The organisations it is for have been told."),
        },
        "drop": {
            "title": _("Give the draft up"), "button": _("Give it up"),
            "line": _("Nobody but you has seen it."), "done": _("The draft is given up."),
        },
        "end": {
            "title": _("End the guidance"), "button": _("End it"),
            "line": _("It stays readable, marked as no longer in force."), "done": _("Ended."),
        },
        "next": {
            "title": _("Begin the next version"), "button": _("Begin it"),
            "line": _("A draft with the same words; this version stays in force until then."),
            "done": _("The next version is begun."),
        },
        "remind": {
            "title": _("Remind whoever has not read it"), "button": _("Remind them"),
            "line": _("The managers of organisations where somebody has not read it get a notice."),
            "done": _("Reminded."),
        },
    }  # fmt: skip
