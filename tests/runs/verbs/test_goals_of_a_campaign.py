"""Several goals and outcome constraints through the public doors: file, notebook, status, report; and changed on the way."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import nextwell as nw
from runs.cli.main import app
from runs.report.best_so_far import best_so_far as curve_of
from runs.report.together import together_sentences
from runs.state.best import best_so_far
from runs.state.dataset import dataset
from runs.state.front import front_of
from world_model.kept import kept

SPACE = nw.SearchSpace(factors=[nw.Continuous(name="x", low=0, high=10)])
TITRE, COST = nw.Goal(readout="titre"), nw.Goal(readout="cost", direction="min")
# (titre, cost): R beats S in both; P, Q and R are the front; Q is the dearest and best
READ = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "titre": [10.0, 30.0, 20.0, 15.0], "cost": [1.0, 5.0, 2.0, 4.0]})


def campaign(**more):
    opened = nw.Campaign(space=SPACE, **{"goals": (TITRE, COST), "seed": 1, **more})
    opened.record(READ)
    return opened


def state(opened):
    return opened._open.standing()


def test_the_front_and_its_hypervolume_by_hand():
    goals = (nw.Goal(readout="titre", worst=0.0), nw.Goal(readout="cost", direction="min", worst=6.0))
    now = state(campaign(goals=goals))
    front = front_of(now, dataset(now))
    assert [point.values for point in front.points] == [(10.0, 1.0), (20.0, 2.0), (30.0, 5.0)]
    # boxes of titre x (6 - cost): 10 x 5, 10 more x 4, 10 more x 1, in units of 30 x 5
    assert front.hypervolume == pytest.approx((10 * 5 + 10 * 4 + 10 * 1) / (30 * 5))
    assert front.reference == (0.0, 6.0) and front.compared == 4


def test_the_best_everywhere_keeps_the_constraints():
    now = state(campaign(goals=(TITRE,), measurements=(nw.Measurement(name="titre"), nw.Measurement(name="cost")), outcome_constraints=[nw.OutcomeConstraint(readout="cost", at_most=4.5)]))
    (best,) = best_so_far(now)
    assert best.value == 20.0  # 30 costs 5
    assert curve_of(now, dataset(now), TITRE, lab=None).past == 20.0
    assert "Of 4 conditions 3 keep what must hold (cost at the end is at most 4.5)" in together_sentences(now, dataset(now), {})[-1]


def test_a_desirability_is_joined_in_what_is_best():
    goals = (nw.Goal(readout="titre", low=0.0, high=30.0), nw.Goal(readout="cost", direction="min", low=1.0, high=5.0))
    now = state(campaign(goals=goals, join="desirability"))
    joined = best_so_far(now)[0]
    # d(20, 2) = sqrt(2/3 · 3/4); d(10, 1) = sqrt(1/3 · 1); d(15, 4) = sqrt(1/2 · 1/4); d(30, 5) = 0
    assert joined.goal == "joined desirability" and joined.value == pytest.approx(0.5**0.5)
    assert front_of(now, dataset(now)) is None


def test_a_share_of_a_control_is_of_its_own_plate():
    values = np.array([10.0, 20.0, 9.6, 9.4, 18.0, 19.5])[:, None, None]
    data = nw.Dataset(
        ids=tuple("abcdef"), settings={"x": np.array([0.0, 0.0, 1.0, 2.0, 3.0, 4.0])}, roles=("control",) * 2 + ("candidate",) * 4,
        blocks=("1", "2", "1", "1", "2", "2"), times_h=np.array([np.nan]), variables=("y",), values=values, flags=np.zeros((6, 1, 1), int),
    )  # fmt: skip
    told = kept([nw.OutcomeConstraint(readout="y", at_least=0.95, relative_to="vehicle")], data, controls={"vehicle": {"x": 0.0}})
    # 9.5 on plate 1, 19 on plate 2
    assert told[2:].tolist() == [True, False, False, True]


def test_what_was_not_read_is_not_known_to_hold():
    values = np.array([[[1.0, 1.0]], [[2.0, np.nan]]])
    data = nw.Dataset(
        ids=("a", "b"), settings={"x": np.array([1.0, 2.0])}, roles=("candidate",) * 2, blocks=("1",) * 2, times_h=np.array([np.nan]),
        variables=("y", "z"), values=values, flags=np.zeros((2, 1, 2), int),
    )  # fmt: skip
    assert kept([nw.OutcomeConstraint(readout="z", at_most=3.0)], data, controls={}).tolist() == [True, False]


def test_weights_worst_values_and_goals_change_and_the_data_stay():
    opened = campaign()
    before = dataset(state(opened))
    opened.amend(goals=(nw.Goal(readout="titre", worst=12.0), COST), reason="below 12 nobody buys it")
    assert front_of(state(opened), dataset(state(opened))).reference[0] == 12.0
    ramps = (nw.Goal(readout="titre", low=0.0, high=30.0, weight=3.0), nw.Goal(readout="cost", direction="min", low=1.0, high=6.0))
    told = opened.amend(goals=ramps, join="desirability", reason="purchasing has weighed them")
    assert "weight 3" in told[0] and "join: pareto → desirability" in told[0]
    assert best_so_far(state(opened))[0].value == pytest.approx(((2 / 3) ** 3 * (4 / 5)) ** 0.25)
    opened.amend(goals=(nw.Goal(readout="titre", direction="match", target=16.0),), join="pareto", reason="the customer named a titre")
    (best,) = best_so_far(state(opened))
    assert best.value == 15.0 and best.goal == "bring titre at the end to 16"
    np.testing.assert_array_equal(dataset(state(opened)).values, before.values)


FILE = """name = "front"
join = "pareto"

