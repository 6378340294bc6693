"""The pages drawn from the code are what the code says, and links between pages lead somewhere."""

import re
import subprocess
import sys
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def test_drawn_pages_are_up_to_date() -> None:
    drawn = subprocess.run(
        [sys.executable, "scripts/render_docs.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert drawn.returncode == 0, drawn.stdout + drawn.stderr[-500:]


def test_links_lead_to_files_that_exist() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_tests_named_in_the_security_page_exist() -> None:
    from tests.config.test_seed_map import missing

    named = re.findall(r"`(tests/[^`]+\.py(?:::[^`]+)?)`", (ROOT / "SECURITY.md").read_text())
    assert named
    assert [gone for test_id in named if (gone := missing(test_id))] == []
