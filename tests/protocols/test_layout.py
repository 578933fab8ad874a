"""The layout: seeded, random over all usable wells, repeats apart."""

from __future__ import annotations

from collections import Counter

import pytest

from protocols.layout import draw_layout
from world_model.terms.plates import FORMATS, all_wells, inner_wells
from world_model.terms.proposal import ProposedExperiment

INNER = inner_wells(FORMATS[96])


def plate_of(candidates: int, controls: int, blanks: int) -> list[ProposedExperiment]:
    made = [ProposedExperiment(id=f"c{i}", role="candidate", settings={"x": float(i)}) for i in range(candidates)]
    made += [ProposedExperiment(id=f"r{i}", role="replicate", settings={"x": float(i)}, repeat_of=f"c{i}") for i in range(candidates)]
    made += [ProposedExperiment(id=f"k{i}", role="control", settings={"x": 0.5}) for i in range(controls)]
    return made + [ProposedExperiment(id=f"b{i}", role="blank") for i in range(blanks)]


@pytest.mark.parametrize("seed", range(5))
def test_repeats_share_no_row_and_no_column_on_the_demo_plate(seed):
    """24 conditions in duplicate, 6 controls and 6 blanks fill the 60 inner wells, 6 rows by 10 columns."""
    drawn = draw_layout(plate_of(24, 6, 6), INNER, seed=seed, plate="P")
    assert sorted(drawn) == sorted(INNER)
    at = {name: well for well, name in drawn.items()}
    groups = [[f"c{i}", f"r{i}"] for i in range(24)] + [[f"k{i}" for i in range(6)], [f"b{i}" for i in range(6)]]
    for group in groups:
        assert len({at[name][0] for name in group}) == len({at[name][1:] for name in group}) == len(group)


def test_every_experiment_has_one_well_and_the_seed_decides():
    design = plate_of(5, 2, 1)
    first, again, other = (draw_layout(design, all_wells(FORMATS[96]), seed=seed, plate="P") for seed in (1, 1, 2))
    assert first == again != other
    assert Counter(first.values()) == Counter(experiment.id for experiment in design)
    assert draw_layout(design, all_wells(FORMATS[96]), seed=1, plate="Q") != first


def test_a_well_is_as_likely_as_any_other():
    """One experiment on 60 wells, 3,000 seeds: 50 a well, sd 7; five sd are never left by chance."""
    one = [ProposedExperiment(id="a", role="candidate", settings={"x": 1.0})]
    counts = Counter(next(iter(draw_layout(one, INNER, seed=seed, plate="P"))) for seed in range(3000))
    assert len(counts) == 60
    assert max(counts.values()) < 50 + 5 * 7
    assert min(counts.values()) > 50 - 5 * 7
