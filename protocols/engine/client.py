"""The warm worker: one process for many files. Its interpreter is ours, or the one that NEXTWELL_OPENTRONS_PYTHON names."""

from __future__ import annotations

import atexit
import json
import os
import queue
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path
from typing import Any

from world_model.terms.errors import ProtocolError

from .analysis import Analysis, read_analysis
from .trace import Trace, read_trace

INTERPRETER_SETTING = "NEXTWELL_OPENTRONS_PYTHON"
# 8.8 and 9.0 were seen to give the commands and the ledger that the verification reads; 10 refuses Python 3.11.
KNOWN_GOOD = ("8.8.", "9.")
START_S = 120.0
ANALYSIS_S = 300.0


class OpentronsEngine:
    """Opentrons' engine in a process of its own.

    Raises:
        ProtocolError: `opentrons` is missing or of an unknown version, or the worker died or fell silent.
    """

    def __init__(self, interpreter: str | None = None) -> None:
        self.interpreter = interpreter or os.environ.get(INTERPRETER_SETTING) or sys.executable
        self._lock = threading.Lock()
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._count = 0
        try:
            self._process = subprocess.Popen(
                [self.interpreter, "-I", str(Path(__file__).with_name("worker.py"))],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
            )  # fmt: skip
        except OSError as fault:
            raise ProtocolError(
                f"Expected a Python interpreter with opentrons at {self.interpreter!r}, found none ({fault}). Set {INTERPRETER_SETTING}."
            ) from fault
        threading.Thread(target=self._read, daemon=True).start()
        try:
            greeting = self._next(START_S, doing="starting")
        except ProtocolError:
            self.close()
            raise
        if not greeting.get("ready"):
            self.close()
            raise ProtocolError(
                f"Expected the package `opentrons` for {self.interpreter}, found: {greeting.get('error')}. No robot file is released without "
                f"its engine's check. Install the extra: pip install 'nextwell[opentrons]', or name an interpreter that has it in {INTERPRETER_SETTING}."
            )
        self.version = str(greeting["opentrons"])
        if not self.version.startswith(KNOWN_GOOD):
            self.close()
            raise ProtocolError(
                f"Expected opentrons {' or '.join(v + 'x' for v in KNOWN_GOOD)}, found {self.version}. Install opentrons==9.0.0."
            )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def analyse(self, text: str) -> Analysis:
        """What the engine makes of a robot file that nextwell wrote. The file's code is executed."""
        return read_analysis(self._ask({"text": text}))

    def trace(self, text: str, **inputs: Any) -> Trace:
        """Every command of a robot file that nextwell wrote; `inputs` as `analyser.analyse` takes them. The file's code is executed."""
        return read_trace(self._ask({"text": text, **inputs}))

    def _ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            self._count += 1
            try:
                assert self._process.stdin is not None
                self._process.stdin.write(json.dumps({"id": self._count, **asked}) + "\n")
                self._process.stdin.flush()
            except (BrokenPipeError, OSError) as fault:
                raise ProtocolError(
                    f"Expected the engine's worker to run, found it ended (status {self._process.poll()}). Run the command again."
                ) from fault
            try:
                return self._next(ANALYSIS_S, doing="analysing")
            except ProtocolError:
                self.close()
                raise

    def close(self) -> None:
        """End the worker."""
        if self.alive:
            self._process.kill()
        self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _next(self, seconds: float, *, doing: str) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            raise ProtocolError(
                f"Expected the engine's answer within {seconds:g} s of {doing}, found none. Run the command again."
            ) from None
        if line is None:
            raise ProtocolError(
                f"Expected the engine's worker to answer, found it ended while {doing} (status {self._process.wait()}). Run the command again."
            )
        told: dict[str, Any] = json.loads(line)
        return told


@cache
def _kept() -> dict[str, OpentronsEngine]:
    return {}


def warm_engine(interpreter: str | None = None) -> OpentronsEngine:
    """The process-wide engine of an interpreter; started on first use, again if it ended."""
    name = interpreter or os.environ.get(INTERPRETER_SETTING) or sys.executable
    engine = _kept().get(name)
    if engine is None or not engine.alive:
        engine = _kept()[name] = OpentronsEngine(name)
        atexit.register(engine.close)
    return engine
