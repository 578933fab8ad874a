"""Analyses robot files with Opentrons' own engine, many in one process. It runs under any interpreter that has `opentrons`.

One JSON object a line in, one a line out. First line out: {"ready": true, "opentrons": VERSION, "python": VERSION}, or
{"ready": false, "error": TEXT}. Then {"id", "text", ...} gives {"id", ...} with what `analyser.py` tells. The file's code is
executed: only text that nextwell wrote itself may be sent. Anybody else's goes through `apart.py`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import tempfile
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
    # whatever the engine prints must not reach the line protocol
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    logging.disable(logging.CRITICAL)

    def answer(told: dict[str, Any]) -> None:
        answers.write(json.dumps(told) + "\n")
        answers.flush()

    with tempfile.TemporaryDirectory(prefix="nextwell-engine-") as folder:
        os.environ["OT_API_CONFIG_DIR"] = folder
        try:
            from importlib.metadata import version

            import opentrons.cli.analyze  # noqa: F401

            analyser = beside("analyser")
            answer({"ready": True, "opentrons": version("opentrons"), "python": sys.version.split()[0]})
        except Exception as fault:
            answer({"ready": False, "error": f"{type(fault).__name__}: {fault}"})
            return
        for line in sys.stdin:
            asked = json.loads(line)
            with tempfile.TemporaryDirectory(dir=folder) as inner:
                try:
                    told = asyncio.run(
                        analyser.analyse(
                            asked["text"], Path(inner), suffix=asked.get("suffix", ".py"), labware=asked.get("labware"),
                            csv=asked.get("csv"), values=asked.get("values"),
                        )
                    )  # fmt: skip
                except Exception as fault:
                    told = analyser.unread(type(fault).__name__, str(fault))
            answer({"id": asked["id"], **told})


if __name__ == "__main__":
    main()
