"""`nextwell`: the door for people and scripts. Each command lives in the module of its name."""

from __future__ import annotations

from collections.abc import Callable

import typer

from ..version import VERSION
from .advise import advise
from .amend import amend
from .approve import approve
from .bench import bench
from .certify import certify
from .check import check
from .check_protocol import check_protocol
from .compile import compile_command
from .demo import demo
from .doctor import doctor
from .exits import EPILOG
from .import_campaign import import_campaign
from .import_results import import_results
from .new import new
from .propose import propose
from .read import read
from .record import record
from .report import report
from .run import run
from .sample_times import sample_times
from .status import status
from .stop_report import stop_report
from .synthesize import synthesize
from .verify import verify
from .what_if import what_if
from .why import why, why_not

app = typer.Typer(
    name="nextwell", no_args_is_help=True, rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False, epilog=EPILOG,
    help="Plan experiments in a closed loop: propose, compile for the robot, approve, record, learn, and again.",
)  # fmt: skip
_COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo, "new": new, "check": check, "check-protocol": check_protocol, "status": status, "propose": propose, "amend": amend, "compile": compile_command,
    "approve": approve, "read": read, "record": record, "import": import_results, "import-campaign": import_campaign, "run": run, "report": report, "certify": certify, "bench": bench, "doctor": doctor, "verify": verify,
    "what-if": what_if, "sample-times": sample_times, "advise": advise, "synthesize": synthesize, "stop-report": stop_report, "why": why, "why-not": why_not,
}  # fmt: skip
for name, command in _COMMANDS.items():
    app.command(name, epilog=EPILOG)(command)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(VERSION)
        raise typer.Exit()


@app.callback()
def _door(version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Print the version.")) -> None:
    pass


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
