"""The lists: rows scanned as the country grows, beside SQL by hand and guardian's own list."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import Permission as AuthPermission
from django.http import QueryDict
from guardian.shortcuts import get_objects_for_user  # noqa: TID251 - what we do without, timed

from bench.people import Registry
from bench.plans import Cost, cost, cost_of
from bench.results import Findings, compare
from common.paging import CAP, Page
from partners.models import Area
from partners.registry import narrowed, page_of
from referrals.choices import State
from referrals.lists import RECEIVED, inbox, inbox_page, steered_page
from referrals.models import Referral

#: Whose inbox, and what they are.
READERS = {
    "newcomer": "an NGO with one referral",
    "small manager": "a small NGO, in two groups",
    "large caseworker": "the large NGO",
    "police officer": "law enforcement, own cases only",
    "officer": "the authority",
}
#: How the list is narrowed or ordered, by name.
VIEWS: dict[str, dict[str, Any]] = {
    "newest": {},
    "one state": {"status": State.CONCL_POSITIVE},
    "waiting": {"states": (State.SUBMITTED, State.PRELIM_POSITIVE)},
    "by due date": {"order": "due"},
}
PAGES_IN = 3
Costs = dict[str, Cost]


def inbox_costs(registry: Registry) -> Costs:
    """What each reader's inbox costs in each view, and further down the list."""
    found: Costs = {}
    for reader in READERS:
        actor = registry.actor(reader)
        for view, narrow in VIEWS.items():
            found[f"{reader}, {view}"] = cost(
                lambda a=actor, n=narrow: with_count(inbox_page(a, **n))
            )
        cursor = _further_down(lambda c, a=actor: inbox_page(a, cursor=c))
        if cursor:
            found[f"{reader}, page {PAGES_IN + 1}"] = cost(
                lambda a=actor, c=cursor: with_count(inbox_page(a, cursor=c))
            )
    steering = registry.actor("co_ordinator")
    found["co-ordination, newest"] = cost(lambda: with_count(steered_page(steering)))
    cursor = _further_down(lambda c: steered_page(steering, cursor=c))
    if cursor:
        found[f"co-ordination, page {PAGES_IN + 1}"] = cost(
            lambda: with_count(steered_page(steering, cursor=cursor))
        )
    return found


def with_count(page: Page) -> Page:
    """A page whose number of rows is shown, and so asked for."""
    str(page.count)
    return page


def _further_down(page: Callable[[str], Page]) -> str:
    """The cursor some pages in; empty where the list is shorter."""
    cursor = ""
    for _page in range(PAGES_IN):
        cursor = page(cursor).next
        if not cursor:
            break
    return cursor


def compare_scales(findings: Findings, at_base: Costs, at_scale: Costs, base: int) -> None:
    """The bar of every inbox, and that a count never reads further than its cap."""
    ratios = {
        name: at_scale[name].list_rows / max(1, at_base[name].list_rows)
        for name in at_base
        if name in at_scale
    }
    worst = max(ratios, key=ratios.__getitem__)
    findings.bar(
        f"Inbox: rows scanned ÷ at {base:,} referrals",
        ratios[worst],
        most=1.2,
        how=f"the dearest of {len(ratios)} lists is “{worst}”: "
        f"{at_base[worst].list_rows} → {at_scale[worst].list_rows} rows; "
        "the count beside the list apart",
    )
    dearest = max(at_scale, key=lambda name: at_scale[name].counted_rows)
    findings.say(
        "The dearest count beside a list",
        f"{at_scale[dearest].counted_rows:,} rows",
        f"“{dearest}”; at {base:,} referrals {at_base[dearest].counted_rows:,}; a count stops at "
        f"{CAP:,} for each list that is merged",
    )
    for name in ("large caseworker, newest", "officer, newest", "small manager, newest"):
        found = at_scale[name]
        findings.say(
            f"Inbox of {READERS[name.partition(',')[0]]}",
            f"{found.list_rows} rows",
            f"{len(found.statements)} statements, {found.milliseconds:.1f} ms in the server; "
            f"the count reads {found.counted_rows} more",
        )


# --- against SQL by hand --------------------------------------------------------------------------

