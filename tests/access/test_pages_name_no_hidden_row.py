"""No page and no answer of the API names a row that its reader may not see.

One of each kind of row stands on stage. Each reader opens every list there is and, where it says
so, every other page they are answered by; what comes back holds no id of a row that `visible_to`
keeps from them. A list that forgot to ask `visible_to` is found here, whatever it lists.
"""

import re
from collections.abc import Iterator

import pytest
import time_machine
from django.apps import apps
from django.db import models

from partners.access import Actor
from tests.access import by_class, runner
from tests.access.arguments import ARGUMENTS
from tests.access.test_non_interference import ACTORS, answer, client_of, readable
from tests.support.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]

UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
#: They open every page, the others the lists: at home, and nowhere near.
THROUGHOUT = ("caseworker", "other_manager")
READERS = (*ACTORS, "other_manager", "funder", "applicant")
#: Published for everybody: grants to and from organisations that are listed (funding/grants.py),
#: and what the open directory holds (partners/hsds.py).
PUBLISHED = {
    "funding:grants-csv", "funding:grants-json", "partners:hsds-organisations",
    "partners:hsds-services", "partners:hsds-service", "partners:hsds-organisation",
}  # fmt: skip


def kinds() -> Iterator[type[models.Model]]:
    """Every kind of row with an id for the outside and a rule who sees it."""
    for model in apps.get_models():
        names = {field.name for field in model._meta.get_fields()}
        if "uuid" in names and hasattr(model._default_manager.all(), "visible_to"):
            yield model


def hidden_from(actor: Actor) -> dict[bytes, str]:
    """Ids of what stands on stage and this actor may not see, with what they are."""
    found = {}
    for model in kinds():
        rows = model._default_manager.all()
        seen = set(rows.visible_to(actor).values_list("pk", flat=True))
        for pk, uuid in rows.values_list("pk", "uuid"):
            if pk not in seen:
                found[str(uuid).encode()] = model._meta.label
    return found


def is_asked(who: str, table: str, row: dict[str, str]) -> bool:
    if row.get(who) != "200":
        return False
    return who in THROUGHOUT or not ARGUMENTS.get(row["url"])


def named_to(cast: Cast, who: str) -> set[tuple[str, str]]:
    """(address, kind of row) of what this reader is told of and may not see."""
    asked = readable(cast, who, is_asked)
    stage = runner.Stage(cast, ARGUMENTS)
    user = runner.user_of(cast, who)
    clients = {False: client_of(stage, who, is_api=False)}
    if user.memberships.exists():
        clients[True] = client_of(stage, who, is_api=True)
    hidden = hidden_from(cast.actor(user))
    assert len(hidden) >= 10, "nearly everything is open to this reader: little would be proved"
    assert len(asked) >= 5
    return {
        (name, hidden[uuid])
        for name, urls in asked.items()
        if name not in PUBLISHED and (is_api := name.startswith("api:")) in clients
        for url in urls
        for uuid in set(UUID.findall(answer(clients[is_api], url)[2])) & set(hidden)
    }


@pytest.mark.slow
def test_no_page_names_what_its_reader_may_not_see(cast: Cast) -> None:
    with time_machine.travel(cast.at, tick=False):
        by_class.rows_of(cast)
        told = {who: named_to(cast, who) for who in READERS}
    assert {who: named for who, named in told.items() if named} == {}
