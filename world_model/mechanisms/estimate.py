"""Estimation of a mechanism's constants from readings: the most probable factors on them, how sure they are, and a report.

Log-normal priors about the given values. What matters is found first (sensitivities on a few interventions far apart), then the peak
is climbed on these few, then on as many as the budget allows; what is left is moved along the directions that still matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np

from world_model.terms.errors import MechanismError
from world_model.terms.space import Settings

from .gauss_newton import SMALL_GAIN, Noise, Peak, Readings, climb, curvature
from .laplace import Laplace, spread_about
from .mechanism import Mechanism, MechanismParameter
from .scaled_runs import WEAK, Meter, ScaledRuns

FEW = 6  # interventions on which the search begins
MOST_CONSTANTS = 40
LEAST_SIMULATIONS, MOST_SIMULATIONS = 1000, 3000
LEAST_EFFECT = 0.004  # of an observable's sd, by a constant's prior sd
_DRAWS = 40  # of the prior, where the first climb ends far from the readings
_ENOUGH = 0.5  # of the log posterior: the climb on the first few ends where a step promises less
_BEYOND = 2.0  # times the variance of replicates
_FAR = 0.15  # of an observable's sd
_USUAL_MS = 2.5  # for a mechanism that does not say what a run costs


@runtime_checkable
class Costed(Protocol):
    """A mechanism that says what one simulation costs on one core, by counting and not by the clock."""

    def cost_ms(self, rows: Sequence[Settings], until_h: float) -> float:
        """Of a run of one of these interventions, from 0 to this hour, nan where only end points are read."""


def usual_cost_ms(mechanism: Mechanism, rows: Sequence[Settings], until_h: float) -> float:
    """What a simulation of one of these interventions to this hour costs on one core: as the mechanism says, else the usual."""
    return mechanism.cost_ms(rows, until_h) if isinstance(mechanism, Costed) else _USUAL_MS


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What estimation may cost.

    Attributes:
        seconds: of one idle core, turned into a count of simulations by what one of them costs, so that the answer does not hang
            on the clock.
        patience: by how many times these seconds the processor may be used before all stops (the report says so then).
    """

    seconds: float = 5.0
    patience: float = 3.0

    def meter(self, mechanism: Mechanism, rows: Sequence[Settings], until_h: float) -> Meter:
        """A fresh count for runs of this mechanism like these, to this hour."""
        return Meter(simulations=int(np.clip(1e3 * self.seconds / usual_cost_ms(mechanism, rows, until_h), LEAST_SIMULATIONS, MOST_SIMULATIONS)), seconds=self.seconds * self.patience)


@dataclass(frozen=True)
class Scaled:
    """A mechanism with factors on some of its constants; a mechanism itself."""

    mechanism: Mechanism
    factors: Mapping[str, float]
    log_sd: Mapping[str, float]

    @property
    def name(self) -> str:
        return f"{self.mechanism.name}, estimated"

    @property
    def parameters(self) -> tuple[MechanismParameter, ...]:
        """As estimated, with what remains unsure."""
        return tuple(
            replace(one, value=one.value * self.factors.get(one.name, 1.0), log_sd=self.log_sd.get(one.name, one.log_sd)) for one in self.mechanism.parameters
        )

    def simulate(self, rows: Sequence[Settings], times_h: np.ndarray, variables: Sequence[str], *, scaled: Mapping[str, float] | None = None) -> np.ndarray:
        """See `Mechanism`; `scaled` is on top of what was estimated."""
        further = dict(self.factors)
        for name, factor in (scaled or {}).items():
            further[name] = further.get(name, 1.0) * factor
        return self.mechanism.simulate(rows, times_h, variables, scaled=further)


@dataclass(frozen=True, kw_only=True)
class ConstantReport:
    """One constant: as given, the factor on it, and the sd of its logarithm before and after."""

    name: str
    given: float
    factor: float
    log_sd_before: float
    log_sd_after: float

    @property
    def determined(self) -> float:
        """Share of the prior variance that the readings took away, 0 to 1."""
        return 1.0 - min((self.log_sd_after / self.log_sd_before) ** 2, 1.0)