_BY_HAND = """
    SELECT g.due_at, r.id, r.uuid, r.reference, r.origin, r.basis, r.state, r.created_at,
           r.received_at, r.received_on, o.uuid, o.name, a.uuid, a.name, x.code, x.name
    FROM (
        SELECT DISTINCT ON (s.sort_at, s.content_object_id) s.*
        FROM unnest(%(groups)s) AS mine (group_id)
        CROSS JOIN LATERAL (
            SELECT g.content_object_id, g.sort_at, g.due_at
            FROM referrals_referralgroupgrant g
            WHERE g.group_id = mine.group_id AND g.permission_id = %(see)s
              AND (g.until_at IS NULL OR g.until_at > %(at)s)
            ORDER BY g.sort_at DESC, g.content_object_id DESC
            LIMIT 26
        ) s
        ORDER BY s.sort_at DESC, s.content_object_id DESC
        LIMIT 25
    ) g
    JOIN referrals_referral r ON r.id = g.content_object_id
    JOIN partners_organisation o ON o.id = r.first_responder_id
    LEFT JOIN partners_organisation a ON a.id = r.authority_id
    LEFT JOIN partners_area x ON x.id = r.region_id
    ORDER BY g.sort_at DESC, g.content_object_id DESC
"""
_COUNTED_BY_HAND = """
    SELECT count(DISTINCT s.content_object_id)
    FROM unnest(%(groups)s) AS mine (group_id)
    CROSS JOIN LATERAL (
        SELECT g.content_object_id FROM referrals_referralgroupgrant g
        WHERE g.group_id = mine.group_id AND g.permission_id = %(see)s
          AND (g.until_at IS NULL OR g.until_at > %(at)s)
        LIMIT 1001
    ) s
"""
AGAINST_HAND = ("small manager", "large caseworker", "officer")


def against_hand(findings: Findings, registry: Registry, rounds: int) -> None:
    """The newest page of three inboxes, list and count, beside the SQL one would write for it."""
    see = AuthPermission.objects.get(
        codename="see_referral", content_type__app_label="referrals"
    ).pk
    rows, times = {}, {}
    for reader in AGAINST_HAND:
        actor = registry.actor(reader)
        given = {"groups": list(actor.group_ids), "see": see, "at": actor.at}
        ours = cost(lambda a=actor: with_count(inbox_page(a)))
        hand = _by_hand(given)
        rows[reader] = (ours.rows / hand.rows, ours.rows, hand.rows)
        times[reader] = compare(
            lambda a=actor: cost(lambda: with_count(inbox_page(a))).milliseconds,
            lambda g=given: _by_hand(g).milliseconds,
            rounds=rounds,
        )
    dearest = max(rows, key=lambda name: rows[name][0])
    ratio, ours_rows, hand_rows = rows[dearest]
    findings.bar(
        "Inbox: rows ÷ hand-written SQL’s",
        ratio,
        most=1.2,
        how=f"dearest of {len(rows)}: {READERS[dearest]}, {ours_rows} ÷ {hand_rows}, "
        "with the capped count on both sides",
    )
    slowest = max(times, key=lambda name: times[name].ratio)
    findings.bar(
        "Inbox: time ÷ hand-written SQL’s",
        times[slowest].ratio,
        most=2,
        how=f"slowest of {len(times)}: {READERS[slowest]}, {times[slowest]}, planning and "
        f"execution in the server, median of {rounds} rounds",
    )


def _by_hand(given: dict[str, Any]) -> Cost:
    listed, counted = cost_of(_BY_HAND, given), cost_of(_COUNTED_BY_HAND, given)
    return Cost((*listed.statements, *counted.statements))


# --- against guardian -----------------------------------------------------------------------------


def against_guardian(findings: Findings, registry: Registry) -> None:
    """What guardian's own list takes for the newest 25 on the same rows."""
    for reader in ("small manager", "large caseworker", "officer"):
        user, actor = registry.users[reader], registry.actor(reader)

        def theirs(user: Any = user) -> None:
            visible = get_objects_for_user(user, "referrals.see_referral", klass=Referral)
            list(visible.order_by("-received_at", "-pk").only("reference")[:25])

        times = compare(
            lambda work=theirs: cost(work).milliseconds,
            lambda a=actor: cost(lambda: _listed(a)).milliseconds,
            rounds=3,
        )
        found = cost(theirs)
        findings.say(
            f"guardian’s get_objects_for_user, {READERS[reader]}",
            f"{found.rows:,} rows, {times.ours:.1f} ms",
            f"newest 25 in {len(found.statements)} statements; "
            f"ours {cost(lambda a=actor: _listed(a)).rows} rows, {times.other:.2f} ms",
        )


