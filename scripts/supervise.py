"""Starts programs so that none outlives us, and stops them: shared by demo.py and services.py.

Each program leads a session of its own: Ctrl-C reaches only us, and one signal reaches the program
with everything it started.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO

GRACE = 15.0  # seconds between asking and killing
ASKS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Stopped(BaseException):
    """Somebody asked us to end: Ctrl-C, TERM, or the terminal was closed. Carries the signal."""


def ignore_signals() -> None:
    for number in ASKS:
        signal.signal(number, signal.SIG_IGN)


def stop_on_signals() -> None:
    """The first INT, TERM or HUP raises Stopped; later ones do not disturb the tidying up."""

    def handler(number: int, _frame: FrameType | None) -> None:
        ignore_signals()
        raise Stopped(number)

    for number in ASKS:
        signal.signal(number, handler)


def _in_child(death_signal: int, libc: ctypes.CDLL | None) -> Callable[[], None]:
    def prepare() -> None:
        for number in ASKS:
            signal.signal(number, signal.SIG_DFL)
        if libc is not None:  # we are killed outright: the kernel tells the program
            libc.prctl(PR_SET_PDEATHSIG, death_signal)

    return prepare


def start(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    log: Path,
    user: int | None = None,
    group: int | None = None,
    stdin: IO[bytes] | None = None,
    death_signal: int = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """One program, its output in `log`. `user` and `group`: run as that account (root only)."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    with log.open("ab") as out:
        return subprocess.Popen(
            [str(part) for part in argv],
            env=dict(env),
            stdin=stdin or subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            user=user,
            group=group,
            extra_groups=[] if user is not None else None,
            preexec_fn=_in_child(death_signal, libc),  # safe: no threads here
        )


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return  # nobody left in it


def stop(
    processes: Sequence[subprocess.Popen[bytes]],
    *,
    number: int = signal.SIGTERM,
    grace: float = GRACE,
) -> None:
    """Asks every program to end, waits `grace` seconds for all of them, then kills what is left."""
    ignore_signals()
    for process in processes:
        if process.poll() is None:
            process.send_signal(number)
    until = time.monotonic() + grace
    for process in processes:
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            continue
    for process in processes:
        _signal_group(process, signal.SIGKILL)  # what it started and left behind, too
        process.wait()


def call(argv: Sequence[str | Path], *, env: Mapping[str, str]) -> int:
    """Runs one program in the foreground and gives its code. When we are asked to end, so is it."""
    process = subprocess.Popen([str(part) for part in argv], env=dict(env))
    try:
        return process.wait()
    except Stopped as stopped:
        # Ctrl-C reached it too, and a second INT would cut its tidying up short.
        if stopped.args[0] != signal.SIGINT:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise


def tail(log: Path, lines: int = 20) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
