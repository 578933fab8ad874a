"""What may change on the way, what may be spent, and what waits for whom."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from runs.state.budget import allowance, is_spent
from runs.state.charter import Charter, revision, space_terms
from runs.state.status import what_waits
from runs.verbs.approve import approve
from runs.verbs.record import record_content
from world_model.terms.campaign_doc import Batch, Budget
from world_model.terms.errors import ConflictError
from world_model.terms.factors import Continuous
from world_model.terms.goals import Goal, Measurement
from world_model.terms.space import SearchSpace


def test_budget_batch_controls_and_goals_may_change(charter):
    now = charter(budget=Budget(experiments=99), batch=Batch(candidates=4), controls=(), goals=(Goal(readout="OD600", direction="min"),))
    assert {change.field for change in revision(charter(), now)} == {"budget", "batch", "controls", "goals"}
    assert revision(charter(), charter()) == ()


def test_a_change_that_gives_results_another_meaning_is_refused_with_its_fields_named(charter, space):
    wider = SearchSpace(factors=(Continuous(name="glucose", unit="mM", low=1, high=50), space["strain"]))
    with pytest.raises(ConflictError, match=r"factors \(glucose .*high=40.* → .*high=50.*new campaign"):
        revision(charter(), charter(**space_terms(wider)))
    with pytest.raises(ConflictError, match="measurements"):
        revision(charter(), charter(measurements=(Measurement(name="OD600", unit="OD600", at_h=(0, 2)),)))


def test_of_a_table_only_the_digest_is_kept_and_another_table_is_refused():
    table = pd.DataFrame({"a": np.arange(5000.0), "b": np.tile(["x", "y"], 2500)})
    told = [Charter(name="t", goals=(Goal(readout="y"),), measurements=(Measurement(name="y"),), **space_terms(SearchSpace.from_table(frame))) for frame in (table, table.iloc[1:])]
    assert len(told[0].model_dump_json()) < 1000
    with pytest.raises(ConflictError, match="table of candidates"):
        revision(*told)


def test_the_budget_cuts_to_whole_candidates_beside_controls_and_blanks(open_in, put_round, charter):
    campaign = open_in()  # 18 wells: each round needs 1 control, 1 blank and 2 wells a candidate
    assert allowance(campaign.standing(), 2).candidates == 2
    assert allowance(campaign.standing(), 20).candidates == (18 - 2) // 2
    for wells, most in ((17, 7), (19, 8), (20, 9)):  # the control and the blank both count: (wells - 2) // 2
        assert allowance(replace(campaign.standing(), charter=charter(budget=Budget(experiments=wells))), 20).candidates == most
    put_round(campaign)  # 6 wells
    put_round(campaign)  # 12 wells
    left = allowance(campaign.standing(), 5)
    assert left.candidates == (6 - 2) // 2 and "18 experiments has 6 left" in left.message
    put_round(campaign)
    with pytest.raises(ConflictError, match="budget of 18 experiments, found 18 used"):
        allowance(campaign.standing(), 1)
    assert is_spent(campaign.standing())


def test_the_budget_of_rounds_is_kept_too(open_in, put_round):
    campaign = open_in(budget=Budget(rounds=1))
    put_round(campaign)
    with pytest.raises(ConflictError, match="budget of 1 rounds"):
        allowance(campaign.standing(), 1)


def test_status_walks_through_the_steps_in_their_order(open_in, put_round, put_protocol, results_text):
    assert [w.step for w in what_waits(None, file="c.toml")] == ["propose"]
    campaign = open_in(protocol=True, budget=Budget(rounds=1))

    def now():
        (line,) = what_waits(campaign.standing(), file="c.toml")
        return line.step, line.who, line.command.split()[0]

    assert now() == ("propose", "planner", "propose")
    put_round(campaign)
    assert now() == ("compile", "you", "compile")
    (line,) = what_waits(campaign.standing(), file="c.toml")
    assert line.command == "compile c.toml"  # whether there are cells, and a robot, the charter does not say
    assert "robot" not in line.what
    put_protocol(campaign)
    assert now() == ("approve", "you", "approve")
    approve(campaign, person="A. Person")
    assert now() == ("record", "lab", "record")
    record_content(campaign, results_text(campaign).encode(), name="one.csv")
    assert now() == ("done", "nobody", "report")
