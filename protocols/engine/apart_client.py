"""Somebody's own file through the engine: a fresh process for it alone, behind walls, in an empty folder, without our environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from world_model.terms.errors import ProtocolError

from .client import INTERPRETER_SETTING, KNOWN_GOOD
from .trace import Trace, read_trace

# an answer longer than this is no analysis: 6,265 commands are told in about 4 MB
_LONGEST_ANSWER = 256 << 20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a file may use. The longest of 57 everyday protocols took 25 s on a busy machine."""

    cpu_s: int = 120
    wall_s: float = 300.0
    memory_mb: int = 3072
    file_mb: int = 64


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What goes with a file: labware definitions (file name → text), tables (parameter → CSV text), parameter values."""

    labware: Mapping[str, str] = field(default_factory=dict)
    csv: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, bool | int | float | str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """Something that the file tried and was refused: what in words, Python's audit event, on what, from which line."""

    what: str
    event: str
    on: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Apart:
    """What became of the file. `trace` is None where it never answered: `ended` says why then."""

    engine: str
    walls: tuple[str, ...]
    attempts: tuple[Attempt, ...]
    trace: Trace | None
    ended: str = ""


def run_apart(text: str, *, suffix: str = ".py", inputs: Inputs | None = None, limits: Limits | None = None, interpreter: str | None = None) -> Apart:
    """Execute a file behind walls and tell what the engine saw.

    Raises:
        ProtocolError: opentrons is missing, or of an unknown version.
    """
    limits, inputs = limits or Limits(), inputs or Inputs()
    interpreter = interpreter or os.environ.get(INTERPRETER_SETTING) or sys.executable
    asked = {
        "text": text, "suffix": suffix, "limits": asdict(limits), "labware": dict(inputs.labware), "csv": dict(inputs.csv), "values": dict(inputs.values),
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="nextwell-apart-") as folder:
        out, ended = _run(interpreter, json.dumps(asked).encode(), folder, limits)
    greeting: dict[str, Any] = {}
    attempts: list[Attempt] = []
    done: dict[str, Any] | None = None
    for line in out.splitlines():
        told = _object(line)
        if "attempt" in told:
            attempts.append(Attempt(what=told["attempt"], event=told["event"], on=told["on"], line=told["line"]))
        elif "done" in told:
            done = told
        elif "ready" in told:
            greeting = told
    if not greeting.get("ready"):
        raise ProtocolError(
            f"Expected the package `opentrons` for {interpreter}, found: {greeting.get('error', ended)}. Install the extra: "
            f"pip install 'nextwell[opentrons]', or name an interpreter that has it in {INTERPRETER_SETTING}."
        )
    version = str(greeting["opentrons"])
    if not version.startswith(KNOWN_GOOD):
        raise ProtocolError(f"Expected opentrons {' or '.join(v + 'x' for v in KNOWN_GOOD)}, found {version}. Install opentrons==9.0.0.")
    trace = read_trace(done) if done is not None else None
    return Apart(
        engine=f"opentrons {version}", walls=tuple(greeting["walls"]), attempts=tuple(attempts), trace=trace,
        ended="" if trace is not None else ended or "the process ended without an answer",
    )  # fmt: skip


def _run(interpreter: str, asked: bytes, folder: str, limits: Limits) -> tuple[bytes, str]:
    """What the process wrote, and how it ended where it did not end well."""
    # nothing of our environment: no tokens, no proxies, no search paths
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": folder, "TMPDIR": folder, "LANG": "C.UTF-8", "OT_API_CONFIG_DIR": folder,
        "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    try:
        process = subprocess.Popen(
            [interpreter, "-I", str(Path(__file__).with_name("apart.py"))], cwd=folder, env=environment, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError as fault:
        raise ProtocolError(
            f"Expected a Python interpreter with opentrons at {interpreter!r}, found none ({fault}). Set {INTERPRETER_SETTING}."
        ) from fault
    late = threading.Event()

    def stop() -> None:
        late.set()
        process.kill()

    clock = threading.Timer(limits.wall_s, stop)
    clock.start()
    pieces, length = [], 0
    try:
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(asked)
            process.stdin.close()
        except BrokenPipeError:
            pass
        while piece := process.stdout.read1(1 << 16):  # type: ignore[attr-defined]
            pieces.append(piece)
            length += len(piece)
            if length > _LONGEST_ANSWER:
                process.kill()
                break
        status = process.wait()
    finally:
        clock.cancel()
        if process.poll() is None:
            process.kill()
            process.wait()
    if late.is_set():
        ended = f"it was still running after {limits.wall_s:g} s"
    elif status in (-24, -9):  # SIGXCPU; the kernel's SIGKILL at the hard limit
        ended = f"it used up its {limits.cpu_s} s of CPU time"
    else:
        ended = "" if status == 0 else f"it ended with status {status}"
    return b"".join(pieces), ended


def _object(line: bytes) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
