"""Audit somebody's own robot file: read it and what goes with it, and tell everything that is wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from protocols.audit.audit import Audit, WellAtEnd
from protocols.audit.kinds import kind_of
from protocols.engine.apart_client import Inputs
from world_model.terms.errors import DocumentError, Mistake

_WELLS_SHOWN = 6


def check_protocol(file: Path, *, labware: Path | None = None, csv: Sequence[str] = (), values: Sequence[str] = ()) -> Audit:
    """Audit one file.

    Args:
        file: the robot file.
        labware: a folder of labware definitions (JSON) that it may load.
        csv: NAME=FILE for each CSV run-time parameter.
        values: NAME=VALUE for run-time parameters that shall not have their default.

    Raises:
        DocumentError: a file that can't be read, or is of no known kind; a NAME=… without its parts.
        ProtocolError: opentrons is missing.
    """
    text = _read(file)
    kind = kind_of(file, text)
    tables = dict(_parts(told, option="--csv") for told in csv)
    return kind.audit(
        text,
        Inputs(
            labware={path.name: _read(path) for path in _definitions(labware)}, csv={name: _read(Path(path)) for name, path in tables.items()},
            values={name: _value(value) for name, value in (_parts(told, option="--value") for told in values)},
        ),
    )  # fmt: skip


def contents_table(wells: Sequence[WellAtEnd]) -> list[dict[str, str]]:
    """What is in the wells at the end; wells of one labware that hold the same are one row."""
    rows: dict[tuple[str, str, str, str], list[str]] = {}
    for well in wells:
        mixture = ", ".join(f"{volume:.4g} {liquid}" for liquid, volume in well.liquids.items() if volume > 0)
        rows.setdefault((well.slot, well.labware, f"{well.volume_ul:.4g}", mixture), []).append(well.well)
    return [
        {
            "slot": slot, "labware": labware, "wells": ", ".join(names[:_WELLS_SHOWN]) + (f" and {len(names) - _WELLS_SHOWN} more" if len(names) > _WELLS_SHOWN else ""),
            "µL each": volume, "of which (µL)": mixture,
        }
        for (slot, labware, volume, mixture), names in sorted(rows.items())
    ]  # fmt: skip


def _mistake(file: str, expected: str, found: str, mend: str = "") -> DocumentError:
    return DocumentError([Mistake(file=file, line=None, where="", expected=expected, found=found, mend=mend)])


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise _mistake(str(path), "a text file (UTF-8)", str(fault), "Check the path.") from fault


def _definitions(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    if not folder.is_dir():
        raise _mistake(str(folder), "a folder of labware definitions", "none", "Check the path.")
    return sorted(folder.glob("*.json"))


def _parts(told: str, *, option: str) -> tuple[str, str]:
    name, equals, value = told.partition("=")
    if not name or not equals:
        raise _mistake(option, "NAME=…", repr(told))
    return name, value


def _value(told: str) -> bool | int | float | str:
    """As the parameter's own type will be checked by the engine: true and false, whole numbers, numbers, else text."""
    if told.lower() in ("true", "false"):
        return told.lower() == "true"
    try:
        return int(told)
    except ValueError:
        pass
    try:
        number = float(told)
    except ValueError:
        return told
    return number if math.isfinite(number) else told
