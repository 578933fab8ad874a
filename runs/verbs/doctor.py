"""Look over an installation: what is there, what is missing, and how to mend it."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from uuid import uuid4

from world_model.terms.errors import NextwellError

from ..journal.workspace import Workspace
from .outcome import Progress, silent

NEEDED = ("torch", "botorch", "gpytorch", "numpy", "scipy", "pandas", "pydantic", "pint", "networkx", "sqlalchemy", "typer", "rich", "matplotlib", "reportlab", "jinja2")


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """One thing that was looked at. `mend` is empty where all is well; `needed` is False for what only some commands use."""

    what: str
    ok: bool
    found: str
    mend: str = ""
    needed: bool = True


def look_over(workspace: Workspace, *, progress: Progress = silent) -> tuple[Diagnosis, ...]:
    """Look at Python, the packages, the folder and Opentrons' engine."""
    found = [_python(), *(_package(name) for name in NEEDED), _cores(), _folder(workspace), _journal(workspace)]
    progress("starting Opentrons' engine")
    return (*found, _engine())


def _python() -> Diagnosis:
    fits = sys.version_info[:2] == (3, 11)
    return Diagnosis(what="Python", ok=fits, found=platform.python_version(), mend="" if fits else "Install Python 3.11: Opentrons' engine needs it.")


def _package(name: str) -> Diagnosis:
    try:
        return Diagnosis(what=name, ok=True, found=version(name))
    except PackageNotFoundError:
        return Diagnosis(what=name, ok=False, found="not installed", mend=f"python -m pip install {name}")


def _cores() -> Diagnosis:
    return Diagnosis(what="CPU cores", ok=True, found=str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()))


def _folder(workspace: Workspace) -> Diagnosis:
    nearest = next(folder for folder in (workspace.folder, *workspace.folder.absolute().parents) if folder.exists())
    probe = nearest / f".nextwell-{uuid4().hex}"
    try:
        probe.touch()
        probe.unlink()
    except OSError as fault:
        return Diagnosis(what="workspace", ok=False, found=f"{nearest}: {fault.strerror}", mend="Name a folder that can be written: -w FOLDER.")
    return Diagnosis(what="workspace", ok=True, found=str(workspace.folder) if workspace.folder.exists() else f"{workspace.folder} (not there yet)")


def _journal(workspace: Workspace) -> Diagnosis:
    from ..journal.store import Journal

    if not workspace.journal_file.exists():
        return Diagnosis(what="journal", ok=True, found="none yet")
    try:
        with Journal.open(workspace.journal_file) as journal:
            return Diagnosis(what="journal", ok=True, found=f"{journal.verify()} events of {len(journal.campaigns())} campaigns, chain intact")
    except NextwellError as fault:
        return Diagnosis(what="journal", ok=False, found=str(fault), mend="Restore journal.sqlite from a backup.")


def _engine() -> Diagnosis:
    from protocols.engine.client import warm_engine

    try:
        engine = warm_engine()
    except NextwellError as fault:
        return Diagnosis(what="Opentrons' engine", ok=False, found=str(fault), mend="Only `compile` needs it, and a `run` that compiles.", needed=False)
    return Diagnosis(what="Opentrons' engine", ok=True, found=f"opentrons {engine.version}, run by {engine.interpreter}")
