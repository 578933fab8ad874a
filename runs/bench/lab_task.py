"""A task from a simulated lab: the example campaign of that lab says what is varied, read and wanted; the lab tells the truth."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources

import numpy as np
import torch

from world_model.encoding import Encoder
from world_model.labs.registry import open_lab
from world_model.mechanisms.mechanism import Mechanism
from world_model.readouts import read_out
from world_model.terms.errors import NextwellError
from world_model.terms.factors import Categorical
from world_model.terms.lab import Lab
from world_model.terms.space import SearchSpace

from ..documents.campaign_file import LoadedCampaign, load_campaign
from .world_model_tasks import NOISE, Draw, Prior

_FOR_SCALE = 300


@dataclass(frozen=True)
class LabTask:
    """Random settings of the lab's example campaign; readings are the truth with 5 % of each observable's sd as noise."""

    name: str
    loaded: LoadedCampaign
    lab: Lab
    scale: np.ndarray

    @classmethod
    def of(cls, spec: str, *, seed: int) -> LabTask:
        """The task of a lab that has an example campaign.

        Raises:
            NextwellError: the lab has none.
        """
        with resources.as_file(resources.files("runs.examples") / f"{spec}.toml") as file:
            if not file.is_file():
                raise NextwellError(f"Expected an example campaign for the lab {spec!r}, found no {file.name} among the examples.")
            loaded = load_campaign(file)
            lab = open_lab(spec, doc=loaded.doc, space=loaded.space, base=loaded.base)
        task = cls(name=spec, loaded=loaded, lab=lab, scale=np.ones(len(loaded.doc.measurements)))
        truth = task.draw(_FOR_SCALE, rng=np.random.default_rng(seed)).truth
        object.__setattr__(task, "scale", truth.std((0, 1)) + 1e-9)
        return task

    @property
    def space(self) -> SearchSpace:
        return self.loaded.space

    @cached_property
    def encoder(self) -> Encoder:
        return Encoder(self.space)

    @property
    def times(self) -> np.ndarray:
        union = sorted({time for measurement in self.loaded.doc.measurements for time in measurement.at_h})
        return np.array(union or [np.nan], dtype=float)

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(measurement.name for measurement in self.loaded.doc.measurements)

    def draw(self, n: int, *, rng: np.random.Generator, share: float = 1.0) -> Draw:
        columns: dict[str, list[float | str]] = {name: [] for name in self.space.names}
        found = 0
        for _ in range(200):
            design = torch.as_tensor(0.5 + share * (rng.random((n, len(self.space.factors))) - 0.5))
            for settings in self._drawn(design, rng):
                if found < n and not self.space.reasons_against(settings):
                    found += 1
                    for name in columns:
                        columns[name].append(settings[name])
            if found == n:
                break
        else:
            raise NextwellError(f"Expected random settings of {self.name} that meet its constraints, found {found} of {n} in {200 * n} tries.")
        told = {name: np.array(column) for name, column in columns.items()}
        truth = self.truth(told)
        return Draw(columns=told, truth=truth, readings=truth + NOISE * self.scale * rng.normal(size=truth.shape))

    def truth(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*(column.tolist() for column in columns.values()), strict=True)]
        return self.lab.truth(rows, self.loaded.doc.measurements)

    def reward(self, values: np.ndarray) -> np.ndarray:
        """The readout of the campaign's first goal, turned so that more is better, in the observable's sd."""
        goal = self.loaded.doc.goals[0]
        told = read_out(goal, torch.as_tensor(values), times_h=torch.as_tensor(self.times), variables=self.variables).numpy()
        return np.asarray(goal.sign * told / self.scale[self.variables.index(goal.readout)])

    def mechanism(self, prior: Prior) -> Mechanism | None:
        """None: the lab's own equations would be the answer."""
        return None

    def told(self) -> dict[str, object]:
        goal = self.loaded.doc.goals[0]
        return {
            "problem": self.name, "t end": float(self.times[-1]), "actions": list(self.space.names), "observables": list(self.variables),
            "reward": f"{goal.direction} {goal.take} of {goal.readout}",
        }  # fmt: skip

    def digest(self) -> str:
        """Of the campaign: changes when the problem does."""
        return hashlib.sha256(self.loaded.text.encode()).hexdigest()[:12]

    def _drawn(self, design: torch.Tensor, rng: np.random.Generator) -> list[dict[str, float | str]]:
        """Settings of unit-cube designs, every level of a category as likely as the next; rows of the table where there is one."""
        if self.space.candidates is not None:
            return [self.space.candidate_settings(int(row)) for row in rng.integers(len(self.space.candidates), size=len(design))]
        for j, factor in enumerate(self.space.factors):
            if isinstance(factor, Categorical):
                design[:, j] = torch.as_tensor(rng.integers(len(factor.levels), size=len(design)))
        return self.encoder.settings(design)
