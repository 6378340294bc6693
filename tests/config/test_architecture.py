"""What the packages promise each other, read from the code and the model registry."""

import ast
import importlib.metadata
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

ROOT = Path(settings.BASE_DIR)
#: From the bottom up; a package may point to itself and to what stands before it.
LAYERS = [
    ["common"],
    ["accounts"],
    ["deadlines"],
    ["partners"],
    ["referrals", "funding"],
    ["ncm"],
]
OURS = [name for layer in LAYERS for name in layer]
HEIGHT = {name: height for height, layer in enumerate(LAYERS) for name in layer}


def modules(*packages: str) -> Iterator[tuple[str, ast.Module]]:
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in OURS]


def keys_pointing_up(found: list[type[models.Model]]) -> list[str]:
    """Foreign keys from a lower package to a higher one, as "model.field -> model"."""
    wrong = []
    for model in found:
        own = model._meta.app_label
        for field in model._meta.get_fields():
            if not (isinstance(field, models.ForeignKey | models.ManyToManyField)):
                continue
            other = field.related_model._meta.app_label
            if other in HEIGHT and (
                HEIGHT[other] > HEIGHT[own] or (HEIGHT[other] == HEIGHT[own] and other != own)
            ):
                wrong.append(
                    f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
                )
    return wrong


class TestKeys:
    def test_no_foreign_key_points_up(self) -> None:
        assert keys_pointing_up(our_models()) == []

    def test_the_walk_sees_one_that_does(self) -> None:
        class Wrong(models.Model):
            organisation = models.ForeignKey("partners.Organisation", models.PROTECT)

            class Meta:
                app_label = "accounts"

        try:
            assert keys_pointing_up([Wrong]) == [
                "accounts.Wrong.organisation -> partners.Organisation"
            ]
        finally:
            del apps.all_models["accounts"]["wrong"]
            apps.clear_cache()

    def test_cascade_is_kept_for_grants_history_and_parts(self) -> None:
        allowed = {
            "Listing",  # copies of an organisation, written anew with it
            "Channel",  # rows of a point of contact, rewritten with it
            "ApiToken",  # knox's own key to the user
        }
        cascading = {
            model.__name__
            for model in our_models()
            for field in model._meta.get_fields()
            if isinstance(field, models.ForeignKey)
            and field.remote_field.on_delete is models.CASCADE
        }
        grants = {name for name in cascading if name.endswith(("Grant", "GrantBasis"))}
        assert grants
        assert cascading - grants <= allowed

    def test_get_model_is_used_in_migrations_only(self) -> None:
        callers = [
            name
            for name, tree in modules(*OURS, "config")
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and node.attr == "get_model"
        ]
        # The workflow engine resolves the label of the table it was given.
        assert set(callers) <= {"common/workflow.py"}


class TestStates:
    def test_only_the_engine_assigns_a_state(self) -> None:
        allowed = {"common/workflow.py", "deadlines/services/jobs.py"}
        wrong = [
            f"{name}:{node.lineno}"
            for name, tree in modules(*OURS)
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Attribute) and target.attr == "state"
            if name not in allowed
        ]
        assert wrong == []

    def test_no_update_writes_a_state_past_the_engine(self) -> None:
        wrong = [
            f"{name}:{node.lineno}"
            for name, tree in modules("partners", "referrals", "funding", "ncm")
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"update", "bulk_update", "update_or_create"}
            and any(keyword.arg == "state" for keyword in node.keywords)
        ]
        assert wrong == []


