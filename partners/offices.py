"""The co-ordination's office: whom to call when nothing else here is open to somebody."""

from datetime import datetime

from django.utils.translation import gettext as _

from partners.access import system_actor
from partners.choices import Capacity
from partners.models import Organisation


def office(at: datetime) -> Organisation | None:
    """The co-ordination's office: whom to call is told to whoever applies, the registry is not."""
    system = system_actor("application pages", at)
    offices = Organisation.objects.visible_to(system).members().holding(Capacity.CO_ORDINATION)
    return offices.order_by("name", "id").first()


def tel(number: str) -> str:
    """A telephone number as the address of a link."""
    return f"tel:{''.join(number.split())}"


def office_to_call(at: datetime) -> dict[str, str] | None:
    """Whom to call, as components/confirm_panel.html takes it; None where no way is known."""
    known = office(at)
    if known is None or not (known.phone or known.email):
        return None
    text = _("Questions? Call %(office)s.") if known.phone else _("Questions? Write to %(office)s.")
    contact = {"text": text % {"office": known.display_name}}
    if known.phone:
        return contact | {"href": tel(known.phone), "label": known.phone}
    return contact | {"href": f"mailto:{known.email}", "label": known.email}
