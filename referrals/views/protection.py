"""Who may know of a case beyond its grants: restriction, who is named, who is kept out of it.

The page is for whoever keeps the working file. Naming people is another page, which shows nothing
of the case: a manager names without reading.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from common.marks import Permission, needs
from common.workflow import MissingAnswers, NotAllowed, NotPossible, Stale
from partners.access import Actor
from referrals import closing, words
from referrals.access import WORK, held
from referrals.choices import Section
from referrals.forms import protection as forms
from referrals.models import Exclusion, Referral, Restriction
from referrals.sections import sections
from referrals.services import exclusions, restrictions
from referrals.views.shown import acting, visible

P = Permission


@needs(P.REFERRAL_SEE)
@require_safe
def protection(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Who works on a restricted case, who is kept out, and what can be changed about it."""
    actor, referral = acting(request), visible(request, uuid)
    opened = sections(actor, referral)
    if actor.is_enforcement and Section.FILE not in opened:
        raise PermissionDenied
    keeps = Section.FILE in opened
    restriction = Restriction.objects.standing().filter(referral=referral).first()
    context = {
        "referral": referral,
        "keeps": keeps,
        "restriction": restriction if keeps else None,
        "why": restriction.reason if keeps and restriction else "",
        "people": _people(referral, actor) if keeps and restriction else [],
        "out": _kept_out(referral) if keeps else [],
        "acts": [(ACTS[name], _href(referral, name)) for name in _possible(referral, actor)],
    }
    return render(request, "referrals/protection.html", context)


def _href(referral: Referral, name: str) -> str:
    return reverse("referrals:protect", args=[referral.uuid, name])


def _people(referral: Referral, actor: Actor) -> list[dict[str, Any]]:
    """Of each organisation with a part in it, who is named; of another one, how many."""
    rows = []
    for organisation in closing.parts_in(referral, actor.at):
        named = closing.named(referral, organisation, actor.at)
        if organisation.pk == actor.organisation_id:
            lines = [person.display_name for person in named]
        else:
            lines = [_("People named there: %(n)d") % {"n": named.count()}]
        rows.append({"label": organisation.display_name, "lines": lines or [_("Nobody yet")]})
    return rows


def _kept_out(referral: Referral) -> list[dict[str, Any]]:
    return [
        {
            "uuid": each.uuid,
            "name": each.user.display_name
            if each.user
            else each.organisation.display_name
            if each.organisation
            else "",
            "reason": each.reason,
            "day": words.day(each.since_at),
            "href": reverse("referrals:readmit", args=[referral.uuid, each.uuid]),
        }
        for each in exclusions.standing_on(referral)
    ]


# --- acts -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ProtectiveAct:
    """One act: its button, what follows from it, what it asks, and the service that does it."""

    name: str
    label: Any
    follows: tuple[Any, ...]
    done: Any
    form: Callable[..., forms.Act]
    do: Callable[..., object]
    is_grave: bool = False


def _people_form(*args: Any, referral: Referral, actor: Actor, **kwargs: Any) -> forms.Restrict:
    people = closing.nameable(referral, referral.first_responder, actor.at)
    return forms.Restrict(*args, people=people, **kwargs)


def _organisation_form(*args: Any, referral: Referral, actor: Actor, **kwargs: Any) -> Any:
    return forms.ExcludeOrganisation(*args, keeper=referral.first_responder, actor=actor, **kwargs)


def _person_form(*args: Any, referral: Referral, actor: Actor, **kwargs: Any) -> Any:
    return forms.ExcludePerson(*args, keeper=referral.first_responder, actor=actor, **kwargs)


def _plain(form: type[forms.Act]) -> Callable[..., forms.Act]:
    return lambda *args, referral, actor, **kwargs: form(*args, **kwargs)


def _restrict(form: Any, **who: Any) -> None:
    restrictions.restrict(people=form.chosen(), reason=form.cleaned_data["reason"], **who)


def _exclude_organisation(form: Any, **who: Any) -> None:
    said = form.cleaned_data
    exclusions.exclude(organisation=said["organisation"], reason=said["reason"], **who)


def _exclude_person(form: Any, **who: Any) -> None:
    said = form.cleaned_data
    user = exclusions.person_at(
        organisation=said["organisation"], email=said["email"], by=who["by"], at=who["at"]
    )
    if user is None:
        raise NotPossible(
            _(
                "Nobody there signs in with this address. Check it, or keep the whole "
                "organisation out."
            )
        )
    exclusions.exclude(user=user, reason=said["reason"], **who)


def _step_back(form: Any, *, version: int, **who: Any) -> None:
    exclusions.step_back(reason=form.cleaned_data["reason"], **who)