class TestGrantsHaveOneDoor:
    SHORTCUTS = frozenset(
        {"assign_perm", "remove_perm", "get_objects_for_user", "get_objects_for_group",
         "get_perms", "get_users_with_perms", "get_groups_with_perms", "ObjectPermissionChecker"}
    )  # fmt: skip

    def test_nobody_uses_a_guardian_shortcut(self) -> None:
        wrong = [
            f"{name}:{node.lineno}"
            for name, tree in modules(*OURS, "config", "tests")
            for node in ast.walk(tree)
            if (isinstance(node, ast.Name) and node.id in self.SHORTCUTS)
            or (isinstance(node, ast.Attribute) and node.attr in self.SHORTCUTS)
            or (
                isinstance(node, ast.ImportFrom)
                and (node.module or "").startswith("guardian.shortcuts")
            )
        ]
        assert wrong == []

    def test_guardian_is_imported_by_the_grant_tables_only(self) -> None:
        importing = {
            name
            for name, tree in modules(*OURS, "config")
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "guardian"
        }
        assert importing <= {"partners/models/grants.py", "referrals/models/grants.py"}

    def test_grant_rows_are_written_in_one_module(self) -> None:
        tables = {model.__name__ for model in our_models() if model.__name__.endswith("Grant")}
        assert tables
        writes = {"create", "bulk_create", "get_or_create", "update_or_create", "delete", "update"}
        wrong = [
            f"{name}:{node.lineno}"
            for name, tree in modules(*OURS)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in writes
            and any(
                isinstance(part, ast.Name) and part.id in tables for part in ast.walk(node.func)
            )
            and name != "partners/grants.py"
        ]
        assert wrong == []


class TestRowsHaveOneDoor:
    #: What narrows rows to those the actor may see.
    DOORS = frozenset(
        {"visible_to", "get_or_404", "visible", "shown_to", "escalated_to", "slices_for"}
    )
    #: Functions of views that name such a model and need no door, and why.
    WITHOUT = {
        "referrals/views/log.py:_write": "the row in hand, read again as it is now",
        "referrals/views/disclosures.py:_with_case": "the row in hand, with its case",
        "referrals/views/assign.py:_names": "people of the teams it was given",
        "referrals/views/protection.py:_now": "the version of the row in hand",
        "partners/views/tokens.py:_tokens": "of the organisation acted for",
        "partners/views/tokens.py:tokens": "which of those tokens still work",
        "partners/views/resets.py:_places": "narrowed there to what a manager is told",
        "ncm/views/reports.py:_ended_quarters": "the day of the first, of everybody's",
    }

    def test_a_view_takes_them_through_it(self) -> None:
        found = set(self._open_doors())
        assert found - set(self.WITHOUT) == set()
        assert set(self.WITHOUT) - found == set(), "a reason for nothing"

    def _open_doors(self) -> Iterator[str]:
        """Functions of views and of the API that read a guarded model and name no door."""
        guarded = {
            model.__name__
            for model in our_models()
            if hasattr(model._default_manager.all(), "visible_to")
        }
        assert {"Referral", "Organisation", "Deadline"} <= guarded
        for name, tree in modules(*OURS):
            if "/views" not in name and not name.endswith("/api.py"):
                continue
            for function in ast.walk(tree):
                if not isinstance(function, ast.FunctionDef):
                    continue
                read, named = set(), set()
                for node in ast.walk(function):
                    if isinstance(node, ast.Name):
                        named.add(node.id)
                    elif isinstance(node, ast.Attribute):
                        named.add(node.attr)
                        if node.attr == "objects" and isinstance(node.value, ast.Name):
                            read.add(node.value.id)
                if read & guarded and not named & self.DOORS:
                    yield f"{name}:{function.name}"


class TestLists:
    def test_nothing_pages_by_skipping_rows(self) -> None:
        """`Paginator`, OFFSET and slices that start late read all they skip; use common.paging."""
        wrong = []
        for name, tree in modules(*OURS, "config"):
            for node in ast.walk(tree):
                if isinstance(node, ast.ImportFrom) and node.module in {
                    "django.core.paginator",
                    "rest_framework.pagination",
                }:
                    wrong.append(f"{name}:{node.lineno} imports a paginator")
                if isinstance(node, ast.Attribute) and node.attr == "paginate_by":
                    wrong.append(f"{name}:{node.lineno} paginate_by")
                if (
                    isinstance(node, ast.Constant)
                    and isinstance(node.value, str)
                    and " OFFSET " in node.value
                    and name != "common/paging.py"
                ):
                    wrong.append(f"{name}:{node.lineno} OFFSET in SQL")
        assert wrong == []


