"""What rounding carries over a constraint is told; what was kept, or was beyond it as asked, is not."""

import pytest

from runs.verbs.constraints_kept import told_broken
from world_model.terms.constraints import Linear
from world_model.terms.factors import Continuous
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(
    factors=(Continuous(name="glucose", unit="mM", low=1, high=60), Continuous(name="magnesium", unit="mM", low=0.1, high=4)),
    constraints=(Linear(terms={"glucose": 1, "magnesium": 5}, at_most=70, why="osmolarity"),),
)


def told(asked, planned):
    return told_broken(SPACE, [ProposedExperiment(id="R02-015", role="candidate", settings=asked)], {"R02-015": planned})


def test_seventy_point_one_of_seventy_is_told():
    (line,) = told({"glucose": 50.0, "magnesium": 4.0}, {"glucose": 50.1, "magnesium": 4.0})
    # 50.1 + 5 · 4 = 70.1, beyond 70 by 0.1 / 70 = 0.14 %
    assert line.startswith("As pipetted, R02-015 breaks glucose + 5·magnesium ≤ 70 (osmolarity), by up to 0.14% of it")


@pytest.mark.parametrize("planned", [{"glucose": 49.9}, {"glucose": 50.0}])
def test_kept_constraints_are_not_told(planned):
    assert told({"glucose": 50.0, "magnesium": 4.0}, planned) == ()


def test_a_point_that_was_asked_beyond_it_is_not_rounding_s_fault():
    assert told({"glucose": 55.0, "magnesium": 4.0}, {"glucose": 55.1}) == ()
