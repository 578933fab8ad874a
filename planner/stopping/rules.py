"""From numbers to a report: which reasons to stop hold, and what that comes to in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import ndtr

from world_model.terms.goals import Goal
from world_model.terms.stop import Reason, Span, Stop, StopFinding, StopReport

from .assess import Assessed


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the journal knows and the model does not.

    Attributes:
        wells: of the next batch.
        budget: what the budget says against another batch; empty where it allows one.
        exhausted: what the space says against another batch.
        constant: True where all results are one number.
        before: the reports of earlier rounds, oldest first.
    """

    rounds: int
    of: str
    unit: str
    best_id: str
    wells: int
    budget: str = ""
    exhausted: str = ""
    constant: bool = False
    cost: float | None = None
    currency: str = ""
    before: Sequence[StopReport] = ()


def report_of(assessed: Assessed | None, goal: Goal, stop: Stop, standing: Standing, *, why_none: str = "") -> StopReport:
    """The report.

    Args:
        assessed: None where no model could be asked; `why_none` says why.
    """
    best = gain = below = left = margin = None
    if assessed is not None:
        best = _span(float(assessed.best.mean), float(assessed.best.low), float(assessed.best.high))
        margin = stop.gain_below if stop.gain_below is not None else assessed.noise
        left = assessed.left.beats_by(margin) if assessed.left is not None else 0.0
        if assessed.gain is not None:
            gain = _span(assessed.gain.mean, assessed.gain.quantile(0.05), assessed.gain.quantile(0.95))
            below = assessed.gain.below(stop.gain_below) if stop.gain_below is not None else None
    told = StopReport(
        rounds=standing.rounds, of=standing.of, unit=standing.unit, best_id=standing.best_id, best=best, gain=gain, below=below, left=left, margin=margin,
        remaining=assessed.remaining if assessed else None, wells=standing.wells, cost=standing.cost, currency=standing.currency,
    )  # fmt: skip
    findings = tuple(found for found in (
        _reached(assessed, goal, stop, standing), _converged(told, stop, standing), _futile(told, stop, standing), _plain("exhausted", standing.exhausted),
        _plain("budget", standing.budget), _constant(standing),
    ) if found is not None)  # fmt: skip
    met = [found for found in findings if found.met]
    wanted = {"exhausted", "budget", *(("target reached",) if stop.reach is not None else ()), *(("converged", "futile") if stop.gain_below is not None else ())}
    stopping = [found for found in met if found.reason in wanted]
    return told.model_copy(update={"findings": findings, "stop": bool(stopping), "advice": _advice(told, stopping, met, why_none)})


def _reached(assessed: Assessed | None, goal: Goal, stop: Stop, standing: Standing) -> StopFinding | None:
    if stop.reach is None or assessed is None or goal.direction not in ("max", "min"):
        return None
    sign = 1.0 if goal.direction == "max" else -1.0
    sd = max(float(assessed.best.sd), 1e-12)
    chance = float(ndtr(sign * (float(assessed.best.mean) - stop.reach) / sd))
    target = _with(stop.reach, standing.unit)
    return StopFinding(
        reason="target reached", met=chance >= stop.probability,
        why=f"{standing.best_id} truly {'reaches' if sign > 0 else 'stays at or under'} {target} with {_share(chance)} (needed: {stop.probability:.0%}).",
    )  # fmt: skip


def _converged(told: StopReport, stop: Stop, standing: Standing) -> StopFinding | None:
    if stop.gain_below is None or told.below is None:
        return None
    in_a_row = _in_a_row([one.below is not None and one.below >= stop.probability for one in (*standing.before, told)])
    limit = _with(stop.gain_below, standing.unit)
    rounds = f", {in_a_row} of {stop.patience} rounds in a row" if stop.patience > 1 else ""
    return StopFinding(
        reason="converged", met=in_a_row >= stop.patience,
        why=f"The next batch betters the recommendation by less than {limit} with {_share(told.below)} (needed: {stop.probability:.0%}{rounds}).",
    )


def _futile(told: StopReport, stop: Stop, standing: Standing) -> StopFinding | None:
    if told.left is None or told.margin is None:
        return None
    in_a_row = _in_a_row([one.left is not None and one.left <= 1 - stop.probability for one in (*standing.before, told)])
    by = _with(told.margin, standing.unit) + ("" if stop.gain_below is not None else ", one reading's noise")
    rounds = f", {in_a_row} of {stop.patience} rounds in a row" if stop.patience > 1 else ""
    return StopFinding(
        reason="futile", met=in_a_row >= stop.patience,
        why=f"With {_share(told.left)} some remaining candidate truly beats {told.best_id} by more than {by} (futile: at most {1 - stop.probability:.0%}{rounds}).",
    )


def _in_a_row(held: Sequence[bool]) -> int:
    """For how many of the latest rounds something held."""
    return next((k for k, one in enumerate(reversed(held)) if not one), len(held))


def _plain(reason: Reason, why: str) -> StopFinding | None:
    return StopFinding(reason=reason, met=True, why=why) if why else None


def _constant(standing: Standing) -> StopFinding | None:
    if not standing.constant:
        return None
    why = "All results are one number: nothing tells one experiment from another. Look at the measurement, or vary other factors, before another batch."
    return StopFinding(reason="constant", met=True, why=why)


def _advice(told: StopReport, stopping: Sequence[StopFinding], met: Sequence[StopFinding], why_none: str) -> str:
    if any(found.reason == "constant" for found in met):
        return next(found.why for found in met if found.reason == "constant")
    if stopping:
        return f"Stop: {', '.join(found.reason for found in stopping)}."
    price = f" and {told.cost:.2f} {told.currency}" if told.cost is not None else ""
    if told.gain is not None:
        worth = f"the next batch of {told.wells} wells{price} is expected to gain {_with(told.gain.mean, told.unit)} ({_with(told.gain.low, '')} to {_with(told.gain.high, told.unit)} with 90 %)"
        also = f" Reasons to stop: {', '.join(found.reason for found in met)}." if met else ""
        return f"{'Think about stopping' if met else 'Go on'}: {worth}.{also}"
    return f"Go on: {why_none}" if why_none else "Go on."


def _span(mean: float, low: float, high: float) -> Span:
    return Span(mean=mean, low=low, high=high)


def _with(number: float, unit: str) -> str:
    size = abs(number)
    text = f"{number:,.0f}" if size >= 1000 else f"{number:.3g}"
    return f"{text} {unit}".rstrip()


def _share(chance: float) -> str:
    return "more than 99 %" if chance > 0.99 else "less than 1 %" if chance < 0.01 else f"{100 * chance:.0f} %"