class TestDays:
    def test_are_the_country_s_by_one_function(self) -> None:
        """`localtime(at).date()` is the day of who reads, and UTC's in a sweep."""
        wrong = []
        for name, tree in modules(*OURS, "config"):
            for node in ast.walk(tree):
                match node:
                    case ast.Call(
                        func=ast.Attribute(
                            attr="date",
                            value=ast.Call(
                                func=ast.Attribute(attr="localtime") | ast.Name(id="localtime"),
                                args=[_],
                            ),
                        )
                    ):
                        wrong.append(f"{name}:{node.lineno} takes the day of whoever reads")
                    case ast.Call(
                        func=ast.Attribute(
                            attr="date",
                            value=ast.Call(
                                func=ast.Attribute(attr="astimezone"),
                                args=[ast.Attribute(value=ast.Call(func=ast.Name(id="current")))],
                            ),
                        )
                    ) if name != "common/country.py":
                        wrong.append(f"{name}:{node.lineno} does the sum again")
                    case ast.FunctionDef(name="local_day") if name != "common/country.py":
                        wrong.append(f"{name}:{node.lineno} is a second answer")
        assert wrong == []


class TestCode:
    BANNED_CALLS = frozenset({"mark_safe", "eval", "exec", "RawSQL", "pickle"})

    def test_no_text_is_marked_safe_and_nothing_is_evaluated(self) -> None:
        # The chart's SVG is made by us and looked at by common.charts before it is marked.
        allowed = {"common/charts.py"}
        wrong = [
            f"{name}:{node.lineno}"
            for name, tree in modules(*OURS, "config")
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and node.id in self.BANNED_CALLS and name not in allowed
        ]
        assert wrong == []

    def test_no_template_marks_a_text_safe(self) -> None:
        wrong = [
            str(path.relative_to(ROOT))
            for path in (ROOT / "templates").rglob("*.html")
            if "|safe" in path.read_text() or "autoescape off" in path.read_text()
        ]
        assert wrong == []

    @pytest.mark.parametrize("package", OURS)
    def test_every_module_says_what_is_in_it(self, package: str) -> None:
        silent = [
            name for name, tree in modules(package) if tree.body and not ast.get_docstring(tree)
        ]
        assert silent == []

    def test_no_module_is_longer_than_600_lines_and_no_function_than_60(self) -> None:
        wrong = []
        for name, tree in modules(*OURS, "config"):
            if (lines := len((ROOT / name).read_text().splitlines())) > 600:
                wrong.append(f"{name}: {lines} lines")
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef) and node.end_lineno:
                    length = node.end_lineno - node.lineno + 1
                    if length > 60:
                        wrong.append(f"{name}:{node.lineno} {node.name}: {length} lines")
        assert wrong == []

    def test_every_model_says_what_a_caseworker_would_say(self) -> None:
        generated = {"Historical"}
        silent = [
            model._meta.label
            for model in our_models()
            if not any(model.__name__.startswith(prefix) for prefix in generated)
            and not model.__name__.endswith(("Grant", "GrantBasis"))
            and (not model.__doc__ or model.__doc__.startswith(f"{model.__name__}("))
        ]
        assert silent == []


class TestDependencies:
    def test_psycopg_3_is_absent(self) -> None:
        """The driver is psycopg2-binary, by the owner's choice; two would be one too many."""
        installed = {dist.metadata["Name"].lower() for dist in importlib.metadata.distributions()}
        assert "psycopg2-binary" in installed
        assert not {"psycopg", "psycopg-binary", "psycopg-pool"} & installed

    def test_every_dependency_gives_its_reason(self) -> None:
        text = (ROOT / "pyproject.toml").read_text()
        block = text.split("dependencies = [", 1)[1].split("\n]", 1)[0]
        silent = [line for line in block.splitlines() if line.strip() and "#" not in line]
        assert silent == []


class TestServices:
    def test_take_keywords_only_and_say_who_and_when(self) -> None:
        """A write names its actor and its moment; neither is looked up behind the caller's back."""
        from partners.services import contacts, memberships, organisations, reviews
        from referrals.services import consents, decisions, identity, referrals

        wrong = []
        of_partners = (contacts, memberships, organisations, reviews)
        for module in (*of_partners, consents, decisions, identity, referrals):
            for name, function in inspect.getmembers(module, inspect.isfunction):
                if function.__module__ != module.__name__ or name.startswith("_"):
                    continue
                parameters = inspect.signature(function).parameters
                if "at" not in parameters:
                    continue  # a read beside its writes
                kinds = {p.kind for p in parameters.values()}
                if inspect.Parameter.POSITIONAL_OR_KEYWORD in kinds:
                    wrong.append(f"{module.__name__}.{name} takes positions")
        assert wrong == []
