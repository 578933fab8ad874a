"""Analyses one robot file of anybody's behind `fence.py`'s walls, and ends. It runs under any interpreter that has `opentrons`.

In: one JSON object on stdin, as for `worker.py`, with "limits". Out: lines of JSON: {"attempt", "event", "on", "line"} for each
thing that was refused to the file, as it happens; {"ready": false, "error"} where opentrons is missing; last {"done": true, ...}
with what `analyser.py` tells and "walls". No last line: the file ended the process, or the limits did.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any


def beside(name: str) -> ModuleType:
    """A module of this folder: the interpreter may be one that does not have nextwell."""
    loader = SourceFileLoader(f"nextwell_{name}", str(Path(__file__).with_name(f"{name}.py")))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def main() -> None:
    asked = json.loads(sys.stdin.read())
    folder = Path.cwd()
    # what the file prints goes nowhere; its stdin is empty
    answers = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    logging.disable(logging.CRITICAL)

    def tell(told: dict[str, Any]) -> None:
        data = (json.dumps(told) + "\n").encode()
        while data:
            data = data[os.write(answers, data) :]

    fence = beside("fence")
    fence.end_with_parent()
    network = fence.cut_network()
    try:
        from importlib.metadata import version

        from opentrons_shared_data.pipette import load_data, pipette_load_name_conversions  # noqa: F401
    except Exception as fault:
        tell({"ready": False, "error": f"{type(fault).__name__}: {fault}"})
        return
    analyser = beside("analyser")
    limits = asked["limits"]
    readable = sorted({sys.prefix, sys.base_prefix, *(path for path in sys.path if path), "/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types", "/etc/ssl/openssl.cnf", "/dev/null", "/dev/urandom", "/System", "/Library"})
    walls = fence.limit_resources(cpu_s=limits["cpu_s"], memory_mb=limits["memory_mb"], file_mb=limits["file_mb"])
    if network:
        walls.append("no network")
    if fence.fence_files(folder, readable):
        walls.append("files fenced")
    if fence.refuse_processes():
        walls.append("no other programs")
    tell({"ready": True, "opentrons": version("opentrons"), "walls": walls})
    fence.watch(folder, f"protocol{asked.get('suffix', '.py')}", readable, tell)
    try:
        told = asyncio.run(
            analyser.analyse(
                asked["text"], folder, suffix=asked.get("suffix", ".py"), labware=asked.get("labware"), csv=asked.get("csv"), values=asked.get("values")
            )
        )
    except BaseException as fault:
        # a file may raise SystemExit; what it did until then is lost with the engine
        told = analyser.unread(type(fault).__name__, str(fault))
    tell({"done": True, **told})
    # threads that the file left behind must not keep the process
    os._exit(0)


if __name__ == "__main__":
    main()