@dataclass(frozen=True, kw_only=True)
class EstimateReport:
    """What was estimated and how it went.

    Attributes:
        left_out: constants that move nothing that was read.
        noise_share: `y`, sd of one reading around the fitted mechanism, over the sd of all readings: what structure and noise leave.
        beyond_noise: `y`, variance of one reading around the fitted mechanism over that among replicates (a reduced chi-square: about 1
            where the mechanism leaves noise alone); nan where replicates are missing.
        interventions: used by the search, of how many.
        converged: no step from here gains more. Another peak may be higher: what is left tells, not this.
        ended: why the search stopped.
    """

    constants: tuple[ConstantReport, ...]
    left_out: tuple[str, ...]
    noise_share: tuple[float, ...]
    beyond_noise: tuple[float, ...]
    simulations: int
    interventions: tuple[int, int]
    converged: bool
    ended: str

    def __str__(self) -> str:
        sure = sum(one.determined > 0.5 for one in self.constants)
        return (
            f"{len(self.constants)} constants estimated from {self.interventions[0]} of {self.interventions[1]} interventions with {self.simulations} "
            f"simulations, {sure} of them well determined, {len(self.left_out)} left as given; {self.ended}. {self.left}."
        )

    @property
    def left(self) -> str:
        """How far the worst observable's readings are from the fitted mechanism, and what of it is noise."""
        told = f"Readings lie up to {100 * max(self.noise_share, default=0.0):.0f} % of an observable's sd from it"
        known = [one for one in self.beyond_noise if np.isfinite(one)]
        if not known:
            return f"{told}; without replicates nothing says how much of that is noise"
        if max(known) <= _BEYOND:
            return f"{told}, {max(known):.1f} times the variance of replicates at most: no more than noise"
        return f"{told}, up to {max(known):.1f} times the variance of replicates: the structure is wrong or this is not the highest peak"


@dataclass(frozen=True)
class Estimate:
    """Attributes:
    readings: of the distinct interventions.
    laplace: the Gaussian about the peak, over scalings `u`.
    ignored: `y`, mean variance of the simulations by the constants that were left as given.
    """

    runs: ScaledRuns
    readings: Readings
    laplace: Laplace
    ignored: np.ndarray
    report: EstimateReport

    @property
    def mechanism(self) -> Scaled:
        """At the peak."""
        return self.scaled(self.laplace.u)

    @property
    def log_factors(self) -> np.ndarray:
        """`p`, natural logarithms of the factors at the peak."""
        return self.laplace.u * self.runs.log_sd

    @property
    def covariance(self) -> np.ndarray:
        """`p x p` of the log factors, by the names of `runs.constants`."""
        return self.laplace.covariance * np.outer(self.runs.log_sd, self.runs.log_sd)

    def scaled(self, u: np.ndarray) -> Scaled:
        """The mechanism at a scaling `u`."""
        sds = dict(zip((c.name for c in self.runs.constants), np.sqrt(np.diag(self.covariance)).tolist(), strict=True))
        return Scaled(mechanism=self.runs.mechanism, factors=self.runs.factors(u), log_sd=sds)


