"""Which experiments repeat each other: replicates, equal controls, equal calibrations, and all blanks."""

from __future__ import annotations

from collections.abc import Sequence

from world_model.terms.proposal import ProposedExperiment


def replicate_sets(experiments: Sequence[ProposedExperiment]) -> dict[str, tuple[str, ...]]:
    """A set's name → ids of its members; experiments that nothing repeats make no set."""
    found: dict[str, list[str]] = {}
    for experiment in experiments:
        found.setdefault(_set_of(experiment), []).append(experiment.id)
    return {name: tuple(ids) for name, ids in found.items() if len(ids) > 1}


def _set_of(experiment: ProposedExperiment) -> str:
    if experiment.role == "blank":
        return "the blanks"
    if experiment.role in ("control", "calibration"):
        told = ", ".join(f"{name} = {value}" for name, value in sorted(experiment.settings.items()))
        return f"the {experiment.role}s with {told}" if told else f"the {experiment.role}s"
    return f"{experiment.repeat_of or experiment.id} and its repeats"
