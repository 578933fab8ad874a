"""What-if on a campaign: from the notebook, from plans that people write, and never more certain than its certificate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from runs.campaign import Campaign
from runs.report.pictures.what_if import draw_what_if
from runs.verbs.plan_texts import read_plans
from world_model.terms.errors import ConflictError, DesignError, DocumentError
from world_model.terms.factors import Continuous
from world_model.terms.goals import Goal, Measurement
from world_model.terms.space import SearchSpace
from world_model.what_if import EXPLORATION

SPACE = SearchSpace(
    factors=(Continuous(name="sugar", unit="mM", low=1, high=10), Continuous(name="feed", unit="mM", low=0, high=4, acts="dose", at=3.0))
)
HOURS = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0)


def curve(sugar, feed):
    hours = np.array(HOURS)
    return 0.1 * sugar * (1 - np.exp(-0.4 * hours)) + 0.2 * feed * (1 - np.exp(-0.6 * np.maximum(hours - 3, 0)))


@pytest.fixture(scope="module")
def campaign():
    opened = Campaign(space=SPACE, goals=[Goal(readout="od")], measurements=[Measurement(name="od", unit="OD600", at_h=HOURS)], seed=1)
    rng = np.random.default_rng(3)
    rows = [
        {"sugar": sugar, "feed": feed, "time_h": hour, "od": value + 0.01 * rng.normal()}
        for sugar, feed in zip(rng.uniform(1, 10, 18), rng.uniform(0, 4, 18), strict=True)
        for hour, value in zip(HOURS, curve(sugar, feed), strict=True)
    ]
    opened.propose(2)
    opened.record(pd.DataFrame(rows))
    return opened


def test_an_experiment_is_asked_from_an_hour_on(campaign):
    id = campaign.data.ids[0]
    sugar = campaign.data.settings["sugar"][0]
    told = campaign.what_if(id, {"none": {"feed": 0.0}, "much": {"feed": 4.0}}, until_h=3.0, n=200, claim="exploration")
    assert told.plans == ("as planned", "none", "much") and told.claim == EXPLORATION
    assert told.history.times_h.tolist() == [0, 1, 2, 3]
    for plan, feed in (("none", 0.0), ("much", 4.0)):
        p = told.plans.index(plan)
        assert float(told.told.mean[p]) == pytest.approx(curve(sugar, feed)[-1], abs=0.1)
    assert told.ranking[0] == "much" and float(told.best[2]) > 0.9


def test_its_own_readings_teach_the_model_only_as_its_history(campaign, monkeypatch):
    seen = []
    import world_model.fit

    real = world_model.fit.fit_world_model
    monkeypatch.setattr(world_model.fit, "fit_world_model", lambda space, data, **rest: seen.append(data.ids) or real(space, data, **rest))
    id = campaign.data.ids[4]
    campaign.what_if(id, {"much": {"feed": 4.0}}, until_h=2.0, n=20, claim="exploration")
    assert id not in seen[0] and len(seen[0]) == len(campaign.data) - 1


def test_a_proposed_experiment_has_no_history_and_may_change_wholly(campaign):
    told = campaign.what_if("R01-001", {"other": {"sugar": 2.0}}, n=20, claim="exploration")
    assert told.history.now_h < 0 and not told.history.read.any()


def test_without_a_certificate_only_exploration_is_answered(campaign):
    with pytest.raises(ConflictError, match="level 3.*exploration"):
        campaign.what_if(campaign.data.ids[0], {"much": {"feed": 4.0}}, until_h=2.0)
    with pytest.raises(DesignError, match="'certified' or 'exploration'"):
        campaign.what_if(campaign.data.ids[0], {"much": {"feed": 4.0}}, until_h=2.0, claim="sure")


@pytest.mark.parametrize(("id", "plan", "says"), [("R01-999", {"feed": 1.0}, "Known: .P01-001"), ("P01-001", {"sugar": 2.0}, "sugar: it acts at the start, which has passed")])
def test_what_can_not_be_asked_is_refused_before_anything_is_fitted(campaign, id, plan, says, monkeypatch):
    monkeypatch.setattr("world_model.fit.fit_world_model", None)
    with pytest.raises(DesignError, match=says):
        campaign.what_if(id, {"wrong": plan}, until_h=2.0, n=20, claim="exploration")


def test_the_picture_is_drawn(campaign, tmp_path):
    told = campaign.what_if(campaign.data.ids[0], {"much": {"feed": 4.0}}, until_h=3.0, n=30, claim="exploration")
    file = draw_what_if(told, campaign.state.charter.measurements, name="asked", zero="start").write_png(tmp_path)
    assert file.read_bytes().startswith(b"\x89PNG") and len(file.read_bytes()) > 10_000


def test_plans_are_read_from_lines_and_files(tmp_path):
    file = tmp_path / "plans.toml"
    file.write_text("[plans.late]\nfeed = 2\n\n[plans.none]\nfeed = 0.0\n")
    told = read_plans(["much: feed=4", "feed=1"], file, SPACE)
    assert told == {"late": {"feed": 2.0}, "none": {"feed": 0.0}, "much": {"feed": 4.0}, "feed=1": {"feed": 1.0}}
    with pytest.raises(DesignError, match="found none"):
        read_plans([], None, SPACE)
    with pytest.raises(DesignError, match="twice"):
        read_plans(["a: feed=1", "a: feed=2"], None, SPACE)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[plans.a]\nfeeed = 1\n", "plans.toml:2: plans.a.feeed: expected a factor's name.*Did you mean 'feed'"), ("[plans.a]\nfeed = 'x'\n", "plans.toml:2.*a number"),
        ("[plan.a]\nfeed = 1\n", r"only tables \[plans.NAME\]"), ("plans = 3\n", "a table"), ("[plans.a]\nfeed = true\n", "a number"),
    ],
)  # fmt: skip
def test_a_wrong_plan_file_is_told_by_its_line(tmp_path, text, says):
    file = Path(tmp_path / "plans.toml")
    file.write_text(text)
    with pytest.raises(DocumentError, match=says):
        read_plans([], file, SPACE)
