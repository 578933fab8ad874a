"""Campaigns that can't go well get a clear answer each: a batch with a sentence, or a refusal that says what to mend; never a stack trace."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import nextwell as nw
from runs.cli.main import app

GOAL = (nw.Goal(readout="y"),)
N = 8


def campaign(*factors, goals=GOAL, **parts):
    space = nw.SearchSpace(factors=list(factors) or [nw.Continuous(name="a", low=0, high=1), nw.Continuous(name="b", low=0, high=1)])
    return nw.Campaign(space=space, goals=goals, **parts)


def drawn(n=N, seed=0, **fixed):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"a": rng.uniform(size=n).round(4), "b": rng.uniform(size=n).round(4)}).assign(**fixed)


def said(batch) -> str:
    return " ".join(batch.attrs["messages"])


def test_goals_that_contradict_each_other_are_refused_by_name():
    with pytest.raises(nw.NextwellError, match=r"goals\[1\]"):
        campaign(goals=[nw.Goal(readout="y"), nw.Goal(readout="y", direction="min")])


@pytest.mark.parametrize("value", [0.0, 3.0, -1e-12, 1e9])
def test_a_result_that_never_changes_gives_proposals_and_a_sentence(value):
    told = campaign()
    told.record(drawn(y=value))
    batch = told.propose(4)
    assert len(batch) == 4 and "All 8 results of y are" in said(batch)
    assert batch[["a", "b"]].drop_duplicates().shape[0] == 4 and np.isfinite(batch["predicted_mean"].dropna()).all()
    assert told.predict([{"a": 0.5, "b": 0.5}])["mean"].iloc[0] == pytest.approx(value, abs=1e-6 * max(abs(value), 1e-6) + 1e-9)


def test_results_that_are_all_missing_are_refused_row_by_row_and_declared_ones_fill_the_space():
    told = campaign()
    for absent in (np.nan, None):
        with pytest.raises(nw.ResultsError, match="row 0: expected a value of y, found none"):
            told.record(drawn(y=absent))
    with pytest.raises(nw.ResultsError, match="finite number for y, found inf"):
        told.record(drawn(y=np.inf))
    told.record(drawn(y=np.nan, flag="failed"))
    batch = told.propose(3)
    assert len(batch) == 3 and "None of the 8 experiments so far has a reading" in said(batch)
    with pytest.raises(nw.ResultsError):
        told.predict([{"a": 0.5, "b": 0.5}])


def test_a_factor_that_is_no_number_in_a_row_is_refused():
    with pytest.raises(nw.ResultsError, match="row 0: .*no value for a"):
        campaign().record(pd.DataFrame({"a": [np.nan], "b": [0.1], "y": [1.0]}))


def test_when_every_experiment_failed_the_batch_fills_the_space_and_says_so():
    told = campaign()
    for _ in range(2):
        ids = list(told.propose(5)["experiment_id"])
        told.fail(ids, "precipitated")
    batch = told.propose(3)
    assert len(batch) == 3 and "precipitated" in said(batch)


def test_a_factor_that_never_varied_is_named_and_varied_now():
    told = campaign()
    told.record(drawn(b=0.5).assign(y=lambda frame: frame["a"]))
    batch = told.propose(4)
    assert "b was 0.5 in all 8 experiments" in said(batch) and "a was" not in said(batch)
    assert batch["b"].nunique() > 1


def test_one_level_can_be_planned_with_and_one_point_is_exhausted_with_a_sentence():
    one = campaign(nw.Continuous(name="a", low=0, high=1), nw.Categorical(name="strain", levels=("K12",)))
    one.record(pd.DataFrame({"a": np.linspace(0, 1, 7), "strain": "K12", "y": np.linspace(0, 1, 7)}))
    batch = one.propose(2)
    assert set(batch["strain"]) == {"K12"} and "strain was" not in said(batch)
    point = campaign(nw.Categorical(name="strain", levels=("K12",)))
    point.record(pd.DataFrame({"strain": ["K12"], "y": [1.0]}))
    with pytest.raises(nw.DesignError, match="found none"):
        point.propose(1)


def test_repeats_that_contradict_each_other_are_named_with_both_spreads():
    told = campaign()
    spots = pd.DataFrame({"a": [0.5] * 8 + [0.1, 0.2, 0.9, 0.8], "b": [0.5] * 8 + [0.1, 0.9, 0.1, 0.9]})
    told.record(spots.assign(y=[0.0, 100.0] * 4 + [48.0, 49.0, 51.0, 52.0]))
    batch = told.propose(2)
    # repeats: 0 and 100 four times each, sd = sqrt(8 · 50² / 7) = 53.5; means 50, 48, 49, 51, 52, sd = sqrt(10 / 4) = 1.58
    assert "(sd 53.5)" in said(batch) and "(sd 1.58)" in said(batch) and len(batch) == 2


def test_an_ordinary_campaign_says_nothing_of_the_kind():
    told = campaign()
    told.record(drawn().assign(y=lambda frame: frame["a"] + frame["b"]))
    assert said(told.propose(1)) == ""


@pytest.mark.parametrize("scale", [1e-12, 1e30])
def test_results_of_any_size_are_planned_with(scale):
    told = campaign()
    told.record(drawn().assign(y=lambda frame: scale * frame["a"]))
    batch = told.propose(1)
    assert np.isfinite(batch["predicted_mean"]).all() and len(batch["reason"].iloc[0]) < 250


@pytest.mark.slow
def test_three_hundred_factors_with_twenty_results_are_planned_with():
    rng = np.random.default_rng(0)
    names = [f"x{i}" for i in range(300)]
    told = campaign(*(nw.Continuous(name=name, low=0, high=1) for name in names))
    frame = pd.DataFrame(rng.uniform(size=(20, 300)).round(4), columns=names)
    told.record(frame.assign(y=frame["x0"]))
    assert len(told.propose(2)) == 2


FILE = """
name = "bad"
{extra}
[[factors]]
name = "a"
kind = "continuous"
low = 0.0
high = 1.0

