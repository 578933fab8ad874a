"""A serial dilution's transfers: what stays, what goes on, and the strengths that follow."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.serial_dilution import dilute, series
from world_model.terms.errors import ProtocolError
from world_model.terms.plates import FORMATS
from world_model.terms.steps import SerialDilution


def step(**changed: Any) -> SerialDilution:
    return SerialDilution.model_validate(
        {"stock": "drug", "diluent": "buffer", "factor": 2, "points": 4, "volume": "100 µL", "first_well": "B2", "along": "rows", **changed}
    )


def test_two_fold_halves_from_well_to_well():
    assert [(well.well, well.part) for well in series(step())] == [
        ("B2", Fraction(1)), ("B3", Fraction(1, 2)), ("B4", Fraction(1, 4)), ("B5", Fraction(1, 8)),
    ]  # fmt: skip
    assert [(row.source, row.well, row.volume_nl) for row in dilute(step())] == [
        ("buffer", "B3", 100_000), ("buffer", "B4", 100_000), ("buffer", "B5", 100_000), ("drug", "B2", 200_000),
        ("well B2", "B3", 100_000), ("well B3", "B4", 100_000), ("well B4", "B5", 100_000), ("well B5", "waste", 100_000),
    ]  # fmt: skip


def test_beginning_with_a_dilution_every_well_gets_diluent():
    wells = series(step(begins="first dilution", along="columns"))
    assert [(well.well, well.part) for well in wells] == [("B2", Fraction(1, 2)), ("C2", Fraction(1, 4)), ("D2", Fraction(1, 8)), ("E2", Fraction(1, 16))]


def test_a_factor_that_the_pipette_can_not_hit_is_told_as_it_is():
    # 100 µL / (3.16 - 1) = 46.296… µL → 46.3 µL, so 46.3 / 146.3 of the well before
    assert series(step(factor=3.16))[1].part == Fraction(463, 1463)


@given(
    factor=st.floats(1.2, 20), points=st.integers(1, 11), volume=st.integers(20, 200), neat=st.booleans(), along=st.sampled_from(["rows", "columns"])
)
def test_walking_the_transfers_gives_the_strengths_told(factor, points, volume, neat, along):
    told = step(factor=factor, points=min(points, 7), volume=f"{volume} µL", along=along, begins="stock" if neat else "first dilution")
    held: dict[str, tuple[Fraction, Fraction]] = {}  # well → volume, drug
    for row in dilute(told):
        volume_nl = Fraction(row.volume_nl)
        if row.source.startswith("well "):
            before = row.source.removeprefix("well ")
            whole, drug = held[before]
            assert whole >= volume_nl
            part = drug * volume_nl / whole
            held[before] = whole - volume_nl, drug - part
        else:
            part = volume_nl if row.source == "drug" else Fraction(0)
        if not row.into_waste:
            whole, drug = held.get(row.well, (Fraction(0), Fraction(0)))
            held[row.well] = whole + volume_nl, drug + part
    given_off = neat and told.points.value == 1  # a single well of stock keeps what nobody takes from it
    for well in series(told):
        whole, drug = held[well.well]
        assert given_off or whole == well.volume_nl
        assert drug / whole == well.part


def test_one_that_runs_off_the_plate_says_how_far_it_may_go():
    with pytest.raises(ProtocolError, match="at most 11 points from B2 to the end of its row, found 12"):
        dilute(step(points=12))
    with pytest.raises(ProtocolError, match="at most 3 points from B2 to the end of its column, found 4"):
        dilute(step(along="columns"), plate=FORMATS[24])


def test_transfers_below_the_pipette_name_the_factor_that_works():
    # 20 µL at 1:30 carries 20/29 = 0.7 µL; from 1 µL on the factor is at most 21
    with pytest.raises(ProtocolError, match=r"at least 1 µL .* found 0\.7 µL .* at most 21"):
        dilute(step(factor=30, volume="20 µL"), least_nl=1000)


def test_a_well_must_hold_what_is_carried_on():
    with pytest.raises(ProtocolError, match=r"at most 360 µL in a well, found 400 µL"):
        dilute(step(volume="200 µL"), capacity_nl=360_000)