[[factors]]
kind = "continuous"
name = "x"
low = 0
high = 10

[[measurements]]
name = "titre"
unit = "g/L"

[[measurements]]
name = "cost"

[[goals]]
readout = "titre"
worst = 5

[[goals]]
readout = "cost"
direction = "min"

[[outcome_constraints]]
readout = "cost"
at_most = 4.5
probability = 0.9

[batch]
candidates = 2
"""


def check(tmp_path, text):
    (tmp_path / "campaign.toml").write_text(text)
    told = CliRunner().invoke(app, ["check", str(tmp_path / "campaign.toml"), "--json"])
    return json.loads(told.stdout), CliRunner().invoke(app, ["check", str(tmp_path / "campaign.toml")]).stdout


def test_check_tells_what_is_wanted_in_words(tmp_path):
    _, said = check(tmp_path, FILE)
    for line in ("maximise titre at the end (from 5 on)", "nobody has weighed these goals", "must hold: cost at the end is at most 4.5, 90% likely"):
        assert line in " ".join(said.split())


@pytest.mark.parametrize(
    ("was", "now", "line", "where"),
    [
        ('readout = "cost"\ndirection = "min"', 'readout = "titre"\ndirection = "min"', 23, "goals[1].direction"),
        ("worst = 5", "weight = 5", 19, "goals[0].weight"),
        ("at_most = 4.5", 'at_most = 4.5\nrelative_to = "vehicle"', 28, "outcome_constraints[0].relative_to"),
        ('[[outcome_constraints]]\nreadout = "cost"', '[[outcome_constraints]]\nreadout = "costs"', 26, "outcome_constraints[0].readout"),
        ('join = "pareto"', 'join = "desirability"', 17, "goals[0]"),
    ],
)  # fmt: skip
def test_what_cant_be_wanted_is_refused_on_its_line(tmp_path, was, now, line, where):
    told, _ = check(tmp_path, FILE.replace(was, now, 1))
    places = [(mistake["line"], mistake["where"]) for mistake in told["mistakes"]]
    assert (line, where) in places, places


def test_status_tells_the_front_and_what_keeps_the_constraints(tmp_path):
    (tmp_path / "campaign.toml").write_text(FILE)
    file, folder = str(tmp_path / "campaign.toml"), str(tmp_path / "lab")
    opened = nw.Campaign.from_file(file, workspace=folder)
    opened.record(READ)
    told = json.loads(CliRunner().invoke(app, ["status", file, "-w", folder, "--json"]).stdout)
    assert [point["values"] for point in told["front"]["points"]] == [[10.0, 1.0], [20.0, 2.0]]  # 30 costs more than 4.5
    assert told["best"][0]["value"] == 20.0
