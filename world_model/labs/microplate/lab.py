"""The `microplate` lab: takes an order, grows the wells, and writes the reader's file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from world_model.labs.tidy import Row, asked, raw_file, sample_times
from world_model.terms.errors import ResultsError, SpaceError, UnitError, nearest
from world_model.terms.factors import Categorical
from world_model.terms.goals import Measurement
from world_model.terms.lab import LabOrder, RawFile
from world_model.terms.plates import FORMATS, inner_wells, parse_well
from world_model.terms.space import SearchSpace
from world_model.terms.units import conversion_factor

from .culture import PUBLISHED
from .sensor import LOST_MARK, ORDINARY, OVERFLOW_MARK, Bench, Draws, read_gfp, read_od, scatter
from .simulate import Conditions, simulate

# What can be varied, with what a well holds where the campaign does not say (M9 minimal medium, no inducer).
AMOUNTS_MM = {"glucose": 22.2, "ammonium": 18.7, "magnesium": 2.0, "iptg": 0.0}
MOLAR_MASSES = {"glucose": 180.156, "ammonium": 18.038, "magnesium": 24.305, "iptg": 238.30}
TIME = "induction"
CONTEXT = {"temperature_c": 37.0, "initial_od600": 0.05, "run_h": 24.0}
UNITS = {"OD600": "OD600", "GFP": "RFU"}
EXPECTED = (
    f"The microplate lab knows the factors glucose, ammonium, magnesium and iptg (a molar or mass concentration) and {TIME} "
    "(h, acts = 'time': when iptg is added)"
)


@dataclass(frozen=True)
class MicroplateLab:
    """E. coli that makes GFP, in a 96-well plate. Truth from `culture`, readings through `sensor`.

    Args:
        space: its factors are a choice of glucose, ammonium, magnesium, iptg and induction.
        context: what the campaign keeps fixed: `temperature_c` (37), `initial_od600` (0.05), `run_h` (24, for end points), and
            any of the amounts above in mM.

    Raises:
        SpaceError: a factor or context that the lab does not know, or a unit of another dimension.
    """

    space: SearchSpace
    context: Mapping[str, float | str] = field(default_factory=dict)
    bench: Bench = ORDINARY
    name: str = "microplate"

    def __post_init__(self) -> None:
        known = (*AMOUNTS_MM, TIME)
        for factor in self.space.factors:
            if factor.name not in known:
                raise SpaceError(f"Expected a factor of this lab, found {factor.name!r}. {nearest(factor.name, known)} {EXPECTED}.")
            if isinstance(factor, Categorical):
                raise SpaceError(f"Expected numbers for {factor.name}, found a categorical factor. {EXPECTED}.")
            if factor.name == TIME:
                if factor.action != "time":
                    raise SpaceError(f"Expected acts = 'time' and unit = 'h' for {TIME}, found acts = {factor.action!r}. {EXPECTED}.")
                continue
            self._to_mm(factor.name, factor.unit)
            if factor.action == "dose" and factor.name != "iptg":
                raise SpaceError(f"Expected only iptg to be dosed during the run, found {factor.name!r}. Let it act at the start.")
        for name, value in self.context.items():
            if name not in (*CONTEXT, *AMOUNTS_MM):
                raise SpaceError(f"context: expected what this lab can keep fixed, found {name!r}. {nearest(name, (*CONTEXT, *AMOUNTS_MM))}")
            if isinstance(value, str) or not math.isfinite(value) or value < 0:
                raise SpaceError(f"context.{name}: expected a number of at least 0, found {value!r}.")

    def answer(self, order: LabOrder) -> RawFile:
        """The reader's file: every well at every time; `OVRFLW` above the reader's range, `LOST` in a well that was spoilt.

        Raises:
            ResultsError: a measurement that this lab has no detector for, a well not on a 96-well plate, or a setting that it
                can't carry out.
        """
        positions, bench = asked(order), self.bench
        self.check(order.measurements)
        edge = self._edge(order)
        draws = Draws.of_round(order.seed, order.round)
        inoculum, warmer = scatter(np.ones(1), bench.inoculum_day_cv, draws.day)[0], bench.temperature_day_sd_c * draws.day.standard_normal()
        od_day, gfp_day = scatter(np.ones(1), bench.od_day_cv, draws.day)[0], scatter(np.ones(1), bench.gfp_day_cv, draws.day)[0]
        # Every position draws, whatever its role: a well added at the end leaves the others as they were.
        n = len(order.experiments)
        errors = scatter(np.ones((n, 5)), bench.pipetting_cv, draws.pipetting)
        errors[:, 4] = scatter(np.ones(n), bench.cells_cv, draws.pipetting)
        lost = draws.loss.random(n) < bench.lost_share

        settings = [
            {} if experiment.role == "blank" else self.space.settings(experiment.interventions) if experiment.role != "unused" else {}
            for experiment in order.experiments
        ]
        ideal = self._conditions(settings)
        wells = Conditions(
            glucose_mm=ideal.glucose_mm * errors[:, 0], ammonium_mm=ideal.ammonium_mm * errors[:, 1],
            magnesium_mm=ideal.magnesium_mm * errors[:, 2], iptg_mm=ideal.iptg_mm * errors[:, 3], induction_h=ideal.induction_h,
            temperature_c=ideal.temperature_c + warmer - bench.edge_cooler_c * edge,
            initial_od600=ideal.initial_od600 * inoculum * errors[:, 4],
            evaporation_per_h=np.where(edge, bench.edge_loss_per_day, bench.inner_loss_per_day) / 24.0,
        )  # fmt: skip
        times = self._times(order.measurements)
        truth = self._observe(wells, times)
        growing = np.array([experiment.role not in ("blank", "unused") for experiment in order.experiments])
        # Light passes the well from top to bottom: what a well lost in height it gained in concentration.
        seen = truth * growing[:, None, None] * np.exp(-wells.evaporation_per_h[:, None] * times)[:, :, None]
        read = {
            "OD600": read_od(seen[:, :, 0], od_day, bench=bench, source=draws.reader, volume_ul=order.volume_ul),
            "GFP": read_gfp(seen[:, :, 1], gfp_day, bench=bench, source=draws.reader),
        }
        rows = [
            Row(position=i, time_h=hour, measurement=measurement, value=_written(measurement.name, read[measurement.name][i, k], lost[i]))
            for measurement in order.measurements
            for i in positions
            for hour, k in self._columns(measurement, times)
        ]
        return raw_file(order, rows, lab=self.name)

    def truth(self, settings: Sequence[Mapping[str, float | str]], measurements: Sequence[Measurement]) -> np.ndarray:
        """Noise-free OD600 (at 1 cm) and GFP, `n x t x y`, at the union of the sample times; end points at the end of the run."""
        self.check(measurements)
        times = self._times(measurements)
        observed = self._observe(self._conditions(settings), times)
        wanted = np.nonzero(np.isin(times, sample_times(measurements)))[0] if any(m.at_h for m in measurements) else [len(times) - 1]
        values = np.stack([observed[:, wanted, list(UNITS).index(m.name)] for m in measurements], axis=-1)
        for y, measurement in enumerate(measurements):
            if not measurement.at_h:
                values[:, :, y] = observed[:, -1:, list(UNITS).index(measurement.name)]
        return values

    def _observe(self, conditions: Conditions, times_h: np.ndarray) -> np.ndarray:
        path = simulate(conditions, times_h)
        return np.stack([path[:, 0] / PUBLISHED.biomass_g_per_l_od, path[:, 6] * self.bench.rfu_per_gfp], axis=-1).transpose(1, 0, 2)

    def _conditions(self, settings: Sequence[Mapping[str, float | str]]) -> Conditions:
        n = len(settings)
        amounts = {name: np.full(n, float(self.context.get(name, default))) for name, default in AMOUNTS_MM.items()}
        induction_h = np.zeros(n)
        for factor in self.space.factors:
            column = np.array([self._number(given, factor.name) for given in settings], dtype=float)
            if factor.name == TIME:
                induction_h = np.nan_to_num(column)
            else:
                amounts[factor.name] = np.nan_to_num(column * self._to_mm(factor.name, factor.unit))
                at = getattr(factor, "at", None)
                if isinstance(at, int | float):
                    induction_h = np.full(n, float(at))
        fixed = {name: np.full(n, float(self.context.get(name, default))) for name, default in CONTEXT.items()}
        return Conditions(
            glucose_mm=amounts["glucose"], ammonium_mm=amounts["ammonium"], magnesium_mm=amounts["magnesium"], iptg_mm=amounts["iptg"],
            induction_h=induction_h, temperature_c=fixed["temperature_c"], initial_od600=fixed["initial_od600"], evaporation_per_h=np.zeros(n),
        )  # fmt: skip

    def _number(self, settings: Mapping[str, float | str], name: str) -> float:
        """A setting as a number; nan in a well that gets nothing (a blank)."""
        if not settings:
            return math.nan
        value = settings.get(name)
        if value is None or isinstance(value, str) or not math.isfinite(value) or value < 0:
            raise ResultsError(f"Expected a number of at least 0 for {name}, found {value!r}.")
        return float(value)

    def _to_mm(self, name: str, unit: str) -> float:
        try:
            return conversion_factor(unit, "mM", molar_mass_g_per_mol=MOLAR_MASSES[name], of=name)
        except UnitError as fault:
            raise SpaceError(f"Factor {name!r}: {fault} {EXPECTED}.") from fault

    def check(self, measurements: Sequence[Measurement]) -> None:
        for measurement in measurements:
            if measurement.name not in UNITS:
                raise ResultsError(f"Expected OD600 or GFP, found {measurement.name!r}. {nearest(measurement.name, UNITS)}")
            if measurement.unit != UNITS[measurement.name]:
                raise ResultsError(f"Expected {measurement.name} in {UNITS[measurement.name]}, found unit {measurement.unit!r}.")

    def _times(self, measurements: Sequence[Measurement]) -> np.ndarray:
        """The hours that are simulated: every sample time, and the end of the run for end points."""
        ends = [float(self.context.get("run_h", CONTEXT["run_h"]))] if any(not m.at_h for m in measurements) else []
        return np.array(sorted({time for m in measurements for time in m.at_h} | set(ends)))

    @staticmethod
    def _columns(measurement: Measurement, times: np.ndarray) -> list[tuple[float | None, int]]:
        if not measurement.at_h:
            return [(None, len(times) - 1)]
        return [(hour, int(np.searchsorted(times, hour))) for hour in measurement.at_h]

    @staticmethod
    def _edge(order: LabOrder) -> np.ndarray:
        """Which wells lie at the rim: `n`. Without wells, none."""
        if not order.wells:
            return np.zeros(len(order.experiments), dtype=bool)
        inner = set(inner_wells(FORMATS[96]))
        return np.array([parse_well(well, FORMATS[96]) not in inner for well in order.wells])


def _written(name: str, value: float, lost: bool) -> str:
    if lost:
        return LOST_MARK
    if math.isnan(value):
        return OVERFLOW_MARK
    return f"{value:.4f}" if name == "OD600" else f"{value:.0f}"
