"""Every command answers --help without loading what only its work needs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from runs.cli.main import app

HEAVY = (
    "world_model.terms.word",
    "torch",
    "botorch",
    "gpytorch",
    "pandas",
    "numpy",
    "scipy",
    "matplotlib",
    "plotly",
    "sqlalchemy",
    "pint",
    "networkx",
    "opentrons",
)  # typer itself loads pydantic
COMMANDS = sorted(command.name for command in app.registered_commands)
ASK = f"""
import json, sys
from runs.cli.main import app
sys.argv = ["nextwell", *json.loads(sys.argv[1]), "--help"]
try:
    app()
except SystemExit as ending:
    code = ending.code
print("\\n" + json.dumps({{"code": code or 0, "loaded": [name for name in {HEAVY!r} if name in sys.modules]}}))
"""


def test_the_commands_are_those_that_are_documented():
    assert (
        sorted(
            [
                "demo",
                "new",
                "check",
                "check-protocol",
                "status",
                "propose",
                "amend",
                "compile",
                "approve",
                "read",
                "record",
                "import",
                "run",
                "report",
                "bench",
                "doctor",
                "certify",
                "what-if",
                "synthesize",
                "verify",
                "advise",
                "import-campaign",
                "sample-times",
                "stop-report",
                "why",
                "why-not",
            ]
        )
        == COMMANDS
    )


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_help_loads_nothing_heavy(command):
    asked = json.dumps([command] if command else [])
    done = subprocess.run([sys.executable, "-c", ASK, asked], capture_output=True, text=True)
    told = json.loads(done.stdout.strip().split("\n")[-1])
    assert told == {"code": 0, "loaded": []}, done.stderr
    assert "Exit codes: 0 ok" in done.stdout