def estimate(
    mechanism: Mechanism, readings: Readings, *, times_h: np.ndarray, variables: tuple[str, ...], spread: np.ndarray, budget: Budget | None = None
) -> Estimate:
    """Estimate the constants of a mechanism.

    Args:
        readings: of distinct interventions, replicates averaged.
        spread: order of the interventions in which each lies far from those before it.

    Raises:
        MechanismError: the mechanism can't be run for any of them.
    """
    budget = budget or Budget()
    meter = budget.meter(mechanism, [readings.rows[i] for i in spread[:FEW]], float(times_h[-1]))
    everything = ScaledRuns(mechanism=mechanism, times_h=times_h, variables=variables, constants=mechanism.parameters, meter=meter)
    few, base = _few_that_run(everything, readings, spread)
    runs, ignored, slopes = _that_matter(everything, readings.take(few), base)
    left_out = tuple(c.name for c in everything.constants if c not in runs.constants)
    p = len(runs.constants)
    peak = _first_peak(runs, readings.take(few), slopes=slopes, reserve=meter.left // 2)
    bend = curvature(peak.jacobian, readings.take(few), peak.told, readings.take(few).variance(peak.told, noise="shared")) if p else None
    # two thirds of what is left go to one climb on more interventions, the rest to the directions that matter still
    k = int((np.linalg.eigvalsh(bend) > 1.0 + WEAK).sum()) if bend is not None else 0
    n_more = int(np.clip(meter.left * 2 // 3 // (2 * k + 4), len(few), len(readings)))
    used = np.concatenate([few, [i for i in spread if i not in set(few.tolist())]]).astype(int)[:n_more]
    if bend is not None:  # what is weak on a few need not be weak on more
        bend = np.eye(p) + (bend - np.eye(p)) * (len(used) / len(few))
    peak = _climb(runs, readings.take(used), start=peak.u, noise="own", reserve=meter.left // 3, bend=bend)
    laplace = spread_about(runs, readings, peak, used=used)
    covariance = laplace.covariance
    beyond = np.full(len(readings.scale), np.nan) if readings.replicates is None else laplace.noise / readings.replicates
    report = EstimateReport(
        constants=tuple(
            ConstantReport(name=c.name, given=c.value, factor=float(np.exp(u * c.log_sd)), log_sd_before=c.log_sd, log_sd_after=float(c.log_sd * np.sqrt(v)))
            for c, u, v in zip(runs.constants, laplace.u, np.diag(covariance), strict=True)
        ),
        left_out=left_out, noise_share=tuple((np.sqrt(laplace.noise) / readings.scale).tolist()), beyond_noise=tuple(beyond.tolist()), simulations=meter.used,
        interventions=(len(used), len(readings)), converged=peak.converged,
        ended="no step from there gains more" if peak.converged else f"stopped after {budget.seconds * budget.patience:g} s of the processor" if meter.late else "stopped by the budget",
    )  # fmt: skip
    return Estimate(runs=runs, readings=readings, laplace=laplace, ignored=ignored, report=report)


def _few_that_run(runs: ScaledRuns, readings: Readings, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first few interventions, far apart, for which the mechanism runs as given, and its simulations of them."""
    few = min(max(FEW if len(runs.constants) <= 100 else FEW // 2, 1), len(readings))
    for begin in range(0, len(spread), 2 * FEW):
        where = spread[begin : begin + 2 * FEW]
        told = runs.at([readings.rows[i] for i in where], np.zeros(len(runs.constants)))
        ran = np.isfinite(told).all(axis=(1, 2))
        if ran.sum() >= min(few, len(where)) or (ran.any() and begin + 2 * FEW >= len(spread)):
            return where[ran][:few], told[ran][:few]
    raise MechanismError(
        f"Expected the mechanism {runs.mechanism.name!r} to run for some of {len(readings)} interventions, found that its integrator fails for all."
    )


def _that_matter(runs: ScaledRuns, few: Readings, base: np.ndarray) -> tuple[ScaledRuns, np.ndarray, np.ndarray]:
    """The constants that move what is read, the strongest at most forty, in the mechanism's own order; `y` variance by the others; slopes."""
    slopes = runs.jacobian(few.rows, np.zeros(len(runs.constants)), base=base)
    effect = np.sqrt(((slopes / few.scale[:, None]) ** 2).mean(axis=(0, 1, 2))) if len(runs.constants) else np.zeros(0)
    strongest = set(np.argsort(-effect, kind="stable")[:MOST_CONSTANTS].tolist())
    kept = [i for i in range(len(effect)) if i in strongest and effect[i] > LEAST_EFFECT]
    others = [i for i in range(len(effect)) if i not in kept]
    return replace(runs, constants=tuple(runs.constants[i] for i in kept)), (slopes[..., others] ** 2).mean(axis=(0, 1)).sum(axis=-1), slopes[..., kept]


def _first_peak(runs: ScaledRuns, few: Readings, *, slopes: np.ndarray, reserve: int) -> Peak:
    """From the values as given; where that ends far from the readings, from the best draws of the prior too."""
    p = len(runs.constants)
    best = _climb(runs, few, start=np.zeros(p), noise="shared", reserve=reserve, jacobian=slopes, enough=_ENOUGH)
    if not p or _distance(few, best) < _FAR:
        return best
    if not best.converged:
        return best
    drawn = np.random.default_rng(0).standard_normal((_DRAWS, p))
    known: list[tuple[float, int]] = []
    for i in range(_DRAWS):
        if not runs.meter.allows(len(few) + reserve):
            break
        told = runs.at(few.rows, drawn[i])
        if np.isfinite(told).all():
            known.append((few.cost(told, drawn[i], noise="shared"), i))
    for _, i in sorted(known):
        if _distance(few, best) < _FAR or not runs.meter.allows(len(few) * (p + 2) + reserve):
            break
        other = _climb(runs, few, start=drawn[i], noise="shared", reserve=reserve, enough=_ENOUGH)
        if few.cost(other.told, other.u, noise="shared") < few.cost(best.told, best.u, noise="shared"):
            best = other
    return best


def _climb(
    runs: ScaledRuns, readings: Readings, *, start: np.ndarray, noise: Noise, reserve: int,
    jacobian: np.ndarray | None = None, bend: np.ndarray | None = None, enough: float = SMALL_GAIN,
) -> Peak:  # fmt: skip
    if len(start):
        return climb(runs, readings, start=start, noise=noise, reserve=reserve, jacobian=jacobian, bend=bend, enough=enough)
    told = runs.at(readings.rows, start)
    return Peak(u=start, told=told, jacobian=np.zeros((*told.shape, 0)), converged=True)


def _distance(readings: Readings, peak: Peak) -> float:
    """Of the observable that is told worst: root mean square over its sd."""
    return float(np.sqrt((readings.variance(peak.told, noise="own") / readings.scale**2).max()))
