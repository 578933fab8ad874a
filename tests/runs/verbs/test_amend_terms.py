"""A campaign's space, goals and measurements may change on the way: what was measured stays data, and nothing is proposed outside the new space."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import nextwell as nw
from runs.cli.main import app

GOAL = (nw.Goal(readout="y"),)


def space(low=0.0, high=10.0, levels=("A", "B", "C"), more=()):
    return nw.SearchSpace(factors=[nw.Continuous(name="x", low=low, high=high), nw.Categorical(name="kind", levels=levels), *more])


def measured(campaign, *, n=12, seed=0):
    """A dozen settings of the first space with y = x, plus 5 for C."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"x": np.round(rng.uniform(0, 10, n), 3), "kind": [("A", "B", "C")[i % 3] for i in range(n)]})
    campaign.record(frame.assign(y=frame["x"] + 5.0 * (frame["kind"] == "C")))
    return campaign


@pytest.fixture
def campaign():
    return measured(nw.Campaign(space=space(), goals=GOAL, seed=1))


def test_a_narrowed_range_and_a_level_taken_out_bind_proposals_and_leave_the_data(campaign):
    told = campaign.amend(space=space(low=2.0, high=6.0, levels=("A", "B")), reason="C is sold out")
    assert len(campaign.data) == 12 and "C" in set(campaign.data.settings["kind"]) and campaign.data.settings["x"].max() > 6
    assert any("outside the new space" in sentence for sentence in told)
    batch = campaign.propose(5)
    assert set(batch["kind"]) <= {"A", "B"} and batch["x"].between(2, 6).all()


def test_what_a_level_that_was_taken_out_did_is_still_known_to_the_model(campaign):
    before = campaign.predict([{"x": 5.0, "kind": "A"}])["mean"].iloc[0]
    campaign.amend(space=space(levels=("A", "B")), reason="C is sold out")
    # y = x on A: the C rows, 5 higher, must be told apart from A's as they were before
    assert campaign.predict([{"x": 5.0, "kind": "A"}])["mean"].iloc[0] == pytest.approx(before, abs=0.75)
    assert before == pytest.approx(5.0, abs=1.0)


def test_a_widened_range_and_a_new_level_can_be_proposed(campaign):
    campaign.amend(space=space(low=50.0, high=60.0, levels=("D", "E")), reason="another machine")
    batch = campaign.propose(4)
    assert set(batch["kind"]) <= {"D", "E"} and batch["x"].between(50, 60).all() and len(campaign.data) == 12


def test_a_factor_that_is_added_needs_what_it_was(campaign):
    more = [nw.Discrete(name="temp", unit="degC", values=(30, 37))]
    with pytest.raises(nw.DesignError, match="what earlier experiments had of 'temp'"):
        campaign.amend(space=space(more=more), reason="a heater")
    campaign.amend(space=space(more=more), was={"temp": 25.0}, reason="a heater")
    assert set(campaign.data.settings["temp"]) == {25.0}
    assert set(campaign.propose(3)["temp"]) <= {30.0, 37.0}


def test_a_factor_that_is_removed_leaves_the_rows_and_says_that_it_is_noise_now(campaign):
    told = campaign.amend(space=nw.SearchSpace(factors=[nw.Continuous(name="x", low=0, high=10)]), reason="one kind is left")
    assert any("3 different values were done" in sentence for sentence in told)
    assert len(campaign.data) == 12 and list(campaign.data.settings) == ["x"]
    assert list(campaign.propose(2).columns).count("kind") == 0


def test_a_number_held_at_one_value_keeps_what_was_learned_of_it(campaign):
    held = nw.SearchSpace(factors=[nw.Discrete(name="x", values=(4.0,)), nw.Categorical(name="kind", levels=("A", "B", "C"))])
    campaign.amend(space=held, reason="the pump is broken")
    assert campaign.data.settings["x"].max() > 6
    assert set(np.round(campaign.propose(2)["x"], 9)) == {4.0}
    # C gave 5 more than the others at any x: the model still knows it at x = 4
    told = campaign.predict([{"x": 4.0, "kind": kind} for kind in ("A", "C")])["mean"].to_numpy()
    assert told[1] - told[0] == pytest.approx(5.0, abs=1.5)


def test_goals_and_measurements_change_and_old_readings_count_for_the_new_goal(campaign):
    campaign.amend(goals=[nw.Goal(readout="y", direction="min")], reason="less is better after all")
    assert campaign.propose(1)["x"].iloc[0] < 5
    campaign.amend(measurements=[nw.Measurement(name="y"), nw.Measurement(name="cost")], goals=[nw.Goal(readout="y"), nw.Goal(readout="cost", direction="min")], reason="cost counts")
    assert campaign.data.variables == ("y", "cost") and np.isfinite(campaign.data.values[:, 0, 0]).sum() == 12


def test_changes_that_would_give_results_another_meaning_are_refused_and_nothing_changes(campaign):
    head = campaign.state.head
    grams = nw.SearchSpace(factors=[nw.Continuous(name="x", unit="g/L", low=0, high=10), nw.Categorical(name="kind", levels=("A", "B", "C"))])
    text = nw.SearchSpace(factors=[nw.Categorical(name="x", levels=("low", "high")), nw.Categorical(name="kind", levels=("A", "B", "C"))])
    log = nw.SearchSpace(factors=[nw.Continuous(name="x", low=1, high=10, scale="log"), nw.Categorical(name="kind", levels=("A", "B", "C"))])
    campaign.record(pd.DataFrame({"x": [0.0], "kind": ["A"], "y": [0.0]}))
    for other, said in ((grams, "unit none → g/L"), (text, "stay a number|found it as the other"), (log, "log scale")):
        with pytest.raises(nw.DesignError, match=said):
            campaign.amend(space=other, reason="try")
    with pytest.raises(nw.DesignError, match="measurement 'y' as it was"):
        campaign.amend(measurements=[nw.Measurement(name="y", unit="g/L")], reason="try")
    with pytest.raises(nw.DesignError, match="reason"):
        campaign.amend(space=space(high=5), reason=" ")
    with pytest.raises(nw.DesignError, match="as it is"):
        campaign.amend(space=space(), reason="nothing")
    with pytest.raises(nw.ConflictError, match="name"):
        campaign.amend(name="another", reason="try")
    assert campaign.state.head == head + 1  # the reading alone


