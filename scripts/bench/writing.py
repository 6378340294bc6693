"""What a write costs: a referral with its grants, a save with its history, claiming, the sweep."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from bench.people import Registry
from bench.plans import cost, taken_back
from bench.results import Findings, compare
from common.bulk import write_each
from common.references import new_reference
from deadlines import sweeps
from deadlines.choices import Stage
from deadlines.models import Deadline
from deadlines.services import reminders
from deadlines.services.sweep import sweep
from partners import grants
from partners.choices import GrantReason, Role
from referrals.choices import State
from referrals.models import Referral

EACH = 20
"""How often a piece of work is done in one round."""
DUE = 500
PROVING = ("grants proved", "headings of the registry")
"""Parts that go over a 1,440th of everything each minute, due or not."""


def compare_writes(findings: Findings, registry: Registry, rounds: int) -> None:
    _grants(findings, registry, rounds)
    _history(findings, rounds)


def _grants(findings: Findings, registry: Registry, rounds: int) -> None:
    office, user = registry.named["large"], registry.users["large manager"]
    groups = [Group.objects.get(pk=office.groups[r.value]) for r in (Role.CASEWORKER, Role.MANAGER)]
    written: list[int] = []
    narrative = Referral.objects.filter(narrative_ct__isnull=False).values("narrative_ct")[0]

    def row() -> Referral:
        at = timezone.now()
        made = Referral(
            reference=new_reference("R"),
            first_responder_id=office.pk,
            referrer=user,
            region_id=registry.regions[0],
            exploitation=("SEXUAL",),
            created_at=at,
            saved_at=at,
            **narrative,
        )
        made.skip_history_when_saving = True  # type: ignore[attr-defined]
        return made

    def bare() -> None:
        for _each in range(EACH):
            with transaction.atomic():
                made = row()
                made.save()
            written.append(made.pk)

    def granted() -> None:
        for _each in range(EACH):
            with transaction.atomic():
                made = row()
                made.save()
                grants.grant(
                    subject=made,
                    permissions=["see", "work", "identity"],
                    to=groups,
                    reason=GrantReason.FIRST_RESPONDER,
                    by=user,
                    at=made.created_at,
                    is_new=True,
                )
            written.append(made.pk)

    # Committed each by itself, as a person's are.
    found = compare(granted, bare, rounds=rounds)
    Referral.objects.filter(pk__in=written).delete()
    findings.bar(
        "Referral with its grants ÷ the bare row",
        found.ratio,
        most=3.5,
        how=f"{EACH} rows a round, {found}; with six reasons, six grant rows, "
        f"median of {rounds} rounds",
    )


def _history(findings: Findings, rounds: int) -> None:
    keys = list(Referral.objects.filter(state=State.SUBMITTED).values_list("pk", flat=True)[:EACH])

    def save(*, skip: bool) -> None:
        for pk in keys:
            with transaction.atomic():
                row = Referral.objects.get(pk=pk)
                if skip:
                    row.skip_history_when_saving = True  # type: ignore[attr-defined]
                row.version += 1
                row.save()

    found = compare(lambda: save(skip=False), lambda: save(skip=True), rounds=rounds)
    findings.bar(
        "Save with history ÷ without",
        found.ratio,
        most=1.7,
        how=f"get and save of {len(keys)} referrals a round, {found}, median of {rounds} rounds",
    )


# --- deadlines ------------------------------------------------------------------------------------


def compare_claims(findings: Findings, rounds: int) -> None:
    """What is due, taken and moved on in the sweep's batches, and one deadline at a time.

    The bar is of the claim: deadlines that bind nobody any more, so that nobody is written to.
    """
    due = Deadline.objects.filter(kind="recovery_period")
    rows = list(due.filter(next_at__isnull=False).order_by("pk")[:DUE])
    keys = [row.pk for row in rows]
    nobody = Group.objects.create(name="bench: nobody")
    number = f"{len(keys)} due deadlines"

    def remind(**changed: Any) -> float:
        at = timezone.now()
        due.filter(pk__in=keys).update(next_stage=Stage.AFTER, next_rung=0, next_at=at, **changed)
        began = time.perf_counter()
        told = reminders.remind(at)
        took = (time.perf_counter() - began) * 1000
        if told != len(keys):
            raise RuntimeError(f"{told} of {len(keys)} deadlines were taken.")
        return took

    def singly(**changed: Any) -> float:
        with _batches_of(1, len(keys)):
            return remind(**changed)

    found = compare(lambda: remind(group=nobody), lambda: singly(group=nobody), rounds=rounds)
    findings.bar(
        f"Claiming {number} ÷ {len(keys)} single tasks",
        found.ratio,
        most=0.05,
        how=f"of {Deadline.objects.count():,}; taken and moved on, no broker on either side: "
        f"{found}, median of {rounds} rounds",
    )
    write_each(rows, ["group"])
    with taken_back():
        told = compare(remind, singly, rounds=1)
    findings.say(
        f"Reminding of {number}, with all that is written to those they bind",
        f"{told.ours:,.0f} ms",
        f"one at a time {told.other:,.0f} ms",
    )
    write_each(rows, ["next_stage", "next_rung", "next_at"])
    nobody.delete()


@contextmanager
def _batches_of(size: int, most: int) -> Iterator[None]:
    before = reminders.BATCH, reminders.BATCHES
    reminders.BATCH, reminders.BATCHES = size, most + 1
    try:
        yield
    finally:
        reminders.BATCH, reminders.BATCHES = before


def idle_sweep(findings: Findings) -> None:
    """A sweep that finds nothing to do, after one that did whatever there was.

    Proving a share of all grants, and of all headings, is no search for what is due (ADR 0017): it
    is measured apart.
    """
    done: dict[str, Any] = {}

    def run() -> None:
        done.update(sweep(at=timezone.now(), clock=timezone.now))

    run()
    proving = {name: sweeps.registered()[name] for name in PROVING}
    share = cost(lambda: [prove(timezone.now()) for prove in proving.values()])
    for name in proving:
        sweeps.forget(name)
    done.clear()
    found = cost(run)
    for name, prove in proving.items():
        sweeps.register(name, prove)
    busy = {name: number for name, number in done.items() if number != 0}
    if busy:
        raise RuntimeError(f"The sweep had something to do or failed: {busy}.")
    findings.bar(
        "A sweep with nothing due: rows read",
        found.rows,
        most=99,
        how=f"of {Deadline.objects.count():,} deadlines and everything else; {len(done)} parts in "
        f"{len(found.statements)} statements, {found.milliseconds:.1f} ms in the server",
    )
    findings.say(
        "Proving a minute’s share of all grants and headings",
        f"{share.rows:,} rows",
        f"{len(share.statements)} statements, {share.milliseconds:.0f} ms in the server; a "
        "1,440th of the country each minute, so it grows with it",
    )
