"""Which nozzle stands over which well: by the pitch of 9 mm, from the maker's definitions."""

from __future__ import annotations

import pytest

from protocols.audit.geometry import Layout, full_layout, level_mm, wells_under
from protocols.engine.client import warm_engine
from protocols.engine.trace import WellGeometry

LOADS = ("corning_96_wellplate_360ul_flat", "corning_384_wellplate_112ul_flat", "nest_12_reservoir_15ml", "nest_1_reservoir_195ml", "corning_24_wellplate_3.4ml_flat")


@pytest.fixture(scope="module")
def trace():
    loads = "\n".join(f"    ctx.load_labware({name!r}, {slot!r})" for name, slot in zip(LOADS, ("C1", "C2", "C3", "D2", "D3"), strict=True))
    return warm_engine().trace(f'requirements = {{"robotType": "Flex", "apiLevel": "2.24"}}\ndef run(ctx):\n{loads}\n    ctx.load_instrument("flex_8channel_1000", "left")\n')


@pytest.fixture(scope="module")
def pipette(trace):
    (one,) = trace.pipettes.values()
    return one


def definition(trace, name):
    return next(one for one in trace.definitions.values() if one.load_name == name)


@pytest.mark.parametrize(
    ("labware", "well", "wells"),
    [
        (LOADS[0], "A3", [f"{row}3" for row in "ABCDEFGH"]), (LOADS[0], "C3", ["C3", "D3", "E3", "F3", "G3", "H3", None, None]),
        (LOADS[1], "A1", [f"{row}1" for row in "ACEGIKMO"]), (LOADS[1], "B2", [f"{row}2" for row in "BDFHJLNP"]),
        (LOADS[1], "C1", ["C1", "E1", "G1", "I1", "K1", "M1", "O1", None]), (LOADS[2], "A5", ["A5"] * 8), (LOADS[3], "A1", ["A1"] * 8),
    ],
)  # fmt: skip
def test_eight_nozzles_over(trace, pipette, labware, well, wells):
    assert list(wells_under(definition(trace, labware), well, pipette=pipette, layout=full_layout(pipette)).values()) == wells


def test_nozzles_9_mm_apart_miss_wells_19_3_mm_apart(trace, pipette):
    assert None in wells_under(definition(trace, LOADS[4]), "A1", pipette=pipette, layout=full_layout(pipette)).values()


def test_the_primary_nozzle_goes_to_the_named_well(trace, pipette):
    layout = Layout(nozzles=("E1", "F1", "G1", "H1"), primary="H1")
    assert wells_under(definition(trace, LOADS[0]), "D1", pipette=pipette, layout=layout) == {"E1": "A1", "F1": "B1", "G1": "C1", "H1": "D1"}


@pytest.mark.parametrize(("bottom", "height"), [("flat", 10 / 8), ("v", 10 / 2)])
def test_level_of_an_eighth(bottom: str, height: float):
    """A cylinder an eighth full stands at an eighth of its depth, a cone at its half: (1/8)^(1/3)."""
    well = WellGeometry(x_mm=0, y_mm=0, z_mm=0, depth_mm=10, capacity_ul=800, round=True, length_mm=6, width_mm=6, bottom=bottom)
    assert level_mm(well, 100) == pytest.approx(height)
