"""Labs by name. Opening one loads it; listing them loads nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from world_model.terms.errors import ResultsError, nearest

if TYPE_CHECKING:
    from world_model.terms.campaign_doc import CampaignDoc
    from world_model.terms.lab import Lab
    from world_model.terms.space import SearchSpace

ENTRY_POINTS = "nextwell.labs"


@dataclass(frozen=True, kw_only=True)
class LabEntry:
    """One lab that can be opened. `opener` is `module:function`, called with the keywords `argument, doc, space, base`."""

    name: str
    spelling: str
    summary: str
    opener: str

    def load(self) -> Callable[..., Lab]:
        """The function that opens the lab."""
        module, function = self.opener.split(":")
        return getattr(import_module(module), function)


_OWN = (
    LabEntry(name="microplate", spelling="microplate", summary="simulated E. coli that makes GFP in a 96-well plate", opener="world_model.labs.openers:microplate"),
    LabEntry(name="penicillin", spelling="penicillin", summary="BoTorch's fed-batch penicillin simulator", opener="world_model.labs.openers:penicillin"),
    LabEntry(name="sbml", spelling="sbml:FILE", summary="any SBML model, simulated by libroadrunner", opener="world_model.labs.openers:sbml"),
    LabEntry(name="petab", spelling="petab:FOLDER", summary="the real measurements of a PEtab problem", opener="world_model.labs.openers:petab"),
    LabEntry(name="table", spelling="table:FILE", summary="a measured table, CSV or Parquet", opener="world_model.labs.openers:table"),
)  # fmt: skip


def labs() -> dict[str, LabEntry]:
    """Every lab by name: our own, and those that installed packages offer in the entry-point group `nextwell.labs`.

    Raises:
        ResultsError: two owners of one name.
    """
    found = {entry.name: entry for entry in _OWN}
    for point in entry_points(group=ENTRY_POINTS):
        if point.name in found:
            raise ResultsError(f"Expected one lab named {point.name!r}, found two: {found[point.name].opener} and {point.value}. Uninstall one.")
        found[point.name] = LabEntry(name=point.name, spelling=point.name, summary=f"from {point.value}", opener=point.value)
    return found


def open_lab(spec: str, *, doc: CampaignDoc, space: SearchSpace, base: Path) -> Lab:
    """The lab that a spec such as `microplate` or `table:results.csv` names.

    Args:
        base: the folder that relative paths count from.

    Raises:
        ResultsError: an unknown name, an argument too many or too few, or a campaign that the lab can't serve.
        SpaceError: factors that the lab does not know.
    """
    name, _, argument = spec.strip().partition(":")
    known = labs()
    if name not in known:
        spellings = {entry.name: entry.spelling for entry in known.values()}
        raise ResultsError(f"Expected a lab ({', '.join(spellings.values())}), found {spec!r}. {nearest(name, known)}")
    wants = ":" in known[name].spelling
    if name in {entry.name for entry in _OWN} and bool(argument) != wants:
        raise ResultsError(f"Expected {known[name].spelling}, found {spec!r}.")
    return known[name].load()(argument=argument, doc=doc, space=space, base=Path(base))
