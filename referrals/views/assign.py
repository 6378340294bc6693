"""Who of one's own organisation works on a referral, where colleagues do not see all files."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from common.marks import Permission, needs
from common.workflow import NotAllowed
from partners.access import Actor, get_or_404
from partners.models import Membership, Team
from referrals.models import Referral
from referrals.services import assignments
from referrals.views.shown import acting

P = Permission


class Assign(forms.Form):
    """The teams that work on it; a team may be one colleague."""

    teams = forms.MultipleChoiceField(
        label=gettext_lazy("Who works on it"), widget=forms.CheckboxSelectMultiple, required=False
    )

    def __init__(self, teams: list[tuple[Team, bool]], names: dict[int, str], data: Any) -> None:
        super().__init__(data, initial={"teams": [str(t.uuid) for t, works in teams if works]})
        self.fields["teams"].choices = [(str(t.uuid), names[t.pk]) for t, _w in teams]  # type: ignore[attr-defined]


@needs(P.REFERRAL_ASSIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def assign(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Say which teams and colleagues work on it; whoever sees all files needs no assignment."""
    actor = acting(request)
    referral = get_or_404(Referral.objects.all(), actor, uuid=uuid)
    teams = assignments.teams_of(referral, actor)
    form = Assign(teams, _names(teams, actor), request.POST if request.method == "POST" else None)
    if form.is_valid():
        chosen = set(form.cleaned_data["teams"])
        try:
            for team, works in teams:
                if (str(team.uuid) in chosen) != works:
                    change = assignments.unassign if works else assignments.assign
                    change(referral=referral, team=team, by=actor, at=actor.at)
        except NotAllowed as error:
            raise PermissionDenied(str(error)) from error
        messages.success(request, _("Saved. It holds from the next click on."))
        return redirect("referrals:detail", uuid)
    context = {"form": form, "referral": referral, "teams": teams}
    return render(request, "referrals/assign.html", context)


def _names(teams: list[tuple[Team, bool]], actor: Actor) -> dict[int, str]:
    """A team's name, or that of the one person it is."""
    people = Membership.objects.active(actor.at).filter(team__in=[team for team, _w in teams])
    alone = {each.team_id: each.user.display_name for each in people.select_related("user")}
    return {team.pk: team.name or alone.get(team.pk, "") for team, _w in teams}
