"""Holds, ramps and edits: what they need, and that settings and interventions say the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from world_model.terms.constraints import Linear
from world_model.terms.errors import SpaceError
from world_model.terms.factors import Categorical, Continuous, Discrete
from world_model.terms.interventions import Dose, Edit, Hold, Ramp
from world_model.terms.space import SearchSpace

BEGIN = Continuous(name="begin", low=1.0, high=3.0, unit="h", acts="time")
FEED = Continuous(name="feed", low=0.0, high=2.0, unit="mL/h", acts="hold", from_h="begin", to_h=6)
LATE_FEED = Continuous(name="late feed", low=0.0, high=2.0, unit="mL/h", acts="hold", from_h=6, to_h=9, variable="feed")
HEAT = Continuous(name="heat", low=30.0, high=42.0, unit="degC", acts="ramp", from_h=2, to_h=4, from_value=37)
BOLUS = Discrete(name="bolus", values=(0.0, 1.0), unit="mM", acts="dose", at=1, variable="inducer")
SECOND = Discrete(name="second bolus", values=(0.0, 1.0), unit="mM", acts="dose", at=5, variable="inducer")
SILENCED = Continuous(name="silencing", low=0.0, high=1.0, acts="edit", mode="inhibit", target="pfkA")
GENES = ("none", "pgi", "zwf", "tktA")
FIRST_GENE = Categorical(name="first gene", levels=GENES, acts="edit", mode="knock_out", no_edit="none")
SECOND_GENE = Categorical(name="second gene", levels=GENES, acts="edit", mode="knock_out", no_edit="none")
SPACE = SearchSpace(factors=(BEGIN, FEED, LATE_FEED, HEAT, BOLUS, SECOND, SILENCED, FIRST_GENE, SECOND_GENE))


@given(
    st.fixed_dictionaries(
        {
            "begin": st.floats(1, 3), "feed": st.floats(0, 2), "late feed": st.floats(0, 2), "heat": st.floats(30, 42), "bolus": st.sampled_from([0.0, 1.0]),
            "second bolus": st.sampled_from([0.0, 1.0]), "silencing": st.floats(0, 1), "first gene": st.sampled_from(GENES),
            "second gene": st.sampled_from(GENES),
        }
    )
)
def test_interventions_of_every_kind_give_the_settings_back(settings):
    assert SPACE.settings(SPACE.interventions(settings)) == settings


def test_what_is_forced_is_named_by_its_variable_and_hours():
    settings = {
        "begin": 2.0, "feed": 1.5, "late feed": 0.5, "heat": 42.0, "bolus": 1.0, "second bolus": 0.0, "silencing": 0.4, "first gene": "zwf", "second gene": "none",
    }  # fmt: skip
    assert SPACE.interventions(settings) == (
        Hold(variable="feed", from_h=2.0, to_h=6.0, value=1.5), Hold(variable="feed", from_h=6.0, to_h=9.0, value=0.5),
        Ramp(variable="heat", from_h=2.0, to_h=4.0, from_value=37.0, to_value=42.0), Dose(variable="inducer", at_h=1.0, amount=1.0),
        Dose(variable="inducer", at_h=5.0, amount=0.0), Edit(target="pfkA", mode="inhibit", strength=0.4), Edit(target="zwf", mode="knock_out"),
        Edit(target="none", mode="knock_out", strength=0.0),
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"acts": "hold", "from_h": 1.0}, "expected to_h .* with acts = 'hold', found none"),
        ({"acts": "ramp", "from_h": 1.0, "to_h": 2.0}, "expected from_value .* with acts = 'ramp', found none"),
        ({"acts": "hold", "from_h": 3.0, "to_h": 2.0}, "expected to_h after from_h = 3, found 2"),
        ({"acts": "set", "to_h": 2.0}, "expected to_h only with acts = 'hold' or 'ramp', found acts = 'set'"),
        ({"acts": "start", "variable": "y"}, "expected variable only with acts = 'hold' or 'ramp' or 'dose'"),
        ({"acts": "edit"}, "expected mode"),
        ({"acts": "edit", "mode": "inhibit", "high": 2.0}, "a strength from 0 to 1 without unit where acts = 'edit', found 0 to 2"),
        ({"acts": "edit", "mode": "inhibit", "no_edit": "x"}, "no_edit"),
    ],
)  # fmt: skip
def test_keys_that_do_not_fit_the_act_are_refused(change, told):
    with pytest.raises(ValidationError, match=told):
        Continuous(**{"name": "x", "low": 0.0, "high": 1.0, **change})


def test_an_edit_of_levels_names_genes_and_a_level_without_one():
    with pytest.raises(ValidationError, match="no_edit: expected one of the levels, found 'wild type'"):
        Categorical(name="gene", levels=("pgi", "zwf"), acts="edit", mode="knock_out", no_edit="wild type")
    with pytest.raises(ValidationError, match="names of genes .*found '1st'"):
        Categorical(name="gene", levels=("pgi", "1st"), acts="edit", mode="knock_out")
    with pytest.raises(ValidationError, match="expected mode only with acts = 'edit'"):
        Categorical(name="gene", levels=("pgi", "zwf"), mode="knock_out")


def test_a_hold_whose_times_may_cross_is_refused_until_a_constraint_keeps_them_apart():
    first = Continuous(name="first", low=0.0, high=5.0, unit="h", acts="time")
    last = Continuous(name="last", low=4.0, high=9.0, unit="h", acts="time")
    held = Continuous(name="feed", low=0.0, high=2.0, acts="hold", from_h="first", to_h="last")
    with pytest.raises(SpaceError, match=r"from_h before to_h of 'feed'.*'last' = 1, 'first' = -1 }, at_least = 0.1"):
        SearchSpace(factors=(first, last, held))
    space = SearchSpace(factors=(first, last, held), constraints=(Linear(terms={"last": 1.0, "first": -1.0}, at_least=0.1),))
    assert space.interventions({"first": 5.0, "last": 5.1, "feed": 1.0}) == (Hold(variable="feed", from_h=5.0, to_h=5.1, value=1.0),)


def test_two_holds_of_one_variable_at_once_are_refused():
    early = FEED.model_copy(update={"name": "early", "variable": "feed", "from_h": 2.0, "to_h": 6.5})
    with pytest.raises(SpaceError, match="'early' and 'late feed' to act on 'feed' one after the other"):
        SearchSpace(factors=(early, LATE_FEED))


def test_an_intervention_that_no_factor_makes_names_the_nearest():
    with pytest.raises(SpaceError, match="found hold of 'fed'. Did you mean 'feed'"):
        SPACE.settings((Hold(variable="fed", from_h=6.0, to_h=9.0, value=1.0),))
    with pytest.raises(SpaceError, match="found hold of 'feed'"):
        SPACE.settings((Hold(variable="feed", from_h=6.0, to_h=8.0, value=1.0),))


def test_times_of_holds_must_be_times():
    with pytest.raises(SpaceError, match="acts = 'time' for the time of 'feed', found 'start'"):
        SearchSpace(factors=(FEED.model_copy(update={"from_h": "start"}), BEGIN))


def test_a_space_without_these_words_keeps_the_digest_that_journals_hold():
    plain = SearchSpace(factors=(Continuous(name="glucose", low=1.0, high=40.0, unit="mM"), Categorical(name="strain", levels=("a", "b"))))
    assert plain.digest() == "9de53b98eac10b0689bcd1fab93400b553cea46d8cb4508f2e6e82a57790d039"
