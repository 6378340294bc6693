"""docs/performance.md: a section for each size, each with the date and machine of its last run."""

import os
import platform
import re
from datetime import datetime
from pathlib import Path

import django

from bench.results import Bar, Findings

HEAD = """# Performance

Written by `make bench`; [how to run and read it](how-to/run-the-bench.md). The bars are those of
design §12: ratios within one run, so that they say the same on a slow machine. Numbers of rows and
queries are exact. Each size keeps the result of its last run.
"""
_SECTION = re.compile(r"^## SCALE=(\w+)$", re.MULTILINE)
NOT_MEASURED = (
    "A cold cache: everything has been read before it is measured.",
    "Writers beside the readers, and several sweeps at once.",
    "The broker: single tasks are compared without what Redis and Celery would add to them.",
)


def section(findings: Findings, scale: str, server: str, minutes: float, at: datetime) -> str:
    """One size: where and when, the bars, what stands beside them, what was left out."""
    lines = [
        f"## SCALE={scale}",
        "",
        f"{at:%d %B %Y}, {minutes:.0f} minutes. {_machine()}; {server}; "
        f"Django {django.__version__}, Python {platform.python_version()}; "
        f"{_load()} programs wanted a processor at the end. "
        + ("**Every bar holds.**" if not findings.fallen else "**Not every bar holds.**"),
        "",
        "| Bar | Measured | At most | Holds | From |",
        "| --- | ---: | ---: | --- | --- |",
        *(_row(bar) for bar in findings.bars),
        "",
        "| Beside them | Measured | |",
        "| --- | ---: | --- |",
        *(f"| {each.name} | {each.measured} | {each.how} |" for each in findings.beside),
        "",
        "Not measured: " + " ".join((*NOT_MEASURED, *findings.left_out)),
        "",
    ]
    return "\n".join(lines)


def _row(bar: Bar) -> str:
    holds = "yes" if bar.holds else "**no**"
    return f"| {bar.name} | {_number(bar.measured)} | {bar.most:g} | {holds} | {bar.how} |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:.3g}"


def _machine() -> str:
    model, memory = platform.machine(), ""
    for line in _lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    for line in _lines("/proc/meminfo"):
        if line.startswith("MemTotal"):
            memory = f", {int(line.split()[1]) / 1024 / 1024:.0f} GB"
    return f"{os.cpu_count()} processors ({model}){memory}"


def _load() -> str:
    """How busy the machine was in the last quarter of an hour, with others as well."""
    return f"{os.getloadavg()[2]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []  # not Linux


def write(path: Path, scale: str, text: str) -> None:
    """Put the section in place of the one of the same size; smaller sizes come first."""
    kept = _sections(path.read_text()) if path.exists() else {}
    kept[scale] = text
    in_order = sorted(kept, key=_size)
    path.write_text("\n".join([HEAD, *(kept[name] for name in in_order)]))


def _size(name: str) -> tuple[bool, int, str]:
    """Of "10k", "1m" or "1m_deadlines": thousands before millions, what is alone after the rest."""
    number, unit, alone = re.fullmatch(r"(\d+)([km])(.*)", name).groups()  # type: ignore[union-attr]
    return unit == "m", int(number), alone


def _sections(text: str) -> dict[str, str]:
    _head, *parts = _SECTION.split(text)
    return {
        name: f"## SCALE={name}{body}".rstrip() + "\n"
        for name, body in zip(parts[::2], parts[1::2], strict=True)
    }
