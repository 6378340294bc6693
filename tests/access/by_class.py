"""Each actor class without HTTP: what `partners.access` and `visible_to` say, in two tables.

`by_class/permissions.csv` has a row for every permission, `by_class/rows.csv` one for every kind of
row that is asked for; a column is an actor class, a scene played before it asks.
"""

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.db import models, transaction

from common.marks import Permission
from partners.access import Actor, actor_for, anonymous, may
from partners.choices import Role
from partners.models import Agreement, ChangeRequest, Proceeding
from partners.roles import TOKEN_SCOPES
from referrals.models import Disclosure, EmergencyAccess
from tests.access.arguments import ARGUMENTS
from tests.access.rows import actions, bodies, calls, money, survival, terms
from tests.access.runner import CASE_ACTORS, PAGE_ACTORS, user_of
from tests.access.scenes import SCENES
from tests.support.cast import Cast

FOLDER = Path(__file__).parent / "by_class"

#: Whoever lacks a second factor or has not proved it lately is stopped before any of this.
PEOPLE = tuple(a for a in PAGE_ACTORS if a not in ("no_factor", "stale")) + CASE_ACTORS
#: A manager's token, by what it was given.
TOKENS: dict[str, frozenset[Permission]] = {
    "token": TOKEN_SCOPES,
    **{f"token_{scope}": frozenset({scope}) for scope in sorted(TOKEN_SCOPES)},
    "token_without_scope": frozenset(),
}
CLASSES = (*PEOPLE, *TOKENS)

#: The roles each class is given; nobody holds a permission that none of these includes.
ROLES_OF: dict[str, tuple[Role, ...]] = {
    "applicant": (Role.MANAGER,),
    "caseworker": (Role.CASEWORKER,),
    "manager": (Role.MANAGER,),
    "other_manager": (Role.MANAGER,),
    "co_ordinator": (Role.CO_ORDINATOR,),
    "rapporteur": (Role.RAPPORTEUR,),
    "funder": (Role.FUNDER,),
    "administrator": (Role.ADMINISTRATOR,),
    "officer": (Role.OFFICER,),
    "police_officer": (Role.CASEWORKER,),
    "suspended": (Role.MANAGER,),
    "granted_till_yesterday": (Role.MANAGER,),
    "withdrawn": (Role.OFFICER,),
    "excluded": (Role.OFFICER,),
    "excluded_manager": (Role.MANAGER,),
    **dict.fromkeys(TOKENS, (Role.MANAGER,)),
}

#: Asked of the referral that was sent, too: what the role includes, a case may still withhold.
OF_A_CASE = (
    Permission.REFERRAL_MAKE,
    Permission.REFERRAL_KEEP,
    Permission.REFERRAL_SEE,
    Permission.REFERRAL_DECIDE,
    Permission.REFERRAL_ASSIGN,
    Permission.REFERRAL_STEER,
)


def rows_of(cast: Cast) -> dict[str, models.Model]:
    """One of each kind of row, by the name it has in the table; they stand before any scene."""
    for address in (
        "referrals:detail",
        "referrals:detail@draft",
        "referrals:detail@restricted",
        "referrals:disclosure",
        "referrals:emergency-access",
        "partners:proceeding",
        "partners:change",
        "partners:filter-act",
        "partners:protocol",
        "partners:protocol@draft",
        "partners:facility",
        "partners:facility@confidential",
        "partners:access-request",
        "partners:incident-act",
        "partners:agreement",
        "partners:agreement@draft",
        "partners:conversation",
        "partners:conversation@case",
        "partners:attempt-answered",
        "partners:request",
        "partners:request@draft",
        "partners:hold",
        "partners:service@unlisted",
        "partners:training",
        "partners:training-attendances",
        "partners:guidance-one",
        "partners:guidance-one@draft",
        "partners:registry-table",
        "partners:registry-import",
        "partners:reminders-sent",
    ):
        ARGUMENTS[address](cast)
    return {
        "referral, sent": cast.rows["sent"],
        "referral, draft": cast.rows["draft"],
        "referral, restricted": cast.rows["restricted"],
        "disclosure": Disclosure.objects.get(pk=cast.rows["disclosure"].pk),
        "emergency access": EmergencyAccess.objects.get(pk=cast.rows["emergency"].pk),
        "organisation, own": cast.ngo,
        "organisation, unlisted": cast.unlisted_ngo,
        "organisation, applying": cast.applying,
        "point of contact": cast.contact,
        "point of contact, unlisted": cast.other_contact,
        "service": cast.rows["shelter"],
        "service, unlisted": cast.rows["unlisted shelter"],
        "location, confidential": cast.rows["house"],
        "held place": cast.rows["hold"],
        "search for a place": cast.rows["hold"].request,
        "membership of a caseworker": cast.ngo_caseworker.memberships.get(),
        "proceeding": Proceeding.objects.get(pk=cast.rows["proceeding"].pk),
        "stored filter of a co-ordinator": cast.rows["filter"],
        "local protocol": cast.rows["protocol in force"],
        "local protocol, draft": cast.rows["protocol draft"],
        "facility": cast.rows["facility"],
        "facility, confidential": cast.rows["confidential"],
        "authorisation to enter": cast.rows["authorisation"],
        "request for access": cast.rows["access request"],
        "incident about access": cast.rows["incident"],
        "training": cast.rows["training"],
        "attendance of a caseworker": cast.rows["attendance"],
        "guidance": cast.rows["guidance"],
        "guidance, draft": cast.rows["guidance draft"],
        "agreement": Agreement.objects.get(pk=cast.rows["agreement"].pk),
        "agreement, draft of another": Agreement.objects.get(pk=cast.rows["own draft"].pk),
        "conversation in general": cast.rows["conversation"],
        "conversation on a case": cast.rows["talk"],
        "contact attempt": cast.rows["attempt"],
        "table of organisations to bring in": cast.rows["table"],
        "import of organisations": cast.rows["import"],
        "round of reminders": cast.rows["reminders"],
        "change of an entry": ChangeRequest.objects.get(pk=cast.rows["change"].pk),
        "recurring request": cast.rows["asked"],
        "recurring request, draft": cast.rows["request draft"],
        "round of a request, asked": cast.rows["round"],
        "answer to a request, asked": cast.rows["answer"],
        **_rows_of_money(cast),
        "action point": actions.action(cast),
        "document of an action point": actions.document(cast),
        "body": bodies.body(cast),
        "agenda item, not answered": bodies.item(cast),
        "paper of it": bodies.paper(cast),
        "meeting, planned": bodies.planned(cast),
        "resolution": bodies.resolution(cast),
    }


