"""The planner's back-test: everybody starts alike, chance always runs along, scores are what their formulas say."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from runs.bench.planner_formulas import formula_problem
from runs.bench.planner_problem import Problem, read_problem_file
from runs.bench.planner_rivals import ALWAYS, OWN, Distance, open_rival, rivals_that_run
from runs.bench.planner_run import LineFile, Run, area, back_test, run_all, scores
from runs.bench.planner_summary import checks_of, interval, pair_rows, rank_rows, regret, same_start
from runs.bench.planner_traces import read_traces
from runs.cli.bench import seeds_of
from runs.cli.main import app
from world_model.terms.errors import NextwellError


@pytest.fixture
def line() -> Problem:
    """Eleven rows, y = 0 … 10: optimum 10, median 5, span 5."""
    return Problem.of(pd.DataFrame({"x": np.arange(11.0), "y": np.arange(11.0)}), name="line", target="y")


def a_run(planner="random", **told) -> Run:
    return Run(**{"problem": "line", "planner": planner, "batch": 1, "budget": 8, "seed": 0, **told})


def test_scores_follow_from_their_formulas(line):
    told = scores(line, [5, 7, 6, 10, 0], n_init=2)
    assert told["trace"] == [5, 7, 7, 10, 10] and told["best"] == 10 and told["norm_regret"] == 0
    # after the two initial rows the best so far is 7, 10, 10: regrets 3/5, 0, 0
    assert told["auc"] == pytest.approx(1 - (3 / 5) / 3)
    assert told["top_recall"] == pytest.approx(4 / 10)  # 5, 6, 7 and 10 are among the best ten, which are 1 … 10
    assert regret(line, {"trace": [5, 7, 7]}, 2) == pytest.approx(3 / 5) and np.isnan(regret(line, {"trace": [5]}, 2))
    assert area(line, [5, 7], n_init=2) is None


def test_smaller_is_better_where_the_direction_says_so():
    told = Problem.of(pd.DataFrame({"x": np.arange(5.0), "y": [3.0, 1.0, 2.0, 9.0, 4.0]}), name="low", target="y", direction="min")
    assert int(told.y.argmax()) == 1 and told.span == pytest.approx(3 - 1)


@pytest.mark.parametrize("planner", sorted(OWN))
def test_every_planner_starts_with_the_same_rows_and_never_measures_one_twice(planner):
    problem = formula_problem("levels")
    told = back_test(problem, Run(problem="levels", planner=planner, batch=4, budget=13, seed=3))
    assert "error" not in told and len(told["rows"]) == len(set(told["rows"])) == 13
    assert told["rows"][:5] == np.random.default_rng(3).choice(len(problem), 5, replace=False).tolist()
    assert len(told["cpu"]) == 2 and told["n_init"] == 5  # 4 and 4 after the start


def test_distance_takes_the_farthest_row_and_looks_at_no_answer(line):
    rival = Distance(line, 0)
    rival.observe([0], np.array([np.nan]))
    assert rival.propose(3) == [10, 5, 2]  # 10 is farthest from 0, then 5; 2, 3, 7 and 8 are 2 from the nearest, the first is taken


def test_plain_models_find_the_top_of_a_smooth_line(line):
    for name in ("botorch", "edbo"):
        rival = open_rival(name, line, 0)
        rival.observe([0, 2, 4, 6, 8], line.y[[0, 2, 4, 6, 8]])
        assert rival.propose(1)[0] in (9, 10), name


def test_chance_and_distance_always_run_along_and_who_is_absent_is_named():
    names, notes = rivals_that_run(["botorch"])
    assert names == ["nextwell", *ALWAYS, "botorch"] and notes == []
    with pytest.raises(NextwellError, match="Did you mean 'botorch'"):
        rivals_that_run(["botorhc"])


def test_the_bootstrap_interval_is_that_of_a_mean():
    assert interval(np.full(7, 0.25)) == (0.25, 0.25)
    gain = np.random.default_rng(1).normal(0.3, 1.0, 200)
    low, high = interval(gain)
    half = 1.645 * gain.std(ddof=1) / np.sqrt(200)  # the normal interval, which the bootstrap's comes near
    assert low == pytest.approx(gain.mean() - half, abs=0.15 * half) and high == pytest.approx(gain.mean() + half, abs=0.15 * half)


def made(planner, trace, seed=0, problem="line"):
    return {"problem": problem, "planner": planner, "batch": 1, "seed": seed, "n_init": 2, "trace": trace, "cpu": [0.1]}


def test_gains_are_paired_by_seed_on_the_same_start_and_positive_where_nextwell_is_better(line):
    lines = [made("nextwell", [5, 5, 10]), made("nextwell", [2, 6, 6], seed=1), made("random", [5, 5, 5]), made("random", [2, 6, 7], seed=1), made("baybe", [1, 3, 10], seed=0)]
    rows = {(row["against"], row["after"]): row for row in pair_rows({"line": line}, lines)}
    # seed 0: 5/5 - 0 = 1; seed 1: 3/5 - 4/5 = -0.2
    assert rows["random", 3]["gain"] == pytest.approx(0.4) and rows["random", 3]["seeds"] == 2 and rows["random", 3]["best rival"]
    assert ("baybe", 3) not in rows and not same_start(lines[4], lines[0])  # another start


def test_ranks_are_by_mean_regret_with_ties_shared_and_losses_are_checks(line):
    lines = [made("nextwell", [5, 5, 7]), made("random", [5, 5, 7]), made("botorch", [5, 5, 10])]
    ranks = {row["planner"]: row["rank end"] for row in rank_rows({"line": line}, lines)}
    assert ranks == {"botorch": 1, "nextwell": 2.5, "random": 2.5}
    checks = {check["name"].split(" (")[0].split(":")[0]: check for check in checks_of({"line": line}, [*lines, {**made("edbo", [5]), "error": "boom"}])}
    assert checks["cells where the best rival is surely better"]["value"] == 1 and not checks["cells where the best rival is surely better"]["ok"]
    assert checks["runs that ended in an error"]["value"] == 1


def test_finished_runs_are_not_computed_again_and_failed_or_cut_ones_are(line, tmp_path, monkeypatch):
    runs = [a_run(seed=seed) for seed in (0, 1)]
    first = run_all({"line": line}, runs, folder=tmp_path, jobs=1, progress=lambda _: None)
    file = LineFile.open(tmp_path).file
    file.write_text(file.read_text()[:-30])  # the second line was being written when the power failed
    computed = []
    monkeypatch.setattr("runs.bench.planner_run.back_test", lambda problem, run: computed.append(run.seed) or back_test(problem, run))
    again = run_all({"line": line}, runs, folder=tmp_path, jobs=1, progress=lambda _: None)
    assert computed == [1] and [one["rows"] for one in again] == [one["rows"] for one in first]


def test_a_planner_that_proposes_a_measured_row_ends_in_an_error_line(line, monkeypatch):
    monkeypatch.setitem(OWN, "random", type("Stubborn", (Distance,), {"propose": lambda self, n: [self.rows[0]] * n}))
    told = back_test(line, a_run())
    assert "were not measured" in told["error"] and "trace" not in told


def test_runs_made_elsewhere_join_the_table_and_what_is_left_out_is_said(line, tmp_path):
    good = {"problem": "line", "planner": "baybe", "batch": 1, "seed": 0, "trace": [1, 2, 3, 4, 5, 6, 7, 8, 9]}
    rows = [good, {**good, "planner": "random"}, {**good, "seed": 5}, {**good, "error": "out of memory"}]
    (tmp_path / "line.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    told = read_traces(tmp_path, problems={"line": line}, batches={"line": (1, 5)}, budgets={"line": 8}, own=("random",), seeds=(0, 1))
    assert [one["planner"] for one in told.lines] == ["baybe"] and len(told.lines[0]["trace"]) == 8 and told.lines[0]["n_init"] == 5
    assert any("random is measured here" in note for note in told.notes) and any("line batch 5" in note for note in told.notes)
    (tmp_path / "line.jsonl").write_text(json.dumps({**good, "trace": [99.0]}))
    with pytest.raises(NextwellError, match="of another table"):
        read_traces(tmp_path, problems={"line": line}, batches={"line": (1,)}, budgets={"line": 8}, own=(), seeds=(0,))


def test_a_problem_file_names_its_table_descriptors_and_hits(tmp_path):
    pd.DataFrame({"id": ["r1", "r2", "r3", "r4"], "solvent": ["A", "B", "A", "B"], "x": [1, 1, 2, 2], "y": [1.0, 2.0, 3.0, None]}).to_csv(tmp_path / "t.csv", index=False)
    pd.DataFrame({"level": ["A", "B"], "polarity": [0.0, 4.0]}).to_csv(tmp_path / "d.csv", index=False)
    (tmp_path / "hits.txt").write_text("r3\n")
    (tmp_path / "p.toml").write_text('table = "t.csv"\ntarget = "y"\nlabel = "id"\nhits = "hits.txt"\n[descriptors]\nsolvent = "d.csv"\n')
    told = read_problem_file(tmp_path / "p.toml")
    assert told.name == "p" and len(told) == 3 and told.notes == ("1 rows without y are left out",)
    np.testing.assert_array_equal(told.unit, [[0, 0], [1, 0], [0, 1]])  # polarity by its range, x by its range
    assert told.hits is not None and told.hits.tolist() == [False, False, True]
    for wrong, said in (('table = "t.csv"', "target: Field required"), ('table = "t.csv"\ntarget = "z"', "found 'z'"), ('table = "none.csv"\ntarget = "y"', "none.csv"), ("table =", "TOML")):
        (tmp_path / "p.toml").write_text(wrong)
        with pytest.raises(NextwellError, match=said):
            read_problem_file(tmp_path / "p.toml")


def test_a_target_that_never_varies_is_no_problem_to_search():
    with pytest.raises(NextwellError, match="nothing to search for"):
        Problem.of(pd.DataFrame({"x": [1, 2, 3, 4], "y": [2.0] * 4}), name="flat", target="y")


def test_seeds_are_a_number_or_a_range():
    assert seeds_of("10") == range(10) and seeds_of("3-5") == range(3, 6) and seeds_of("0-0") == range(1) and not seeds_of(None)
    for wrong in ("0", "5-3", "a", "1-", "-1"):
        with pytest.raises(NextwellError, match="--seeds 10 or --seeds 0-9"):
            seeds_of(wrong)


def test_the_command_line_back_tests_any_table(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.uniform(size=40), "kind": rng.choice(["a", "b"], 40)})
    frame.assign(loss=(frame["x"] - 0.3) ** 2).to_csv(tmp_path / "own.csv", index=False)
    ask = ["bench", "planner", "--table", str(tmp_path / "own.csv"), "--target", "loss", "--direction", "min", "--seeds", "2-2", "--batch", "4", "--budget", "9", "--rivals", "random"]
    done = CliRunner().invoke(app, [*ask, "--out", str(tmp_path / "out"), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert {row["planner"] for row in told["tables"]["mean rank"]} == {"nextwell", "random", "space-filling"}
    assert told["environment"]["seeds"] == [2] and told["tables"]["problems"][0]["best"] == pytest.approx(float(frame.assign(l=(frame["x"] - 0.3) ** 2)["l"].min()))
    assert {(tmp_path / "out" / name).exists() for name in ("regret-batch-4.png", "regret-batch-4.svg", "runs.jsonl", "result.json")} == {True}
    wrong = CliRunner().invoke(app, ["bench", "planner", "--target", "loss"])
    assert wrong.exit_code != 0 and "Expected --target with --table" in wrong.output
    assert "needs none" in CliRunner().invoke(app, ["bench", "demo", "--target", "loss"]).output
