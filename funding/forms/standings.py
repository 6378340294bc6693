"""What a service stands on: one of the own services, and an agreement or award one sees."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from funding.models import Award
from funding.money_choices import AwardState
from partners.access import Actor
from partners.deed_choices import IN_FORCE
from partners.models import Agreement, ServiceOffer


class Standing(forms.Form):
    """The service, the one thing it stands on, and the posts that pays."""

    offer = forms.ModelChoiceField(
        label=_("Service"), queryset=ServiceOffer.objects.none(), empty_label=_("Choose a service")
    )
    agreement = forms.ModelChoiceField(
        label=_("Agreement"), queryset=Agreement.objects.none(), required=False,
        empty_label=_("None"),
    )  # fmt: skip
    award = forms.ModelChoiceField(
        label=_("Award"), queryset=Award.objects.none(), required=False, empty_label=_("None")
    )
    posts = forms.DecimalField(
        label=_("Posts paid by it"), min_value=0, max_digits=5, decimal_places=1, required=False,
        help_text=_("In full-time posts. The co-ordination sees this number."),
    )  # fmt: skip

    def __init__(self, actor: Actor, data: Any = None) -> None:
        super().__init__(data)
        home = actor.organisation_id
        own = ServiceOffer.objects.visible_to(actor).in_use().filter(organisation_id=home)
        agreements = Agreement.objects.visible_to(actor).filter(
            parties__organisation_id=home, state__in=IN_FORCE
        )
        awards = Award.objects.visible_to(actor).filter(
            recipient_id=home, state=AwardState.IN_FORCE
        )
        for name, rows in (
            ("offer", own.order_by("name", "pk")),
            ("agreement", agreements.order_by("ends_on", "pk")),
            ("award", awards.order_by("until_on", "pk")),
        ):
            field: Any = self.fields[name]
            field.queryset = rows
            field.label_from_instance = lambda row: getattr(row, "title", None) or row.name

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if not self.errors and bool(given.get("agreement")) == bool(given.get("award")):
            self.add_error("award", _("Choose one agreement or one award, not both."))
        return given

    def entered(self) -> dict[str, Any]:
        """What `services.standings.enter_standing` takes."""
        return {name: self.cleaned_data[name] for name in ("offer", "agreement", "award", "posts")}