ACTS: Mapping[str, ProtectiveAct] = {
    act.name: act
    for act in (
        ProtectiveAct(
            "restrict",
            gettext_lazy("Restrict to named people"),
            (
                gettext_lazy("From now on only the people you name see that this case exists."),
                gettext_lazy(
                    "It leaves the lists and counts of your organisation and of the co-ordination."
                ),
                gettext_lazy(
                    "An authority that has it keeps the officers who worked on it; where they are "
                    "fewer than two, its manager names others without reading the case."
                ),
            ),
            gettext_lazy("The case is restricted to the people you named."),
            _people_form,
            _restrict,
        ),
        ProtectiveAct(
            "ask-lift",
            gettext_lazy("Ask to lift the restriction"),
            (gettext_lazy("Another named person of your organisation has to agree."),),
            gettext_lazy("Asked. Nothing changes until somebody else agrees."),
            _plain(forms.Confirm),
            lambda form, **who: restrictions.ask_to_lift(**who),
        ),
        ProtectiveAct(
            "lift",
            gettext_lazy("Agree to lift the restriction"),
            (gettext_lazy("The case is open again to everybody who works on cases like it."),),
            gettext_lazy("The restriction is lifted."),
            _plain(forms.Confirm),
            lambda form, **who: restrictions.lift(**who),
            is_grave=True,
        ),
        ProtectiveAct(
            "keep",
            gettext_lazy("Keep it restricted"),
            (gettext_lazy("The request ends and the case stays restricted."),),
            gettext_lazy("The case stays restricted."),
            _plain(forms.Confirm),
            lambda form, **who: restrictions.keep_restricted(**who),
        ),
        ProtectiveAct(
            "exclude-person",
            gettext_lazy("Keep a person out"),
            (
                gettext_lazy("They cannot see that this case exists, whatever else they may see."),
                gettext_lazy("Neither they nor their manager are told, nor why."),
            ),
            gettext_lazy("The person is kept out."),
            _person_form,
            _exclude_person,
        ),
        ProtectiveAct(
            "exclude-organisation",
            gettext_lazy("Keep an organisation out"),
            (
                gettext_lazy("Nobody who works there can see that this case exists."),
                gettext_lazy("If it was to decide, it is told that access has ended, and no more."),
                gettext_lazy("Another authority, or the alternate one, decides in its place."),
            ),
            gettext_lazy("The organisation is kept out."),
            _organisation_form,
            _exclude_organisation,
        ),
        ProtectiveAct(
            "step-back",
            gettext_lazy("Step back from this case"),
            (
                gettext_lazy("You will no longer see it. Use this when you know somebody in it."),
                gettext_lazy("Whoever keeps the file can let you back in."),
            ),
            gettext_lazy("You stepped back. The case is no longer open to you."),
            _plain(forms.StepBack),
            _step_back,
            is_grave=True,
        ),
    )
}


def _possible(referral: Referral, actor: Actor) -> list[str]:
    """What can be done now, by name; the services ask again."""
    grants = held(actor, referral)
    keeps = WORK in grants and referral.first_responder_id == actor.organisation_id
    names: list[str] = []
    if keeps and P.REFERRAL_KEEP in actor.permissions:
        restriction = Restriction.objects.standing().filter(referral=referral).first()
        if restriction is None:
            names += ["restrict"] if referral.person_id else []
        elif restriction.lift_asked_by_id is None:
            names.append("ask-lift")
        else:
            names += ["keep"] if restriction.lift_asked_by_id == actor.user_id else ["lift", "keep"]
        names += ["exclude-person", "exclude-organisation"]
    if grants:
        names.append("step-back")
    return names


@needs(P.REFERRAL_SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def protect(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """One act: what follows from it, what it asks, and doing it."""
    act = ACTS.get(name)
    if act is None:
        raise Http404
    actor, referral = acting(request), visible(request, uuid)
    if name not in _possible(referral, actor):
        raise PermissionDenied
    more = {"referral": referral, "actor": actor}
    if request.method == "POST":
        form = act.form(request.POST, **more)
        if form.is_valid() and _did(request, act, form, referral):
            gone = not Referral.objects.visible_to(actor).filter(pk=referral.pk).exists()
            if gone:
                return redirect("referrals:inbox")
            return redirect("referrals:protection", uuid=referral.uuid)
    else:
        form = act.form(initial={"version": referral.version}, **more)
    context = {
        "title": act.label,
        "reference": referral.reference,
        "follows": act.follows,
        "form": form,
        "is_grave": act.is_grave,
        "back": reverse("referrals:protection", args=[referral.uuid]),
    }
    return render(request, "referrals/protective_act.html", context)


def _did(request: HttpRequest, act: ProtectiveAct, form: forms.Act, referral: Referral) -> bool:
    actor = acting(request)
    version = form.cleaned_data["version"]
    try:
        act.do(form, referral=referral, by=actor, at=actor.at, version=version)
    except NotAllowed as error:
        raise PermissionDenied from error
    except Stale:
        form.add_error(None, _("Somebody changed the case meanwhile. Look at it, then try again."))
        form.data = {**form.data.dict(), "version": _now(referral)}  # type: ignore[assignment]
        return False
    except (NotPossible, MissingAnswers) as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, act.done)
    return True


def _now(referral: Referral) -> int:
    return Referral.objects.values_list("version", flat=True).get(pk=referral.pk)


@needs(P.REFERRAL_SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def readmit(request: HttpRequest, uuid: UUID, exclusion: UUID) -> HttpResponse:
    """Somebody is no longer kept out."""
    actor, referral = acting(request), visible(request, uuid)
    if Section.FILE not in sections(actor, referral):
        raise PermissionDenied
    found = Exclusion.objects.standing().filter(referral=referral, uuid=exclusion).first()
    if found is None:
        raise Http404
    if request.method == "POST":
        try:
            exclusions.readmit(exclusion=found, by=actor, at=actor.at)
        except NotAllowed as error:
            raise PermissionDenied from error
        except NotPossible as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("They are no longer kept out."))
        return redirect("referrals:protection", uuid=referral.uuid)
    who = found.user.display_name if found.user else str(found.organisation)
    context = {
        "title": _("Let back in: %(who)s") % {"who": who},
        "reference": referral.reference,
        "follows": (
            _("They see the case again as far as their work opens it to them."),
            _("What another authority received in their place stays there."),
        ),
        "form": None,
        "is_grave": True,
        "back": reverse("referrals:protection", args=[referral.uuid]),
    }
    return render(request, "referrals/protective_act.html", context)
