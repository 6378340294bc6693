"""For which organisation somebody acts, as this package may know it: by uuid."""

from uuid import UUID

from common.marks import Actor


def organisation_of(actor: Actor) -> UUID | None:
    """The uuid of the organisation acted for; None for the system and for people with none."""
    organisation = getattr(actor, "organisation", None)
    return organisation.uuid if organisation is not None else None
