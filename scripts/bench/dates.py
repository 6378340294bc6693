"""Deadlines alone, by the million and without the cases they belong to: claiming, the idle sweep.

A country of a million referrals has three million of them. Filled by SQL from a row of numbers, so
that the bars of design §12 about deadlines can be measured without the hour the rest takes.
"""

from bench.copying import insert_from, without_indexes
from bench.people import Registry
from deadlines.models import Deadline

EACH = 3
"""Deadlines of a referral."""


def fill(registry: Registry, number: int) -> None:
    """A third is to be told of later, a sixth is late and was told of, the others are met.

    None is due: the sweep finds nothing until a bar moves some.
    """
    groups = [
        group
        for office in (*registry.named.values(), *registry.crowd)
        for group in office.groups.values()
    ]
    at = registry.at
    with without_indexes([Deadline._meta.db_table]):
        insert_from(
            Deadline,
            {
                "kind": "(ARRAY['recovery_period', 'referral_decision', 'reconsideration_request'])"
                "[1 + n %% 3]",
                "rule_code": "'recovery_period'",
                "subject_kind": "'referral'",
                "subject_uuid": "gen_random_uuid()",
                "group_id": f"(ARRAY{groups})[1 + n %% {len(groups)}]",
                "bound": "'latest'",
                "unit": "'days'",
                "amount": "30",
                "day_zero": "'excluded'",
                "roll": "'none'",
                "starts_at": f"{_later(at, 'n %% 700 - 730')}",
                "created_at": f"{_later(at, 'n %% 700 - 730')}",
                "due_at": f"CASE WHEN n %% 12 < 4 THEN {_later(at, '2 + n %% 90')}"
                f" ELSE {_later(at, 'n %% 700 - 700')} END",
                "met_at": f"CASE WHEN n %% 12 >= 6 THEN {_later(at, 'n %% 700 - 701')} END",
                "next_stage": "CASE WHEN n %% 12 < 4 THEN 'on' ELSE '' END",
                "next_at": f"CASE WHEN n %% 12 < 4 THEN {_later(at, '1 + n %% 90')}"
                " + make_interval(secs => n %% 80000) END",
            },
            "FROM generate_series(1, %s) AS numbers (n)",
            [number],
        )


def _later(at: object, days: str) -> str:
    return f"(TIMESTAMPTZ '{at}' + make_interval(days => ({days})::int))"
