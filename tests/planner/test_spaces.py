"""Spaces with constraints of every kind: points are found where they are few, and no proposal breaks one."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pandas as pd
import pytest
import torch

from planner.draws import feasible
from planner.filling import fill
from planner.pool import build_pool, draw_feasible
from planner.propose import propose
from planner.regions import region_about
from runs.bench.random_spaces import try_spaces
from world_model.encoding import Encoder
from world_model.terms.campaign_doc import Batch, Control
from world_model.terms.cardinality import Cardinality
from world_model.terms.constraints import Linear
from world_model.terms.custom import Custom
from world_model.terms.derived import Derived
from world_model.terms.exclusion import Exclude
from world_model.terms.factors import Categorical, Continuous, Descriptors, Discrete, Integer, Ordinal
from world_model.terms.goals import Goal, Measurement
from world_model.terms.mixture import Mixture
from world_model.terms.product import Product
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace


def number(name: str, low: float = 0, high: float = 10, **more: object) -> Continuous:
    return Continuous(name=name, low=low, high=high, **more)


def nothing(space: SearchSpace) -> torch.Tensor:
    return torch.empty(0, len(space.factors), dtype=torch.double)


def measured(space: SearchSpace, n: int = 12) -> Dataset:
    encoder = Encoder(space)
    design = build_pool(encoder, taken=nothing(space), seed=5, size=128).design[:n]
    rows = encoder.settings(design)
    values = np.sin(3 * design.numpy()).sum(axis=1)
    return Dataset(
        ids=tuple(map(str, range(len(rows)))), settings={name: np.array([row[name] for row in rows]) for name in space.names}, roles=("candidate",) * len(rows),
        blocks=("1",) * len(rows), times_h=np.array([np.nan]), variables=("y",), values=values[:, None, None], flags=np.zeros((len(rows), 1, 1), int),
    )  # fmt: skip


def proposed(space: SearchSpace, *, n: int = 3, data: Dataset | None = None, controls: tuple[Control, ...] = ()):
    return propose(
        space=space, goals=[Goal(readout="y")], measurements=[Measurement(name="y")], data=data or measured(space), pending=[], batch=Batch(),
        controls=controls, round=2, n=n, seed=0,
    )  # fmt: skip


SPACES = {
    "mixture": SearchSpace((*(number(f"x{i}", 0, 1) for i in range(6)),), (Mixture(of=tuple(f"x{i}" for i in range(6)), at_most=3, minimum=0.1),)),
    # continuous counts beside levels and steps, which a rival drops in silence (BayBE, issue 567)
    "hybrid": SearchSpace(
        (*(number(f"x{i}", 0, 1) for i in range(4)), Categorical(name="c", levels=("a", "b", "d")), Discrete(name="T", values=(20, 40, 60, 90))),
        (Cardinality(of=("x0", "x1", "x2", "x3"), at_least=1, at_most=2, minimum=0.1), Exclude(when={"c": "a", "T": {"above": 50}})),
    ),
    "steps": SearchSpace(tuple(Discrete(name=f"x{i}", low=0, high=100, step=5) for i in range(8)), (Linear(terms={f"x{i}": 1 for i in range(8)}, equals=100),)),
    "product": SearchSpace((number("flow", 0.1), number("time", 1, 100), number("T", 20, 90)), (Product(powers={"flow": 1, "time": 1}, at_most=40), Exclude(when={"T": {"above": 70}, "flow": {"above": 5}}))),
    "hyperbola": SearchSpace((number("a", 0.1), number("b", 1, 100)), (Product(powers={"a": 1, "b": 1}, equals=40),)),
    "conditional": SearchSpace(
        (Categorical(name="base", levels=("none", "K", "Cs")), number("eq", 1, 3, unit="mM", only_if={"base": ["K", "Cs"]}), Ordinal(name="speed", levels=("low", "mid", "high"))),
        (Linear(terms={"eq": 1}, at_most=2.5),),
    ),
    "ratio": SearchSpace((number("a", 1, 5), number("b", 1, 5)), (Linear(terms={"r": 1}, at_most=1.5),), derived=(Derived(name="r", formula="ratio", of=("a", "b")),)),
    "function": SearchSpace((number("a", 0, 5), number("b", 0, 5)), (Custom(name="ring", of=("a", "b"), allows=lambda v: 4 <= v["a"] ** 2 + v["b"] ** 2 <= 9),)),
    "nothing or much": SearchSpace((number("a", 0, 5, zero_or_at_least=1), number("b", 0, 5, zero_or_at_least=2)), (Linear(terms={"a": 1, "b": 1}, at_most=5),)),
}  # fmt: skip


@pytest.mark.parametrize("name", SPACES)
def test_every_point_that_is_drawn_meets_the_constraints_and_there_are_many(name):
    encoder = Encoder(SPACES[name])
    points = draw_feasible(encoder, 512, seed=1)
    assert len(torch.unique(points, dim=0)) > 300
    assert all(SPACES[name].reasons_against(row) == [] for row in encoder.settings(points[:200]))


@pytest.mark.parametrize("name", ["hybrid", "product", "conditional", "nothing or much"])
def test_no_proposal_of_a_model_breaks_a_constraint(name):
    """BoFire's issue 761: rows that broke their own constraints were handed out."""
    batch = proposed(SPACES[name])
    assert len(batch.experiments) == 3
    for experiment in batch.experiments:
        assert SPACES[name].reasons_against(experiment.settings) == []


