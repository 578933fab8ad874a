"""What was carried over from another planner: a campaign file's content, the results, and what was left behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from world_model.terms.campaign_doc import CampaignDoc
from world_model.terms.errors import NextwellError
from world_model.terms.space import SearchSpace
from world_model.terms.word import NAME

from .toml_text import as_toml

if TYPE_CHECKING:
    import pandas as pd

    from ..campaign import Campaign

RESULTS = "results.csv"


@dataclass(frozen=True, kw_only=True)
class Moved:
    """Attributes:
    doc: the content of a campaign file, as plain data.
    results: one row an experiment: factors, measurements, `…_sd` where the noise of a reading was told, `flag` where it failed; None where there are none.
    left_out: what could not be carried over, a sentence each; nothing else is missing.
    """

    doc: Mapping[str, Any]
    results: pd.DataFrame | None
    left_out: tuple[str, ...] = ()

    def campaign(self, *, workspace: str | Path | None = None) -> Campaign:
        """The campaign with its results, ready to propose.

        Raises:
            NextwellError: parts that make no campaign, or results that it can't take.
        """
        from ..campaign import Campaign

        doc = self._whole()
        space = SearchSpace(factors=doc.factors, constraints=doc.constraints)
        parts = {key: getattr(doc, key) for key in ("outcome_constraints", "join") if key in self.doc}
        campaign = Campaign(space=space, goals=doc.goals, measurements=doc.measurements, name=doc.name, seed=doc.seed, workspace=workspace, **parts)
        if self.results is not None and len(self.results):
            campaign.import_results(self.results, source=RESULTS)
        return campaign

    def write(self, folder: str | Path) -> list[Path]:
        """Write campaign.toml, and results.csv where there are results; overwrites nothing.

        Raises:
            NextwellError: parts that make no campaign, or a file that is there already.
        """
        self._whole()
        place = Path(folder)
        told = {place / "campaign.toml": as_toml(self.doc, heading=self._heading())}
        if self.results is not None and len(self.results):
            told[place / RESULTS] = self.results.to_csv(index=False)
        if there := [file for file in told if file.exists()]:
            raise NextwellError(f"Expected a place without these files, found {', '.join(map(str, there))}. Name another folder.")
        place.mkdir(parents=True, exist_ok=True)
        for file, text in told.items():
            file.write_text(text, encoding="utf-8")
        return list(told)

    def _whole(self) -> CampaignDoc:
        try:
            return CampaignDoc.model_validate(dict(self.doc))
        except ValidationError as fault:
            told = "; ".join(f"{'.'.join(map(str, error['loc'])) or 'the campaign'}: {error['msg']}" for error in fault.errors(include_url=False))
            raise NextwellError(f"Expected parts that make a campaign, found: {told}.") from fault

    def _heading(self) -> list[str]:
        told = ["Carried over from another planner. Check it with: nextwell check campaign.toml"]
        if self.results is not None and len(self.results):
            told.append(f"Its results: nextwell import campaign.toml {RESULTS}")
        return [*told, *(f"Not carried over: {sentence}" for sentence in self.left_out)]


@dataclass
class Parts:
    """A campaign under way from another planner's words to ours."""

    source: str
    name: str = "moved"
    factors: list[dict[str, Any]] = field(default_factory=list)
    constraints: list[dict[str, Any]] = field(default_factory=list)
    measurements: list[dict[str, Any]] = field(default_factory=list)
    goals: list[dict[str, Any]] = field(default_factory=list)
    outcome_constraints: list[dict[str, Any]] = field(default_factory=list)
    join: str = ""
    left_out: list[str] = field(default_factory=list)
    called: dict[str, str] = field(default_factory=dict)

    def leave(self, what: str) -> None:
        """Note what is not carried over."""
        if what not in self.left_out:
            self.left_out.append(what)

    def named(self, given: str) -> str:
        """The name here of a factor or measurement there: the same wherever a campaign file can hold it."""
        if given not in self.called:
            kept = "".join(letter if letter.isascii() and (letter.isalnum() or letter in " _+-./%()") else "_" for letter in given).strip()
            kept = kept[:60] if kept[:1].isalpha() else f"v_{kept}"[:60]
            while kept in self.called.values():
                kept += "_"
            if not NAME.match(kept):
                raise NextwellError(f"{self.source}: expected a name that can be kept, found {given!r}.")
            if kept != given:
                self.leave(f"the name {given!r}: it is {kept!r} here (plain letters, a letter first)")
            self.called[given] = kept
        return self.called[given]

    def measured(self, given: str, unit: str = "") -> str:
        """A measurement, once; returns its name here."""
        name = self.named(given)
        if all(one["name"] != name for one in self.measurements):
            self.measurements.append({"name": name, **({"unit": unit} if unit else {})})
        return name

    def done(self, results: pd.DataFrame | None) -> Moved:
        """What was carried over.

        Raises:
            NextwellError: no factor or no target.
        """
        if not self.factors or not self.goals:
            raise NextwellError(f"{self.source}: expected parameters and something that is wanted, found {len(self.factors)} parameters and {len(self.goals)} targets that can be carried over. {' '.join(self.left_out[:3])}")
        name = self.called.get(self.name) or "".join(letter if letter.isascii() and (letter.isalnum() or letter in " _-.") else "_" for letter in self.name)[:60].strip()
        doc: dict[str, Any] = {"name": name if NAME.match(name) else f"moved {name}"[:60].strip()}
        if self.join:
            doc["join"] = self.join
        for key in ("factors", "constraints", "measurements", "goals", "outcome_constraints"):
            if told := getattr(self, key):
                doc[key] = told
        return Moved(doc=doc, results=results, left_out=tuple(self.left_out))


def column_order(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """The columns of those names that are there, in their order."""
    return frame[[name for name in names if name in frame.columns]]
