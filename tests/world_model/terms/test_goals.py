"""Goals: what is refused, and what scores and ramps are worth."""

import numpy as np
import pytest
from pydantic import ValidationError

from world_model.terms.campaign_doc import CampaignDoc, Control
from world_model.terms.errors import NextwellError
from world_model.terms.factors import Continuous
from world_model.terms.goals import Goal, Measurement
from world_model.terms.outcome_constraint import OutcomeConstraint

CURVE, END = Measurement(name="od", at_h=(0.0, 2.0, 4.0, 8.0)), Measurement(name="titre", unit="g/L")


def test_a_goal_of_old_writes_what_it_wrote():
    assert Goal(readout="y").model_dump(mode="json") == {"readout": "y", "direction": "max", "take": "end", "at_h": None}


def test_a_campaign_of_old_writes_what_it_wrote():
    doc = CampaignDoc(name="c", factors=(Continuous(name="a", low=0, high=1),), measurements=(END,), goals=(Goal(readout="titre"),))
    assert not {"join", "outcome_constraints"} & set(doc.model_dump(mode="json"))


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"direction": "match"}, "expected a target"),
        ({"target": 3.0}, "target = 3 with direction = 'max'"),
        ({"direction": "range", "low": 1.0}, "found low alone"),
        ({"direction": "range", "low": 3.0, "high": 1.0}, "expected low under high"),
        ({"direction": "match", "target": 9.0, "low": 0.0, "high": 3.0}, "expected a target between low and high"),
        ({"take": "time_to"}, "one of above and below"),
        ({"take": "time_in", "above": 3.0, "below": 1.0}, "expected above under below"),
        ({"take": "peak", "from_h": 1.0}, "from_h with take = 'rate' only"),
        ({"above": 1.0}, "above with take = 'time_to' or 'time_in' only"),
        ({"weight": 0.0}, "greater than 0"),
    ],
)  # fmt: skip
def test_goals_that_make_no_sense_are_refused(keys, said):
    with pytest.raises(ValidationError, match=said):
        Goal(readout="y", **keys)


def test_scores_by_hand():
    read = np.array([1.0, 3.0, 6.0, np.nan])
    np.testing.assert_allclose(Goal(readout="y", direction="match", target=4.0).score(read), [-3, -1, -2, np.nan])
    np.testing.assert_allclose(Goal(readout="y", direction="range", low=2.0, high=5.0).score(read), [-1, 0, -1, np.nan])
    with pytest.raises(NextwellError, match="Compare scores"):
        _ = Goal(readout="y", direction="match", target=4.0).sign


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        (Goal(readout="y", low=2.0, high=6.0), [0.0, 0.25, 0.75, 1.0]),
        (Goal(readout="y", direction="min", low=2.0, high=6.0), [1.0, 0.75, 0.25, 0.0]),
        (Goal(readout="y", direction="match", target=3.0, low=2.0, high=6.0), [0.0, 1.0, 1 / 3, 0.0]),
        (Goal(readout="y", direction="range", low=3.0, high=5.0), [0.0, 1.0, 1.0, 0.0]),  # 1 is a whole width below, 7 above
    ],
)  # fmt: skip
def test_ramps_by_hand(goal, expected):
    np.testing.assert_allclose(goal.desirability(np.array([1.0, 3.0, 5.0, 7.0])), expected, atol=1e-12)


def doc(*goals, kept=(), join="pareto", controls=()):
    return CampaignDoc(
        name="c", factors=(Continuous(name="a", low=0, high=1),), measurements=(CURVE, END), goals=goals, outcome_constraints=kept, join=join, controls=controls
    )


@pytest.mark.parametrize(
    ("goals", "more", "said"),
    [
        ([Goal(readout="titre"), Goal(readout="titre", direction="min")], {}, "Both can't be"),
        ([Goal(readout="titre"), Goal(readout="titre", direction="match", target=3.0)], {}, "One number can be wanted in one way"),
        ([Goal(readout="titre"), Goal(readout="titre")], {}, "Leave one out"),
        ([Goal(readout="titre", weight=2.0), Goal(readout="od")], {}, "A Pareto front weighs nothing"),
        ([Goal(readout="titre"), Goal(readout="od")], {"join": "desirability"}, "expected low and high of each goal"),
        ([Goal(readout="titre", worst=3.0)], {}, "worst only where there are several goals"),
        ([Goal(readout="titre", take="time_to", above=1.0)], {}, "time_to only of a measurement with at least two times"),
        ([Goal(readout="od", take="rate", from_h=5.0)], {}, "a window with at least two readings"),
        ([Goal(readout="titre")], {"kept": [OutcomeConstraint(readout="none", at_most=1.0)]}, "outcome_constraints.0..readout"),
        ([Goal(readout="titre")], {"kept": [OutcomeConstraint(readout="od", at_least=0.9, relative_to="wild type")]}, "expected a control's name"),
        ([Goal(readout="titre", direction="match", target=3.0)], {"kept": [OutcomeConstraint(readout="titre", at_most=2.0)]}, "excludes its target 3"),
        ([Goal(readout="titre", direction="range", low=3.0, high=4.0)], {"kept": [OutcomeConstraint(readout="titre", at_least=5.0)]}, "excludes its range"),
        ([Goal(readout="titre", worst=5.0), Goal(readout="od")], {"kept": [OutcomeConstraint(readout="titre", at_most=5.0)]}, "worth anything"),
        ([Goal(readout="titre")], {"kept": [OutcomeConstraint(readout="od", at_most=1.0), OutcomeConstraint(readout="od", at_least=2.0)]}, "Loosen one of the two"),
    ],
)  # fmt: skip
def test_what_cant_be_wanted_at_once_is_refused(goals, more, said):
    with pytest.raises(ValidationError, match=said):
        doc(*goals, **more)


def test_what_can_be_wanted_at_once_is_taken():
    control = Control(name="wild type", wells=2, settings={"a": 0.0})
    kept = [OutcomeConstraint(readout="od", take="rate", at_least=0.95, relative_to="wild type", probability=0.9), OutcomeConstraint(readout="titre", at_most=9.0)]
    told = doc(Goal(readout="titre", worst=1.0), Goal(readout="od", take="time_to", above=1.0, direction="min"), kept=kept, controls=[control])
    assert str(told.outcome_constraints[0]) == "the rate of od is at least 95 % of wild type's, 90% likely"
    assert str(told.goals[1]) == "minimise the time until od has risen to 1"


def test_bounds_that_leave_nothing_are_refused():
    with pytest.raises(ValidationError, match="nothing is both"):
        OutcomeConstraint(readout="y", at_least=3.0, at_most=2.0)
    with pytest.raises(ValidationError, match="found neither"):
        OutcomeConstraint(readout="y")
