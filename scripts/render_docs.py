"""Writes what of docs/ is drawn from the code: access, workflows, deadlines and the API.

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
    from partners.choices import ROLE_NEEDS_CAPACITY
    from partners.roles import BEFORE_ADMISSION, ROLE_PERMISSIONS, TOKEN_SCOPES, WHILE_SUSPENDED

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
    suspended = ", ".join(f"`{permission}`" for permission in sorted(WHILE_SUSPENDED))
    scopes = ", ".join(f"`{permission}`" for permission in sorted(TOKEN_SCOPES))
    lines += [
        "",
        f"Until the organisation is a member, only these are left of a role: {before}.",
        f"While it is suspended, only these, of its own files and for 90 days: {suspended};",
        "once it has left, none. Whoever was named to a panel holds `panel_sit`; no role does.",
        f"A token may be given: {scopes}; none of a suspended organisation works.",
        "",
        "## Every address",
        "",
        "A row is a URL name and a method (after `@`: which row was asked for), a column who asks,",
        "a cell the answer: a status, or where it leads. `no_factor` has no second factor;",
        "`stale` proved it over five minutes ago; `former` left the organisation; `manager` and",
        "`caseworker` are at home in the rows asked for, `other_manager` is not. `officer` works",
        "for the authority asked to decide, `police_officer` in law enforcement (a caseworker",
        "whose membership is marked so). `suspended` is `manager` after a panel suspended the",
        "organisation. Of a case: `granted_till_yesterday` is `other_manager`, whose organisation",
        "held every grant on it until yesterday; `withdrawn` is `officer` after the person took",
        "the consent back; `excluded` is `officer` kept out of it, `excluded_manager` manages the",
        "officer’s organisation and learns no more than a stranger. The suite asks every cell",
        "over HTTP (`tests/access/test_matrix.py`), but for `= column`: there nothing can differ",
        "from that column, because every role gets the same answer, or no case is asked for. Of",
        "the API a column is a token with every scope, but for `only_reads` (`referral_see`",
        "alone) and `without_scope`.",
    ]
    for path in sorted((ROOT / "tests" / "access").glob("*.csv")):
        lines += ["", f"### {path.stem}", ""]
        with path.open(newline="") as table:
            head, *rows = list(csv.reader(table))
        lines += _drawn(head, rows)
    return "\n".join(lines + _by_class()) + "\n"


def _by_class() -> list[str]:
    lines = [
        "",
        "## Every permission and every kind of row",
        "",
        "The same classes without HTTP, asked of `may` and `visible_to` in full",
        "(`tests/access/test_by_class.py`). `may here` is said of the referral that was sent,",
        "`not here` where the role includes the act and the case does not; a `token` is a",
        "manager’s, with every scope or the one named.",
    ]
    for name in ("permissions", "rows"):
        path = ROOT / "tests" / "access" / "by_class" / f"{name}.csv"
        with path.open(newline="") as table:
            head, *rows = list(csv.reader(table))
        lines += ["", f"### {name}", "", *_drawn(head, rows)]
    return lines


def _drawn(head: list[str], rows: list[list[str]]) -> list[str]:
    return [
        "| " + " | ".join(head) + " |",
        "| " + " | ".join(["---"] * len(head)) + " |",
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def workflows_page() -> str:
    from common.country import FOLDER, load
    from funding import money_workflow as money
    from funding import terms_workflow as terms
    from funding.call_workflow import APPLICATION, CALL, COMPLAINT, REVIEW
    from funding.survey_workflow import ROUND
    from ncm import meetings_workflow as meetings
    from ncm import plan_workflow as plans
    from partners.change_workflow import CHANGE
    from partners.deed_workflow import AGREEMENT, AMENDMENT
    from partners.facility_workflow import AUTHORISATION
    from partners.facility_workflow import REQUEST as ACCESS
    from partners.hold_workflow import HOLD
    from partners.learning_workflow import GUIDANCE, TRAINING
    from partners.protocol_workflow import PROTOCOL
    from partners.request_workflow import ANSWER, REQUEST
    from partners.workflow import ORGANISATION, PROCEEDING
    from referrals.workflow import referral_workflow

    tables = {
        "An organisation’s way into the mechanism, and out of it": ORGANISATION,
        "A proceeding about an organisation’s place": PROCEEDING,
        "A change of a member’s entry that others rely on": CHANGE,
        "An agreement between organisations": AGREEMENT,
        "An amendment of an agreement": AMENDMENT,
        "What partners are regularly asked for": REQUEST,
        "One organisation’s answer to a round of it": ANSWER,
        "A place held for a night": HOLD,
        "A version of a local protocol": PROTOCOL,
        "A training": TRAINING,
        "A version of guidance": GUIDANCE,
        "A request for access to a facility": ACCESS,
        "An authorisation to enter a facility": AUTHORISATION,
        "A call for applications for money": CALL,
        "An application for money": APPLICATION,
        "A review of an application": REVIEW,
        "A complaint about a decision on money": COMPLAINT,
        "An award of money": money.AWARD,
        "An instalment of an award": money.INSTALMENT,
        "A change of an award that both sides sign": money.CHANGE,
        "A round of questions to civil society": ROUND,
        "A condition of a grant": terms.CONDITION,
        "A report on a grant": terms.REPORT,
        "A meeting of a body": meetings.MEETING,
        "An agenda item": meetings.ITEM,
        "A resolution": meetings.RESOLUTION,
        "A national action plan": plans.PLAN,
        "A revision of an action plan": plans.REVISION,
        "A half-yearly report on an action plan": plans.REPORT,
        "A consultation on the plan or on a draft law": plans.CONSULTATION,
        "A position in a consultation": plans.POSITION,
    }
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
    from common.country import FOLDER, load

    lines = [
        "# Deadlines",
        "",
        NOTE,
        "How long things may take, by country profile (`countries/*.toml`), and where that was",
        "read. A rule whose source was not read is off: it starts no clock, and none is invented.",
        "A deadline that runs keeps the rule and calendar it began with. Days end at midnight in",
        "the country's time zone; `tests/deadlines/cases.csv` dates every rule by hand.",
        "What a country changed since stands on its rules page: [how to change a",
        "rule](how-to/change-a-rule.md).",
        "",
        "## Clocks",
        "",
        *_kinds_table(),
    ]
    for path in sorted(FOLDER.glob("*.toml")):
        profile = load(code := path.stem)
        lines += ["", f"## {profile.name} (`{code}`)", "", *_rules_table(profile)]
    return "\n".join(lines) + "\n"


def api_description() -> str:
    from drf_spectacular.renderers import OpenApiYamlRenderer

    from ncm.openapi import document

    drawn: bytes = OpenApiYamlRenderer().render(document())
    return f"# Drawn by scripts/render_docs.py; change the code, then run it.\n{drawn.decode()}"


def _kinds_table() -> list[str]:
    """Every kind of deadline that is registered: what the sweep can remind of."""
    from deadlines import kinds

    lines = [
        "| Kind | What it is | More time or stopping | The person's own time |",
        "|" + " --- |" * 4,
    ]
    for kind in kinds.registered():
        changes = "by whoever it binds" if kind.may_change is not kinds.nobody_may else ""
        own = "never shortened" if kind.protects else ""
        lines.append(f"| `{kind.code}` | {kind.title} | {changes} | {own} |")
    return lines


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
        "api.yaml": api_description,
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