def test_a_few_of_fifty_ingredients_takes_no_time():
    """BoFire's issue 450: the random start of an n-choose-k over 50 ingredients did not end."""
    names = tuple(f"x{i}" for i in range(50))
    space = SearchSpace(tuple(number(name, 0, 1) for name in names), (Cardinality(of=names, at_least=3, at_most=5), Linear(terms=dict.fromkeys(names, 1.0), equals=1)))
    start = time.process_time()
    points = draw_feasible(Encoder(space), 1024, seed=0)
    assert time.process_time() - start < 5
    present = (points > 1e-9).sum(dim=1)
    assert len(points) == 1024 and present.min() >= 3 and present.max() <= 5
    assert torch.allclose(points.sum(dim=1), torch.ones(1024, dtype=torch.double), atol=1e-6)
    # each ingredient is in about 4 of 50 points
    assert ((points > 1e-9).double().mean(dim=0) - 0.08).abs().max() < 0.04


def test_two_sums_of_whole_numbers_are_met_together():
    """Σ k = 40 and Σ i·k = 133: a lattice that rejection never hits."""
    space = SearchSpace(
        tuple(Integer(name=f"k{i}", low=0, high=30) for i in range(6)),
        (Linear(terms={f"k{i}": 1 for i in range(6)}, equals=40), Linear(terms={f"k{i}": i + 1 for i in range(6)}, equals=133)),
    )
    encoder = Encoder(space)
    rows = encoder.settings(draw_feasible(encoder, 64, seed=0))
    assert len({tuple(row.values()) for row in rows}) >= 20
    assert all(sum(row.values()) == 40 and sum((i + 1) * row[f"k{i}"] for i in range(6)) == 133 for row in rows)


def test_a_product_of_levels_of_a_billion_points_is_never_listed():
    """100^6 times 10^9 points."""
    space = SearchSpace((*(Discrete(name=f"d{i}", low=0, high=99, step=1) for i in range(6)), Integer(name="n", low=0, high=10**9)), (Linear(terms={f"d{i}": 1 for i in range(6)}, at_most=60),))
    tracemalloc.start()
    pool = build_pool(Encoder(space), taken=nothing(space), seed=0, size=512)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(pool) > 200 and most < 60e6
    assert all(space.reasons_against(row) == [] for row in Encoder(space).settings(pool.design[:100]))


def test_absent_factors_make_one_experiment_not_two():
    """3 bases of which one has amounts 1, 2, 3: 2 + 3 experiments, not 9."""
    space = SearchSpace((Categorical(name="base", levels=("none", "K", "Cs")), Discrete(name="eq", values=(1, 2, 3), only_if={"base": "K"})))
    pool = build_pool(Encoder(space), taken=nothing(space), seed=0)
    assert pool.exhaustive and len(pool) == 5


def test_absent_factors_have_one_place_in_the_eyes_of_a_model():
    space = SPACES["conditional"]
    encoder = Encoder(space)
    rows = torch.tensor([[0.0, 0.2, 1.0], [0.0, 0.9, 1.0], [1.0, 0.2, 1.0]], dtype=torch.double)
    features = encoder.features(rows)
    assert torch.equal(features[0], features[1]) and features[0, 3] == 0.5 and features[2, 3] == pytest.approx(0.2)
    assert torch.equal(encoder.normalised(rows)[0], encoder.normalised(rows)[1])
    assert encoder.settings(rows)[0] == {"base": "none", "eq": 0.0, "speed": "mid"}


