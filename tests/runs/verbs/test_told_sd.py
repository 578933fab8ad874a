"""An sd that comes with a reading: from a frame and from a tidy file to what the model learns from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import nextwell as nw
from runs.ingest.reading_plan import ReadingPlan
from runs.ingest.results import RefusedFile, read_results
from runs.state.payloads import Readings
from world_model.terms.goals import Measurement

SPACE = nw.SearchSpace(factors=[nw.Continuous(name="x", low=0, high=1)])


def campaign(**batch):
    return nw.Campaign(space=SPACE, goals=[nw.Goal(readout="titre")], batch=nw.Batch(**batch) if batch else None)


def test_a_frames_sd_column_reaches_the_data():
    told = campaign()
    told.record(pd.DataFrame({"x": [0.1, 0.2, 0.3], "titre": [1.0, 2.0, 3.0], "titre_sd": [0.1, np.nan, 0.3]}))
    assert told.data.sd is not None
    assert told.data.sd[:, 0, 0] == pytest.approx([0.1, np.nan, 0.3], nan_ok=True)


def test_a_long_frames_sd_column_reaches_the_data():
    told = campaign()
    told.record(pd.DataFrame({"x": [0.1, 0.2], "measurement": ["titre"] * 2, "value": [1.0, 2.0], "sd": [0.5, 0.25]}))
    assert told.data.sd is not None and told.data.sd[:, 0, 0].tolist() == [0.5, 0.25]


def test_without_an_sd_events_are_what_they_were():
    """No column is written where no sd was told, so that such campaigns keep their hashes."""
    told = Readings(experiment_id=("P01-001",), variable=("titre",), at_h=(None,), value=(1.0,), raw=(1.0,), flag=("ok",), well=("",))
    assert "sd" not in told.model_dump(mode="json") and told.sd == (None,)
    assert Readings.model_validate(told.model_dump(mode="json")) == told


@pytest.mark.parametrize("sd", [-0.1, "wide"])
def test_an_sd_that_is_none_is_refused(sd):
    with pytest.raises(nw.ResultsError, match="sd of titre"):
        campaign().record(pd.DataFrame({"x": [0.1], "titre": [1.0], "titre_sd": [sd]}))


PLAN = ReadingPlan(measurements=(Measurement(name="titre", unit="g/L"),), roles={"R01-001": "candidate", "R01-002": "candidate"}, plates={})


@pytest.mark.parametrize(
    "text",
    [
        "experiment_id,measurement,value,unit,sd\nR01-001,titre,1000,mg/L,50\nR01-002,titre,2,g/L,\n",
        "experiment_id;titre [g/L];titre_sd\nR01-001;1,0;0,05\nR01-002;2,0;\n",
    ],
    ids=["long, in another unit", "wide, decimal comma"],
)
def test_a_tidy_files_sd_is_read_in_the_readings_unit(text):
    one, other = read_results(text.encode(), plan=PLAN, name="results.csv").readings
    assert one.value == pytest.approx(1.0) and one.sd == pytest.approx(0.05) and other.sd is None


def test_a_tidy_files_negative_sd_is_refused_with_its_row():
    with pytest.raises(RefusedFile, match="sd of at least 0"):
        read_results(b"experiment_id,measurement,value,unit,sd\nR01-001,titre,1,g/L,-1\nR01-002,titre,2,g/L,\n", plan=PLAN, name="results.csv")


def test_repeats_left_to_the_planner_say_that_noise_is_unknown():
    assert campaign(replicates="auto").data.noise == "unknown" and campaign(replicates=2).data.noise == "small"
