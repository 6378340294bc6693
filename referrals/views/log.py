"""Logging a referral: a draft, its task list, and a page a topic, each saved as it is left.

Checking and sending is `referrals/views/check.py`; what happens after that `detail` and `decide`.
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts import kept
from common.forms import put_in
from common.marks import Permission, needs
from common.workflow import NotAllowed, NotPossible, Stale
from partners.access import Actor
from partners.offices import office_to_call
from referrals import words
from referrals.answers import may_notify, missing_to_send
from referrals.choices import Basis, RefusalReason, State, YesNoUnknown
from referrals.clocks import DRAFT_KEPT
from referrals.forms import consent as consents
from referrals.forms.identity import TheIdentity
from referrals.forms.log import ANSWER_PAGES, Begin, Page, lines
from referrals.models import Identity, Referral
from referrals.sections import sections
from referrals.services import consents as consent_services
from referrals.services import identity as identity_services
from referrals.services import referrals as services
from referrals.services.working import OPEN_TO_THE_REFERRER
from referrals.views.shown import acting, conflict, permitted, posted, track_rows

P = Permission
#: The pages in the order in which they are met: slug, title, the needed answers that stand there.
PAGES: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    (
        "person",
        ANSWER_PAGES["person"].title,
        ("is_child_now", "age_at_exploitation", "gender", "nationalities"),
    ),
    ("what", ANSWER_PAGES["what"].title, ("exploitation", "place")),
    ("story", ANSWER_PAGES["story"].title, ("narrative",)),
    ("consent", consents.ConsentPage.title, ("basis",)),
    ("recipient", ANSWER_PAGES["recipient"].title, ("authority",)),
    ("identity", TheIdentity.title, ()),
)
TITLES = {slug: title for slug, title, _needed in PAGES}
NOTHING_TO_ASK = gettext_lazy("Consent is not the basis: the person is a child.")


# --- beginning ------------------------------------------------------------------------------------


@needs(P.REFERRAL_MAKE)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Begin a draft. The key in the form sees to it that one press gives one draft."""
    actor = acting(request)
    if request.method == "POST":
        form = Begin(request.POST)
        if form.is_valid():
            return _begin(form, actor)
    form = Begin(initial={"client_key": uuid4()})
    return render(request, "referrals/new.html", {"form": form, "days": DRAFT_KEPT.days})


def _begin(form: Begin, actor: Actor) -> HttpResponse:
    given: dict[str, Any] = {}
    only = services.only_recipient()
    if only is not None and only.pk != actor.organisation_id:
        given["authority"] = only
    key = str(form.cleaned_data["client_key"])
    referral = services.open_referral(by=actor, at=actor.at, key=key, **given)
    return redirect("referrals:log", uuid=referral.uuid)


# --- the task list --------------------------------------------------------------------------------