def test_ordered_levels_are_numbers_from_0_to_1():
    encoder = Encoder(SearchSpace((Ordinal(name="speed", levels=("low", "mid", "high")),)))
    assert encoder.features(encoder.design({"speed": ["low", "mid", "high"]})).flatten().tolist() == [0.0, 0.5, 1.0]


def test_a_derived_factor_is_a_feature_with_gradients_and_no_distance():
    """(a + b - 2) / 8 for a, b in 1 to 5; its gradient by a's place is 4 / 8."""
    space = SearchSpace((number("a", 1, 5), number("b", 1, 5)), derived=(Derived(name="s", formula="sum", of=("a", "b")),))
    encoder = Encoder(space)
    design = torch.tensor([[0.25, 0.5]], dtype=torch.double, requires_grad=True)
    told = encoder.features(design)[0, 2]
    told.backward()
    assert float(told.detach()) == pytest.approx((2 + 3 - 2) / 8) and design.grad[0].tolist() == [0.5, 0.5]
    assert encoder.feature_names() == ("a", "b", "s") and encoder.groups() == ((0,), (1,), (2,))
    pool = build_pool(encoder, taken=nothing(space), seed=0)
    assert len(fill(pool, 4, encoder=encoder, known=nothing(space), seed=0)) == 4


def test_a_region_keeps_what_is_absent_absent_and_stays_inside():
    space = SPACES["hybrid"]
    encoder = Encoder(space)
    for k, point in enumerate(draw_feasible(encoder, 12, seed=3)):
        region = region_about(encoder, point)
        assert region is not None
        inside = region.samples(16, seed=k)
        assert feasible(encoder, inside).all()
        assert (inside[:, point == 0] == 0).all()


def test_controls_may_leave_out_what_is_absent():
    batch = proposed(SPACES["conditional"], controls=(Control(name="plain", wells=1, settings={"base": "none", "speed": "low"}),))
    assert next(e for e in batch.experiments if e.role == "control").settings == {"base": "none", "speed": "low", "eq": 0.0}


@pytest.mark.parametrize("described", [True, False])
def test_eighteen_thousand_genes_are_one_factor(described):
    """One-hot columns of 18,000 levels would be 2.6 GB; any two bare levels stay about as far apart as two one-hot ones (√2)."""
    names = tuple(f"g{i}" for i in range(18_000))
    cells = np.random.default_rng(0).normal(size=(18_000, 8))
    told = Descriptors(names=tuple("abcdefgh"), values=dict(zip(names, map(tuple, cells.tolist()), strict=True))) if described else None
    space = SearchSpace((Categorical(name="gene", levels=names, descriptors=told), number("dose", 0, 1)))
    encoder = Encoder(space)
    pool = build_pool(encoder, taken=nothing(space), seed=0)
    features = encoder.features(pool.design)
    assert features.shape[1] <= 130
    if not described:
        apart = torch.pdist(features[:300, :-1])
        assert apart.min() > 1.0 and apart.max() < 1.8 and float(apart.mean()) == pytest.approx(2**0.5, abs=0.02)


def test_constraints_on_a_million_rows_cost_little():
    rng = np.random.default_rng(0)
    n = 1_000_000
    table = SearchSpace.from_table(pd.DataFrame({"x": rng.random(n), "z": rng.random(n), "c": rng.choice(list("abcd"), n)}))
    start = time.process_time()
    space = SearchSpace(table.factors, (Exclude(when={"c": ["a", "b"], "x": {"above": 0.5}}), Product(powers={"x": 1, "z": 1}, at_most=0.3)), table.candidates)
    allowed = space.allowed(table.candidates.columns, n)
    assert time.process_time() - start < 3
    x, z, c = (table.candidates.columns[name] for name in "xzc")
    assert (allowed == ~((c < 2) & (x > 0.5)) & (x * z <= 0.3)).mean() > 0.99999


def _clean(tally) -> None:
    assert (tally.violations, tally.wrongly_refused, tally.wrongly_taken, tally.unfound, tally.reducible) == (0, 0, 0, 0, 0), "\n".join(tally.told)


def test_random_spaces_are_kept_to():
    tally = try_spaces(range(40))
    _clean(tally)
    assert tally.refused > 5 and tally.proposals > 80


@pytest.mark.slow
def test_ten_thousand_random_spaces_are_kept_to():
    _clean(try_spaces(range(10_000)))


@pytest.mark.slow
def test_random_spaces_are_kept_to_by_the_model():
    _clean(try_spaces(range(20_000, 20_040), with_model=True))
