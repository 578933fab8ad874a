"""How a command speaks: to a person in colour, or to a program as one JSON object on stdout with everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import typer

from world_model.terms.errors import DocumentError, NextwellError

from .exits import Exit, exit_code

if TYPE_CHECKING:
    from rich.console import Console


@dataclass
class Voice:
    """What one command has to say. `told` becomes its JSON object."""

    command: str
    as_json: bool
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def console(self) -> Console:
        """Where people read: stdout, or stderr where a program reads stdout."""
        from rich.console import Console

        return Console(stderr=self.as_json, emoji=False, highlight=False, soft_wrap=True)

    def say(self, text: str, style: str = "") -> None:
        """A sentence for people."""
        self.console.print(text, style=style or None, markup=False)

    def notes(self, messages: Sequence[str]) -> None:
        """What a verb wants people to know; kept as `messages` in the JSON object."""
        self.told.setdefault("messages", []).extend(messages)
        for message in messages:
            self.say(message, style="yellow")

    def progress(self, text: str) -> None:
        """What is being done now, on stderr; nothing depends on it."""
        from rich.console import Console

        Console(stderr=True, emoji=False, highlight=False, soft_wrap=True).print(f"· {text}", style="dim", markup=False)

    def table(self, rows: Sequence[Mapping[str, object]], *, title: str = "") -> None:
        """Rows for people."""
        from rich.table import Table
        from rich.text import Text

        if not rows:
            return
        # as Text: what stands in square brackets is no markup
        shown = Table(title=Text(title, style="table.title") if title else None, title_justify="left", header_style="bold")
        for column in rows[0]:
            shown.add_column(Text(column), overflow="fold")
        for row in rows:
            shown.add_row(*(Text(_cell(value)) for value in row.values()))
        self.console.print(shown, soft_wrap=False)

    def next_step(self, command: str) -> None:
        """The command to type next."""
        self.told["next"] = f"nextwell {command}"
        self.say(f"Next: nextwell {command}", style="bold green")


@contextmanager
def speaking(command: str, *, as_json: bool) -> Iterator[Voice]:
    """Run a command's body: its JSON object is printed at the end, errors become sentences and exit codes."""
    voice = Voice(command=command, as_json=as_json)
    try:
        yield voice
    except NextwellError as fault:
        code = exit_code(fault)
        voice.say(str(fault), style="red") if not as_json else None
        _emit(voice, {"ok": False, "error": _as_dict(fault), "exit_code": int(code), **voice.told})
        raise typer.Exit(int(code)) from fault
    except KeyboardInterrupt as fault:
        voice.say("Stopped. What was recorded stays; look at it with: nextwell status CAMPAIGN.toml", style="yellow")
        raise typer.Exit(130) from fault
    except typer.Exit as ending:
        _emit(voice, {"ok": ending.exit_code == Exit.OK, "exit_code": ending.exit_code, **voice.told})
        raise
    except Exception as fault:
        # a fault of ours: the traceback goes to stderr, the program that reads stdout still gets its object
        _emit(voice, {"ok": False, "error": {"kind": type(fault).__name__, "message": str(fault)}, "exit_code": int(Exit.FAILED), **voice.told})
        raise
    _emit(voice, {"ok": True, "exit_code": 0, **voice.told})


def _emit(voice: Voice, told: Mapping[str, Any]) -> None:
    if voice.as_json:
        json.dump({"command": voice.command, **told}, sys.stdout, indent=2, ensure_ascii=False, default=str, allow_nan=False)
        sys.stdout.write("\n")


def _as_dict(fault: NextwellError) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": type(fault).__name__, "message": str(fault)}
    if isinstance(fault, DocumentError):
        told["mistakes"] = [mistake.as_dict() for mistake in fault.mistakes]
    return told


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
