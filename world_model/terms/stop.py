"""When a campaign has gone on for long enough: the rules that a person sets, and the report that says where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from pydantic import Field

from world_model.terms.goals import Goal
from world_model.terms.word import Text, Word

Reason = Literal["target reached", "converged", "futile", "exhausted", "budget", "constant"]


class Stop(Word):
    """`[stop]` in a campaign file: all numbers are in the unit of the first goal's readout.

    `gain_below`: the next batch is not worth its wells where, with `probability`, it betters the final recommendation by less. It must
    be so for `patience` rounds in a row. `reach`: what is good enough, met where the best measured condition's true value is as good with
    `probability`. Without a rule a report is advice alone; with one, `nextwell run` ends when it is met, and says so.
    """

    gain_below: float | None = Field(None, gt=0)
    reach: float | None = None
    probability: float = Field(0.9, ge=0.5, lt=1)
    patience: int = Field(1, ge=1)

    @property
    def is_set(self) -> bool:
        """True where a rule was given."""
        return self.gain_below is not None or self.reach is not None

    def __str__(self) -> str:
        rules = [f"the best is as good as {self.reach:g}"] if self.reach is not None else []
        rounds = f" for {self.patience} rounds in a row" if self.patience > 1 else ""
        rules += [f"a batch gains less than {self.gain_below:g}{rounds}"] if self.gain_below is not None else []
        return f"stop where {' or '.join(rules)}, with {self.probability:.0%}" if rules else "no rule to stop by"


class StopFault(NamedTuple):
    """A rule that makes no sense for what is wanted."""

    key: str
    expected: str
    found: str
    mend: str


def stop_faults(stop: Stop, goals: Sequence[Goal]) -> tuple[StopFault, ...]:
    """What is wrong with the rules, given the goals; the first goal is the one that they are about."""
    if not goals or not stop.is_set:
        return ()
    first = goals[0]
    mend = "Leave it out, or put the goal that it is about first."
    if stop.reach is not None and first.direction not in ("max", "min"):
        return (StopFault(key="reach", expected="a first goal that is to be maximised or minimised, which can be reached", found=str(first), mend=mend),)
    if stop.gain_below is not None and (first.direction == "hits" or not first.seeks_best):
        return (StopFault(key="gain_below", expected="a first goal that seeks one best experiment", found=str(first), mend=mend),)
    return ()


class Span(Word):
    """Mean and central 90 %, in the readout's unit."""

    mean: float
    low: float
    high: float


class StopFinding(Word):
    """One reason to stop, met or not, with its numbers."""

    reason: Reason
    met: bool
    why: Text


class StopReport(Word):
    """Where a campaign stands before its next batch. Advice: nothing is ever stopped in silence.

    Attributes:
        rounds: proposed so far.
        of: what the numbers are about.
        best_id: the measured condition that would be recommended now; `best` its believed true value.
        gain: by how much the next batch is expected to better the recommended value; `below` the probability that by less than
            `[stop] gain_below`, where that is given.
        left: probability that any remaining candidate truly beats the recommended one by more than `margin`.
        wells: what the next batch costs; `cost` in `currency` where stocks have prices.
        stop: whether a rule is met.
    """

    rounds: int
    of: Text
    unit: Text = ""
    best_id: Text = ""
    best: Span | None = None
    gain: Span | None = None
    below: float | None = None
    left: float | None = None
    margin: float | None = None
    remaining: int | None = None
    wells: int = 0
    cost: float | None = None
    currency: Text = ""
    findings: tuple[StopFinding, ...] = ()
    stop: bool = False
    advice: Text = ""
