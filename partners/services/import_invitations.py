"""Inviting the contacts of organisations that came in from a table: nobody there has an account.

Each gets the invitation that every organisation gets, at the address of the table. Asked for twice,
nobody is written to twice.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Invitation
from common.marks import Permission
from common.workflow import NotAllowed, NotPossible
from deadlines.models import Mail
from partners.access import Actor
from partners.choices import EventKind, OrganisationState, Role
from partners.models import Membership, Organisation, OrganisationEvent, RegistryImport
from partners.models.organisation import OrganisationQuerySet
from partners.services.memberships import send_invitation, withdraw_invitation
from partners.services.organisations import APPLICATION

MOST = 200
#: Where the organisation has gone, nobody is invited.
GONE = (OrganisationState.WITHDRAWN, OrganisationState.REFUSED, OrganisationState.LEFT)

READY = "ready"
NO_ADDRESS = "no_address"
HAS_PEOPLE = "has_people"
OPEN = "open"
ACCEPTED = "accepted"
RAN_OUT = "ran_out"
CAME_BACK = "came_back"
IS_GONE = "gone"
WORDS = {
    READY: gettext_lazy("Not invited yet"),
    NO_ADDRESS: gettext_lazy("No e-mail address in the entry"),
    HAS_PEOPLE: gettext_lazy("Somebody works there already"),
    OPEN: gettext_lazy("Invited"),
    ACCEPTED: gettext_lazy("Accepted"),
    RAN_OUT: gettext_lazy("The invitation ran out"),
    CAME_BACK: gettext_lazy("The letter came back"),
    IS_GONE: gettext_lazy("No longer in the registry"),
}
#: A letter that came back may be sent again, once the address was looked at.
INVITABLE = (READY, RAN_OUT, CAME_BACK)


@dataclass(frozen=True)
class Standing:
    """How it stands with the invitation of one organisation."""

    code: str
    invitation: Invitation | None = None

    @property
    def words(self) -> str:
        return str(WORDS[self.code])

    @property
    def is_invitable(self) -> bool:
        return self.code in INVITABLE


def entered_by(imported: RegistryImport) -> OrganisationQuerySet:
    """The organisations that one import entered: by the line it left in the past of each."""
    lines = OrganisationEvent.objects.filter(
        organisation=OuterRef("pk"), kind=EventKind.BROUGHT_IN, at=imported.imported_at,
        by=imported.imported_by,
    )  # fmt: skip
    return Organisation.objects.filter(Exists(lines))


def uninvited(imported: RegistryImport, at: datetime) -> OrganisationQuerySet:
    """Of these, those where nobody works and no invitation is open or was accepted."""
    works = Membership.objects.active(at).filter(organisation=OuterRef("pk"))
    letters = Invitation.objects.filter(kind=APPLICATION, subject_uuid=OuterRef("uuid"))
    taken = letters.filter(accepted_at__isnull=False)
    return entered_by(imported).filter(
        ~Exists(works), ~Exists(letters.open(at)), ~Exists(taken), email__gt=""
    )


def standings(organisations: Iterable[Organisation], at: datetime) -> dict[int, Standing]:
    """How it stands with each, by key. Three queries, however many there are."""
    found = list(organisations)
    works = set(
        Membership.objects.active(at)
        .filter(organisation__in=[each.pk for each in found])
        .values_list("organisation", flat=True)
    )
    letters: dict[Any, Invitation] = {}
    sent = Invitation.objects.filter(
        kind=APPLICATION, subject_uuid__in=[each.uuid for each in found], revoked_at=None
    )
    for letter in sent.order_by("invited_at", "pk"):
        letters[letter.subject_uuid] = letter
    keys = [f"invitation:{letter.uuid}" for letter in letters.values()]
    lost = Mail.objects.filter(key__in=keys)
    came_back = set((lost.dead() | lost.returned()).values_list("key", flat=True))
    return {
        each.pk: _standing(each, each.pk in works, letters.get(each.uuid), came_back, at)
        for each in found
    }


def _standing(
    organisation: Organisation,
    has_people: bool,
    letter: Invitation | None,
    came_back: Collection[str],
    at: datetime,
) -> Standing:
    if letter is not None and letter.accepted_at is not None:
        return Standing(ACCEPTED, letter)
    if has_people:
        return Standing(HAS_PEOPLE, letter)
    if organisation.state in GONE:
        return Standing(IS_GONE, letter)
    if letter is not None and f"invitation:{letter.uuid}" in came_back:
        return Standing(CAME_BACK if organisation.email else NO_ADDRESS, letter)
    if letter is not None and letter.expires_at > at:
        return Standing(OPEN, letter)
    if not organisation.email:
        return Standing(NO_ADDRESS, letter)
    return Standing(RAN_OUT if letter is not None else READY, letter)


@transaction.atomic
def invite_contacts(
    *, imported: RegistryImport, organisations: Collection[UUID], by: Actor, at: datetime
) -> int:
    """Invite the contacts of these organisations of the import; how many were written to.

    Whoever has an account, an open invitation or no address is left out. Raises NotAllowed;
    NotPossible for none or more than `MOST` at once.
    """
    if Permission.ORGANISATION_INVITE not in by.permissions:
        raise NotAllowed(_("Only the co-ordination invites organisations."))
    if not 0 < len(organisations) <= MOST:
        raise NotPossible(_("Choose between one and %(most)d organisations.") % {"most": MOST})
    wanted = entered_by(imported).visible_to(by).filter(uuid__in=list(organisations))
    # Locked in one order: two co-ordinators at once would otherwise each write to everybody.
    rows = list(
        Organisation.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=list(wanted.values_list("pk", flat=True)))
        .order_by("pk")
    )
    decided = standings(rows, at)
    number = 0
    for row in rows:
        standing = decided[row.pk]
        if not standing.is_invitable:
            continue
        if standing.invitation is not None:
            withdraw_invitation(invitation=standing.invitation, by=by, at=at)
        send_invitation(
            email=row.email, organisation=row, role=Role.MANAGER, kind=APPLICATION, by=by, at=at
        )
        number += 1
    return number
