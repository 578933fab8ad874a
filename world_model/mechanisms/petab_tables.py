"""A PEtab problem's files as tables: found, read by the `petab` library, and refused with a reason where they don't fit."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from world_model.terms.errors import NextwellError, ResultsError, nearest

if TYPE_CHECKING:
    import pandas as pd

_TRANSFORMATIONS = ("lin", "log", "log10")


@dataclass(frozen=True)
class PetabTables:
    """The tables of one problem (PEtab v1), each indexed as the `petab` library does.

    Attributes:
        name: of the problem's file.
        sbml: the model, as text.
    """

    name: str
    sbml: str
    conditions: pd.DataFrame
    measurements: pd.DataFrame
    observables: pd.DataFrame
    parameters: pd.DataFrame


def read_petab(path: Path) -> PetabTables:
    """The tables that a problem's YAML file (or the one YAML file of a folder) names.

    A table that does not lie where the file says is looked for beside the file. Tables for plots are not read.

    Raises:
        ResultsError: a file that is absent or broken, or a feature that is not supported, with its name.
        NextwellError: the extra `sbml` is not installed.
    """
    try:
        import petab.v1 as petab
        import yaml  # type: ignore[import-untyped]
    except ImportError as fault:
        raise NextwellError(f"Expected the packages that read PEtab problems, found none of {fault.name!r}. Install nextwell[sbml].") from fault
    file = _problem_file(Path(path))
    try:
        told = yaml.safe_load(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        raise ResultsError(f"{file.name}: expected a PEtab problem in YAML, found something that can't be read: {str(fault)[:200]}") from fault
    if not isinstance(told, dict) or not isinstance(told.get("problems"), list) or not told["problems"]:
        raise ResultsError(f"{file.name}: expected a PEtab problem (format_version, parameter_file, problems), found none of its keys.")
    if str(told.get("format_version", "1")).split(".")[0] != "1":
        raise ResultsError(f"{file.name}: expected PEtab version 1, found version {told['format_version']}.")
    if len(told["problems"]) != 1:
        raise ResultsError(f"{file.name}: expected one model a problem, found {len(told['problems'])} problems. Split the file.")
    problem = told["problems"][0]
    models = _named(problem, "sbml_files", file)
    if len(models) != 1:
        raise ResultsError(f"{file.name}: expected one SBML file, found {len(models)}.")
    readers = {"condition_files": petab.get_condition_df, "measurement_files": petab.get_measurement_df, "observable_files": petab.get_observable_df}
    frames = {key: _joined([_table(reader, one) for one in _named(problem, key, file)], key) for key, reader in readers.items()}
    parameter_files = told.get("parameter_file")
    parameter_files = parameter_files if isinstance(parameter_files, list) else [parameter_files]
    parameters = _joined([_table(petab.get_parameter_df, one) for one in _named({"parameter_file": parameter_files}, "parameter_file", file)], "parameter_file")
    tables = PetabTables(
        name=file.stem, sbml=_model(models[0]), conditions=frames["condition_files"], measurements=frames["measurement_files"],
        observables=frames["observable_files"], parameters=parameters,
    )  # fmt: skip
    _check(tables)
    return tables


def _problem_file(path: Path) -> Path:
    if path.is_file():
        return path
    if not path.is_dir():
        near = nearest(path.name, (item.name for item in path.parent.iterdir())) if path.parent.is_dir() else ""
        raise ResultsError(f"Expected a PEtab problem (a folder, or its YAML file), found nothing at {str(path)!r}. {near}".rstrip())
    found = sorted([*path.glob("*.yaml"), *path.glob("*.yml")])
    named = [one for one in found if one.stem == path.name]
    if len(found) == 1 or named:
        return (named or found)[0]
    names = ", ".join(one.name for one in found) or "none"
    raise ResultsError(f"{path.name}: expected one YAML file, or one named {path.name}.yaml, found {names}. Name the file that you mean.")


def _named(told: dict[str, Any], key: str, file: Path) -> list[Path]:
    names = told.get(key)
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise ResultsError(f"{file.name}: expected names of files under {key!r}, found {names!r}.")
    found = []
    for name in names:
        places = [file.parent / name, file.parent / Path(name).name]
        there = next((place for place in places if place.is_file()), None)
        if there is None:
            raise ResultsError(f"{file.name}: expected the file {name!r} ({key}), found none. {nearest(Path(name).name, (item.name for item in file.parent.iterdir()))}")
        found.append(there)
    return found


def _table(reader: Any, path: Path) -> pd.DataFrame:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frame: pd.DataFrame = reader(str(path))
    except Exception as fault:  # the library raises KeyError, ValueError, parser errors and its own; all mean a table that it does not take
        raise ResultsError(f"{path.name}: expected a PEtab table, found one that can't be read: {str(fault)[:200]}") from fault
    named = frame.index.name is not None  # measurements alone have no ids: an empty line of theirs has no cell at all
    frame = frame[frame.index.notna()] if named else frame.dropna(how="all")
    return frame.dropna(how="all", axis=1)


def _joined(frames: list[pd.DataFrame], key: str) -> pd.DataFrame:
    import pandas as pd

    joined = pd.concat(frames, ignore_index=key == "measurement_files")
    if key != "measurement_files" and not joined.index.is_unique:
        raise ResultsError(f"{key}: expected each id once, found twice: {joined.index[joined.index.duplicated()][0]!r}.")
    return joined


def _model(path: Path) -> str:
    import libsbml

    text = path.read_text(encoding="utf-8-sig")
    document = libsbml.readSBMLFromString(text)
    if document.getModel() is None or document.getNumErrors(libsbml.LIBSBML_SEV_FATAL):
        said = document.getError(0).getMessage().strip() if document.getNumErrors() else "no model"
        raise ResultsError(f"{path.name}: expected an SBML model, found something else: {' '.join(said.split())[:200]}")
    return text


def _check(tables: PetabTables) -> None:
    """What every later step relies on."""
    told, name = tables.measurements, tables.name
    for kind, frame, columns in (
        ("measurements", told, ("observableId", "simulationConditionId", "measurement", "time")), ("observables", tables.observables, ("observableFormula",)),
        ("parameters", tables.parameters, ("estimate",)),
    ):  # fmt: skip
        for column in columns:
            if column not in frame:
                raise ResultsError(f"{name}, {kind}: expected a column {column!r}, found none. {nearest(column, map(str, frame.columns))}")
    if not len(told):
        raise ResultsError(f"{name}: expected measurements, found none.")
    for column, known, kind in (
        ("observableId", tables.observables.index, "observable"), ("simulationConditionId", tables.conditions.index, "condition"),
        ("preequilibrationConditionId", tables.conditions.index, "condition"),
    ):  # fmt: skip
        if column not in told:
            continue
        cells = told[column].dropna().astype(str)
        known_names = set(known.astype(str))
        unknown = sorted(set(cells[cells != ""]) - known_names)
        if unknown:
            raise ResultsError(f"{name}, measurements: expected {kind}s that the problem has, found {unknown[0]!r} in column {column}. {nearest(unknown[0], known_names)}")
    for column in ("measurement", "time"):
        numbers = told[column].astype(float).to_numpy()
        bad = np.nonzero(~np.isfinite(numbers))[0]
        if len(bad):
            mend = "Readings at steady state (time = inf) are not supported: leave them out." if np.isinf(numbers[bad[0]]) and column == "time" else ""
            raise ResultsError(f"{name}, measurement {int(bad[0]) + 1}: expected a finite {column}, found {numbers[bad[0]]:g}. {mend}".rstrip())
    if "observableTransformation" in tables.observables:
        odd = [cell for cell in tables.observables["observableTransformation"].dropna() if cell not in _TRANSFORMATIONS]
        if odd:
            raise ResultsError(f"{name}, observables: expected a transformation of {', '.join(_TRANSFORMATIONS)}, found {odd[0]!r}.")