def test_a_removed_level_needs_its_descriptors_and_a_table_may_lose_and_gain_rows():
    frame = pd.DataFrame({"solvent": list("AABBCC"), "x": [1.0, 2.0] * 3})
    polarity = pd.DataFrame({"polarity": [1.0, 2.0, 3.0, 4.0]}, index=list("ABCD"))
    whole = nw.SearchSpace.from_table(frame, descriptors={"solvent": polarity})
    campaign = nw.Campaign(space=whole, goals=GOAL)
    campaign.record(frame.iloc[[0, 1, 2, 3, 4]].assign(y=[1.0, 2.0, 3.0, 4.0, 5.0]))
    without = nw.SearchSpace.from_table(frame.iloc[:4], descriptors={"solvent": polarity})
    with pytest.raises(nw.DesignError, match="descriptors of 'C'"):
        campaign.amend(space=without, reason="C is toxic")
    plain = nw.Campaign(space=nw.SearchSpace.from_table(frame), goals=GOAL)
    plain.record(frame.iloc[[0, 1, 2, 4, 5]].assign(y=[1.0, 2.0, 3.0, 4.0, 5.0]))
    more = pd.DataFrame({"solvent": list("AABBDD"), "x": [1.0, 2.0] * 3}, index=[0, 1, 2, 3, 10, 11])
    plain.amend(space=nw.SearchSpace.from_table(more), reason="C is toxic, D came")
    assert len(plain.data) == 5 and set(plain.propose(3)["candidate"]) == {3, 10, 11}


def test_a_workspace_remembers_the_change_and_refuses_the_old_space(tmp_path):
    first = measured(nw.Campaign(space=space(), goals=GOAL, name="edited", workspace=tmp_path))
    narrow = space(levels=("A", "B"))
    first.amend(space=narrow, reason="C is sold out")
    first.close()
    with pytest.raises(nw.ConflictError, match=r"campaign.amend\(space="):
        nw.Campaign(space=space(), goals=GOAL, name="edited", workspace=tmp_path)
    again = nw.Campaign(space=narrow, goals=GOAL, name="edited", workspace=tmp_path)
    assert set(again.propose(3)["kind"]) <= {"A", "B"} and len(again.data) == 12
    again.close()


def test_failed_and_abandoned_experiments_are_not_waited_for_and_abandoned_ones_are_no_data(campaign):
    ids = list(campaign.propose(3)["experiment_id"])
    campaign.fail(ids[0], "it burnt")
    campaign.abandon(ids[1:], "the robot is booked")
    state = campaign.state
    assert dict(state.failed) == {ids[0]: "it burnt", ids[1]: "the robot is booked", ids[2]: "the robot is booked"}
    assert state.abandoned == set(ids[1:])
    assert ids[0] in campaign.data.ids and not set(ids[1:]) & set(campaign.data.ids)
    with pytest.raises(nw.ConflictError, match="set aside already"):
        campaign.abandon(ids[1], "again")
    with pytest.raises(nw.DesignError, match="R09-001"):
        campaign.fail("R09-001", "unknown")


FILE = """
name = "edited"

[[factors]]
name = "x"
kind = "continuous"
low = 0.0
high = 10.0

[[measurements]]
name = "y"

[[goals]]
readout = "y"

[batch]
candidates = 3
"""


def test_the_command_line_takes_over_a_changed_file_with_a_reason(tmp_path):
    file = tmp_path / "campaign.toml"
    file.write_text(FILE)
    lab = ["--workspace", str(tmp_path / "lab")]
    run = CliRunner().invoke
    assert run(app, ["propose", str(file), *lab]).exit_code == 0
    results = tmp_path / "results.csv"
    results.write_text("experiment_id,measurement,value\n" + "".join(f"R01-00{i},y,{i}\n" for i in (1, 2, 3)))
    assert run(app, ["record", str(file), str(results), *lab]).exit_code == 0
    file.write_text(FILE.replace("high = 10.0", "high = 4.0") + '\n[[factors]]\nname = "temp"\nkind = "discrete"\nvalues = [30, 37]\n')
    refused = run(app, ["propose", str(file), *lab])
    assert refused.exit_code != 0 and "nextwell amend CAMPAIGN.toml --space" in refused.output
    assert "--was" in run(app, ["amend", str(file), "--space", "--reason", "a heater", *lab]).output
    done = run(app, ["amend", str(file), "--space", "--reason", "a heater", "--was", "temp=25", "--json", *lab])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert any("factors" in change for change in told["changes"]) and told["next"].startswith("nextwell propose")
    batch = json.loads(run(app, ["propose", str(file), "--json", *lab]).stdout)
    assert batch["ok"]
    rows = pd.read_csv(tmp_path / "lab" / "edited" / "round-02" / "proposal.csv")
    assert rows["x"].max() <= 4 and set(rows["temp"]) <= {30, 37}
