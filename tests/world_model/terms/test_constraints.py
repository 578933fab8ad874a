"""Constraints as words: what each means, what it refuses, and which of them conflict."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from pydantic import TypeAdapter, ValidationError

from world_model.terms.any_constraint import AnyConstraint, ToldConstraint
from world_model.terms.cardinality import Cardinality
from world_model.terms.condition import Condition
from world_model.terms.constraints import Linear
from world_model.terms.custom import Custom
from world_model.terms.derived import Derived
from world_model.terms.errors import SpaceError
from world_model.terms.exclusion import Exclude
from world_model.terms.factors import Categorical, Continuous, Discrete, Integer, Ordinal
from world_model.terms.mixture import Mixture
from world_model.terms.product import Product
from world_model.terms.programme import Programme
from world_model.terms.space import SearchSpace


def number(name: str, low: float = 0, high: float = 10, **more: object) -> Continuous:
    return Continuous(name=name, low=low, high=high, **more)


def holds(constraint, **cells) -> list[bool]:
    return (constraint.violation({name: np.array(values) for name, values in cells.items()}) == 0).tolist()


def test_an_exclusion_needs_all_of_its_conditions():
    word = Exclude(when={"solvent": ["DMF", "DMSO"], "heat": {"above": 80}})
    assert holds(word, solvent=["DMF", "DMF", "water"], heat=[90, 80, 90]) == [False, True, True]
    # codes of a table mean levels
    told = word.violation({"solvent": np.array([0, 1, 2]), "heat": np.array([90, 90, 90])}, {"solvent": ("water", "DMF", "DMSO")})
    assert told.tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("told", "inside", "outside"),
    [({"above": 3}, 3.1, 3.0), ({"at_least": 3}, 3.0, 2.9), ({"below": 3}, 2.9, 3.0), ({"at_most": 3}, 3.0, 3.1), ([1, 4], 4.0, 3.0), (2, 2.0, 2.1),
     ({"above": 1, "at_most": 2}, 2.0, 1.0)],
)  # fmt: skip
def test_a_condition_on_a_number(told, inside, outside):
    assert Condition.model_validate(told).holds(np.array([inside, outside])).tolist() == [True, False]


@pytest.mark.parametrize("wrong", [{}, {"above": 1, "at_least": 2}, {"above": 3, "below": 1}, ["a", 1], {"levels": ["a"], "above": 2}])
def test_a_condition_that_says_nothing_or_too_much_is_refused(wrong):
    with pytest.raises(ValidationError, match="expected"):
        Condition.model_validate(wrong)


def test_a_product_of_powers():
    """3 · 2² = 12."""
    assert holds(Product(powers={"a": 1, "b": 2}, at_most=12), a=[3, 3], b=[2, 2.001]) == [True, False]
    assert holds(Product(powers={"a": 1, "b": -1}, at_least=1.5), a=[3, 3], b=[2, 2.001]) == [True, False]
    assert holds(Product(powers={"a": 1, "b": 1}, equals=6), a=[3, 3], b=[2, 2.1]) == [True, False]


def test_counts_of_parts_and_their_minimum():
    word = Cardinality(of=("a", "b", "c"), at_least=1, at_most=2, minimum={"a": 0.5})
    assert holds(word, a=[0, 0.5, 0.4, 1], b=[0, 1, 1, 1], c=[0, 0, 0, 1]) == [False, True, False, False]


def test_a_mixture_sums_to_its_total_with_few_parts():
    word = Mixture(of=("a", "b", "c"), total=1, at_most=2, minimum=0.1)
    assert holds(word, a=[0.5, 0.95, 0.4, 0.5], b=[0.5, 0.05, 0.3, 0.4], c=[0, 0, 0.3, 0]) == [True, False, False, False]


def test_a_function_says_what_it_allows_and_errors_name_it():
    assert holds(Custom(name="ring", of=("a", "b"), allows=lambda v: v["a"] ** 2 + v["b"] ** 2 <= 4), a=[1, 2], b=[1, 2]) == [True, False]
    with pytest.raises(SpaceError, match="'ring' to answer True or False, found ZeroDivisionError"):
        holds(Custom(name="ring", of=("a",), allows=lambda v: 1 / 0 > 1), a=[1])
    with pytest.raises(SpaceError, match="True or False, found 3"):
        holds(Custom(name="ring", of=("a",), allows=lambda v: 3), a=[1])  # type: ignore[arg-type, return-value]


def test_every_word_survives_the_journal_and_a_function_keeps_its_name():
    words = [
        Linear(terms={"a": 1}, at_most=3), Exclude(when={"a": {"above": 1}, "b": "x"}), Product(powers={"a": 1}, at_most=2),
        Cardinality(of=("a", "b"), at_most=1), Mixture(of=("a", "b"), minimum=0.1), Custom(name="f", of=("a",), allows=lambda v: True),
    ]  # fmt: skip
    reader = TypeAdapter(AnyConstraint)
    for word in words:
        assert reader.validate_json(word.model_dump_json(), strict=True) == word
    assert reader.validate_json(words[-1].model_dump_json()).told_only


def test_a_file_holds_no_function():
    with pytest.raises(ValidationError, match="nw.Custom"):
        TypeAdapter(ToldConstraint).validate_python({"kind": "custom", "name": "f", "of": ["a"]})
    assert TypeAdapter(ToldConstraint).validate_python({"terms": {"a": 1}, "at_most": 3}).kind == "linear"


@pytest.mark.parametrize(
    ("constraint", "said"),
    [
        (Exclude(when={"solvnt": "water"}), "'solvent'"), (Exclude(when={"solvent": "watr"}), "'water'"), (Exclude(when={"a": "water"}), "a value or a range"),
        (Exclude(when={"solvent": {"above": 2}}), "levels of 'solvent'"), (Exclude(when={"solvent": ["water", "DMF"]}), "leaves a level"),
        (Product(powers={"solvent": 1}, at_most=2), "numeric factor"), (Product(powers={"a": -1}, at_most=2), "more than 0"),
        (Cardinality(of=("a", "b"), at_most=1), "can be 0"), (Cardinality(of=("a",), minimum=11), "at most 10"),
        (Mixture(of=("a", "solvent"), at_most=1), "numeric factor"), (Custom(name="f", of=("z",), allows=lambda v: True), "'z'"),
    ],
)  # fmt: skip
def test_a_constraint_on_what_does_not_suit_it_is_refused_with_what_would(constraint, said):
    with pytest.raises(SpaceError, match=said):
        SearchSpace(factors=(number("a"), number("b", 1, 2), Categorical(name="solvent", levels=("water", "DMF"))), constraints=(constraint,))


def test_the_conflicting_ones_are_named_and_no_others():
    space = {"factors": (number("a"), number("b"), number("c"))}
    fine, least, most = Linear(terms={"c": 1}, at_least=1), Linear(terms={"a": 1, "b": 1}, at_least=12), Linear(terms={"a": 1}, at_most=1)
    with pytest.raises(SpaceError) as told:
        SearchSpace(**space, constraints=(fine, least, most))
    assert "a + b ≥ 12; a ≤ 1" in str(told.value) and "c ≥ 1" not in str(told.value)
    assert "a reaches 2 to 10 while the other holds" in str(told.value)  # b is at most 10


def test_exclusions_and_a_bound_that_conflict_as_three():
    levels = Categorical(name="s", levels=("x", "y", "z"))
    with pytest.raises(SpaceError, match="3 that conflict"):
        SearchSpace(
            factors=(levels, number("t", 0, 100)),
            constraints=(Exclude(when={"s": ["x", "y"], "t": {"above": 80}}), Exclude(when={"s": "z"}), Linear(terms={"t": 1}, at_least=90)),
        )


def test_a_sum_that_no_steps_reach_is_refused_with_its_neighbours():
    """6 a + 10 b is even; 15 is not. The neighbours are 12 = 6 · 2 and 16 = 6 + 10."""
    with pytest.raises(SpaceError, match="reaches 12 and 16, nothing between"):
        SearchSpace(factors=(Integer(name="a", low=0, high=50), Integer(name="b", low=0, high=50)), constraints=(Linear(terms={"a": 6, "b": 10}, equals=15),))


@pytest.mark.parametrize(("most", "feasible"), [(12.6, False), (12.7, True)])
def test_a_product_against_a_sum_conflicts_below_the_geometric_mean(most, feasible):
    """a b ≥ 40 needs a + b ≥ 2 √40 = 12.649."""
    make = {"factors": (number("a", 1, 100), number("b", 1, 100)), "constraints": (Product(powers={"a": 1, "b": 1}, at_least=40), Linear(terms={"a": 1, "b": 1}, at_most=most))}
    if feasible:
        SearchSpace(**make)
    else:
        with pytest.raises(SpaceError, match="12.649"):
            SearchSpace(**make)


def test_a_mixture_of_too_few_parts_is_refused():
    """Two parts of at most 0.4 give 0.8."""
    with pytest.raises(SpaceError, match="none within the factors' bounds"):
        SearchSpace(factors=tuple(number(name, 0, 0.4) for name in "abc"), constraints=(Mixture(of=("a", "b", "c"), at_most=2),))


def test_rows_of_a_table_that_conflict_are_told_by_the_pair():
    table = SearchSpace.from_table(pd.DataFrame({"x": [1.0, 2.0, 3.0], "c": ["a", "b", "a"]}))
    with pytest.raises(SpaceError, match="never c is a; x ≥ 3. Loosen"):
        SearchSpace(
            factors=table.factors, candidates=table.candidates,
            constraints=(Linear(terms={"x": 1}, at_most=5), Exclude(when={"c": "a"}), Linear(terms={"x": 1}, at_least=3)),
        )  # fmt: skip


def test_the_nearest_point_of_a_programme_is_the_projection():
    """On a + b = 1 the point nearest to (0.9, 0.5) in the sum of distances keeps one of them."""
    answer = Programme((number("a", 0, 1), number("b", 0, 1)), [Linear(terms={"a": 1, "b": 1}, equals=1)]).solve(toward={"a": 0.9, "b": 0.5}).values
    assert answer is not None and abs(answer["a"] - 0.9) + abs(answer["b"] - 0.5) == pytest.approx(0.4)


def test_an_absent_factor_has_one_value_and_forces_nothing():
    space = SearchSpace(
        factors=(Categorical(name="base", levels=("none", "K2CO3")), number("eq", 1, 3, unit="mM", only_if={"base": "K2CO3"}), number("t", 20, 90, only_if={"eq": {"above": 2}}))
    )  # fmt: skip
    assert space.absent({"base": "none", "eq": 2.5, "t": 50}) == {"eq", "t"}
    assert space.whole({"base": "none"}) == {"base": "none", "eq": 0.0, "t": 20.0}
    assert space.reasons_against({"base": "none", "eq": 0.0, "t": 20.0}) == []
    assert "absent" in space.reasons_against({"base": "none", "eq": 2.0, "t": 20.0})[0]
    assert [one.variable for one in space.interventions({"base": "none", "eq": 0.0, "t": 20.0})] == ["base"]
    assert space.settings(space.interventions({"base": "none", "eq": 0.0, "t": 20.0})) == {"base": "none", "eq": 0.0, "t": 20.0}


@pytest.mark.parametrize(
    ("conditions", "said"),
    [({"bse": "K2CO3"}, "'base'"), ({"base": "KCO3"}, "'K2CO3'"), ({"base": {"above": 1}}, "levels of 'base'"), ({"eq": 2}, "another factor's name")],
)
def test_a_condition_that_can_never_be_asked_is_refused(conditions, said):
    with pytest.raises(SpaceError, match=said):
        SearchSpace(factors=(Categorical(name="base", levels=("none", "K2CO3")), number("eq", 1, 3, only_if=conditions)))


def test_factors_that_need_each_other_are_refused():
    with pytest.raises(SpaceError, match="circle"):
        SearchSpace(factors=(number("a", only_if={"b": {"above": 1}}), number("b", only_if={"a": {"above": 1}})))


def test_zero_or_at_least():
    factor = number("a", zero_or_at_least=2)
    assert [factor.reason_against(value) is None for value in (0, 1, 2, 10)] == [True, False, True, True]
    with pytest.raises(ValidationError, match="low = 0"):
        number("a", 1, 10, zero_or_at_least=2)


@pytest.mark.parametrize(
    ("formula", "weights", "value", "bounds"),
    [("sum", None, 5, (2, 7)), ("mean", None, 2.5, (1, 3.5)), ("product", None, 6, (1, 10)), ("ratio", None, 2 / 3, (0.2, 2)),
     ("weighted_sum", (10.0, 1.0), 23, (11, 25)), ("weighted_mean", (10.0, 1.0), 4.6, (1, 10))],
)  # fmt: skip
def test_formulas_of_derived_factors(formula, weights, value, bounds):
    """a = 2 in [1, 2], b = 3 in [1, 5]."""
    word = Derived(name="d", formula=formula, of=("a", "b"), weights=weights)
    assert float(word.value({"a": np.array([2.0]), "b": np.array([3.0])})[0]) == pytest.approx(value)
    assert word.bounds({"a": number("a", 1, 2), "b": number("b", 1, 5)}) == pytest.approx(bounds)


def test_a_ratio_may_be_bounded_and_a_divisor_of_zero_is_refused():
    ratio = Derived(name="r", formula="ratio", of=("a", "b"))
    space = SearchSpace(factors=(number("a", 1, 5), number("b", 1, 5)), derived=(ratio,), constraints=(Linear(terms={"r": 1}, at_most=1.5),))
    assert space.reasons_against({"a": 3.0, "b": 2.0}) == [] and space.reasons_against({"a": 3.2, "b": 2.0}) == ["breaks r ≤ 1.5"]
    with pytest.raises(SpaceError, match="never 0"):
        SearchSpace(factors=(number("a"), number("b")), derived=(ratio,))
    with pytest.raises(SpaceError, match="that conflict|none within"):
        SearchSpace(factors=(number("a", 4, 5), number("b", 1, 2)), derived=(ratio,), constraints=(Linear(terms={"r": 1}, at_most=1.5),))


def test_spaces_without_these_words_keep_their_digest_and_those_with_them_have_their_own():
    plain = (number("a"), Categorical(name="c", levels=("x", "y")))
    digests = {
        SearchSpace(factors=plain).digest(),
        SearchSpace(factors=plain, constraints=(Exclude(when={"c": "x"}),)).digest(),
        SearchSpace(factors=plain, derived=(Derived(name="d", formula="sum", of=("a",)),)).digest(),
        SearchSpace(factors=(number("a", only_if={"c": "x"}), plain[1])).digest(),
        SearchSpace(factors=(plain[0], Ordinal(name="c", levels=("x", "y")))).digest(),
    }
    assert len(digests) == 5


@pytest.mark.parametrize(
    ("word", "said"),
    [
        (lambda: Linear(terms={"a": 1}), "exactly one"), (lambda: Product(powers={"a": 1}, at_most=-1), "greater than 0"), (lambda: Cardinality(of=("a",)), "none of them"),
        (lambda: Cardinality(of=("a", "a"), at_most=1), "twice"), (lambda: Cardinality(of=("a", "b"), at_least=2, at_most=1), "at most at_most"),
        (lambda: Mixture(of=("a", "b"), minimum={"c": 1}), "factors of `of`"), (lambda: Derived(name="d", formula="weighted_sum", of=("a",)), "weights"),
        (lambda: Discrete(name="d", low=0, high=1, step=0), "step > 0"), (lambda: Ordinal(name="o", levels=("a",)), "at least 2"),
    ],
)  # fmt: skip
def test_words_that_make_no_sense_are_refused(word, said):
    with pytest.raises(ValidationError, match=said):
        word()


def test_the_words_are_in_the_schema_of_campaign_files():
    from runs.documents.schema import campaign_schema

    told = json.dumps(campaign_schema())
    for key in ("exclude", "cardinality", "mixture", "product", "only_if", "otherwise", "zero_or_at_least", "ordinal", "weighted_mean", "minimum"):
        assert f'"{key}"' in told
