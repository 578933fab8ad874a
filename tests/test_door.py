"""The door: what a notebook sees."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nextwell as nw

ROOT = Path(__file__).parents[1]


def fresh(code: str, cwd: Path, *, first: bool = True) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter whose first place to look is `cwd`."""
    where = [str(cwd), str(ROOT)] if first else [str(ROOT), str(cwd)]
    return subprocess.run([sys.executable, "-c", f"import sys; sys.path[:0] = {where}\n{code}"], capture_output=True, text=True, cwd=cwd)


def test_every_name_of_the_door_can_be_had():
    for name in nw.__all__:
        assert getattr(nw, name).__name__ == name
    with pytest.raises(AttributeError, match="SearchSpace"):
        nw.Campain  # noqa: B018


def test_every_word_that_the_campaigns_docstring_names_is_behind_the_door():
    import re

    named = set(re.findall(r"nw\.(\w+)", nw.Campaign.__doc__))
    assert "Context" in named and named <= set(nw.__all__)


def test_a_file_that_hides_a_room_is_named_and_does_not_win(tmp_path):
    (tmp_path / "world_model.py").write_text("MINE = 1\n")
    told = fresh("import nextwell\nprint(nextwell.Goal(readout='y').direction, __import__('world_model').__file__)", tmp_path)
    assert told.stdout.split() == ["max", str(ROOT / "world_model" / "__init__.py")], told.stderr
    assert str(tmp_path / "world_model.py") in told.stderr


def test_a_stranger_that_is_imported_already_is_named_and_refused(tmp_path):
    (tmp_path / "planner.py").write_text("MINE = 1\n")
    told = fresh("import planner\nimport nextwell", tmp_path)
    assert told.returncode != 0 and "ImportError" in told.stderr and str(tmp_path / "planner.py") in told.stderr


SPACE = nw.SearchSpace(factors=[nw.Continuous(name="a", low=0, high=1), nw.Continuous(name="b", low=0, high=1)])


def bowl(frame: pd.DataFrame) -> pd.Series:
    return 1 - (frame["a"] - 0.3) ** 2 - (frame["b"] - 0.7) ** 2


def test_propose_record_predict_simulate():
    campaign = nw.Campaign(space=SPACE, goals=[nw.Goal(readout="yield", direction="max")], seed=0)
    batch = campaign.propose(8)
    assert list(batch.columns) == ["experiment_id", "role", "a", "b", "predicted_mean", "predicted_sd", "repeat_of", "reason"]
    assert len(batch.drop_duplicates(["a", "b"])) == 8
    campaign.record(batch.assign(**{"yield": bowl(batch)}))
    told = campaign.predict(batch)
    assert list(told.columns) == ["mean", "sd", "q05", "q25", "q50", "q75", "q95"] and (told["sd"] >= 0).all()
    np.testing.assert_allclose(told["q95"] - told["q05"], 2 * 1.6448536 * told["sd"], rtol=1e-6)
    assert np.corrcoef(told["mean"], bowl(batch))[0, 1] > 0.9  # it learnt what it was shown
    drawn = campaign.simulate(batch, n=20, seed=1)
    assert drawn.values.shape == (20, 8, 1, 1)
    np.testing.assert_array_equal(drawn.values, campaign.simulate(batch, n=20, seed=1).values)
    assert len(campaign.propose(2)) == 2


def test_replicates_controls_and_blanks_come_on_top_and_count():
    control = nw.Control(name="standard", wells=2, settings={"a": 0.5, "b": 0.5})
    campaign = nw.Campaign(
        space=SPACE, goals=[nw.Goal(readout="yield")], batch=nw.Batch(replicates=2, blanks=1), controls=[control], budget=nw.Budget(experiments=13)
    )
    batch = campaign.propose(3)
    assert batch["role"].value_counts().to_dict() == {"candidate": 3, "replicate": 3, "control": 2, "blank": 1}
    with pytest.raises(nw.ConflictError, match="budget of 13 experiments, found 9 used"):
        campaign.propose(1)


