"""What a certificate says: the level that the evidence supports, the evidence, and how long it holds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from world_model.terms.word import Text, Word

Level = Literal[0, 1, 2, 3, 4]
LEVEL_NAMES: dict[int, str] = {0: "no claim", 1: "forecast", 2: "action-conditioned", 3: "counterfactual", 4: "planning"}


class Evidence(Word):
    """One figure beside the bound that it had to meet.

    `met` is None where the figure is told for information, or could not be had; `cases` counts what it was taken over, in `of`.
    `low` and `high` are its 90 % interval where there is one.
    """

    name: Text
    value: float | None = None
    low: float | None = None
    high: float | None = None
    bound: Text = ""
    met: bool | None = None
    cases: int = Field(0, ge=0)
    of: Text = Field("", description="what the cases are: held-out interventions, pairs, plans")


class LevelEvidence(Word):
    """One rung: `held` when every bound was met and nothing stood against it; `why` says what decided."""

    level: Level
    held: bool
    why: Text
    evidence: tuple[Evidence, ...] = ()
    needed: Text = Field("", description="what would be needed where it does not hold")

    @property
    def name(self) -> str:
        return LEVEL_NAMES[self.level]


class Reliability(Word):
    """How far one horizon can be trusted: `coverage` of nominal 90 % intervals of single readings, errors in sd of the data."""

    variable: Text
    at_h: float | None
    coverage: float | None
    nrmse: float | None
    width: float | None = Field(description="mean width of the 90 % interval in sd of the data")
    cases: int


class Certificate(Word):
    """The highest level for which all lower ones hold, with the evidence of each.

    Attributes:
        level: 0 where not even level 1 holds.
        subject: the contestant, or that the judge chose.
        leaks: what was found on both sides of a split, each as a sentence; any of them refuses every level.
        pit: counts of the held-out readings' probability integral transforms, equal bins from 0 to 1.
        trusted_to_h: observable → the last hour until which coverage and error hold; None where they never do. Empty for end points.
        data_sha256, model_sha256: what was certified: records, and contestant with hyper-parameters, seed and version of the code.
    """

    level: Level
    subject: Text
    picked: Text
    seed: int
    n_records: int
    n_interventions: int
    folds: int
    levels: tuple[LevelEvidence, ...]
    leaks: tuple[Text, ...] = ()
    scores: dict[str, float | None] = Field(default_factory=dict, description="contestant → mean scaled CRPS, as the judge had it")
    verdict: Text = ""
    reliability: tuple[Reliability, ...] = ()
    pit: tuple[int, ...] = ()
    trusted_to_h: dict[str, float | None] = Field(default_factory=dict)
    data_sha256: str
    model_sha256: str
    kind: Literal["certificate"] = "certificate"

    @property
    def name(self) -> str:
        return LEVEL_NAMES[self.level]


class Standing(Word):
    """What a campaign may claim now: `level` is what still holds, `why` says so in a sentence."""

    level: Level
    certified: Level | None = Field(None, description="what the last certificate said, expired or not; None where there is none")
    valid: bool = False
    why: Text
