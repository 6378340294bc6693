"""Writes the pages of docs/ that are drawn from the code: access, workflows and deadlines.

`--check` writes nothing and exits 1 when a page is not what the code says.
"""

import csv
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

NOTE = "<!-- Drawn by scripts/render_docs.py; change the code or the tables, then run it. -->\n"


def access_page() -> str:
    from partners.access import BEFORE_ADMISSION, ROLE_PERMISSIONS, TOKEN_SCOPES
    from partners.choices import ROLE_NEEDS_CAPACITY

    lines = [
        "# Access",
        "",
        NOTE,
        "Two questions, never mixed: *may this person* (here) and *is it possible now*",
        "([workflows](workflows.md)). A person acts for one organisation at a time. Rows are seen",
        "through `visible_to`; what one may not see answers 404, the same to the byte as what",
        "never existed.",
        "",
        "## Roles",
        "",
        "| Role | Needs the capacity | May |",
        "| --- | --- | --- |",
    ]
    for role, permissions in ROLE_PERMISSIONS.items():
        capacity = ROLE_NEEDS_CAPACITY.get(role)
        may = ", ".join(f"`{permission}`" for permission in sorted(permissions))
        lines.append(f"| {role.label} | {capacity.label if capacity else '–'} | {may} |")
    before = ", ".join(f"`{permission}`" for permission in sorted(BEFORE_ADMISSION))
    scopes = ", ".join(f"`{permission}`" for permission in sorted(TOKEN_SCOPES))
    lines += [
        "",
        f"Until the organisation is a member, only these are left of a role: {before}.",
        f"A token may be given: {scopes}.",
        "",
        "## Every address",
        "",
        "A row is a URL name and a method (after `@`: which row was asked for), a column who asks,",
        "a cell the answer: a status, or where it leads. `no_factor` has no second factor;",
        "`stale` proved it over five minutes ago; `former` left the organisation; `manager` and",
        "`caseworker` are at home in the rows asked for, `other_manager` is not. The suite asks",
        "every cell over HTTP (`tests/access/test_matrix.py`).",
    ]
    for path in sorted((ROOT / "tests" / "access").glob("*.csv")):
        lines += ["", f"### {path.stem}", ""]
        with path.open(newline="") as table:
            head, *rows = list(csv.reader(table))
        lines += [
            "| " + " | ".join(head) + " |",
            "| " + " | ".join(["---"] * len(head)) + " |",
            *("| " + " | ".join(row) + " |" for row in rows),
        ]
    return "\n".join(lines) + "\n"


def workflows_page() -> str:
    from common.country import FOLDER, load
    from partners.workflow import ORGANISATION
    from referrals.workflow import referral_workflow

    tables = {"An organisation’s way into the mechanism": ORGANISATION}
    for path in sorted(FOLDER.glob("*.toml")):
        profile = load(path.stem)
        tables[f"A referral: {profile.name} (`countries/{path.name}`)"] = referral_workflow(profile)
    parts = [
        "# Workflows\n",
        NOTE,
        "Each table is the code that runs (`<app>/workflow.py`); nothing else changes a state.\n",
    ]
    for title, workflow in tables.items():
        parts += [f"## {title}\n", workflow.as_table()]
    return "\n".join(parts)


def deadlines_page() -> str:
    from common.country import load

    lines = [
        "# Deadlines",
        "",
        NOTE,
        "How long things may take, by country profile (`countries/*.toml`), and where that was",
        "read. A rule whose source was not read is off: it starts no clock, and none is invented.",
        "A deadline that runs keeps the rule and calendar it began with. Days end at midnight in",
        "the country's time zone; `tests/deadlines/test_rules.py` dates every rule by hand.",
    ]
    for code in ("coe", "gb", "ua"):
        profile = load(code)
        lines += ["", f"## {profile.name} (`{code}`)", "", *_rules_table(profile)]
    return "\n".join(lines) + "\n"


def _rules_table(profile: Any) -> list[str]:
    from deadlines import words

    lines = [
        "| Rule | How long | Starts when | The date means | Weight | Source; text as read on |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for rule in profile.all_rules():
        place = f" ({rule.subdivision})" if rule.subdivision else ""
        length = words.length(rule.counting.length)
        counted = words.counted(rule)
        valid = [
            f"{word} {day.isoformat()}"
            for word, day in (("from", rule.valid_from), ("until", rule.valid_to))
            if day
        ]
        state = f"Read on {rule.read_on}" if rule.verified else "**Off: not confirmed**"
        note = f" *{rule.reading}*" if rule.reading else ""
        cells = [
            f"{rule.title}{place} `{rule.code}`" + (f", {' '.join(valid)}" if valid else ""),
            f"{length}; {counted}" if counted else length,
            words.STARTS[rule.starts],
            words.BOUNDS[rule.bound],
            words.WEIGHTS[rule.weight],
            f"{rule.source}. {state}: “{rule.text}”{note}",
        ]
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return lines


def main() -> int:
    import django
    from django.utils import translation

    django.setup()
    pages = {
        "access.md": access_page,
        "deadlines.md": deadlines_page,
        "workflows.md": workflows_page,
    }
    stale = []
    with translation.override("en"):
        for name, draw in pages.items():
            path = ROOT / "docs" / name
            drawn = draw()
            if "--check" in sys.argv:
                if not path.exists() or path.read_text() != drawn:
                    stale.append(name)
            else:
                path.write_text(drawn)
    if stale:
        print(f"Not what the code says: {', '.join(stale)}. Run scripts/render_docs.py.")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
