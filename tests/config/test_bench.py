"""The bench at a tiny size: it runs to its end, its country is sound, its page says what fell."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def _scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))


@pytest.mark.slow
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="the bench measures PostgreSQL")
@pytest.mark.django_db(transaction=True)
def test_runs_to_its_end_on_a_sound_country(tmp_path: Path, monkeypatch) -> None:
    from bench import cases, session, writing

    from partners import upkeep
    from partners.models import Organisation
    from partners.services.listings import relist

    monkeypatch.setattr(cases, "SMALL", 30)
    monkeypatch.setattr(cases, "BASE", 300)
    monkeypatch.setattr(cases, "SEALED", 100)
    monkeypatch.setenv("WEB_WORKERS", "1")
    monkeypatch.setattr(writing, "DUE", 20)
    monkeypatch.setattr(writing, "EACH", 3)
    run = session.Session(700, 0, tmp_path, base=300)
    run.offices, run.people, run.rounds = (20, 40, 60), 200, 1
    run.fill_and_measure()

    assert list(upkeep.drift(at=timezone.now())) == []
    assert relist(list(Organisation.objects.values_list("pk", flat=True))) == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_index WHERE NOT indisvalid")
        assert cursor.fetchone() == (0,)
    # Every deferred foreign key of what was filled while they were not looked at.
    connection.check_constraints()
    names = {bar.name for bar in run.findings.bars}
    assert len(names) == len(run.findings.bars) >= 14
    # Numbers of rows and queries do not depend on the machine; times are not looked at here.
    assert [bar for bar in run.findings.fallen if bar.name.startswith("Queries")] == []


@pytest.mark.slow
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="the bench measures PostgreSQL")
@pytest.mark.django_db(transaction=True)
def test_measures_deadlines_alone(tmp_path: Path, monkeypatch) -> None:
    from bench import session, writing

    from deadlines.models import Deadline

    monkeypatch.setattr(writing, "DUE", 20)
    monkeypatch.setattr(session, "call_command", lambda *args, **options: None)
    run = session.Session(1_000, 0, tmp_path)
    run.offices, run.people, run.rounds = (20, 40, 60), 200, 1
    found = run.deadlines_alone()
    assert Deadline.objects.filter(subject_kind="referral").count() == 3_000
    connection.check_constraints()
    bars = {bar.name: bar for bar in found.bars}
    assert bars["A sweep with nothing due: rows read"].holds
    assert "Claiming 20 due deadlines ÷ 20 single tasks" in bars


class TestPage:
    def test_keeps_the_other_sizes(self, tmp_path: Path) -> None:
        from bench import page
        from bench.results import Findings

        findings, out = Findings(), tmp_path / "performance.md"
        findings.bar("Held", 1.0, most=2, how="one ÷ one")
        for scale in ("1m_deadlines", "1m", "10k", "1m"):
            at = datetime(2026, 3, 2, tzinfo=UTC)
            page.write(out, scale, page.section(findings, scale, "PostgreSQL 15", 3, at))
        text = out.read_text()
        assert text.index("## SCALE=10k") < text.index("## SCALE=1m")
        assert text.index("## SCALE=1m\n") < text.index("## SCALE=1m_deadlines\n")
        assert text.count("## SCALE=1m\n") == text.count("# Performance\n") == 1
        assert text.count("Every bar holds") == 3

    def test_says_which_bar_fell(self) -> None:
        from bench import page
        from bench.results import Findings

        findings = Findings()
        findings.bar("Fallen", 2.5, most=2, how="five ÷ two")
        text = page.section(findings, "10k", "PostgreSQL 15", 3, datetime(2026, 3, 2, tzinfo=UTC))
        assert "| Fallen | 2.5 | 2 | **no** | five ÷ two |" in text
        assert "**Not every bar holds.**" in text


class TestCompare:
    def test_takes_the_median_of_the_ratios(self) -> None:
        from bench.results import compare

        ours, other = iter([9.0, 2.0, 30.0, 4.0]), iter([9.0, 1.0, 10.0, 4.0])
        found = compare(lambda: next(ours), lambda: next(other), rounds=3)
        assert (found.ours, found.other, found.ratio) == (4.0, 4.0, 2.0)


class TestArguments:
    def test_refuse_a_size_that_does_not_exist(self, capsys) -> None:
        from bench.__main__ import arguments

        with pytest.raises(SystemExit):
            arguments(["--scale", "2m"])
        assert "SCALE is one of 10k, 100k, 1m, not 2m." in capsys.readouterr().err
        assert "bench" in sys.modules
