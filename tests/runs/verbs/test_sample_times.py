"""Sampling times and advice on a campaign: from its readings, for the next round, and for wells that run."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from runs.campaign import Campaign
from runs.report.pictures.sample_times import draw_sample_times
from world_model.terms.errors import DesignError
from world_model.terms.factors import Continuous
from world_model.terms.goals import Goal, Measurement
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(factors=(Continuous(name="rate", low=0.1, high=0.9), Continuous(name="size", low=1, high=4)))
HOURS = (0.0, 1.0, 2.0, 4.0, 6.0, 8.0)


def curve(rate, size):
    return size * (1 - np.exp(-rate * np.array(HOURS)))


def long(ids, settings, until=8.0):
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        [
            {**({"experiment_id": id} if id else {}), **row, "time_h": hour, "od": value + 0.02 * rng.normal()}
            for id, row in zip(ids, settings, strict=True) for hour, value in zip(HOURS, curve(**row), strict=True) if hour <= until
        ]
    )  # fmt: skip


@pytest.fixture(scope="module")
def campaign():
    opened = Campaign(space=SPACE, goals=[Goal(readout="od")], measurements=[Measurement(name="od", unit="OD600", at_h=HOURS, noise=0.02)], seed=1)
    rng = np.random.default_rng(3)
    past = [{"rate": rate, "size": size} for rate, size in zip(rng.uniform(0.1, 0.9, 20), rng.uniform(1, 4, 20), strict=True)]
    opened.record(long([""] * 20, past))
    batch = opened.propose(6, strategy="random")
    settings = batch[["rate", "size"]].to_dict("records")
    opened.record(long(list(batch["experiment_id"]), settings, until=4.0))
    return opened


def test_hours_are_allowed_ones_and_reads_leave_less(campaign):
    told = campaign.sample_times(2, allowed=(1.0, 2.0, 4.0, 6.0))
    assert set(told.hours) <= {1.0, 2.0, 4.0, 6.0} and 1 <= len(told.hours) <= 2
    assert told.chosen.sd[-1] < told.chosen.sd[0]
    assert told.chosen.sd_all <= told.chosen.sd[-1] + 1e-9 and told.chosen.sd[-1] <= told.chosen.sd_even + 1e-9
    assert list(told.frame()["share"]) == sorted(told.frame()["share"])


def test_the_readout_itself_is_read_at_its_own_hour_to_the_readers_noise(campaign):
    told = campaign.sample_times(1)
    assert told.hours == (8.0,)
    assert told.chosen.sd[-1] == pytest.approx(0.02, rel=0.3)  # one reading, about as sure as the reader


def test_hours_of_an_experiment_that_runs_are_still_to_come(campaign):
    id = campaign.state.rounds[0].experiments[0].id
    told = campaign.sample_times(1, experiment=id, allowed=(2.0, 6.0))
    assert told.hours == (6.0,) and told.now_h == 4.0
    assert told.chosen.sd[0] < campaign.sample_times(1, allowed=(6.0,)).chosen.sd[0]  # it knows its first half


def test_the_picture_names_the_hours(campaign, tmp_path):
    told = campaign.sample_times(2, allowed=(1.0, 4.0, 6.0))
    picture = draw_sample_times(told, name="times", zero="start")
    assert all(f"{hour:g} h" in picture.alt for hour in told.hours) and picture.write_png(tmp_path).stat().st_size > 5000


@pytest.mark.parametrize(
    ("keys", "message"),
    [({"k": 0}, "at least 1 read"), ({"k": 1, "goal": 3}, "a goal from 0 to 0"), ({"k": 1, "measured": ("gfp",)}, "found 'gfp'"), ({"k": 1, "experiment": "R09-001"}, "experiment")],
)
def test_what_cant_be_asked_is_refused(campaign, keys, message):
    with pytest.raises(DesignError, match=message):
        campaign.sample_times(keys.pop("k"), **keys)


def test_wells_that_cant_win_are_stopped_and_the_winner_is_not(campaign):
    told = campaign.advise()
    batch = {row.id: row.settings for row in campaign.state.rounds[0].experiments}
    ends = {id: curve(**settings)[-1] for id, settings in batch.items()}
    assert set(told["experiment_id"]) == set(ends)
    assert told["best"].sum() <= 1 + 1e-9 and (told["best"].diff().dropna() <= 1e-12).all()
    stopped = set(told.loc[told["do"] == "stop", "experiment_id"])
    worst = min(ends, key=ends.get)
    assert worst in stopped and (told.loc[told["do"] == "stop", "best"] < 0.01).all()
    for row in told.itertuples():
        assert row.mean == pytest.approx(ends[row.experiment_id], abs=0.35)  # from the first half of each curve
