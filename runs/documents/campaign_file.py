"""campaign.toml, read whole: the document, its search space and its lab file, or every mistake in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from world_model.terms.campaign_doc import CampaignDoc
from world_model.terms.errors import DocumentError, Mistake, SpaceError
from world_model.terms.lab_profile import LabProfile
from world_model.terms.space import SearchSpace

from .answers import check_answers, check_lab_name
from .campaign_checks import check_controls, check_doses, check_goals, check_names, check_spending
from .candidate_file import CandidateTable, read_candidate_file
from .complaints import take_apart
from .constraint_checks import check_constraints, check_presence
from .descriptor_files import read_descriptor_file
from .draft import Draft, build, complain_of_whole, open_draft
from .lab_file import LabRead, read_lab
from .mechanism_checks import check_mechanism, check_mechanism_names
from .prior_checks import check_priors
from .shared_checks import check_shared
from .source_checks import check_source_names, check_source_rows
from .stock_days import check_days
from .stock_reach import check_reach
from .toml_file import read_toml

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class LoadedCampaign:
    """A campaign file without mistakes.

    Attributes:
        base: the folder of the campaign file; paths in it are relative to this.
        text, lab_text: the files as written, for the journal.
        frame: where there is a table of candidates, all its columns, indexed by candidate label.
    """

    path: Path
    base: Path
    text: str
    doc: CampaignDoc
    space: SearchSpace
    lab: LabProfile | None = None
    lab_text: str = ""
    frame: pd.DataFrame | None = None


def load_campaign(path: Path | str, *, table: Path | str | None = None) -> LoadedCampaign:
    """Read a campaign file and what it names.

    Args:
        table: the table of candidates, where the file has [candidates] without `file`; relative to the working folder.

    Raises:
        DocumentError: every mistake of the campaign file, its lab file and its tables.
    """
    loaded, mistakes = _read(Path(path), table=None if table is None else Path(table))
    if mistakes or loaded is None:
        raise DocumentError(mistakes)
    return loaded


def check_campaign(path: Path | str, *, table: Path | str | None = None) -> list[Mistake]:
    """Every mistake of a campaign file and of what it names, in the order of files and lines; empty where there is none.

    The lab that `answers` names is opened too, once nothing else is wrong: it may know other factors than the campaign's.
    Stocks are compared with today.
    """
    loaded, mistakes = _read(Path(path), table=None if table is None else Path(table))
    if loaded is None:
        return mistakes
    file = read_toml(loaded.path)
    told = [*check_answers(loaded.doc, space=loaded.space, file=file), *check_mechanism(loaded.doc, space=loaded.space, file=file), *check_source_rows(loaded, file=file)]
    if loaded.lab is not None and loaded.doc.lab is not None:
        told += check_days(loaded.lab, space=loaded.space, file=read_toml(loaded.base / loaded.doc.lab, name=loaded.doc.lab), day=date.today())
    return told


def _read(path: Path, *, table: Path | None) -> tuple[LoadedCampaign | None, list[Mistake]]:
    try:
        file = read_toml(path)
    except DocumentError as fault:
        return None, list(fault.mistakes)
    draft = open_draft(file, CampaignDoc)
    _read_descriptors(draft)
    build(draft)
    check_names(draft)
    check_goals(draft)
    check_doses(draft)
    check_presence(draft)
    check_spending(draft)
    check_lab_name(draft)
    check_mechanism_names(draft)
    check_source_names(draft)
    candidates = _read_table(draft, table=table)
    if "candidates" not in draft.data or candidates is not None:
        factors = tuple(draft.sure("factors").values()) if candidates is None else candidates.space.factors
        known = draft.names("factors") if candidates is None else candidates.space.names
        check_constraints(draft, factors=factors, known=known)
        check_controls(draft, factors=factors, known=known)
        check_priors(draft, factors=factors)
        check_shared(draft, known=known)
    if not draft.data.get("factors") and "candidates" not in draft.data:
        draft.mistake((), expected="[[factors]] or [candidates]", found="neither", mend="Say what can be varied.")
    lab = read_lab(draft)
    complain_of_whole(draft)
    space = _space(draft, candidates)
    _check_reach(draft, space, lab)
    mistakes = sorted(draft.mistakes + (lab.mistakes if lab else []), key=lambda mistake: (mistake.file != file.name, mistake.file, mistake.line or 0))
    if mistakes or space is None or draft.whole is None:
        return None, mistakes
    loaded = LoadedCampaign(
        path=path, base=path.parent, text=file.text, doc=draft.whole, space=space, lab=lab.profile if lab else None,
        lab_text=lab.text if lab else "", frame=candidates.frame if candidates else None,
    )  # fmt: skip
    return loaded, []


def _space(draft: Draft, candidates: CandidateTable | None) -> SearchSpace | None:
    """The search space, once nothing speaks against its parts."""
    if draft.mistakes or draft.whole is None:
        return None
    doc: CampaignDoc = draft.whole
    try:
        if candidates is not None:
            return SearchSpace(factors=candidates.space.factors, constraints=doc.constraints, candidates=candidates.space.candidates, derived=doc.derived)
        return SearchSpace(factors=doc.factors, constraints=doc.constraints, derived=doc.derived)
    except SpaceError as fault:
        said = take_apart(str(fault))
        draft.mistake(("constraints" if doc.constraints else "factors",), expected=said.expected, found=said.found, mend=said.mend)
        return None


def _check_reach(draft: Draft, space: SearchSpace | None, lab: LabRead | None) -> None:
    """What the stocks can't make, once both files are whole."""
    if space is not None and lab is not None and lab.draft is not None and lab.profile is not None:
        check_reach(draft, lab.draft, space=space, profile=lab.profile)


def _read_table(draft: Draft, *, table: Path | None) -> CandidateTable | None:
    candidates = next(iter(draft.words("candidates")), None)
    if candidates is None:
        return None
    if candidates.file is not None:
        return read_candidate_file(draft, candidates, path=draft.file.path.parent / candidates.file)
    answers = draft.data.get("answers")
    if table is None and isinstance(answers, str) and answers.startswith(("table:", "petab:")):
        table = draft.file.path.parent / answers.partition(":")[2]
    if table is None:
        draft.mistake(("candidates",), expected="a table of candidates", found="none", mend="Name it: file = '…' here, or --lab table:FILE (or petab:FOLDER) on the command line.")
        return None
    return read_candidate_file(draft, candidates, path=table)


def _read_descriptors(draft: Draft) -> None:
    """`descriptors = "FILE.csv"` in a categorical factor becomes the numbers of that file; without `levels`, its levels too."""
    factors = draft.data.get("factors")
    for i, factor in enumerate(factors if isinstance(factors, list) else ()):
        file: Any = factor.get("descriptors") if isinstance(factor, dict) and factor.get("kind") == "categorical" else None
        if not isinstance(file, str):
            continue
        levels = factor.get("levels")
        named = levels if isinstance(levels, list) and all(isinstance(level, str) for level in levels) else None
        told = read_descriptor_file(draft.file.path.parent / file, name=file, levels=named, mistakes=draft.mistakes)
        del factor["descriptors"]
        if told is not None:
            factor["descriptors"] = {"names": list(told.names), "values": {level: list(row) for level, row in told.values.items()}}
            factor.setdefault("levels", list(told.values))
        elif named is None:
            draft.broken.add(("factors", i))
