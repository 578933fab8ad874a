"""Campaigns written as events and folded, with readings that a person can check by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from runs.journal.store import Journal
from runs.state.campaign_state import CampaignState
from runs.state.charter import Charter
from runs.state.fold import fold
from runs.state.payloads import BatchProposed, CampaignOpened, ExperimentsFailed, Failure, Readings, ResultsRecorded, draft
from world_model.terms.campaign_doc import Batch, Budget
from world_model.terms.factors import Continuous, Factor
from world_model.terms.goals import Goal, Measurement
from world_model.terms.lab import LabOrder, RawFile
from world_model.terms.proposal import Prediction, Proposal, ProposedExperiment
from world_model.terms.word import Word

DOSE = Continuous(name="dose", unit="mM", low=0.0, high=10.0)
TITRE = Measurement(name="titre", unit="g/L")


def fold_events(payloads: Sequence[Word], *, name: str) -> CampaignState:
    """Append to a journal in memory and fold what it holds."""
    with Journal.in_memory() as journal:
        journal.append(name, [draft(payload) for payload in payloads], actor="tester")
        state = fold(journal.events(name))
    assert state is not None
    return state


def experiment(
    id: str, settings: Mapping[str, float | str], *, goals: Sequence[Goal] = (), interval: tuple[float, float] | None = None,
    role: str = "candidate", repeat_of: str | None = None, reason: str = "because",
) -> ProposedExperiment:  # fmt: skip
    """One proposed experiment; `interval` is the stored 90 % of every goal."""
    told = ()
    if interval is not None:
        low, high = interval
        told = tuple(
            Prediction(goal=str(goal), mean=(low + high) / 2, sd=(high - low) / (2 * 1.6448536), low=low, high=high) for goal in goals
        )
    return ProposedExperiment(id=id, role=role, settings=dict(settings), predictions=told, repeat_of=repeat_of, reason=reason)  # type: ignore[arg-type]


def readings(values: Mapping[str, Mapping[str, float | None] | float | None], *, variable: str = "titre") -> Readings:
    """End points by experiment id; None is a reading above the limit."""
    rows = [(id, variable, told) if not isinstance(told, Mapping) else None for id, told in values.items()]
    flat = [row for row in rows if row is not None]
    flat += [(id, name, value) for id, told in values.items() if isinstance(told, Mapping) for name, value in told.items()]
    return Readings(
        experiment_id=tuple(row[0] for row in flat), variable=tuple(row[1] for row in flat), at_h=(None,) * len(flat),
        value=tuple(row[2] for row in flat), raw=tuple(row[2] for row in flat),  # type: ignore[arg-type]
        flag=tuple("above limit" if row[2] is None else "ok" for row in flat), well=("",) * len(flat),
    )  # fmt: skip


@dataclass
class FormulaLab:
    """A lab whose truth is `2 · dose`: what is best is known beforehand."""

    name: str = "formula"

    def answer(self, order: LabOrder) -> RawFile:
        raise AssertionError("a report orders nothing")

    def truth(self, settings: Sequence[Mapping[str, float | str]], measurements: Sequence[Measurement]) -> np.ndarray:
        return np.array([[[2.0 * float(row["dose"])] * len(measurements)] for row in settings])


def campaign(
    rounds: Sequence[tuple[Sequence[ProposedExperiment], Mapping[str, float | None] | None]], *, goals: Sequence[Goal],
    name: str = "hand made", system: str = "a formula", factors: Sequence[Factor] = (DOSE,), measurements: Sequence[Measurement] = (TITRE,),
    failed: Mapping[str, str] | None = None, simulated: bool = True,
) -> CampaignState:  # fmt: skip
    """A campaign of rounds, each with its experiments and its results (None: still waiting)."""
    charter = Charter(
        name=name, system=system, factor_names=tuple(factor.name for factor in factors), factors=tuple(factors), measurements=tuple(measurements),
        goals=tuple(goals), batch=Batch(candidates=4), budget=Budget(experiments=40),
    )  # fmt: skip
    payloads: list[Word] = [CampaignOpened(charter=charter, version="0")]
    for number, (experiments, results) in enumerate(rounds, start=1):
        payloads.append(BatchProposed(proposal=Proposal(round=number, experiments=tuple(experiments), strategy="by hand", seed=0), version="0", asked=len(experiments)))
        if failed:
            here = [Failure(id=e.id, why=failed[e.id]) for e in experiments if e.id in failed]
            payloads += [ExperimentsFailed(experiments=tuple(here))] if here else []
        if results is not None:
            payloads.append(ResultsRecorded(round=number, source=f"round-{number}.csv", sha256=f"{number:064d}", simulated=simulated, readings=readings(results)))
    return fold_events(payloads, name=name)


@pytest.fixture(scope="session")
def write_campaign() -> Callable[..., CampaignState]:
    return campaign


@pytest.fixture(scope="session")
def propose_one() -> Callable[..., ProposedExperiment]:
    return experiment


@pytest.fixture(scope="session")
def formula_lab() -> FormulaLab:
    return FormulaLab()


@pytest.fixture(scope="session")
def titre_goal() -> Goal:
    return Goal(readout="titre", direction="max")


@pytest.fixture(scope="session")
def two_rounds(titre_goal: Goal) -> CampaignState:
    """Eight experiments and a control: 2 · dose plus 0.1 or less; the best is R02-002 with dose 9, read twice as 18.1 and 17.9.

    Round 2 stored intervals: R02-001 [9, 11] read 10.05 (in), R02-002 and its repeat [14, 18] read 18.1 (out) and 17.9 (in),
    R02-004 [0, 1] read 4.1 (out): 2 of 4.
    """
    first = [experiment(f"R01-{k + 1:03d}", {"dose": dose}) for k, dose in enumerate((1.0, 3.0, 6.0, 8.0))]
    second = [
        experiment("R02-001", {"dose": 5.0}, goals=[titre_goal], interval=(9.0, 11.0)),
        experiment("R02-002", {"dose": 9.0}, goals=[titre_goal], interval=(14.0, 18.0)),
        experiment("R02-003", {"dose": 9.0}, goals=[titre_goal], interval=(14.0, 18.0), role="replicate", repeat_of="R02-002"),
        experiment("R02-004", {"dose": 2.0}, goals=[titre_goal], interval=(0.0, 1.0)),
        experiment("R02-005", {"dose": 10.0}, role="control"),
    ]
    return campaign(
        [
            (first, {"R01-001": 2.05, "R01-002": 5.95, "R01-003": 12.0, "R01-004": 16.1}),
            (second, {"R02-001": 10.05, "R02-002": 18.1, "R02-003": 17.9, "R02-004": 4.1, "R02-005": 20.0}),
        ],
        goals=[titre_goal],
    )
