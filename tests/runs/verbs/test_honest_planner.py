"""Was it right, when to stop, why and why not: through the verbs and the journal."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from runs.campaign import Campaign
from runs.state.charter import Charter, space_terms
from runs.state.foretold import foretold
from runs.verbs.run_loop import run_loop
from world_model.terms.campaign_doc import Batch, Budget, CampaignDoc
from world_model.terms.errors import DesignError, NextwellError
from world_model.terms.factors import Categorical, Continuous
from world_model.terms.goals import Goal, Measurement
from world_model.terms.space import SearchSpace
from world_model.terms.stop import Stop

SPACE = SearchSpace(factors=(Continuous(name="x", unit="mM", low=0, high=10), Categorical(name="c", levels=("a", "b"))))
GOAL = Goal(readout="y")


def truth(x, c):
    return 90 - 2 * (x - 6.0) ** 2 + (5 if c == "b" else 0)


def answered(campaign, n=5):
    batch = campaign.propose(n)
    rng = np.random.default_rng(len(campaign.state.rounds))
    batch["y"] = [truth(x, c) + rng.normal() for x, c in zip(batch["x"], batch["c"], strict=True)]
    campaign.record(batch[["experiment_id", "y"]])
    return batch


@pytest.fixture(scope="module")
def begun():
    campaign = Campaign(space=SPACE, goals=[GOAL], measurements=[Measurement(name="y", unit="%")], budget=Budget(experiments=60), batch=Batch(candidates=5))
    for _ in range(3):
        answered(campaign)
    yield campaign
    campaign.close()


def test_the_ledger_holds_what_the_journal_stored(begun):
    told = foretold(begun.state, begun.data)
    stored = {e.id: e.predictions[0] for opened in begun.state.rounds for e in opened.experiments if e.predictions}
    assert {one.id for one in told} == set(stored)
    assert all(one.mean == stored[one.id].mean and one.sd == stored[one.id].sd and one.stretch == stored[one.id].stretch for one in told)
    frame = begun.honesty().frame()
    whole = frame[frame["round"] == "all"].iloc[0]
    assert whole["results"] == len(told) and whole["within"] == sum(one.within for one in told)


def test_a_stretch_is_told_in_the_strategy_and_kept_with_the_prediction(begun):
    for opened in begun.state.rounds:
        stretches = {one.stretch for e in opened.experiments for one in e.predictions}
        assert ("times as wide" in opened.proposal.strategy) == any(stretch > 1 for stretch in stretches)
        for e in opened.experiments:
            for one in e.predictions:
                assert one.high - one.low == pytest.approx(2 * 1.6448536 * one.sd, rel=1e-6)


def test_why_tells_the_stored_reason_and_places_it(begun):
    proposed = begun.state.rounds[1].experiments[0]
    told = begun.why(proposed.id)
    assert proposed.reason in str(told)
    assert told.place is not None and 1 <= told.place.rank <= told.place.of
    assert {one.run.id for one in told.near} <= {e.id for e in begun.state.rounds[0].experiments}
    assert told.factors is not None and {one.factor for one in told.factors.factors} == {"x", "c"}


def test_the_first_round_was_no_models_choice(begun):
    assert "No model was asked" in str(begun.why("R01-001"))


def test_who_was_never_proposed_can_t_be_explained(begun):
    with pytest.raises(DesignError, match="R01-00"):
        begun.why("R01-0O1")


def test_why_not_names_the_bound(begun):
    told = begun.why_not({"x": 11.0, "c": "a"})
    assert len(told.against) == 1 and "x" in told.against[0] and told.place is None


def test_why_not_names_the_earlier_measurement(begun):
    done = begun.state.rounds[0].experiments[0]
    told = begun.why_not(dict(done.settings))
    assert any("measured already" in one and done.id in one for one in told.against)


def test_why_not_fills_up_from_the_best_and_ranks_what_is_poor_last(begun):
    told = begun.why_not({"x": 0.0})
    assert any("best experiment so far" in note for note in told.notes)
    assert not told.against and told.place.rank > 0.5 * told.place.of and told.place.split.beats < 0.05


def test_why_not_asks_for_something(begun):
    with pytest.raises(DesignError, match="neither"):
        begun.why_not()
    with pytest.raises(DesignError, match="'z'"):
        begun.why_not({"z": 1.0})


def test_a_stop_report_records_nothing(begun):
    before = begun.state.head
    report = begun.stop_report()
    assert begun.state.head == before
    assert report.wells == 5 and report.gain is not None and report.best is not None and not report.stop
    assert report.gain.low <= report.gain.mean <= report.gain.high


def test_two_goals_are_told_by_the_first():
    table = pd.DataFrame([(float(x), c) for x in range(11) for c in ("a", "b")], columns=["x", "c"])
    campaign = Campaign(space=SearchSpace.from_table(table), goals=[GOAL, Goal(readout="z", direction="min")], batch=Batch(candidates=2))
    for _ in range(2):
        batch = campaign.propose(6 if not campaign.state.rounds else 2)
        batch["y"], batch["z"] = [truth(x, c) for x, c in zip(batch["x"], batch["c"], strict=True)], batch["x"]
        campaign.record(batch[["experiment_id", "y", "z"]])
    assert "2 goals" in campaign.stop_report().of
    assert "2 goals" in str(campaign.why(campaign.state.rounds[1].experiments[0].id))
    assert "2 goals" in str(campaign.why_not({"x": 3.0}))
    assert len(campaign.honesty().ledgers) == 2


def test_what_may_fail_counts_in_a_rank_and_is_told():
    campaign = Campaign(space=SPACE, goals=[GOAL])
    batch = campaign.propose(14)
    works = batch["x"] < 5
    campaign.record(batch[works].assign(y=batch["x"]))
    campaign.fail(list(batch[~works]["experiment_id"]), "precipitated")
    first = campaign.propose(1)
    # without the chance to work the top of the range would be preferred, where all failed
    assert campaign.why(first["experiment_id"][0]).place.rank <= 3
    assert "likely to work" in str(campaign.why_not({"x": 9.9, "c": "a"}))
    campaign.amend(goals=[Goal(readout="y", direction="match", target=2.0)], reason="less is enough")
    assert "goals were changed since (maximise y" in str(campaign.why(first["experiment_id"][0]))


class Table:
    """A lab that answers by the formula."""

    name = "formula"

    def answer(self, order):
        from world_model.terms.lab import RawFile

        rows = ["experiment_id,measurement,value,unit"]
        for e in order.experiments:
            done = SPACE.settings(e.interventions)
            rows.append(f"{e.id},y,{truth(done['x'], done['c'])},%")
        return RawFile(name="answer.csv", text="\n".join(rows) + "\n")


def test_a_rule_that_is_met_ends_the_loop_with_its_report_in_the_journal():
    campaign = Campaign(
        space=SPACE, goals=[GOAL], measurements=[Measurement(name="y", unit="%")], budget=Budget(experiments=60), batch=Batch(candidates=6), stop=Stop(reach=85.0)
    )
    outcome = run_loop(campaign._open, Table())
    state = outcome.state
    assert state.stopped is not None and state.stopped.stop
    assert next(found.reason for found in state.stopped.findings if found.met) == "target reached"
    assert any("Stop: target reached" in message for message in outcome.messages)
    assert sum(len(opened.experiments) for opened in state.rounds) < 60
    assert all(opened.report is not None and not opened.report.stop for opened in state.rounds)
    # advice: the next batch may be proposed all the same
    campaign.propose(2)
    assert campaign.state.stopped is None


def test_a_campaign_without_a_rule_is_the_data_that_it_was():
    charter = Charter(name="n", measurements=(Measurement(name="y"),), goals=(GOAL,), **space_terms(SPACE))
    assert "stop" not in charter.model_dump(mode="json")
    assert "stop" in json.loads(charter.model_copy(update={"stop": Stop(reach=1.0)}).model_dump_json())


@pytest.mark.parametrize(
    ("goal", "stop", "said"),
    [
        ({"readout": "y", "direction": "match", "target": 3.0}, {"reach": 2.0}, "stop.reach"),
        ({"readout": "y", "direction": "level set", "at_least": 1.0}, {"gain_below": 2.0}, "stop.gain_below"),
        ({"readout": "y"}, {"gain_below": -1.0}, "gain_below"),
        ({"readout": "y"}, {"probability": 1.0}, "probability"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(goal, stop, said):
    with pytest.raises((ValueError, NextwellError), match=said):
        CampaignDoc.model_validate(
            {"name": "n", "factors": [{"name": "x", "kind": "continuous", "low": 0, "high": 1}], "measurements": [{"name": "y"}], "goals": [goal], "stop": stop}
        )
