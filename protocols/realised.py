"""What pipetting makes of asked settings: the solver's answer alone, without a layout or a robot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.space import SearchSpace

from .finding import Finding, Refused, errors_in
from .intent import Binding
from .preflight import check_lab
from .solver.demands import Demand, read_demands
from .solver.strengths import read_strengths
from .solver.wells import Solved, solve_all, solver_of
from .template import bind_factors


def realised_settings(
    experiments: Sequence[ProposedExperiment], space: SearchSpace, lab: LabProfile, *, inoculum_od600: float | None = None
) -> dict[str, dict[str, float | str]]:
    """Experiment → settings as they are really reached, in each factor's own unit.

    Raises:
        Refused: an experiment can't be mixed from the lab's stocks; every reason is told.
    """
    bound = bind_factors(space, lab)
    strengths = read_strengths(lab, bound.bindings)
    used = [experiment for experiment in experiments if experiment.role != "unused"]
    findings: list[Finding] = [*check_lab(lab), *bound.findings, *strengths.findings]
    if not errors_in(findings):
        demands, bad = read_demands(used, bindings=bound.bindings, strengths=strengths, lab=lab)
        findings += bad
        if not errors_in(findings):
            answer = solve_all(solver_of(lab, strengths, inoculum_od600=inoculum_od600), demands, available_nl={})
            findings += answer.reasons
    if errors_in(findings):
        raise Refused(f"Lab {lab.name}", findings)
    return told_settings(used, demands, answer.by_id, bound.bindings)


def told_settings(
    experiments: Sequence[ProposedExperiment], demands: Sequence[Demand], solved: Mapping[str, Solved], bindings: Sequence[Binding]
) -> dict[str, dict[str, float | str]]:
    """Settings with what the solver reached in the place of what was asked. A blank without settings keeps none: what it
    lacks is no value of a factor."""
    times = {demand.experiment_id: _times(demand, bindings) for demand in demands}
    return {
        experiment.id: {
            **experiment.settings,
            **{name: value for name, value in (solved[experiment.id].planned | times[experiment.id]).items() if name in experiment.settings},
        }
        for experiment in experiments
    }


def _times(demand: Demand, bindings: Sequence[Binding]) -> dict[str, float]:
    """Times of addition as the bench keeps them: whole minutes."""
    due = {share.factor: share.minute for share in demand.shares if share.asked > 0}
    return {
        binding.time_factor: due[binding.factor] / 60 for binding in bindings if binding.time_factor is not None and binding.factor in due
    }
