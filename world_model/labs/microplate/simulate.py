"""The culture over time: classical Runge-Kutta with a fixed step, all wells at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .culture import GLUCOSE_G_PER_MOL, PUBLISHED, Constants, induced_share, rates, temperature_factor

LONGEST_STEP_H = 0.1
# Wells of like density share a block, for the densest sets the block's step.
BLOCK = 2048


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What each of `n` wells is given. Concentrations in mM, hours after inoculation, each array `n`."""

    glucose_mm: np.ndarray
    ammonium_mm: np.ndarray
    magnesium_mm: np.ndarray
    iptg_mm: np.ndarray
    induction_h: np.ndarray
    temperature_c: np.ndarray
    initial_od600: np.ndarray
    # Water lost, as a share of the volume an hour: V = V0 · exp(−rate · t). Everything dissolved gets more concentrated.
    evaporation_per_h: np.ndarray

    def __len__(self) -> int:
        return len(self.glucose_mm)

    def part(self, wells: np.ndarray) -> Conditions:
        """Some of the wells."""
        return Conditions(**{name: column[wells] for name, column in vars(self).items()})


def initial_state(conditions: Conditions, constants: Constants = PUBLISHED) -> np.ndarray:
    """The state at inoculation, `7 x n`: no acetate, and GFP at the level of the leaking promoter, as in the preculture."""
    state = np.zeros((7, len(conditions)))
    state[0] = conditions.initial_od600 * constants.biomass_g_per_l_od
    state[1] = conditions.glucose_mm * GLUCOSE_G_PER_MOL / 1000.0
    state[3] = conditions.ammonium_mm
    state[4] = conditions.magnesium_mm
    state[6] = induced_share(0.0, constants) * state[0]
    return state


def simulate(
    conditions: Conditions, times_h: np.ndarray, *, state: np.ndarray | None = None, from_h: float = 0.0, constants: Constants = PUBLISHED
) -> np.ndarray:
    """The state at each time.

    Args:
        times_h: `t`, increasing, none before `from_h`.
        state: `7 x n` at `from_h`; without it, that of inoculation. Two futures from one state make a branch.

    Returns:
        `t x 7 x n`, units as in `culture`.
    """
    first = initial_state(conditions, constants) if state is None else np.array(state, dtype=float)
    path = np.empty((len(times_h), *first.shape))
    order = np.argsort(_densest(first, constants))
    for start in range(0, len(conditions), BLOCK):
        wells = order[start : start + BLOCK]
        path[:, :, wells] = _run(conditions.part(wells), first[:, wells], np.asarray(times_h, dtype=float), from_h, constants)
    return path


def _run(conditions: Conditions, state: np.ndarray, times_h: np.ndarray, from_h: float, constants: Constants) -> np.ndarray:
    path = np.empty((len(times_h), *state.shape))
    uninduced, induced = induced_share(0.0, constants), induced_share(conditions.iptg_mm, constants)
    warmth = temperature_factor(conditions.temperature_c, constants)
    drying = conditions.evaporation_per_h
    doses = conditions.induction_h[(conditions.induction_h > from_h)]
    # Steps end where the promoter switches: within a step the right-hand side is smooth.
    stops = np.unique(np.concatenate([times_h, doses]))
    now = from_h
    for stop in stops:
        if stop > times_h[-1]:
            break
        share = np.where(conditions.induction_h <= now, induced, uninduced)
        count = int(np.ceil((stop - now) / _stable_step(state, stop - now, warmth=warmth, constants=constants) - 1e-9))
        for _ in range(count):
            state = _step(state, (stop - now) / count, share=share, warmth=warmth, drying=drying, constants=constants)
        now = stop
        path[times_h == stop] = state
    return path


def _step(state: np.ndarray, h: float, *, share: np.ndarray, warmth: np.ndarray, drying: np.ndarray, constants: Constants) -> np.ndarray:
    def slope(at: np.ndarray) -> np.ndarray:
        change = rates(at, share, warmth, constants)
        if drying.any():
            change += drying * at
        return change

    one = slope(state)
    two = slope(state + (h / 2) * one)
    three = slope(state + (h / 2) * two)
    four = slope(state + h * three)
    two += three
    two *= 2
    two += one
    two += four
    two *= h / 6
    two += state
    # A nutrient that runs out within a step may end a rounding error below zero.
    np.maximum(two[1:5], 0.0, out=two[1:5])
    return two


def _densest(state: np.ndarray, constants: Constants) -> np.ndarray:
    """The most biomass that each well's nutrients can still make, g/L: `n`."""
    carbon = constants.yield_oxidised * state[1] + constants.yield_acetate * state[2]
    densest: np.ndarray = state[0] + np.minimum(carbon, np.minimum(state[3] / constants.nitrogen_mmol_per_g, state[4] / constants.magnesium_mmol_per_g))
    return densest


def _stable_step(state: np.ndarray, hours: float, *, warmth: np.ndarray, constants: Constants) -> float:
    """The longest step that resolves how glucose and ammonium run out in the densest culture of the next hours.

    Runge-Kutta of fourth order is stable to 2.78 time constants; two and a half leave a margin.
    """
    warmest = float(np.max(warmth, initial=1.0))
    fastest_growth = warmest * constants.yield_oxidised * constants.glucose_uptake_g_per_g_h
    biomass = float(np.max(np.minimum(_densest(state, constants), state[0] * np.exp(fastest_growth * hours)), initial=0.0))
    glucose_per_h = warmest * constants.glucose_uptake_g_per_g_h / constants.glucose_half_g_per_l
    nitrogen_per_h = fastest_growth * constants.nitrogen_mmol_per_g / constants.nitrogen_half_mm
    return min(LONGEST_STEP_H, 2.5 / max(biomass * max(glucose_per_h, nitrogen_per_h), 1e-9))
