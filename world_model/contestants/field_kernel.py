"""The covariance of single readings: condition x time x observable, with whatever gaps there are.

A reading is one number at (condition x, time t, observable o). On readings standardised by observable

    k = C[o, o'] course(t, t')                                 each observable's own time course, whatever is done
      + C[o, o'] a_o a_o' (shape(x, x') + slope(x, x')) g(t) g(t') when(t, t')    what the conditions do: curved and linear in them
      + [o = o'] [same level]                                  a constant shift by each level of a categorical factor (a day, a blot)
      + [o = o'] [same plate] + [o = o'] [same experiment]     what one plate, or one well, has of its own
      + (shared + [o = o'] own) m m'                           a mechanism's simulation m of this very reading, scaled
      + noise of o

with C a matrix of correlations between observables of low rank. Every positive number is exp(centre + spread z), z standard normal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

RANK = 2  # of the correlations between observables
KNOTS = 4  # of the size of effects over time


@dataclass(frozen=True)
class Places:
    """Where `r` readings, or queries, stand.

    Attributes:
        row: `r`, index of the experiment among `features`.
        time: `r`, index into the times.
        observable: `r`.
        mechanism: `r`, the mechanism's standardised simulation; None without one.
    """

    row: Tensor
    time: Tensor
    observable: Tensor
    mechanism: Tensor | None = None

    def __len__(self) -> int:
        return len(self.row)

    def take(self, where: Tensor) -> Places:
        """Some of them."""
        return Places(self.row[where], self.time[where], self.observable[where], None if self.mechanism is None else self.mechanism[where])


@dataclass(frozen=True)
class FieldShape:
    """What the number of hyper-parameters hangs on.

    Attributes:
        scale_of: `u`, which length scale each feature has: its own for a number, one for all features of a category.
        categories: features of each categorical factor, as one-hot or descriptor columns.
        observables: how many.
        times: `t`, of the data set; all zero where there is one.
    """

    scale_of: Tensor
    categories: tuple[tuple[int, ...], ...]
    observables: int
    times: Tensor
    with_mechanism: bool = False
    with_plates: bool = False

    def sizes(self) -> dict[str, int]:
        """Hyper-parameter → how many numbers it has."""
        y = self.observables
        rank = min(RANK, y)
        return {
            "length": int(self.scale_of.max()) + 1 if len(self.scale_of) else 0, "amplitude": y, "direction": y * rank, "shared": 1, "slope": 1,
            "course": 1, "course_length": 1, "when_length": 1, "steady": 1, "growth": KNOTS, "warp": 1, "level": len(self.categories), "experiment": 1, "noise": y,
            "plate": int(self.with_plates), "mechanism": 2 if self.with_mechanism else 0,
        }  # fmt: skip


@dataclass(frozen=True)
class Field:
    """A kernel with its numbers.

    Attributes:
        z: one vector of standard normals, in the order of `FieldShape.sizes`.
    """

    shape: FieldShape
    z: Tensor

    def _raw(self, name: str) -> Tensor:
        at = 0
        for key, size in self.shape.sizes().items():
            if key == name:
                return self.z[at : at + size]
            at += size
        raise KeyError(name)

    def _positive(self, name: str, *, centre: float, spread: float) -> Tensor:
        return torch.exp(math.log(centre) + spread * self._raw(name))

    @property
    def length(self) -> Tensor:
        """`u`, of each feature in the unit cube. Distances grow with the root of the number of factors."""
        scales = self._positive("length", centre=0.7 * max(self.shape.sizes()["length"], 1) ** 0.5, spread=1.0)
        return scales[self.shape.scale_of]

    @property
    def noise(self) -> Tensor:
        """`y`, variance of one reading."""
        return self._positive("noise", centre=0.05, spread=1.2)

    @property
    def experiment(self) -> Tensor:
        """Variance that an experiment has of its own, beyond its settings."""
        return self._positive("experiment", centre=0.01, spread=1.5)[0]

    @property
    def plate(self) -> Tensor:
        """Variance that a plate has of its own; 0 where plates are not told apart."""
        return self._positive("plate", centre=0.02, spread=1.0).sum()

    @property
    def levels(self) -> Tensor:
        """Variance of the shifts by each categorical factor."""
        return self._positive("level", centre=0.1, spread=1.0)

    @property
    def alike(self) -> Tensor:
        """`y x y` correlations between observables."""
        y = self.shape.observables
        direction = self._raw("direction").reshape(y, -1)
        unit = direction / direction.square().sum(dim=1, keepdim=True).add(1e-6).sqrt()
        shared = torch.sigmoid(0.5 + 1.5 * self._raw("shared"))
        return shared * unit @ unit.T + (1 - shared) * torch.eye(y, dtype=self.z.dtype)

    @property
    def effects(self) -> Tensor:
        """`y x y` covariance between what conditions do to observables."""
        amplitude = self._positive("amplitude", centre=1.0, spread=0.4)
        return self.alike * amplitude[:, None] * amplitude

    def conditions(self, a: Tensor, b: Tensor) -> Tensor:
        """`n x m` of features `n x u` and `m x u`: what is curved in them and what is linear."""
        a, b = (a - 0.5) / self.length, (b - 0.5) / self.length
        slope = self._positive("slope", centre=0.3, spread=1.0)
        return _matern(a, b) + slope * (a @ b.T)

    def warped(self, times: Tensor) -> Tensor:
        """`t`, in [0, 1]: logarithmic after some time that is learned, linear before; samples are dense where things change."""
        own = self.shape.times
        span = float(own[-1] - own[0])
        if span <= 0:
            return torch.zeros_like(times)
        bend = span * self._positive("warp", centre=0.1, spread=1.5)
        return torch.log1p((times - own[0]).clamp_min(0) / bend) / torch.log1p(span / bend)

    def course(self) -> Tensor:
        """`t x t` of each observable's own time course."""
        told = (self.warped(self.shape.times) / self._positive("course_length", centre=0.4, spread=0.7)).unsqueeze(-1)
        return self._positive("course", centre=1.0, spread=1.0) * _matern(told, told)

    def when(self) -> Tensor:
        """`t x t`: how alike what a condition does is at two times, and how large it is there: often nothing at the beginning."""
        warped = self.warped(self.shape.times)
        told = (warped / self._positive("when_length", centre=0.6, spread=0.7)).unsqueeze(-1)
        steady = torch.sigmoid(self._raw("steady"))
        hats = (1 - (warped[:, None] * (KNOTS - 1) - torch.arange(KNOTS)).abs()).clamp_min(0)
        size = torch.exp(hats @ self._raw("growth"))
        return size[:, None] * size * (steady + (1 - steady) * _matern(told, told))

    def same_level(self, a: Tensor, b: Tensor) -> Tensor:
        """`n x m`: the shifts that features `n x u` and `m x u` share."""
        told = a.new_zeros(len(a), len(b))
        for columns, variance in zip(self.shape.categories, self.levels, strict=True):
            pick = torch.tensor(columns)
            told = told + variance * (torch.cdist(a[:, pick], b[:, pick]) < 1e-9).to(a.dtype)
        return told

    def slopes(self) -> Tensor:
        """`y x y` covariance of the factors on the mechanism's simulations."""
        told = self._raw("mechanism")
        shared, own = torch.exp(math.log(0.5) + told[0]), torch.exp(math.log(0.1) + told[1])
        return shared + own * torch.eye(self.shape.observables, dtype=self.z.dtype)

    def state(self, a: Places, features_a: Tensor, b: Places, features_b: Tensor) -> Tensor:
        """`r x s`: covariance of the state at two sets of places; no noise."""
        o, p = a.observable, b.observable
        alike = self.alike[o][:, p] * self.course()[a.time][:, b.time]
        effects = self.conditions(features_a, features_b)[a.row][:, b.row] * self.effects[o][:, p] * self.when()[a.time][:, b.time]
        told = alike + effects
        if self.shape.categories:
            told = told + self.same_level(features_a, features_b)[a.row][:, b.row] * (o[:, None] == p)
        if a.mechanism is not None and b.mechanism is not None:
            told = told + self.slopes()[o][:, p] * a.mechanism[:, None] * b.mechanism
        return told

    def state_variance(self, a: Places, features: Tensor) -> Tensor:
        """`r`: the diagonal of `state`."""
        o = a.observable
        slope = self._positive("slope", centre=0.3, spread=1.0)
        own = 1.0 + slope * ((features - 0.5) / self.length).square().sum(dim=-1)
        told = self.course().diagonal()[a.time] * self.alike.diagonal()[o] + own[a.row] * self.effects.diagonal()[o] * self.when().diagonal()[a.time]
        told = told + self.levels.sum()
        return told if a.mechanism is None else told + self.slopes().diagonal()[o] * a.mechanism.square()

    def readings(self, a: Places, features: Tensor, plates: Tensor | None) -> Tensor:
        """`r x r`: covariance of what was read, with what experiments and plates have of their own and noise."""
        same = a.observable[:, None] == a.observable
        own = self.experiment * (a.row[:, None] == a.row)
        if plates is not None:
            own = own + self.plate * (plates[a.row][:, None] == plates[a.row])
        return self.state(a, features, a, features) + own * same + torch.diag(self.noise[a.observable] + 1e-8)

    def own(self, observable: Tensor) -> Tensor:
        """`r`: variance that one reading of a new experiment, on a plate of its own, adds to the state's."""
        return self.noise[observable] + self.experiment + self.plate


def _matern(a: Tensor, b: Tensor) -> Tensor:
    """`n x m`, Matérn 5/2 of scaled inputs; smooth in them where they are equal."""
    squared = a.square().sum(-1)[:, None] + b.square().sum(-1) - 2.0 * a @ b.T
    r = (5.0 * squared).clamp_min(1e-12).sqrt()
    return (1.0 + r + r.square() / 3.0) * torch.exp(-r)
