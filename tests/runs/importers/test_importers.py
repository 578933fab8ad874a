"""Campaigns of other planners carry over from files that those planners wrote; what has no counterpart is listed, and nothing is dropped in silence.

The JSON and CSV files beside this one were written by BayBE 0.15.0, Ax 1.3.1 and BoFire 0.5.0.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import nextwell as nw
from runs.cli.main import app
from runs.documents.campaign_file import check_campaign
from runs.importers.from_ax import _linear
from runs.importers.toml_text import as_toml

HERE = Path(__file__).parent


def table(name, **how):
    return pd.read_csv(HERE / name, keep_default_na=False, na_values=[""], **how)


def baybe():
    return nw.from_baybe(HERE / "baybe_discrete.json", measurements=table("baybe_measurements.csv"), descriptors={"base": table("baybe_base.csv", index_col=0)})


def bofire():
    return nw.from_bofire(HERE / "bofire_strategy.json", experiments=table("bofire_experiments.csv"))


def left(moved) -> str:
    return "\n".join(moved.left_out)


def test_baybe_parameters_constraint_targets_and_measurements():
    moved = baybe()
    factors = {factor["name"]: factor for factor in moved.doc["factors"]}
    assert factors["temp"] == {"name": "temp", "kind": "discrete", "values": [30.0, 60.0, 90.0]}
    assert factors["solvent"]["levels"] == ["DMF", "THF", "water"] and factors["ligand"]["smiles"]["PPh3"] == "c1ccc(cc1)P(c1ccccc1)c1ccccc1"
    assert factors["base"]["descriptors"] == {"names": ["pka"], "values": {"KOAc": [3.0], "K2CO3": [5.0], "NaOH": [9.0]}}
    assert moved.doc["constraints"] == [{"kind": "exclude", "when": {"solvent": ["water"], "temp": {"above": 80.0}}}]
    assert moved.doc["goals"] == [{"readout": "yield", "direction": "max"}, {"readout": "cost", "direction": "min"}]
    assert len(moved.results) == 3 and "recommender" in left(moved) and "RDKIT2DDESCRIPTORS" in left(moved)


def test_baybe_tables_are_pickles_that_are_not_run_but_asked_for():
    with pytest.raises(nw.NextwellError, match=r"descriptors of 'base'.*to_csv"):
        nw.from_baybe(HERE / "baybe_discrete.json")
    moved = nw.from_baybe(HERE / "baybe_hybrid.json")
    assert moved.results is None and "measurements: they are pickled" in left(moved)
    assert moved.doc["constraints"] == [{"kind": "linear", "terms": {"x": 1.0, "y": 2.0}, "at_most": 3.0}]
    assert moved.doc["goals"] == [{"readout": "ph", "direction": "match", "target": 7.0}] and "tolerance 0.1" in left(moved)


def test_baybe_desirability_keeps_ramps_and_weights():
    moved = nw.from_baybe(HERE / "baybe_desirability.json")
    assert moved.doc["join"] == "desirability"
    assert moved.doc["goals"] == [
        {"readout": "a", "direction": "max", "low": 0.0, "high": 10.0, "weight": 2.0}, {"readout": "b", "direction": "min", "low": 1.0, "high": 5.0, "weight": 1.0},
    ]  # fmt: skip
    assert moved.doc["constraints"] == [{"kind": "cardinality", "of": ["x", "z"], "at_most": 1}] and "threshold 0.001" in left(moved)


def test_a_baybe_campaign_object_brings_its_tables_along():
    class Parameter:
        name, data = "base", table("baybe_base.csv", index_col=0)

    class Space:
        parameters = (Parameter(),)

    class Held:  # what this reader asks of BayBE's Campaign
        searchspace, measurements = Space(), table("baybe_measurements.csv")

        def to_json(self):
            return (HERE / "baybe_discrete.json").read_text()

    moved = nw.from_baybe(Held())
    assert len(moved.results) == 3 and [factor["name"] for factor in moved.doc["factors"]] == ["base", "ligand", "solvent", "temp"]


def test_ax_parameters_objectives_bounds_and_trials():
    moved = nw.from_ax(HERE / "ax_client.json")
    factors = {factor["name"]: factor for factor in moved.doc["factors"]}
    assert factors["conc"] == {"name": "conc", "kind": "continuous", "low": 0.01, "high": 1.0, "scale": "log"}
    assert factors["n"] == {"name": "n", "kind": "integer", "low": 1, "high": 5} and factors["vol"]["values"] == [1.0, 2.0, 5.0]
    assert factors["solvent"] == {"name": "solvent", "kind": "categorical", "levels": ["water", "DMF"]}  # two values have no order
    assert moved.doc["constraints"] == [{"kind": "linear", "terms": {"temp": 1.0, "n": 10.0}, "at_most": 120.0}]
    assert moved.doc["goals"] == [{"readout": "titre", "direction": "max"}, {"readout": "cost", "direction": "min"}]
    assert moved.doc["outcome_constraints"] == [{"readout": "purity", "at_least": 0.9}]
    assert left(moved) == "1 trial that is running (number 3)"
    rows = moved.results
    assert len(rows) == 2 * 3 + 3 and set(rows.loc[rows["flag"] == "failed", "experiment_id"]) == {"failed 2_0"}
    first = rows[(rows["measurement"] == "titre") & (rows["experiment_id"].str.startswith("trial 0"))].iloc[0]
    assert (first["value"], first["sd"], first["temp"]) == (10.0, 1.0, 30.0)


@pytest.mark.parametrize(
    ("text", "weights"),
    [("titre", {"titre": 1}), ("-cost", {"cost": -1}), ("1.0 * temp + 10.0 * n", {"temp": 1, "n": 10}), ("2*a - b*0.5", {"a": 2, "b": -0.5}), ("a*b", None), ("a b", None), ("", None), ("a^2", None)],
)  # fmt: skip
def test_sums_of_weighted_names_are_read_and_nothing_else(text, weights):
    assert _linear(text) == weights


def test_bofire_features_constraints_objectives_and_experiments():
    moved = bofire()
    assert [constraint["kind"] for constraint in moved.doc["constraints"]] == ["linear", "linear", "cardinality"]
    assert moved.doc["constraints"][0] == {"kind": "linear", "terms": {"x1": 1.0, "x2": 1.0, "x3": 1.0}, "equals": 1.0}
    assert moved.doc["constraints"][2] == {"kind": "cardinality", "of": ["x1", "x2", "x3"], "at_least": 1, "at_most": 2}
    assert moved.doc["goals"] == [{"readout": "yield", "direction": "max"}, {"readout": "cost", "direction": "min"}]
    assert moved.doc["outcome_constraints"] == [{"readout": "purity", "at_least": 0.9}] and "steepness 10" in left(moved) and "MoboStrategy" in left(moved)
    # the second row's cost is not valid: five readings of six are left
    assert len(moved.results) == 5 and not ((moved.results["measurement"] == "cost") & (moved.results["x1"] == 0.4)).any()
    alone = nw.from_bofire(HERE / "bofire_domain.json")
    assert alone.results is None and "the experiments" in left(alone)


@pytest.mark.parametrize("moved", [baybe, lambda: nw.from_ax(HERE / "ax_client.json"), bofire], ids=["baybe", "ax", "bofire"])
def test_what_was_carried_over_is_a_campaign_that_checks_imports_and_proposes(moved, tmp_path):
    told = moved()
    files = told.write(tmp_path / "new")
    assert [file.name for file in files] == ["campaign.toml", "results.csv"] and check_campaign(files[0]) == []
    assert tomllib.loads(files[0].read_text())["factors"] == told.doc["factors"] and all(sentence.split("\n")[0] in files[0].read_text() for sentence in told.left_out)
    with pytest.raises(nw.NextwellError, match="without these files"):
        told.write(tmp_path / "new")
    campaign = told.campaign()
    assert len(campaign.data) >= 2 and len(campaign.propose(2)) == 2
    done = CliRunner().invoke(app, ["import", str(files[0]), str(files[1]), "--workspace", str(tmp_path / "lab")])
    assert done.exit_code == 0, done.output


def test_the_command_line_carries_over_and_lists_what_it_can_not(tmp_path):
    done = CliRunner().invoke(app, ["import-campaign", str(HERE / "ax_client.json"), "--from", "ax", "--out", str(tmp_path / "x"), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert len(told["files"]) == 2 and any("running" in sentence for sentence in told["left_out"])
    asked = ["import-campaign", str(HERE / "baybe_discrete.json"), "--from", "baybe", "--out", str(tmp_path / "y"), "--results", str(HERE / "baybe_measurements.csv")]
    refused = CliRunner().invoke(app, asked)
    assert refused.exit_code != 0 and "descriptors of 'base'" in refused.output
    assert CliRunner().invoke(app, [*asked, "--descriptors", f"base={HERE / 'baybe_base.csv'}"]).exit_code == 0


@pytest.mark.parametrize("read", [nw.from_baybe, nw.from_ax, nw.from_bofire])
def test_what_is_no_file_of_that_planner_is_refused_in_a_sentence(read, tmp_path):
    (tmp_path / "list.json").write_text("[1, 2]")
    broken = {"searchspace": {"discrete": {"parameters": [{}]}}, "objective": {}, "experiment": {"search_space": {"parameters": [{}]}}, "inputs": {"features": [{}]}, "outputs": {"features": []}}
    for given in (tmp_path / "none.json", tmp_path / "list.json", "{", {}, 7, broken):
        with pytest.raises(nw.NextwellError, match="Expected"):
            read(given)


def test_text_written_as_toml_is_read_back_the_same():
    data = {"name": 'a "b" \\ µ\n\x7f', "n": 3, "x": 1e-9, "yes": True, "list": [1.0, 2.5], "factors": [{"name": "é x", "odd key!": {"a": [1, "b"]}}, {"name": "y", "low": -1e20}]}
    assert tomllib.loads(as_toml(data, heading=["said"])) == data