def _listed(actor: Any) -> None:
    """The grant rows of the newest page alone, as guardian's list is of referrals alone."""
    for rows in inbox(actor).values():
        list(RECEIVED.rows(rows)[:26])


# --- the registry ---------------------------------------------------------------------------------

#: How the registry is narrowed, by name: frequent and rare headings, two at once, the age.
NARROWED = {
    "a kind": "kind=media",
    "a class": "cso_class=legal",
    "the usual capacity": "capacity=first_responder",
    "one in forty": "capacity=adviser",
    "one in two hundred": "capacity=watchdog",
    "the whole country": "area=XX",
    "a region": "area={region}",
    "a region’s advisers": "area={region}&capacity=adviser",
    "a kind in a region": "area={region}&kind=media",
    "not confirmed for half a year": "older=180",
    "a kind, not confirmed for half a year": "older=180&kind=media",
    "without a deputy": "deputy=missing",
}
#: Two headings at once, but for area with capacity, read the smaller drawer: reported, no bar.
BOTH = "a kind in a region"
Shown = dict[str, tuple[Cost, int]]


def registry_costs(registry: Registry) -> Costs:
    """The registry's first page and one further down, for a member and for the co-ordination."""
    found: Costs = {}
    for reader in ("large caseworker", "co_ordinator"):
        actor = registry.actor(reader)

        def page(cursor: str, actor: Any = actor) -> Page:
            return page_of(narrowed(actor, QueryDict()), cursor)

        found[f"{reader}, first page"] = cost(lambda: with_count(page("")))
        cursor = _further_down(page)
        found[f"{reader}, page {PAGES_IN + 1}"] = cost(lambda c=cursor: with_count(page(c)))
    return found


def narrowed_costs(registry: Registry) -> Shown:
    """The co-ordination's registry narrowed in each way, with how many rows each page shows."""
    actor = registry.actor("co_ordinator")
    region = Area.objects.get(pk=registry.regions[0]).code
    found: Shown = {}
    for name, query in NARROWED.items():
        asked = QueryDict(query.format(region=region))
        page_of(narrowed(actor, asked))  # what is kept between pages is
        shown: list[int] = []

        def page(asked: Any = asked, shown: Any = shown) -> None:
            shown.append(len(with_count(page_of(narrowed(actor, asked))).rows))

        found[name] = (cost(page), shown[-1])
    return found


def compare_narrowed(findings: Findings, few: Shown, many: Shown, sizes: tuple[int, int]) -> None:
    """For each row shown: a page of few organisations shows fewer than a page holds."""
    per_row = {
        name: [found[name][0].list_rows / max(1, found[name][1]) for found in (few, many)]
        for name in many
    }
    both, _shown = many[BOTH]
    findings.say(f"Registry: {BOTH}, of which there is none", f"{both.list_rows} rows", "")
    del per_row[BOTH]
    ratios = {name: at_many / max(1.0, at_few) for name, (at_few, at_many) in per_row.items()}
    worst = max(ratios, key=ratios.__getitem__)
    dearest = max(per_row, key=lambda name: per_row[name][1])
    findings.bar(
        f"Registry narrowed: rows scanned for each shown with {sizes[1]:,} organisations "
        f"÷ with {sizes[0]:,}",
        ratios[worst],
        most=1.2,
        how=f"the dearest of {len(ratios)} is “{worst}”: {per_row[worst][0]:.1f} → "
        f"{per_row[worst][1]:.1f}; most of all “{dearest}” with {per_row[dearest][1]:.1f}",
    )


def compare_registry(findings: Findings, few: Costs, many: Costs, sizes: tuple[int, int]) -> None:
    ratios = {name: many[name].list_rows / max(1, few[name].list_rows) for name in few}
    worst = max(ratios, key=ratios.__getitem__)
    findings.bar(
        f"Registry: rows scanned with {sizes[1]:,} organisations ÷ with {sizes[0]:,}",
        ratios[worst],
        most=1.2,
        how=f"the dearest of {len(ratios)} is “{worst}”: {few[worst].list_rows} → "
        f"{many[worst].list_rows} rows; the count apart, capped at {CAP:,}: "
        f"{max(each.counted_rows for each in many.values())} rows",
    )
