"""Random labs and designs for the protocol bench: one to twelve components, 6 to 384 wells, any stocks, any machine, some additions."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from world_model.terms.factors import Continuous, Discrete, Factor
from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.space import SearchSpace

# g/mol, of the salts and sugars by these names
MOLAR_MASSES = {
    "glucose": 180.16, "ammonium": 53.49, "magnesium": 120.37, "IPTG": 238.3, "arabinose": 150.13, "NaCl": 58.44,
    "KCl": 74.55, "lactose": 342.3, "glycerol": 92.09, "citrate": 294.1, "calcium": 110.98, "iron": 162.2,
}  # fmt: skip
COMPONENTS = tuple(MOLAR_MASSES)
# load name → volumes (µL) that its wells take
PLATES: Mapping[int, tuple[str, tuple[float, ...]]] = {
    6: ("corning_6_wellplate_16.8ml_flat", (1500.0, 3000.0)),
    12: ("corning_12_wellplate_6.9ml_flat", (1000.0, 2000.0)),
    24: ("corning_24_wellplate_3.4ml_flat", (400.0, 800.0)),
    48: ("corning_48_wellplate_1.6ml_flat", (300.0, 500.0)),
    96: ("corning_96_wellplate_360ul_flat", (80.0, 120.0, 150.0, 200.0, 250.0)),
    384: ("corning_384_wellplate_112ul_flat", (40.0, 60.0, 80.0)),
}
FLEX: Mapping[str, tuple[str, ...]] = {
    "flex_1channel_50": ("opentrons_flex_96_tiprack_50ul",),
    "flex_1channel_1000": ("opentrons_flex_96_tiprack_200ul", "opentrons_flex_96_tiprack_50ul"),
    "flex_8channel_1000": ("opentrons_flex_96_tiprack_200ul",),
}
OT2: Mapping[str, tuple[str, ...]] = {
    "p20_single_gen2": ("opentrons_96_tiprack_20ul",),
    "p300_single_gen2": ("opentrons_96_tiprack_300ul",),
    "p300_multi_gen2": ("opentrons_96_tiprack_300ul",),
}
# how a STARlet's software calls a plate: without a name that it knows, that target is refused
STARLET_PLATES = {96: "cor_96_wellplate_360uL_Fb"}
STARLET_DEEP = "NEST_96_wellplate_2200uL_Ub"
STARLET_TROUGH = "nest_12_troughplate_15000uL_Vb"
# the machines that take the same volumes as the pipettes: one plan for all of them
TEXT_MACHINES = (
    {"model": "Tecan EVO", "least_ul": 1.0, "most_ul": 900.0, "step_ul": 0.1, "liquid_class": "Water free dispense"},
    {"model": "Tecan Fluent", "least_ul": 1.0, "most_ul": 900.0, "step_ul": 0.1},
    {"model": "Hamilton STARlet", "least_ul": 1.0, "most_ul": 900.0, "step_ul": 0.1},
    {"model": "hands", "least_ul": 1.0, "most_ul": 1000.0, "step_ul": 0.1},
)


@dataclass(frozen=True, kw_only=True)
class RandomDesign:
    """One lab, one space and one plate's experiments."""

    name: str
    lab: LabProfile
    space: SearchSpace
    experiments: tuple[ProposedExperiment, ...]
    seed: int


def random_design(seed: int) -> RandomDesign:
    """The design of a seed. Most fill up to 24 wells, about one in sixteen 96, one in a hundred 384."""
    chance = random.Random(seed)
    size = chance.random()
    wells = 384 if size < 0.01 else 96 if size < 0.07 else chance.randint(25, 60) if size < 0.12 else chance.randint(1, 24)
    plate_wells = chance.choice([count for count in PLATES if count >= wells]) if wells <= 48 else (96 if wells <= 96 else 384)
    wells = min(wells, plate_wells)
    plate, volumes = PLATES[plate_wells]
    inner = plate_wells in (48, 96) and wells <= 24 and chance.random() < 0.4
    echo = chance.random() < 0.2 and plate_wells >= 96
    components = chance.sample(COMPONENTS, chance.choice((1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8, 10, 12)))
    hard = chance.random() < 0.25
    dosed = {name for name in components if chance.random() < 0.2} if not echo and len(components) <= 6 else set()
    factors: list[Factor] = []
    for name in components:
        unit = chance.choice(("mM", "mM", "mM", "µM"))
        high = 10 ** chance.uniform(-1, 1.7) * (1000 if unit == "µM" else 1)
        if name in dosed:
            factors.append(Continuous(name=name, unit=unit, low=0, high=high, acts="dose", at="induction"))
        else:
            factors.append(Continuous(name=name, unit=unit, low=0, high=high))
    if dosed:
        factors.append(Discrete(name="induction", unit="h", values=(0, 1.5, 3), acts="time"))
    with_cells, with_base = chance.random() < 0.6 and not echo, chance.random() < 0.5
    volume_ul = chance.choice(volumes if not echo else (40.0, 60.0))
    stocks = _stocks(chance, factors, with_base=with_base, spread=2.2 if hard else 1.4, echo=echo, crowd=len(components))
    lab = LabProfile.model_validate(
        {
            "name": "random", "molar_masses": MOLAR_MASSES,
            **_machines(chance, echo=echo),
            "plate": {"labware": plate, "volume_ul": volume_ul, "use": "inner" if inner else "all", "edge_fill": "water" if inner and chance.random() < 0.5 and not echo else None, "blocks": chance.choice((1, 1, 1, 2, 3)) if plate_wells >= 48 else 1,
                      "type": "bench plate" if echo else STARLET_PLATES.get(plate_wells, "")},
            "holders": [
                {"name": "reservoir", "labware": "nest_12_reservoir_15ml", "dead_volume_ul": 300, "type": "" if echo else STARLET_TROUGH},
                _holder(chance, echo=echo),
            ],
            **({"dilutions": {"labware": "nest_96_wellplate_2ml_deep", "dead_volume_ul": 40, "type": STARLET_DEEP}} if chance.random() < 0.5 and not echo else {}),
            "stocks": stocks,
            "medium": {"diluent": "water", "base": {"salts": {"concentration": 1, "unit": "x"}} if with_base else {}},
            **({"cells": {"stock": "cells", "final_od600": 0.05, "expected_od600": chance.choice((0.8, 2.0, 4.0))}} if with_cells else {}),
            **({"solvent_limits": {"DMSO": chance.choice((0.5, 1.0, 2.0))}} if any("solvent" in stock for stock in stocks) and chance.random() < 0.7 else {}),
        }
    )  # fmt: skip
    space = SearchSpace(factors=tuple(factors))
    least = 0.001 if lab.dilutions is not None else 0.02 if hard else 0.2
    experiments = _experiments(chance, space, wells, with_cells, least=least)
    return RandomDesign(name=f"design {seed}", lab=lab, space=space, experiments=experiments, seed=seed)