def _rows_of_money(cast: Cast) -> dict[str, models.Model]:
    """What Bridge Fund, Lantern House and the survey of civil society have."""
    return {
        "fund": money.award(cast).fund,
        "fund, nothing awarded": money.unknown_fund(cast),
        "award": money.award(cast),
        "award, proposed": money.proposal(cast),
        "instalment": money.instalment(cast),
        "payment": money.payment(cast),
        "change of an award": money.change(cast),
        "call": calls.opened(cast),
        "call, draft": calls.draft(cast),
        "question about a call": calls.question(cast),
        "application, draft": calls.application(cast),
        "application, sent": calls.sent(cast),
        "review": calls.review(cast),
        "condition of a grant": terms.condition(cast),
        "report on a grant": terms.report(cast),
        "what a service stands on": survival.standing(cast),
        "programme of empowerment": survival.programme(cast),
        "round of the survey": survival.survey(cast),
    }


def actor_of(cast: Cast, who: str) -> Actor:
    """The class as an actor, after its scene."""
    if who == "anonymous":
        return anonymous(cast.at)
    if who in TOKENS:
        return actor_for(cast.ngo_manager, at=cast.at, scopes=TOKENS[who])
    return cast.actor(user_of(cast, who))


Columns = dict[str, dict[str, str]]


def answers(cast: Cast) -> Iterator[tuple[str, Columns]]:
    """(class, {table: {row: cell}}) for each class; its scene is undone before the next one's."""
    rows = rows_of(cast)
    for who in CLASSES:
        scene = replace(cast, rows=dict(cast.rows))
        with transaction.atomic():
            if who in SCENES:
                SCENES[who](scene)
            yield who, _columns(actor_of(scene, who), rows)
            transaction.set_rollback(True)


def _columns(actor: Actor, rows: dict[str, models.Model]) -> Columns:
    return {
        "permissions": {p.value: _may(actor, p, rows["referral, sent"]) for p in Permission},
        "rows": {name: "seen" if _sees(actor, row) else "–" for name, row in rows.items()},
    }


def _may(actor: Actor, permission: Permission, case: models.Model) -> str:
    if not may(actor, permission):
        return "–"
    if permission not in OF_A_CASE:
        return "may"
    return "may here" if may(actor, permission, case) else "not here"


def _sees(actor: Actor, row: models.Model) -> bool:
    everything: Any = type(row)._default_manager.all()
    return bool(everything.visible_to(actor).filter(pk=row.pk).exists())


def table(name: str) -> list[dict[str, str]]:
    path = FOLDER / f"{name}.csv"
    if not path.exists():
        return []
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def column(name: str, who: str) -> dict[str, str]:
    """What was decided for one class; a cell that is missing is missing."""
    return {row["row"]: row[who] for row in table(name) if row.get(who)}


def write_column(name: str, who: str, cells: dict[str, str]) -> None:
    decided = {row["row"]: row for row in table(name)}
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / f"{name}.csv").open("w", newline="") as out:
        writer = csv.DictWriter(out, ("row", *CLASSES), restval="", extrasaction="ignore",
                                lineterminator="\n")  # fmt: skip
        writer.writeheader()
        for row, cell in cells.items():
            writer.writerow(decided.get(row, {}) | {"row": row, who: cell})
