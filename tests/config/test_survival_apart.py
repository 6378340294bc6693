"""What organisations declare about themselves cannot be read by what decides on their money.

Declarations and staff are loaded with the app but offered by no package: whoever uses them names
their modules, and the modules that may are listed here. No key leads to them from anywhere.
"""

import ast
from pathlib import Path

from django.apps import apps
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
SEALED = ("IncomeDeclaration", "NeedsAnswer", "StaffCapacity", "DeclarationKey")
MODULES = (
    "funding.models.declarations",
    "funding.models.staffing",
    "funding.services.declarations",
    "funding.survival_freeze",
)
#: Whoever may name them: their own pages and services, and the count.
MAY = {
    "funding/models/__init__.py",  # loads them, offers nothing
    "funding/models/declarations.py",
    "funding/models/staffing.py",
    "funding/programme_clocks.py",
    "funding/services/declarations.py",
    "funding/services/programmes.py",
    "funding/services/rounds.py",
    "funding/services/standings.py",
    "funding/survey_workflow.py",
    "funding/survival.py",
    "funding/survival_access.py",
    "funding/survival_freeze.py",
    "funding/survival_notices.py",
    "funding/views/programmes.py",
    "funding/views/rounds.py",
    "funding/views/staffing.py",
    "funding/views/survey.py",
    "funding/views/sustainability.py",
    "ncm/demo_survival.py",
    "ncm/reports/funding_figures.py",  # figures of rounds that are over
    "scripts/render_docs.py",
}
#: Of those, who may name what is sealed.
MAY_OPEN = {
    "funding/models/declarations.py",
    "funding/models/staffing.py",
    "funding/services/declarations.py",
    "funding/survival_freeze.py",
    "funding/views/staffing.py",
}


def sources() -> dict[str, str]:
    folders = ("common", "accounts", "deadlines", "partners", "referrals", "funding", "ncm",
               "config", "scripts")  # fmt: skip
    return {
        str(path.relative_to(ROOT)): path.read_text()
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "migrations" not in path.parts
    }


def imported(text: str) -> set[str]:
    """Every module a source names in an import, in each of the ways one can be written."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


class TestDeclarations:
    def test_are_imported_by_their_own_pages_only(self) -> None:
        wrong = {
            name for name, text in sources().items()
            if name not in MAY and imported(text) & set(MODULES)
        }  # fmt: skip
        assert wrong == set()

    def test_are_named_by_what_keeps_and_counts_them_only(self) -> None:
        """As a class, as a text for `get_model`, in a query by hand: nowhere else."""
        wrong = {
            f"{name}: {model}"
            for name, text in sources().items()
            for model in SEALED
            if name not in MAY_OPEN and (model in text or f"funding_{model.lower()}" in text)
        }
        assert wrong == set()

    def test_are_led_to_by_no_key(self) -> None:
        """From an organisation, an award or a user one cannot walk to what it declared."""
        for name in SEALED:
            for field in apps.get_model("funding", name)._meta.get_fields():
                if field.is_relation and not field.auto_created:
                    assert field.remote_field.hidden, field

    def test_the_search_sees_an_import(self) -> None:
        for line in (
            "from funding.models.declarations import IncomeDeclaration",
            "from funding.models import declarations",
            "import funding.models.declarations",
        ):
            assert imported(line) & set(MODULES), line