[[measurements]]
name = "y"

[[goals]]
readout = "y"
{more}
[batch]
candidates = 3
"""


@pytest.mark.parametrize(
    ("extra", "more", "says"),
    [
        ("", '[[goals]]\nreadout = "y"\ndirection = "min"\n', "goals[1]"),
        ('[[factors]]\nname = "k"\nkind = "categorical"\nlevels = []\n', "", "levels"),
        ('[[factors]]\nname = "k"\nkind = "continuous"\nlow = 1.0\nhigh = 1.0\n', "", "low < high"),
        ('[[factors]]\nname = "k"\nkind = "continuous"\nlow = nan\nhigh = 1.0\n', "", "low"),
        ("", '[[constraints]]\nterms = { a = 1 }\nat_least = 2\n', "constraints"),
    ],
)
def test_a_bad_file_is_refused_with_its_line_and_no_stack_trace(tmp_path, extra, more, says):
    file = tmp_path / "campaign.toml"
    file.write_text(FILE.format(extra=extra, more=more))
    for command in ("check", "propose"):
        told = CliRunner().invoke(app, [command, str(file), *(["--workspace", str(tmp_path / "lab")] if command == "propose" else [])])
        assert told.exit_code not in (0, 1) and says in told.output and "Traceback" not in told.output, told.output


def test_a_constant_result_is_told_on_the_command_line_too(tmp_path):
    file, results, lab = tmp_path / "campaign.toml", tmp_path / "results.csv", ["--workspace", str(tmp_path / "lab")]
    file.write_text(FILE.format(extra="", more="").replace("candidates = 3", "candidates = 6"))
    run = CliRunner().invoke
    assert run(app, ["propose", str(file), *lab]).exit_code == 0
    results.write_text("experiment_id,measurement,value\n" + "".join(f"R01-00{i},y,3\n" for i in range(1, 7)))
    assert run(app, ["record", str(file), str(results), *lab]).exit_code == 0
    told = run(app, ["propose", str(file), *lab])
    assert told.exit_code == 0 and "All 6 results of y are 3" in told.output


def test_a_strategy_or_a_number_that_does_not_exist_is_refused_and_not_taken_for_another():
    told = campaign()
    with pytest.raises(nw.DesignError, match="'random'"):
        told.propose(2, strategy="randm")  # type: ignore[arg-type]
    for n in ("8", 2.5, True):
        with pytest.raises(nw.DesignError, match="whole number"):
            told.propose(n)  # type: ignore[arg-type]
    assert len(told.propose(np.int64(2))) == 2  # type: ignore[arg-type]


@pytest.mark.parametrize("goals", [[nw.Goal(readout="y"), nw.Goal(readout="z", direction="min")], [nw.Goal(readout="y", direction="hits", at_least=1)]])
def test_repeats_at_the_planners_choice_are_refused_before_the_first_plate_where_no_one_number_is_made_best(goals):
    with pytest.raises(nw.NextwellError, match="batch.replicates"):
        campaign(goals=goals, batch=nw.Batch(replicates="auto"))
