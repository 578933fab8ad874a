"""`nextwell bench`: measured figures against stated goals; a loss is a figure, not a crash."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from world_model.terms.errors import NextwellError, nearest

from .exits import Exit
from .options import AsJson
from .voice import speaking

MOST_ROWS = 60  # of a table on the screen


class Direction(StrEnum):
    """Which values of a table's target are good."""

    max = "max"
    min = "min"


def bench(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which bench; an unknown name lists them.")],
    quick: Annotated[bool, typer.Option("--quick", help="A version of at most a minute.")] = False,
    seeds: Annotated[str | None, typer.Option("--seeds", metavar="10 or 0-9", help="How many seeds, or which.", show_default=False)] = None,
    table: Annotated[Path | None, typer.Option("--table", metavar="FILE", help="A measured table, for the benches that need one.", show_default=False)] = None,
    problem: Annotated[list[str] | None, typer.Option("--problem", metavar="SPEC", help="sbml:FILE[@T_END], petab:FOLDER or a simulated lab; repeatable. For benches that take problems.", show_default=False)] = None,
    n: Annotated[str | None, typer.Option("--n", metavar="20,50,200", help="How many experiments to learn from, for benches that vary it.", show_default=False)] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FOLDER", help="Where plots and finished cells go, for benches that write some.", show_default=False)] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", min=1, help="Processes, for benches that can use several.", show_default=False)] = None,
    target: Annotated[str | None, typer.Option("--target", metavar="COLUMN", help="The table's column that holds the answers.", show_default=False)] = None,
    direction: Annotated[Direction | None, typer.Option("--direction", help="max (default) or min.", show_default=False)] = None,
    descriptors: Annotated[list[str] | None, typer.Option("--descriptors", metavar="FACTOR=FILE", help="Numbers that say what a factor's levels are like; repeatable.", show_default=False)] = None,
    hits: Annotated[Path | None, typer.Option("--hits", metavar="FILE", help="The labels that count as hits, one a line.", show_default=False)] = None,
    label: Annotated[str | None, typer.Option("--label", metavar="COLUMN", help="The table's column that names its rows.", show_default=False)] = None,
    factors: Annotated[str | None, typer.Option("--factors", metavar="A,B", help="The table's columns that can be varied; else all but target and label.", show_default=False)] = None,
    problems: Annotated[Path | None, typer.Option("--problems", metavar="FOLDER", help="Problems, one TOML each.", show_default=False)] = None,
    only: Annotated[str | None, typer.Option("--only", metavar="A,B", help="Some problems of the folder, by file name without .toml.", show_default=False)] = None,
    batch: Annotated[str | None, typer.Option("--batch", metavar="1,5,8", help="Batch sizes.", show_default=False)] = None,
    budget: Annotated[int | None, typer.Option("--budget", min=2, help="Experiments a run, the initial ones among them.", show_default=False)] = None,
    rivals: Annotated[str | None, typer.Option("--rivals", metavar="A,B", help="Planners to compare with: random, space-filling, botorch, edbo; baybe, ax, bofire where installed.", show_default=False)] = None,
    peers: Annotated[Path | None, typer.Option("--peers", metavar="FOLDER", help="Runs made elsewhere, as JSON lines, for the same table.", show_default=False)] = None,
    part: Annotated[str | None, typer.Option("--part", metavar="NAME", help="One part of a bench that has several.", show_default=False)] = None,
    held: Annotated[list[str] | None, typer.Option("--held", metavar="FACTOR=VALUE", help="The condition of the campaign, where rows at other values are old data.")] = None,
    cost: Annotated[bool, typer.Option("--cost", help="Measure seconds and memory as well, for benches that can.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run a bench and print {"checks", "tables", "environment"}. Exits 0 whatever the figures say."""
    with speaking("bench", as_json=as_json) as voice:
        from importlib import import_module
        from inspect import signature

        known = benches()
        if name not in known:
            voice.told["known"] = known
            voice.say(f"Expected a bench, found {name!r}. {nearest(name, known)}", style="red")
            raise typer.Exit(int(Exit.USAGE))
        measure = import_module(f"..bench.{name.replace('-', '_')}", __package__).bench
        which = seeds_of(seeds)
        options: dict[str, Any] = {"quick": quick, "seeds": len(which) or None, "progress": voice.progress}
        given = {
            "table": table, "problem": problem or None, "n": None if n is None else sizes_of(n), "out": out, "jobs": jobs, "cost": cost or None,
            "first_seed": which.start or None, "target": target, "direction": None if direction is None else direction.value, "descriptors": descriptors or None,
            "hits": hits, "label": label, "factors": words_of(factors), "problems": problems, "only": words_of(only),
            "batch": None if batch is None else sizes_of(batch, option="batch"), "budget": budget, "rivals": words_of(rivals), "peers": peers, "part": part, "held": held or None,
        }  # fmt: skip
        for option, value in given.items():
            if value is None:
                continue
            if option not in signature(measure).parameters:
                shown = ", ".join(map(str, value)) if isinstance(value, list) else value
                raise NextwellError(f"Expected no --{option.replace('_', '-')} for bench {name!r}, found {shown}: it needs none.")
            options[option] = value
        result = measure(**options)
        if not {"checks", "tables", "environment"} <= set(result):
            raise NextwellError(f"Expected checks, tables and environment of bench {name!r}, found {', '.join(result)}.")
        voice.told |= result
        if not as_json:
            voice.table([{key: check[key] for key in ("name", "value", "goal", "ok", "n") if key in check} for check in result["checks"]], title=f"bench {name}")
            for title, rows in result["tables"].items():
                if isinstance(rows, list) and len(rows) > MOST_ROWS:
                    voice.say(f"{title}: {len(rows)} rows, with --json")
                elif isinstance(rows, list) and rows and isinstance(rows[0], dict):
                    voice.table(rows, title=title)
                else:
                    voice.say(f"{title}: {json.dumps(rows, default=str)}")


def seeds_of(text: str | None) -> range:
    """`10` as seeds 0 to 9, `3-5` as 3, 4 and 5; empty for none told.

    Raises:
        NextwellError: something else.
    """
    if text is None:
        return range(0)
    low, dash, high = text.partition("-")
    if not all(part.strip().isdecimal() for part in ((low, high) if dash else (low,))) or (int(low) < 1 if not dash else int(high) < int(low)):
        raise NextwellError(f"Expected how many seeds, or from which to which, such as --seeds 10 or --seeds 0-9, found {text!r}.")
    return range(int(low), int(high) + 1) if dash else range(int(low))


def words_of(text: str | None) -> list[str] | None:
    """`a, b` as two words; None where nothing was told."""
    return None if text is None else [word for part in text.split(",") if (word := part.strip())]


def sizes_of(text: str, *, option: str = "n") -> list[int]:
    """`20,50,200` as numbers.

    Raises:
        NextwellError: something else than whole numbers above zero.
    """
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and int(word) > 0 for word in words):
        raise NextwellError(f"Expected whole numbers above zero with commas, such as --{option} 20,50,200, found {text!r}.")
    return [int(word) for word in words]


def benches() -> list[str]:
    """The benches that there are, by their file's name: each module of `runs.bench` with a function `bench`."""
    from importlib import resources
    from importlib.util import find_spec

    if find_spec("..bench", __package__) is None:
        return []
    modules = [entry for entry in resources.files("runs.bench").iterdir() if entry.name.endswith(".py")]
    # read, not imported: naming the benches should not load what they measure
    return sorted(module.name.removesuffix(".py").replace("_", "-") for module in modules if "\ndef bench(" in module.read_text(encoding="utf-8"))