@needs(P.REFERRAL_KEEP)
@require_safe
def task_list(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What is answered, what is needed before sending, and what can wait."""
    referral = permitted(request, uuid, P.REFERRAL_KEEP)
    if referral.state not in (*OPEN_TO_THE_REFERRER, State.EXPIRED):
        return redirect("referrals:detail", uuid=referral.uuid)
    is_draft = referral.state == State.DRAFT
    missing = missing_to_send(referral)
    pages = [
        _task(referral, *page, missing) for page in PAGES if is_draft or page[0] != "recipient"
    ]
    pages.append(_shared_task(referral))
    context = {
        "referral": referral,
        "state": words.state_tag(referral.state),
        "needed": [page for page in pages if page["is_needed"]],
        "later": [page for page in pages if not page["is_needed"]],
        "missing": len(missing),
        "is_draft": is_draft,
        "is_expired": referral.state == State.EXPIRED,
        "runs_out": words.day(runs_out_at(referral)),
        "refusal": _refusal(referral) if is_draft else None,
        "tracks": _own_tracks(referral, acting(request)),
        "call": office_to_call(acting(request).at),
    }
    return render(request, "referrals/log.html", context)


def _own_tracks(referral: Referral, actor: Actor) -> list[dict[str, Any]]:
    """Support, residence and justice: they are moved while it is a draft, and after a no."""
    rows = track_rows(referral, actor, sections(actor, referral))
    return [row for row in rows if row["href"]]


def runs_out_at(referral: Referral) -> datetime:
    """When a draft is put away unless somebody works on it."""
    return (referral.saved_at or referral.created_at) + DRAFT_KEPT


def _task(
    referral: Referral, slug: str, title: Any, needed: tuple[str, ...], missing: tuple[str, ...]
) -> dict[str, Any]:
    """A page as components/task_list.html takes it."""
    open_ = [name for name in needed if name in missing]
    item: dict[str, Any] = {
        "label": str(title),
        "href": reverse("referrals:log-page", args=[referral.uuid, slug]),
        "is_needed": bool(needed),
    }
    if referral.state == State.EXPIRED:
        return item | {"href": "", "status": _("Put away")}
    if not needed:
        return item | _optional(referral)
    if slug == "consent":
        return item | _consent_task(referral)
    if not open_:
        return item | {"status": _("Complete")}
    count = ngettext("%(n)d answer needed", "%(n)d answers needed", len(open_))
    colour = "yellow" if len(open_) < len(needed) else "blue"
    return item | {"status": count % {"n": len(open_)}, "colour": colour}


def _optional(referral: Referral) -> dict[str, Any]:
    has_any = Identity.objects.filter(person=referral.person).exists()
    hint = {"hint": _("Can be added later. Kept sealed.")}
    return hint | {"status": _("Recorded, sealed") if has_any else _("Optional")}


def _shared_task(referral: Referral) -> dict[str, Any]:
    is_open = referral.state != State.EXPIRED
    return {
        "label": _("Shared circumstances"),
        "href": reverse("referrals:situation", args=[referral.uuid]) if is_open else "",
        "is_needed": False,
        "hint": _("Others were found in the same raid or workplace."),
        "status": _("Recorded") if referral.situation_id else _("Optional"),
    }


def _consent_task(referral: Referral) -> dict[str, Any]:
    """The consent page cannot be begun before it is known whether there is consent to ask for."""
    if not referral.is_child_now:
        hint = _("First say on the page about the person whether it is a child.")
        return {"href": "", "status": _("Cannot start yet"), "hint": hint}
    if referral.basis == Basis.CHILD:
        return {"status": _("Complete"), "hint": str(NOTHING_TO_ASK)}
    match consents.said_to_consent(referral):
        case consents.AGREES:
            return {"status": _("Complete")}
        case consents.REFUSES:
            return {"status": _("The person said no"), "colour": "orange"}
        case consents.NOT_NOW:
            return {"status": _("Not now"), "colour": "orange"}
        case _:
            return {"status": _("Not asked yet"), "colour": "blue"}


def _refusal(referral: Referral) -> dict[str, Any] | None:
    """What follows when the person did not agree: nothing leaves, and what else there is to do."""
    said = consents.said_to_consent(referral)
    if referral.basis or said not in (consents.REFUSES, consents.NOT_NOW):
        return None
    can_notify = said == consents.REFUSES and not may_notify(referral)
    return {"is_not_now": said == consents.NOT_NOW, "can_notify": can_notify}


# --- one page -------------------------------------------------------------------------------------


def form_of(slug: str, referral: Referral) -> type[Page] | None:
    """The form of a page; None where there is nothing to ask on it. Http404 for no such page."""
    if slug not in TITLES:
        raise Http404
    if slug == "consent":
        return consents.consent_page(referral)
    return TheIdentity if slug == "identity" else ANSWER_PAGES[slug]


@needs(P.REFERRAL_KEEP)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, uuid: UUID, page: str) -> HttpResponse:
    """One topic: shown, and saved as far as it is answered."""
    referral = permitted(request, uuid, P.REFERRAL_KEEP)
    kind = form_of(page, referral)
    if referral.state not in OPEN_TO_THE_REFERRER:
        messages.info(request, _("What was sent cannot be changed any more."))
        return redirect("referrals:detail", uuid=referral.uuid)
    if kind is None:
        return _nothing_to_ask(request, referral)
    form = kind(referral, request.POST if request.method == "POST" else None)
    if acting(request).is_enforcement:
        form.fields.pop("safe_contact", None)
    if request.method == "POST":
        return _save(request, form, referral)
    put_in(form, kept.restore(request))
    return _show(request, form)


def _show(request: HttpRequest, form: Page) -> HttpResponse:
    context = {
        "form": form,
        "title": form.title,
        "who_sees": form.who_sees,
        "back": _back(request, form.referral),
        "nobody": getattr(form, "nobody", False),
        "is_consent": isinstance(form, consents.ConsentPage),
    }
    return render(request, "referrals/log_page.html", context)


def _nothing_to_ask(request: HttpRequest, referral: Referral) -> HttpResponse:
    """The consent page of a child, or of somebody of whom nobody said yet whether it is one."""
    if referral.is_child_now != YesNoUnknown.YES:
        messages.info(request, _("Say first whether the person is under 18."))
        return redirect("referrals:log-page", uuid=referral.uuid, page="person")
    if request.method == "POST":
        consent_services.mark_child(referral=referral, by=acting(request), at=acting(request).at)
        return redirect(_back(request, referral))
    context = {"title": TITLES["consent"], "back": _back(request, referral)}
    return render(request, "referrals/log_child.html", context)


def _back(request: HttpRequest, referral: Referral) -> str:
    """To where a page was opened from: the check page or the task list."""
    came_from_check = request.GET.get("from") == "check"
    return reverse("referrals:check" if came_from_check else "referrals:log", args=[referral.uuid])


# --- saving ---------------------------------------------------------------------------------------


def _save(request: HttpRequest, form: Page, referral: Referral) -> HttpResponse:
    if not form.is_valid():
        return _show(request, form)
    actor = acting(request)
    try:
        with transaction.atomic():
            saved = _write(form, referral, actor)
    except NotAllowed:
        raise PermissionDenied from None
    except ValidationError as error:
        _tell(form, error)
        return _show(request, form)
    except NotPossible as error:
        messages.error(request, str(error))
        return redirect("referrals:log", uuid=referral.uuid)
    except Stale as error:
        return _lost_the_race(request, form, error.current)  # type: ignore[arg-type]
    kept.discard(request)
    messages.success(request, _("Saved."))
    if missing_to_send(referral) and not missing_to_send(saved) and saved.state == State.DRAFT:
        return redirect("referrals:check", uuid=saved.uuid)
    return _next(request, form, saved)


def _next(request: HttpRequest, form: Page, saved: Referral) -> HttpResponse:
    """On to the next page that is still needed, the first time through; else back."""
    needed = {slug: names for slug, _title, names in PAGES}
    missing = missing_to_send(saved)
    if any(name in missing for name in needed[form.slug]) or request.GET.get("from"):
        return redirect(_back(request, saved))
    slugs = list(needed)
    for slug in slugs[slugs.index(form.slug) + 1 :]:
        if any(name in missing for name in needed[slug]):
            return redirect("referrals:log-page", uuid=saved.uuid, page=slug)
    return redirect(_back(request, saved))


def _tell(form: Page, error: ValidationError) -> None:
    """Put what a service refused beside the question it is about, where there is one."""
    for name, problems in getattr(error, "message_dict", {None: error.messages}).items():
        for problem in problems:
            form.add_error(name if name in form.fields else None, problem)


def _write(form: Page, referral: Referral, actor: Actor) -> Referral:
    """Save a page. A version passed by for another page's sake is none: see `Page.seen`."""
    try:
        with transaction.atomic():
            return _write_at(form.cleaned_data["version"], form, referral, actor)
    except Stale:
        now = Referral.objects.select_related("person", "consent").get(pk=referral.pk)
        kind = form_of(form.slug, now)
        if kind is not type(form) or kind(now).fingerprint() != form.cleaned_data["seen"]:
            raise
        return _write_at(now.version, form, now, actor)


def _write_at(version: int, form: Page, referral: Referral, actor: Actor) -> Referral:
    common = {"referral": referral, "by": actor, "at": actor.at, "version": version}
    if isinstance(form, consents.ConsentPage):
        return _write_consent(form.cleaned_data, common)
    if isinstance(form, TheIdentity):
        given = form.answers()
        return identity_services.record_identity(**given, **common) if given else referral
    return services.save_answers(**form.answers(), **common)


def _write_consent(given: dict[str, Any], common: dict[str, Any]) -> Referral:
    """The way for children with its reasons, or what the person said as an adult."""
    if given.get("way") == consents.AS_CHILD:
        return consent_services.mark_child(reasons=given["child_reasons"], **common)
    if common["referral"].child_reasons_ct is not None:
        row = consent_services.unmark_child(**common)
        common |= {"referral": row, "version": row.version}
    if given["agrees"] == consents.AGREES:
        return consent_services.record_consent(
            language=given["language"],
            with_interpreter=given["with_interpreter"] == "yes",
            **common,
        )
    return consent_services.record_refusal(
        reason=given["refusal_reason"] or RefusalReason.NOT_SAID,
        not_now=given["agrees"] == consents.NOT_NOW,
        **common,
    )


def _lost_the_race(request: HttpRequest, form: Page, current: Referral) -> HttpResponse:
    """Somebody was faster: nothing is overwritten and nothing typed is lost."""
    now = permitted(request, current.uuid, P.REFERRAL_KEEP)
    kind = form_of(form.slug, now)
    is_open = now.state in OPEN_TO_THE_REFERRER and kind is not None
    fresh = (kind or type(form))(now)
    there = fresh.standing()
    rows = [
        {
            "label": field.label,
            "mine": lines(field, value),
            "theirs": lines(field, there.get(name)),
        }
        for name, value in form.said().items()
        if (field := form.fields[name]) and lines(field, value) != lines(field, there.get(name))
    ]
    if is_open and not rows:
        messages.info(request, _("A colleague has just saved the same answers."))
        return redirect(_back(request, now))
    again = posted(request, version=now.version, seen=fresh.fingerprint()) if is_open else []
    back = request.path if is_open else reverse("referrals:detail", args=[now.uuid])
    return conflict(request, referral=now, rows=rows, again=again, back=back)