def _holder(chance: random.Random, *, echo: bool) -> dict[str, Any]:
    """What holds the stocks: tubes, a deep-well plate, or an Echo's source plate."""
    if echo:
        return {"name": "tubes", "labware": "corning_384_wellplate_112ul_flat", "dead_volume_ul": 15, "type": "384PP_AQ_BP"}
    if chance.random() < 0.5:
        return {"name": "tubes", "labware": "nest_96_wellplate_2ml_deep", "dead_volume_ul": 40, "type": STARLET_DEEP}
    return {"name": "tubes", "labware": "opentrons_24_tuberack_nest_2ml_screwcap", "dead_volume_ul": 40}


def _machines(chance: random.Random, *, echo: bool) -> dict[str, Any]:
    """An Opentrons robot with the text machines beside it, or an Echo alone: its drops make plans of their own."""
    if echo:
        return {"robot": {"model": chance.choice(("Echo 525", "Echo 650", "Echo 655")), "most_ul": 50.0}}
    names: tuple[str, ...]
    if chance.random() < 0.6:
        names = chance.choice([("flex_1channel_50", "flex_1channel_1000")] * 4 + [("flex_1channel_50", "flex_8channel_1000")] * 2 + [("flex_1channel_50",), ("flex_1channel_1000",)])
        model, racks = "Flex", FLEX
    else:
        names = chance.choice([("p20_single_gen2", "p300_single_gen2")] * 3 + [("p20_single_gen2", "p300_multi_gen2"), ("p300_single_gen2",)])
        model, racks = "OT-2", OT2
    mounts = ("left", "right")
    pipettes = [{"name": name, "mount": mount, "tip_racks": racks[name]} for name, mount in zip(names, mounts, strict=False)]
    return {"robot": {"model": model, "pipettes": pipettes}, "robots": list(TEXT_MACHINES)}


def _stocks(
    chance: random.Random, factors: list[Factor], *, with_base: bool, spread: float, echo: bool, crowd: int
) -> list[dict[str, Any]]:
    """One to three strengths of each component, some in other units, now and then two components in one stock."""
    rows, columns = ("ABCDEFGHIJKLMNOP", 24) if echo else ("ABCD", 6)
    places = iter([f"{row}{column}" for column in range(1, columns + 1) for row in rows])
    water: dict[str, Any] = {"name": "water", "volume_ml": chance.choice((14, 40)), "holder": "reservoir", "position": "A1"}
    if echo:
        # an Echo fills up in drops: from a block of wells of its source plate
        block = [next(places) for _ in range(160)]
        water = {"name": "water", "volume_ml": 16.0, "holder": "tubes", "position": block[0], "more_positions": block[1:]}
    elif water["volume_ml"] > 15:
        water["more_positions"] = ["A5", "A6"]
    stocks = [water]
    if with_base:
        stocks.append({"name": "salts 10x", "components": {"salts": {"concentration": 10, "unit": "x"}}, "volume_ml": 10, "holder": "reservoir", "position": "A2", "added": "first"})
    numeric = [factor for factor in factors if factor.action != "time"]
    dissolved = chance.random() < 0.15
    for factor in numeric:
        high = float(factor.bounds[1]) / (1000 if factor.unit == "µM" else 1)  # type: ignore[union-attr]
        for i in range(chance.choice((1, 1, 2, 3)) if crowd <= 6 else 1):
            # many components share the well: their stocks are stronger
            strength = high * 10 ** chance.uniform(0.7, spread) * max(crowd / 2, 1)
            unit, value = "mM", strength
            match chance.randrange(4):
                case 0:
                    unit, value = "µM", strength * 1000
                case 1:
                    unit, value = "g/L", strength * MOLAR_MASSES[factor.name] / 1000
            stock: dict[str, Any] = {
                "name": f"{factor.name} {'ABC'[i]}", "components": {factor.name: {"concentration": value, "unit": unit}},
                "volume_ml": 0.1 if echo else round(chance.uniform(1.0, 2.0), 2), "holder": "tubes", "position": next(places),
            }  # fmt: skip
            if echo:
                more = [next(places) for _ in range(3)]
                stock |= {"volume_ml": 0.4, "more_positions": more}
            if dissolved and chance.random() < 0.5:
                stock["solvent"] = {"DMSO": 100}
            stocks.append(stock)
    if len(numeric) > 1 and chance.random() < 0.15 and not echo:
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
