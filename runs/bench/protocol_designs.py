"""Random labs and designs for the protocol bench: one to six components, any stocks, one or two pipettes, some additions."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from world_model.terms.factors import Continuous, Discrete, Factor
from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.space import SearchSpace

COMPONENTS = ("glucose", "ammonium", "magnesium", "IPTG", "arabinose", "NaCl")
MOLAR_MASSES = {"glucose": 180.16, "ammonium": 53.49, "magnesium": 120.37, "IPTG": 238.3, "arabinose": 150.13, "NaCl": 58.44}
PLATES = ("corning_96_wellplate_360ul_flat", "nest_96_wellplate_200ul_flat", "corning_24_wellplate_3.4ml_flat")
PIPETTES = {
    "flex_1channel_50": ("opentrons_flex_96_tiprack_50ul",),
    "flex_1channel_1000": ("opentrons_flex_96_tiprack_200ul", "opentrons_flex_96_tiprack_50ul"),
}


@dataclass(frozen=True, kw_only=True)
class RandomDesign:
    """One lab, one space and one plate's experiments."""

    name: str
    lab: LabProfile
    space: SearchSpace
    experiments: tuple[ProposedExperiment, ...]
    seed: int


def random_design(seed: int) -> RandomDesign:
    """The design of a seed. About one in eight fills 96 wells, the rest use up to 24."""
    chance = random.Random(seed)
    components = chance.sample(COMPONENTS, chance.randint(1, 6))
    full = chance.random() < 0.12
    plate = PLATES[0] if full else chance.choice(PLATES)
    volume_ul = chance.choice((80.0, 120.0, 150.0, 200.0, 250.0)) if plate != PLATES[1] else chance.choice((80.0, 120.0, 150.0, 190.0))
    hard = chance.random() < 0.25
    dosed = {name for name in components if chance.random() < 0.2}
    factors: list[Factor] = []
    for name in components:
        high = 10 ** chance.uniform(-1, 1.7)
        unit = chance.choice(("mM", "mM", "mM", "µM"))
        scale = 1000 if unit == "µM" else 1
        if name in dosed:
            factors.append(Continuous(name=name, unit=unit, low=0, high=high * scale, acts="dose", at="induction"))
        else:
            factors.append(Continuous(name=name, unit=unit, low=0, high=high * scale))
    if dosed:
        factors.append(Discrete(name="induction", unit="h", values=(0, 1.5, 3), acts="time"))
    with_cells = chance.random() < 0.6
    with_base = chance.random() < 0.5
    lab = LabProfile.model_validate(
        {
            "name": "random", "molar_masses": MOLAR_MASSES,
            "robot": {"pipettes": _pipettes(chance)},
            "plate": {"labware": plate, "volume_ul": volume_ul, "use": chance.choice(("all", "inner")) if plate != PLATES[2] and not full else "all", "edge_fill": chance.choice(("water", None))},
            "holders": [
                {"name": "reservoir", "labware": "nest_12_reservoir_15ml", "dead_volume_ul": 300},
                {"name": "tubes", "labware": "opentrons_24_tuberack_nest_2ml_screwcap", "dead_volume_ul": 40},
            ],
            "stocks": _stocks(chance, factors, with_base=with_base, spread=2.2 if hard else 1.4),
            "medium": {"diluent": "water", "base": {"salts": {"concentration": 1, "unit": "x"}} if with_base else {}},
            **({"cells": {"stock": "cells", "final_od600": 0.05, "expected_od600": chance.choice((0.8, 2.0, 4.0))}} if with_cells else {}),
        }
    )  # fmt: skip
    space = SearchSpace(factors=tuple(factors))
    wells = 96 if full else chance.randint(1, 24)
    return RandomDesign(name=f"design {seed}", lab=lab, space=space, experiments=_experiments(chance, space, wells, with_cells, least=0.02 if hard else 0.2), seed=seed)


def _pipettes(chance: random.Random) -> list[dict[str, Any]]:
    names = chance.choice([("flex_1channel_50", "flex_1channel_1000")] * 6 + [("flex_1channel_50",)] * 2 + [("flex_1channel_1000",)])
    return [{"name": name, "mount": mount, "tip_racks": PIPETTES[name]} for name, mount in zip(names, ("left", "right"), strict=False)]


def _stocks(chance: random.Random, factors: list[Factor], *, with_base: bool, spread: float) -> list[dict[str, Any]]:
    """One to three strengths of each component, some in other units, now and then two components in one stock."""
    stocks: list[dict[str, Any]] = [{"name": "water", "volume_ml": 14, "holder": "reservoir", "position": "A1"}]
    if with_base:
        stocks.append({"name": "salts 10x", "components": {"salts": {"concentration": 10, "unit": "x"}}, "volume_ml": 10, "holder": "reservoir", "position": "A2"})
    places = iter([f"{row}{column}" for column in range(1, 7) for row in "ABCD"])
    numeric = [factor for factor in factors if factor.action != "time"]
    for factor in numeric:
        high = float(factor.bounds[1]) / (1000 if factor.unit == "µM" else 1)  # type: ignore[union-attr]
        for i in range(chance.choice((1, 1, 2, 3))):
            strength = high * 10 ** chance.uniform(0.7, spread)
            unit, value = "mM", strength
            match chance.randrange(4):
                case 0:
                    unit, value = "µM", strength * 1000
                case 1:
                    unit, value = "g/L", strength * MOLAR_MASSES[factor.name] / 1000
            stocks.append(
                {
                    "name": f"{factor.name} {'ABC'[i]}", "components": {factor.name: {"concentration": value, "unit": unit}},
                    "volume_ml": round(chance.uniform(1.0, 2.0), 2), "holder": "tubes", "position": next(places),
                }
            )  # fmt: skip
    if len(numeric) > 1 and chance.random() < 0.15:
        one, two = chance.sample([factor.name for factor in numeric], 2)
        pair = {one: {"concentration": 50.0, "unit": "mM"}, two: {"concentration": 20.0, "unit": "mM"}}
        stocks.append({"name": "mixed", "components": pair, "volume_ml": 1.5, "holder": "tubes", "position": next(places)})
    stocks.append({"name": "cells", "volume_ml": 10, "holder": "reservoir", "position": "A12"})
    return stocks


def _experiments(chance: random.Random, space: SearchSpace, wells: int, with_cells: bool, *, least: float) -> tuple[ProposedExperiment, ...]:
    made: list[ProposedExperiment] = []
    while len(made) < wells:
        settings: dict[str, float | str] = {}
        for factor in space.factors:
            high = factor.bounds[1]  # type: ignore[union-attr]
            settings[factor.name] = chance.choice((0.0, 1.5, 3.0)) if factor.action == "time" else chance.choice((0.0, *[chance.uniform(least, 1) * high] * 4))
        first = f"R01-{len(made):03d}"
        made.append(ProposedExperiment(id=first, role="candidate", settings=settings))
        if len(made) < wells and chance.random() < 0.3:
            made.append(ProposedExperiment(id=f"R01-{len(made):03d}", role="replicate", settings=settings, repeat_of=first))
        if len(made) < wells and with_cells and chance.random() < 0.1:
            made.append(ProposedExperiment(id=f"R01-{len(made):03d}", role="blank"))
    return tuple(made)
