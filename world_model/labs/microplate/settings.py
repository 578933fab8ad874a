"""From a campaign's factors and context to what each well is given: names, units and defaults of the `microplate` lab."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from world_model.terms.errors import ResultsError, SpaceError, UnitError, nearest
from world_model.terms.factors import Categorical
from world_model.terms.space import SearchSpace
from world_model.terms.units import conversion_factor

from .simulate import Conditions

# What can be varied, with what a well holds where the campaign does not say: M9 minimal medium, no inducer.
AMOUNTS_MM = {"glucose": 22.2, "ammonium": 18.7, "magnesium": 2.0, "iptg": 0.0}
MOLAR_MASSES = {"glucose": 180.156, "ammonium": 18.038, "magnesium": 24.305, "iptg": 238.30}
TIME = "induction"
CONTEXT = {"temperature_c": 37.0, "initial_od600": 0.05, "run_h": 24.0}
EXPECTED = (
    f"The microplate lab knows the factors glucose, ammonium, magnesium and iptg (a molar or mass concentration) and {TIME} "
    f"(h, acts = 'time': when iptg, with acts = 'dose' and at = '{TIME}', is added)"
)


def check_factors(space: SearchSpace) -> None:
    """Every factor is one that this lab can set.

    Raises:
        SpaceError: an unknown name, a unit of another dimension, or an action that the lab can't take.
    """
    known = (*AMOUNTS_MM, TIME)
    for factor in space.factors:
        if factor.name not in known:
            raise SpaceError(f"Expected a factor of this lab, found {factor.name!r}. {nearest(factor.name, known)} {EXPECTED}.")
        if isinstance(factor, Categorical):
            raise SpaceError(f"Expected numbers for {factor.name}, found a categorical factor. {EXPECTED}.")
        if factor.name == TIME:
            if factor.action != "time":
                raise SpaceError(f"Expected acts = 'time' and unit = 'h' for {TIME}, found acts = {factor.action!r}. {EXPECTED}.")
            if "iptg" not in space.names or getattr(space["iptg"], "at", None) != TIME:
                raise SpaceError(f"Expected iptg with acts = 'dose' and at = '{TIME}' beside the factor {TIME}. {EXPECTED}.")
            continue
        to_mm(factor.name, factor.unit)
        if factor.bounds[0] < 0:
            raise SpaceError(f"Expected concentrations of at least 0 for {factor.name}, found a bound of {factor.bounds[0]:g}.")
        if factor.action not in ("start", "set", "dose") or factor.acts_on != factor.name:
            raise SpaceError(
                f"Expected {factor.name} in the medium or dosed under its own name, found acts = {factor.action!r} on {factor.acts_on!r}. {EXPECTED}."
            )
        if factor.action == "dose" and factor.name != "iptg":
            raise SpaceError(f"Expected only iptg to be dosed during the run, found {factor.name!r}. Let it act at the start.")


def check_context(context: Mapping[str, float | str]) -> None:
    """What is kept fixed is known here, and a number of at least 0.

    Raises:
        SpaceError: it is not.
    """
    for name, value in context.items():
        if name not in (*CONTEXT, *AMOUNTS_MM):
            raise SpaceError(f"context: expected what this lab can keep fixed, found {name!r}. {nearest(name, (*CONTEXT, *AMOUNTS_MM))}")
        if isinstance(value, str) or not math.isfinite(value) or value < 0:
            raise SpaceError(f"context.{name}: expected a number of at least 0, found {value!r}.")
        if name in ("initial_od600", "run_h") and value == 0:
            raise SpaceError(f"context.{name}: expected a number above 0, found 0. Without cells or time there is no culture.")


def to_mm(name: str, unit: str) -> float:
    """What a factor's value is multiplied by to be in mM.

    Raises:
        SpaceError: the unit is no concentration.
    """
    try:
        return conversion_factor(unit, "mM", molar_mass_g_per_mol=MOLAR_MASSES[name], of=name)
    except UnitError as fault:
        raise SpaceError(f"Factor {name!r}: {fault} {EXPECTED}.") from fault


def conditions(space: SearchSpace, settings: Sequence[Mapping[str, float | str] | None], context: Mapping[str, float | str]) -> Conditions:
    """What `n` wells are given, without any error of the bench; None stands for a well without cells (its row is not used).

    Raises:
        ResultsError: a setting that is missing or no number of at least 0.
    """
    n = len(settings)
    amounts = {name: np.full(n, float(context.get(name, usual))) for name, usual in AMOUNTS_MM.items()}
    fixed = {name: np.full(n, float(context.get(name, usual))) for name, usual in CONTEXT.items()}
    induction_h = np.zeros(n)
    for factor in space.factors:
        column = np.array([0.0 if given is None else _number(given, factor.name) for given in settings])
        if factor.name == TIME:
            induction_h = column
            continue
        amounts[factor.name] = column * to_mm(factor.name, factor.unit)
        at = getattr(factor, "at", None)
        if isinstance(at, int | float):
            induction_h = np.full(n, float(at))
    return Conditions(
        glucose_mm=amounts["glucose"], ammonium_mm=amounts["ammonium"], magnesium_mm=amounts["magnesium"], iptg_mm=amounts["iptg"],
        induction_h=induction_h, temperature_c=fixed["temperature_c"], initial_od600=fixed["initial_od600"], evaporation_per_h=np.zeros(n),
    )  # fmt: skip


def _number(settings: Mapping[str, float | str], name: str) -> float:
    value = settings.get(name)
    if value is None or isinstance(value, str) or not math.isfinite(value) or value < 0:
        raise ResultsError(f"Expected a number of at least 0 for {name}, found {value!r}.")
    return float(value)
