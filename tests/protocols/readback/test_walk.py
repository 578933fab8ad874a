"""The ledger by hand computation: what mixes, what runs dry, what overflows, what a tip may enter next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.readback.acts import Act, Bench
from protocols.readback.walk import open_ledger

WATER, ACID, WELL, OTHER = ("rack", "A1"), ("rack", "A2"), ("plate", "A1"), ("plate", "B1")
BENCH = Bench(
    racks={"rack": ("A1", "A2"), "plate": ("A1", "B1")}, capacity_nl={WATER: 1_000_000, ACID: 1_000_000, WELL: 200_000, OTHER: 200_000},
    dead_nl={WATER: 50_000, ACID: 50_000}, start={WATER: {"water": 500_000.0}, ACID: {"acid": 500_000.0}}, liquid_at={WATER: "water", ACID: "acid"},
)  # fmt: skip


def acts(*told) -> list[Act]:
    """(source, target, nL) is an aspirate and a dispense; "new" changes the tip."""
    made: list[Act] = []
    for line, one in enumerate(told, start=1):
        if one == "new":
            made.append(Act("change", ("", ""), 0, line))
        else:
            made += [Act("aspirate", one[0], one[2], line), Act("dispense", one[1], one[2], line)]
    return made


def rules(*told) -> list[str]:
    ledger = open_ledger(BENCH)
    ledger.walk(acts(*told), stage="setup")
    return [fault.rule for fault in ledger.faults]


def test_what_leaves_a_mixture_has_its_composition():
    ledger = open_ledger(BENCH)
    moved = ledger.walk(acts((WATER, WELL, 90_000), "new", (ACID, WELL, 10_000), "new", (WELL, OTHER, 50_000), "new"), stage="setup")
    assert ledger.faults == []
    assert ledger.wells[OTHER] == pytest.approx({"water": 45_000, "acid": 5_000})
    assert ledger.wells[WELL] == pytest.approx({"water": 45_000, "acid": 5_000})
    assert moved == {(WATER, WELL): 90_000, (ACID, WELL): 10_000, (WELL, OTHER): 50_000}


def test_a_mixing_stroke_changes_nothing_and_moves_nothing():
    ledger = open_ledger(BENCH)
    moved = ledger.walk(acts((WATER, WELL, 90_000), "new", (WELL, WELL, 45_000), "new"), stage="setup")
    assert (ledger.wells[WELL], moved, ledger.faults) == ({"water": pytest.approx(90_000)}, {(WATER, WELL): 90_000}, [])


def test_dead_volume_can_not_be_drawn():
    assert rules((WATER, WELL, 200_000), (WATER, OTHER, 200_000), "new") == []
    assert rules((WATER, WELL, 200_000), (WATER, OTHER, 200_000), (WATER, OTHER, 51_000), "new") == ["stock runs dry", "well capacity"]


def test_an_overfull_well_is_found_at_its_moment_even_if_it_is_emptied_later():
    assert rules((WATER, WELL, 150_000), (WATER, WELL, 51_000), "new", (WELL, OTHER, 100_000), "new") == ["well capacity"]


def test_a_tip_that_met_another_liquid_enters_no_stock():
    assert rules((WATER, WELL, 10_000), (WATER, OTHER, 10_000), "new") == []
    assert rules((WATER, WELL, 10_000), "new", (ACID, WELL, 10_000), (ACID, OTHER, 10_000), "new") == ["contamination"]
    assert rules((WATER, WELL, 10_000), (ACID, OTHER, 10_000), "new") == ["contamination"]


def test_a_tip_is_empty_when_it_is_changed_and_at_the_end():
    ledger = open_ledger(BENCH)
    ledger.walk([Act("aspirate", WATER, 10_000, 1), Act("change", ("", ""), 0, 2)], stage="setup")
    ledger.walk([Act("aspirate", ACID, 10_000, 1)], stage="later")
    ledger.walk([Act("dispense", WELL, 10_000, 1)], stage="last")
    assert [fault.rule for fault in ledger.faults] == ["tip", "tip", "tip"]


@pytest.mark.parametrize("volume", [0, -5, float("nan"), float("inf")])
def test_a_volume_is_a_positive_number(volume):
    assert "volume" in rules((WATER, WELL, volume))


def test_a_well_that_is_not_there():
    assert "place" in rules((WATER, ("plate", "H12"), 10_000))


@given(st.lists(st.tuples(st.sampled_from([WATER, ACID, WELL, OTHER]), st.sampled_from([WELL, OTHER]), st.integers(1, 80_000)), max_size=12))
def test_nothing_is_lost_or_made(steps):
    """Mass balance: whatever is moved about, while no well is overdrawn the bench holds what it held."""
    told = [act for step in steps for act in (*acts(step), Act("change", ("", ""), 0, 0))]
    ledger = open_ledger(BENCH)
    ledger.walk(told, stage="setup")
    if any(fault.rule in ("stock runs dry", "tip") for fault in ledger.faults):
        return
    for stock in ("water", "acid"):
        assert sum(contents.get(stock, 0.0) for contents in ledger.wells.values()) == pytest.approx(500_000)