def test_the_same_seed_proposes_the_same_and_the_journal_brings_it_back(tmp_path):
    told = []
    for folder in ("one", "two"):
        campaign = nw.Campaign(space=SPACE, goals=[nw.Goal(readout="yield")], seed=5, workspace=tmp_path / folder)
        batch = campaign.propose(6)
        campaign.record(batch.assign(**{"yield": bowl(batch)}))
        campaign.close()
        campaign = nw.Campaign(space=SPACE, goals=[nw.Goal(readout="yield")], seed=5, workspace=tmp_path / folder)
        assert len(campaign.data) == 6
        told.append(campaign.propose(2))
        campaign.close()
    pd.testing.assert_frame_equal(*told)


def test_a_campaign_from_a_file_is_the_one_that_the_command_line_drives(tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from runs.cli.main import app

    monkeypatch.chdir(tmp_path)
    told = {
        "name": '"shared"', "measurements": '[{name = "yield"}]', "goals": '[{readout = "yield"}]',
        "factors": '[{name = "a", kind = "continuous", low = 0, high = 1}, {name = "b", kind = "continuous", low = 0, high = 1}]',
    }  # fmt: skip
    (tmp_path / "c.toml").write_text("\n".join(f"{key} = {value}" for key, value in told.items()))
    assert CliRunner().invoke(app, ["propose", "c.toml", "-n", "3"]).exit_code == 0
    campaign = nw.Campaign.from_file("c.toml")
    assert [e.id for opened in campaign.state.rounds for e in opened.experiments] == ["R01-001", "R01-002", "R01-003"]
    campaign.record(pd.DataFrame({"experiment_id": ["R01-001", "R01-002", "R01-003"], "yield": [1.0, 2.0, 3.0]}))
    campaign.close()
    assert "3 read, 0 waited for" in CliRunner().invoke(app, ["status", "c.toml"]).stdout


def test_another_space_under_the_same_name_is_refused(tmp_path):
    nw.Campaign(space=SPACE, goals=[nw.Goal(readout="yield")], workspace=tmp_path).close()
    other = nw.SearchSpace(factors=[nw.Continuous(name="a", low=0, high=2), nw.Continuous(name="b", low=0, high=1)])
    with pytest.raises(nw.ConflictError, match="factors"):
        nw.Campaign(space=other, goals=[nw.Goal(readout="yield")], workspace=tmp_path)


def test_trajectories_are_simulated_at_any_time_that_lies_between_readings():
    campaign = nw.Campaign(space=SPACE, goals=[nw.Goal(readout="OD")], measurements=[nw.Measurement(name="OD", at_h=(0, 1, 2))])
    batch = campaign.propose(6)
    rows = [{"experiment_id": row.experiment_id, "time_h": hour, "OD": row.a * hour + row.b} for row in batch.itertuples() for hour in (0, 1, 2)]
    campaign.record(pd.DataFrame(rows))
    read, between = campaign.simulate(batch, n=5, seed=2), campaign.simulate(batch, [0.5, 2.0], n=5, seed=2)
    assert read.times_h.tolist() == [0, 1, 2] and read.values.shape == (5, 6, 3, 1)
    np.testing.assert_allclose(between.values[:, :, 0], (read.values[:, :, 0] + read.values[:, :, 1]) / 2)
    np.testing.assert_allclose(between.values[:, :, 1], read.values[:, :, 2])
    with pytest.raises(nw.ResultsError, match="0 to 2 h, found 5 to 5 h"):
        campaign.simulate(batch, [5.0])


def test_a_large_table_leaves_little_in_the_journal():
    rng = np.random.default_rng(0)
    n = 200_000
    table = pd.DataFrame({"a": rng.random(n), "b": rng.random(n)})
    campaign = nw.Campaign(space=nw.SearchSpace.from_table(table), goals=[nw.Goal(readout="yield")])
    picked = [7, 123_456, 199_999]
    campaign.record(table.iloc[picked].assign(candidate=picked, **{"yield": [1.0, 2.0, 3.0]}))
    assert [e.candidate for e in campaign.state.past] == picked
    written = sum(len(event.payload_text) for event in campaign._open.journal.events())
    assert written < 10_000
