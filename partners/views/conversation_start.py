"""Beginning a conversation: with whom, about what, and the first message.

The pages of a package above this one begin theirs with `begin_page` too.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import kept
from common.forms import put_in
from common.marks import Permission, Subject, needs
from common.sealing import Erased
from common.workflow import MissingAnswers, NotAllowed, NotPossible
from partners import audiences
from partners.access import Actor
from partners.audiences import Part
from partners.choices import Role
from partners.conversation_choices import GENERAL_TOPICS, Topic
from partners.forms.conversations import Begin, FindOrganisation
from partners.models import Organisation
from partners.models.organisation import OrganisationQuerySet
from partners.services import conversations as services
from partners.views.conversations import acting

P = Permission
FOUND_AT_MOST = 20


def _to_write_to(actor: Actor) -> OrganisationQuerySet:
    """Members this actor knows of, without their own."""
    return Organisation.objects.visible_to(actor).members().exclude(pk=actor.organisation_id)


def _chosen(request: HttpRequest) -> list[Organisation]:
    """The organisations of the address, in its order; Http404 for one that is not there."""
    wanted = list(dict.fromkeys(request.GET.getlist("with")))[: services.MOST_PARTS]
    try:
        uuids = [UUID(each) for each in wanted]
    except ValueError:
        raise Http404 from None
    found = {each.uuid: each for each in _to_write_to(acting(request)).filter(uuid__in=uuids)}
    if len(found) < len(uuids):
        raise Http404
    return [found[uuid] for uuid in uuids]


def _address(name: str, organisations: Sequence[Organisation]) -> str:
    query = urlencode({"with": [str(each.uuid) for each in organisations]}, doseq=True)
    return reverse(name) + (f"?{query}" if query else "")


@needs(P.CONVERSATION_HOLD)
@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """With whom: organisations found by name and added one by one."""
    actor, chosen = acting(request), _chosen(request)
    asked = request.GET.get("name", "").strip()
    form = FindOrganisation({"name": asked} if asked else None)
    found: list[Organisation] = []
    if form.is_valid():
        left = _to_write_to(actor).exclude(pk__in=[each.pk for each in chosen])
        named = left.filter(name__icontains=form.cleaned_data["name"])
        found = list(named.order_by("name", "pk")[:FOUND_AT_MOST])
    context = {
        "find": form,
        "asked": asked,
        "chosen": [
            {
                "name": each.display_name,
                "remove": _address("partners:conversation-new", [o for o in chosen if o != each]),
            }
            for each in chosen
        ],
        "with": [str(each.uuid) for each in chosen],
        "found": [
            {
                "name": each.display_name,
                "add": _address("partners:conversation-new", [*chosen, each]),
            }
            for each in found
        ],
        "is_full": len(chosen) >= services.MOST_PARTS - 1,
        "go_on": _address("partners:conversation-write", chosen) if chosen else "",
    }
    return render(request, "partners/conversation_new.html", context)


@needs(P.CONVERSATION_HOLD)
@require_http_methods(["GET", "HEAD", "POST"])
def write(request: HttpRequest) -> HttpResponse:
    """The first message of a conversation in general."""
    others = _chosen(request)
    if not others:
        return redirect("partners:conversation-new")
    actor = acting(request)
    topics = [topic for topic in GENERAL_TOPICS if audiences.may_write(actor, topic)]
    parts = [Part(each) for each in others]
    context = {
        "back": _address("partners:conversation-new", others),
        "reads_along": audiences.with_enforcement(parts, actor.at),
    }
    return begin_page(request, others=others, topics=topics, context=context)


def begin_page(
    request: HttpRequest,
    *,
    others: Sequence[Organisation],
    topics: Sequence[Topic],
    context: dict[str, Any],
    subject: Subject | None = None,
) -> HttpResponse:
    """The form that begins a conversation, and what follows from it."""
    actor = acting(request)
    if actor.organisation is None:
        raise PermissionDenied
    is_posted = request.method == "POST"
    form = Begin(
        others,
        request.POST if is_posted else None,
        request.FILES if is_posted else None,
        at=actor.at,
        topics=topics,
        roles=_roles(others, actor, subject),
        own=actor.organisation,
        may_leave_out=subject is not None,
    )
    if form.is_valid():
        begun = _begin(form, actor, subject)
        if begun is not None:
            kept.discard(request)
            messages.success(request, _("Sent. The others get a notice that a message waits."))
            return redirect("partners:conversation", uuid=begun.uuid)
    put_in(form, kept.restore(request))
    context |= {"form": form, "others": others, "is_on_a_case": subject is not None}
    return render(request, "partners/conversation_write.html", context)


def _roles(
    others: Sequence[Organisation], actor: Actor, subject: Subject | None
) -> dict[int, list[Role]]:
    """Which roles each select offers; of one's own only those one holds, so that one reads it."""
    assert actor.organisation is not None  # noqa: S101 - asked before
    found = {
        each.pk: audiences.roles_there(each, actor.at, subject=subject is not None)
        for each in others
    }
    found[actor.organisation.pk] = [role for role in audiences.ROLES if actor.holds(role)]
    return found


def _begin(form: Begin, actor: Actor, subject: Subject | None) -> Any:
    try:
        return services.begin(
            topic=form.cleaned_data["topic"],
            parts=form.parts(),
            words=form.words(),
            asking=form.asking(),
            subject=subject,
            by=actor,
            at=actor.at,
        )
    except Erased:
        form.add_error(None, _("What this was about was erased. Nothing can be written here."))
    except (NotAllowed, NotPossible, MissingAnswers) as error:
        form.add_error(None, str(error))
    except ValidationError as error:
        form.add_error(None, error)
    return None
