"""The stock solver: against hand computation, and laws that hold for every recipe."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.device import Device
from protocols.solver import mixture
from protocols.solver.explain import explain
from protocols.solver.mixture import PRECISE_STEPS, Recipe, mix
from protocols.volumes import STEP_NL


def recipe(targets, strengths, *, smallest_nl=500, step_nl=STEP_NL, **changes) -> Recipe:
    liquids = {"water": {}, "cells": {}, **strengths}
    device = Device(name="p", least_nl=smallest_nl, most_nl=10**6, step_nl=step_nl, by="tips")
    plain = Recipe(
        targets=targets, strengths=liquids, controlled=frozenset(c for s in strengths.values() for c in s) | set(targets), diluent="water",
        total_nl=200_000, final_nl=200_000, fixed={}, devices=dict.fromkeys(liquids, device), most_nl=200_000,
    )  # fmt: skip
    return replace(plain, **changes)


def test_the_largest_volume_that_fits_is_taken():
    # 10 mM in 200 µL: 2 µL of 1 M, 20 µL of 100 mM, 200 µL of 10 mM (which is the whole well)
    assert mix(recipe({"g": 10.0}, {"1M": {"g": 1000.0}, "100mM": {"g": 100.0}})) == {"100mM": 20_000, "water": 180_000}
    assert mix(recipe({"g": 10.0}, {"1M": {"g": 1000.0}, "10mM": {"g": 10.0}})) == {"10mM": 200_000}


def test_an_addition_takes_little():
    # into a growing culture: 2 µL of 1 M, though 0.5 µL could be pipetted, for half a step of 0.5 µL is 10 %
    add = recipe({"g": 10.0}, {"1M": {"g": 1000.0}, "100mM": {"g": 100.0}}, diluent=None, total_nl=None, prefer="small")
    assert mix(add) == {"1M": 2_000}
    assert PRECISE_STEPS * STEP_NL == 2_000
    assert mix(replace(add, targets={"g": 4.0})) == {"100mM": 8_000}  # 1M would need 0.8 µL
    assert mix(replace(add, targets={"g": 4.0}, strengths={"1M": {"g": 1000.0}, "cells": {}})) == {"1M": 800}  # nothing else does


def test_a_stock_of_two_components_is_used_where_both_are_wanted():
    both = {"mixed": {"a": 100.0, "b": 50.0}, "a": {"a": 100.0}}
    assert mix(recipe({"a": 10.0, "b": 5.0}, both)) == {"mixed": 20_000, "water": 180_000}
    assert mix(recipe({"a": 20.0, "b": 5.0}, both)) == {"mixed": 20_000, "a": 20_000, "water": 160_000}
    assert mix(recipe({"a": 10.0}, both)) == {"a": 20_000, "water": 180_000}  # b must stay out
    assert mix(recipe({"b": 5.0}, both)) is None


def test_a_diluent_that_brings_a_component_counts():
    # medium with 1 mM as diluent: 10 mM of 91 mM needs v with 91 v + 1 (200 - v) = 2000, v = 20 µL
    assert mix(recipe({"g": 10.0}, {"91mM": {"g": 91.0}, "water": {"g": 1.0}})) == {"91mM": 20_000, "water": 180_000}


def test_what_comes_along_with_cells_counts():
    # 100 µL of cells in 4 mM: 2 mM of the 10 mM are there, 8 mM · 200 µL / 100 mM = 16 µL
    made = mix(recipe({"g": 10.0}, {"s": {"g": 100.0}, "cells": {"g": 4.0}}, fixed={"cells": 100_000}))
    assert made == {"s": 16_000, "cells": 100_000, "water": 84_000}


STRENGTHS = st.floats(1, 2000).map(lambda value: float(f"{value:.4g}"))


@st.composite
def recipes(draw) -> Recipe:
    components = draw(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6, unique=True))
    strengths = {f"{c}{i}": {c: draw(STRENGTHS)} for c in components for i in range(draw(st.integers(1, 3)))}
    if draw(st.booleans()):
        strengths["mixed"] = {c: draw(STRENGTHS) for c in components[:2]}
    targets = {c: draw(st.one_of(st.just(0.0), st.floats(0.01, 100))) for c in components}
    final = draw(st.integers(50, 300)) * 1000
    cells = draw(st.sampled_from([0, 2_000, 10_000]))
    addition = draw(st.booleans())
    return recipe(
        targets, strengths, final_nl=final, total_nl=None if addition else final, most_nl=final, diluent=None if addition else "water",
        fixed={} if addition or not cells else {"cells": cells}, smallest_nl=draw(st.sampled_from([500, 1_000, 5_000])), prefer="small" if addition else "large",
    )  # fmt: skip


@given(recipes())
@settings(max_examples=150, deadline=None)
def test_a_mixture_is_pipettable_and_right_or_a_reason_is_told(asked):
    made = mix(asked)
    if made is None:
        reasons = explain(asked, where="e", units=dict.fromkeys("abcdef", "mM"))
        assert reasons
        assert all(reason.severity == "error" for reason in reasons)
        return
    assert all(volume >= asked.devices["water"].least_nl and volume % STEP_NL == 0 for volume in made.values() if volume not in asked.fixed.values())
    total = sum(made.values())
    assert total == asked.total_nl if asked.total_nl is not None else total <= asked.most_nl
    for component, target in asked.targets.items():
        brought = sum(volume * asked.strengths.get(stock, {}).get(component, 0.0) for stock, volume in made.items())
        # half a step of each stock that brings it, and where no diluent takes up the rounding, half a step of every stock
        used = [asked.strengths.get(stock, {}).get(component, 0.0) for stock in made]
        slack = STEP_NL / 2 * sum(used) + (STEP_NL / 2 * len(made) * max(used, default=0.0) if "water" not in made else 0.0)
        assert abs(brought - target * asked.final_nl) <= slack * (1 + 1e-6) + 1e-3 * max(used, default=0.0)
    assert "mixed" not in made or all(asked.targets[c] > 0 for c in asked.strengths["mixed"])


@given(st.floats(0.3, 90), st.floats(1.05, 300))
@settings(max_examples=60, deadline=None)
def test_one_stock_and_water_is_c1v1(target, ratio):
    strength = target * ratio
    made = mix(recipe({"g": target}, {"s": {"g": strength}}, total_nl=200_000))
    exact = 200_000 / ratio
    if made is None:
        assert exact < 500 + STEP_NL or 200_000 - exact < 500 + 2 * STEP_NL
    else:
        assert abs(made["s"] - exact) <= STEP_NL / 2 + 1e-6
        assert made["s"] + made.get("water", 0) == 200_000


@pytest.mark.parametrize("target", [0.25, 0.25 * (1 - 1e-12)])
def test_the_lowest_reachable_value_is_reachable(target):
    assert mix(recipe({"g": target}, {"s": {"g": 100.0}})) == {"s": 500, "water": 199_500}


@given(recipes())
@settings(max_examples=150, deadline=None)
def test_enumeration_and_the_programme_agree(asked):
    """Two ways to one answer: as many liquids, and as much of them, whichever of the two finds it."""
    enumerated = mix(asked)
    whole = mixture._one_each
    mixture._one_each = lambda *_: False
    try:
        solved = mix(asked)
    finally:
        mixture._one_each = whole
    if solved is None:
        # what fits by rounding alone: the programme knows no steps, and keeps half of one for every liquid that it might take
        filled = 0 if enumerated is None else sum(volume for stock, volume in enumerated.items() if stock not in ("water", *asked.fixed))
        assert enumerated is None or filled >= asked.room_nl - asked.devices["water"].least_nl - STEP_NL * len(asked.strengths)
    else:
        assert enumerated is not None
        assert len(enumerated) <= len(solved)
    # two stocks of one component in the place of water are as few liquids: water is kept then
    if enumerated is not None and solved is not None and set(enumerated) >= {"water"} & set(asked.strengths) and "water" in solved:
        without = [sum(v for stock, v in made.items() if stock != "water") for made in (enumerated, solved)]
        assert abs(without[0] - without[1]) <= STEP_NL * len(solved)


def test_a_solvent_cap_takes_the_stronger_stock():
    # 1 mM in 200 µL: 20 µL of 10 mM would be 10 % DMSO, 2 µL of 100 mM is 1 %
    both = {"10mM": {"g": 10.0}, "100mM": {"g": 100.0}}
    dmso = {"10mM": {"DMSO": 1.0}, "100mM": {"DMSO": 1.0}}
    assert mix(recipe({"g": 1.0}, both, solvents=dmso)) == {"10mM": 20_000, "water": 180_000}
    capped = recipe({"g": 1.0}, both, solvents=dmso, solvent_room_nl={"DMSO": 0.02 * 200_000})
    assert mix(capped) == {"100mM": 2_000, "water": 198_000}
    tight = replace(capped, solvent_room_nl={"DMSO": 0.005 * 200_000})
    assert mix(tight) is None
    (reason,) = explain(tight, where="e", units={"g": "mM"})
    assert reason.rule == "solvent"
    assert reason.observed.startswith("1 % DMSO")


def test_volumes_are_multiples_of_each_machines_step():
    # 0.7 mM of 1 M in 50 µL is 35 nL: 35 for drops of 5 nL, 25 for drops of 25 nL
    for step, volume in ((5, 35), (25, 25)):
        made = mix(recipe({"g": 0.7}, {"1M": {"g": 1000.0}}, smallest_nl=step, step_nl=step, total_nl=50_000, final_nl=50_000, most_nl=50_000))
        assert made == {"1M": volume, "water": 50_000 - volume}
