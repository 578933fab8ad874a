"""The `microplate` lab: takes an order, grows the wells, and writes the reader's file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from world_model.labs.tidy import Row, asked, raw_file, sample_times
from world_model.terms.errors import ResultsError, nearest
from world_model.terms.goals import Measurement
from world_model.terms.lab import LabOrder, RawFile
from world_model.terms.plates import FORMATS, inner_wells, parse_well
from world_model.terms.space import SearchSpace

from .culture import PUBLISHED
from .sensor import LOST_MARK, ORDINARY, OVERFLOW_MARK, Bench, Draws, read_gfp, read_od, scatter
from .settings import CONTEXT, check_context, check_factors, conditions
from .simulate import Conditions, simulate

UNITS = {"OD600": "OD600", "GFP": "RFU"}


@dataclass(frozen=True)
class MicroplateLab:
    """E. coli that makes GFP, in a 96-well plate. Truth from `culture`, readings through `sensor`.

    Args:
        space: its factors are a choice of glucose, ammonium, magnesium, iptg and induction.
        context: what the campaign keeps fixed: `temperature_c` (37), `initial_od600` (0.05), `run_h` (24, when end points are
            read), and any of the amounts above in mM.

    Raises:
        SpaceError: a factor or context that the lab does not know, or a unit of another dimension.
    """

    space: SearchSpace
    context: Mapping[str, float | str] = field(default_factory=dict)
    bench: Bench = ORDINARY
    name: str = "microplate"

    def __post_init__(self) -> None:
        check_factors(self.space)
        check_context(self.context)

    def answer(self, order: LabOrder) -> RawFile:
        """The reader's file: every well at every time; `OVRFLW` above the reader's range, `LOST` in a well that was spoilt.

        Raises:
            ResultsError: a measurement that this lab has no detector for, or a setting that it can't carry out.
            ProtocolError: a well that a 96-well plate does not have.
        """
        positions, bench, n = asked(order), self.bench, len(order.experiments)
        self.check(order.measurements)
        draws = Draws.of_round(order.seed, order.round)
        times = self._times(order.measurements)
        growing = np.array([experiment.role not in ("blank", "unused") for experiment in order.experiments])
        settings = [self.space.settings(e.interventions) if grows else None for e, grows in zip(order.experiments, growing, strict=True)]
        wells = self._as_pipetted(conditions(self.space, settings, self.context), edge=_at_the_rim(order), draws=draws)
        # Light passes the well from top to bottom: what a well lost in height it gained in concentration.
        height = np.exp(-wells.evaporation_per_h[:, None] * times)
        seen = self._observe(wells, times) * (growing[:, None] * height)[:, :, None]
        od_day, gfp_day = scatter(np.ones(2), np.array([bench.od_day_cv, bench.gfp_day_cv]), draws.day.standard_normal(2))
        noise = draws.reader.standard_normal((n, len(UNITS), 1 + 2 * len(times)))
        read = {
            "OD600": read_od(seen[:, :, 0], od_day, noise=noise[:, 0], bench=bench, volume_ul=order.volume_ul),
            "GFP": read_gfp(seen[:, :, 1], gfp_day, noise=noise[:, 1], bench=bench),
        }
        lost = draws.loss.random(n) < bench.lost_share
        rows = [
            Row(position=i, time_h=hour, measurement=measurement, value=_written(measurement, read[measurement.name][i, k], lost=lost[i]))
            for measurement in order.measurements
            for i in positions
            for hour, k in zip(measurement.at_h or (None,), self._columns(measurement, times), strict=True)
        ]
        return raw_file(order, rows, lab=self.name)

    def truth(self, settings: Sequence[Mapping[str, float | str]], measurements: Sequence[Measurement]) -> np.ndarray:
        """Noise-free OD600 (at 1 cm) and GFP, `n x t x y`, at the union of the sample times; an end point, at every one of them."""
        self.check(measurements)
        times = self._times(measurements)
        observed = self._observe(conditions(self.space, settings, self.context), times)
        hours = sample_times(measurements)
        values = np.empty((len(settings), len(hours), len(measurements)))
        for y, measurement in enumerate(measurements):
            columns = np.searchsorted(times, hours) if measurement.at_h else self._columns(measurement, times)
            values[:, :, y] = observed[:, columns, list(UNITS).index(measurement.name)]
        return values

    def check(self, measurements: Sequence[Measurement]) -> None:
        """Every measurement has a detector here.

        Raises:
            ResultsError: one has none, or its unit is another.
        """
        for measurement in measurements:
            if measurement.name not in UNITS:
                raise ResultsError(f"Expected OD600 or GFP, found {measurement.name!r}. {nearest(measurement.name, UNITS)}")
            if measurement.unit != UNITS[measurement.name]:
                raise ResultsError(f"Expected {measurement.name} in {UNITS[measurement.name]}, found unit {measurement.unit!r}.")

    def _as_pipetted(self, planned: Conditions, *, edge: np.ndarray, draws: Draws) -> Conditions:
        bench = self.bench
        inoculum_day = scatter(np.ones(1), bench.inoculum_day_cv, draws.day.standard_normal(1))
        warmer = bench.temperature_day_sd_c * draws.day.standard_normal()
        errors = draws.pipetting.standard_normal((len(planned), 5))
        return replace(
            planned,
            glucose_mm=scatter(planned.glucose_mm, bench.pipetting_cv, errors[:, 0]),
            ammonium_mm=scatter(planned.ammonium_mm, bench.pipetting_cv, errors[:, 1]),
            magnesium_mm=scatter(planned.magnesium_mm, bench.pipetting_cv, errors[:, 2]),
            iptg_mm=scatter(planned.iptg_mm, bench.pipetting_cv, errors[:, 3]),
            initial_od600=scatter(planned.initial_od600 * inoculum_day, bench.cells_cv, errors[:, 4]),
            temperature_c=planned.temperature_c + warmer - bench.edge_cooler_c * edge,
            evaporation_per_h=np.where(edge, bench.edge_loss_per_day, bench.inner_loss_per_day) / 24.0,
        )

    def _observe(self, wells: Conditions, times_h: np.ndarray) -> np.ndarray:
        path = simulate(wells, times_h)
        observed: np.ndarray = np.stack([path[:, 0].T / PUBLISHED.biomass_g_per_l_od, path[:, 6].T * self.bench.rfu_per_gfp], axis=-1)
        return observed

    @property
    def _end_h(self) -> float:
        return float(self.context.get("run_h", CONTEXT["run_h"]))

    def _times(self, measurements: Sequence[Measurement]) -> np.ndarray:
        """The hours that are simulated: every sample time, and the end of the run where there are end points."""
        ends = {self._end_h} if any(not measurement.at_h for measurement in measurements) else set()
        return np.array(sorted({time for measurement in measurements for time in measurement.at_h} | ends))

    def _columns(self, measurement: Measurement, times: np.ndarray) -> np.ndarray:
        columns: np.ndarray = np.searchsorted(times, measurement.at_h or (self._end_h,))
        return columns


def _at_the_rim(order: LabOrder) -> np.ndarray:
    """Which wells lie at the plate's edge, `n`. Without wells, none."""
    if not order.wells:
        return np.zeros(len(order.experiments), dtype=bool)
    inner = set(inner_wells(FORMATS[96]))
    return np.array([parse_well(well, FORMATS[96]) not in inner for well in order.wells])


def _written(measurement: Measurement, value: float, *, lost: bool) -> str:
    if lost:
        return LOST_MARK
    if math.isnan(value):
        return OVERFLOW_MARK
    return f"{value:.4f}" if measurement.unit == "OD600" else f"{value:.0f}"
