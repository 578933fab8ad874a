"""The numbers that the report tells, against hand computation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.report.best_so_far import best_so_far, running_best
from runs.report.by_chance import by_chance
from runs.report.conditions import conditions, ranked
from runs.report.coverage import checked_predictions, coverage, coverage_by_round
from runs.report.numbers import cut, estimate_text, labels, readout_name, short, unit_of
from runs.state.dataset import dataset
from world_model.pareto import not_dominated, scores
from world_model.terms.goals import Goal, Measurement

UP, DOWN = Goal(readout="titre", direction="max"), Goal(readout="titre", direction="min")


def test_best_condition_is_the_highest_mean_of_its_wells_and_no_control(two_rounds, titre_goal):
    best = ranked(conditions(two_rounds, dataset(two_rounds), titre_goal), titre_goal)[0]
    # the control read 20.0, more than any candidate, but was known beforehand
    assert best.ids == ("R02-002", "R02-003")
    assert best.mean == pytest.approx((18.1 + 17.9) / 2)
    assert best.settings == {"dose": 9.0}
    assert best.first_round == 2


def test_minimising_ranks_the_lowest_first(two_rounds):
    best = ranked(conditions(two_rounds, dataset(two_rounds), DOWN), DOWN)[0]
    assert best.ids == ("R01-001",) and best.mean == pytest.approx(2.05)


def test_coverage_counts_results_within_the_stored_interval(two_rounds, titre_goal):
    pairs = checked_predictions(two_rounds, dataset(two_rounds), titre_goal)
    assert [(pair.id, pair.within) for pair in pairs] == [("R02-001", True), ("R02-002", False), ("R02-003", True), ("R02-004", False)]
    assert coverage(pairs).share == pytest.approx(2 / 4)
    assert {number: (part.within, part.results) for number, part in coverage_by_round(pairs).items()} == {2: (2, 4)}


def test_best_so_far_follows_true_values_in_the_order_of_the_budget(two_rounds, titre_goal, formula_lab):
    curve = best_so_far(two_rounds, dataset(two_rounds), titre_goal, lab=formula_lab)
    # truth is 2 · dose of 1, 3, 6, 8 | 5, 9, 9, 2, and the control's dose of 10 is no find
    assert curve.best_true is not None
    assert curve.best_true.tolist() == [2, 6, 12, 16, 16, 18, 18, 18, 18]
    assert curve.best_measured.tolist() == [2.05, 5.95, 12.0, 16.1, 16.1, 18.1, 18.1, 18.1, 18.1]
    assert curve.round_ends == (4, 9)


def test_no_lab_no_true_curve(two_rounds, titre_goal):
    assert best_so_far(two_rounds, dataset(two_rounds), titre_goal, lab=None).best_true is None


def test_experiments_to_reach_randoms_final_best():
    loop = np.array([2.0, 6.0, 12.0, 16.0, 16.0, 18.0])
    runs = np.array([[1, 1, 5, 5, 11, 11], [np.nan, 3, 3, 12, 12, 12], [4, 4, 4, 4, 4, 19]], dtype=float)
    told = by_chance(loop, runs, UP)
    assert told is not None
    # finals 11, 12, 19: median 12, which the loop has after 3 experiments; the median curve is 1 (nan is worst), 3, 4, 5, 11, 12
    assert told.random_final == 12 and told.loop_needed == 3 and told.random_needed == 6
    assert told.median.tolist() == [1, 3, 4, 5, 11, 12]
    assert told.ratio == pytest.approx(6 / 3)
    assert told.runs_that_matched == 1  # 19 ≥ 18


def test_a_loop_that_never_gets_there_says_so():
    told = by_chance(np.array([1.0, 2.0]), np.array([[3.0, 4.0], [5.0, 6.0]]), UP)
    assert told is not None and told.loop_needed is None and told.ratio is None


def test_budgets_are_compared_where_both_have_spent():
    told = by_chance(np.array([1.0, 2.0, 9.0]), np.array([[3.0, 4.0], [1.0, 1.0]]), UP)
    assert told is not None and told.budget == 2 and told.loop_final == 2


@given(st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), min_size=1, max_size=30))
def test_minimising_is_maximising_the_negative(values):
    array = np.array(values)
    np.testing.assert_array_equal(running_best(array, DOWN), -running_best(-array, UP))


@given(st.integers(2, 6), st.integers(1, 12), st.integers(0, 10_000))
def test_chance_reads_the_same_turned_around(runs, k, seed):
    rng = np.random.default_rng(seed)
    loop, curves = np.maximum.accumulate(rng.normal(size=k)), np.maximum.accumulate(rng.normal(size=(runs, k)), axis=1)
    up, down = by_chance(loop, curves, UP), by_chance(-loop, -curves, DOWN)
    assert up is not None and down is not None
    assert (up.loop_needed, up.random_needed, up.runs_that_matched) == (down.loop_needed, down.random_needed, down.runs_that_matched)
    np.testing.assert_allclose(up.low_quartile, -down.high_quartile)


def test_the_front_of_two_goals_by_hand():
    # more of the first, less of the second: (3, 1) beats (2, 2); (4, 5) is best in the first
    values = np.array([[3.0, 1.0], [2.0, 2.0], [4.0, 5.0], [4.0, 6.0]])
    assert not_dominated(scores((UP, Goal(readout="other", direction="min")), values)).tolist() == [True, False, True, False]


@pytest.mark.parametrize(
    ("number", "text"), [(12345.6, "12,346"), (-0.5, "−0.5"), (0.00012, "1.20e−04"), (float("nan"), "–"), (None, "–"), (0.0, "0"), (3.14159, "3.142")]
)
def test_short_numbers(number, text):
    assert short(number) == text


def test_an_estimate_has_the_digits_that_its_interval_bears():
    # half widths 37, 3.8 and 0.0025: two digits of each
    assert estimate_text(36.04, -0.88, 72.96) == "36 (−1 to 73)"
    assert estimate_text(87.91, 84.1, 91.72) == "87.9 (84.1 to 91.7)"
    assert estimate_text(0.12345, 0.121, 0.126) == "0.1235 (0.1210 to 0.1260)"


@given(st.text(min_size=1, max_size=60), st.integers(4, 30))
def test_a_cut_name_is_no_longer_than_asked(name, length):
    assert len(cut(name, length)) <= length


def test_names_that_look_alike_when_cut_are_numbered():
    assert len(set(labels(["a" * 30 + "b" + "a" * 30, "a" * 30 + "c" + "a" * 30], 20))) == 2


def test_an_area_is_in_units_times_hours(write_campaign):
    measured = Measurement(name="titre", unit="g/L", at_h=(0.0, 1.0))
    state = write_campaign([], goals=[UP], measurements=[measured])
    area = Goal(readout="titre", take="area")
    assert unit_of(area, state.charter) == "g/L·h" and readout_name(area, state.charter) == "area under titre"
