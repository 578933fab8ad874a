"""A mechanism with a part missing: one reaction removed, or one feedback cut by holding a modifier at its starting value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from world_model.terms.errors import NextwellError

from .sbml_truth import SbmlTruth

MATTERS = 0.2  # a cut counts when it moves the observables by this share of their sd (root mean square)
_MOST_TRIES = 40


@dataclass(frozen=True)
class Cut:
    """`what` was done to `reaction`, in words, and the model that is left."""

    what: str
    model: SbmlTruth


@dataclass(frozen=True)
class _Site:
    reaction: str
    modifier: str = ""

    def __str__(self) -> str:
        return f"{self.modifier} held at its start in {self.reaction}" if self.modifier else f"{self.reaction} removed"


def cut_structure(truth: SbmlTruth, *, seed: int, moved: Callable[[SbmlTruth], float | None]) -> Cut:
    """One cut, drawn by the seed among those that matter.

    Args:
        moved: by how many sd a cut model's observables differ from the truth's (root mean square); None where it can't be run.

    Raises:
        NextwellError: no single cut of this model matters.
    """
    sites = _sites(truth)
    order = np.random.default_rng(seed).permutation(len(sites))
    for i in order[:_MOST_TRIES]:
        model = SbmlTruth(text=_without(truth, sites[i]), origin=f"{truth.origin} ({sites[i]})")
        try:
            told = moved(model)
        except NextwellError:  # what is left may be no model that can be run
            continue
        if told is not None and told >= MATTERS:
            return Cut(what=str(sites[i]), model=model)
    raise NextwellError(f"Expected a reaction of {truth.origin} without which the observables change, found none among {min(len(sites), _MOST_TRIES)}.")


def _library() -> Any:
    try:
        return import_module("libsbml")
    except ImportError as fault:
        raise NextwellError("Expected python-libsbml to cut a reaction, found none. Install the extra: pip install 'nextwell[sbml]'.") from fault


def _sites(truth: SbmlTruth) -> list[_Site]:
    """Every reaction with a rate, every modifier of one whose rate it enters, and every rate rule of a model without reactions."""
    model = _library().readSBMLFromString(truth.text).getModel()
    found = []
    for reaction in model.getListOfReactions():
        if reaction.isSetKineticLaw():
            found.append(_Site(reaction.getId()))
            floating = set(truth.species)
            found += [_Site(reaction.getId(), m.getSpecies()) for m in reaction.getListOfModifiers() if m.getSpecies() in floating]
    return found or [_Site(rule.getVariable()) for rule in model.getListOfRules() if rule.isRate()]


def _without(truth: SbmlTruth, site: _Site) -> str:
    sbml = _library()
    document = sbml.readSBMLFromString(truth.text)
    model = document.getModel()
    reaction = model.getReaction(site.reaction)
    if reaction is None:
        model.getRateRule(site.reaction).setMath(sbml.parseL3Formula("0"))
    elif not site.modifier:
        reaction.getKineticLaw().setMath(sbml.parseL3Formula("0"))
    else:
        truth.runner.resetToOrigin()
        held = model.createParameter()
        held.setId(f"{site.modifier}_held_in_{site.reaction}")
        held.setConstant(True)
        # a rate reads an amount where the species says so, else a concentration
        amount = model.getSpecies(site.modifier).getHasOnlySubstanceUnits()
        held.setValue(float(truth.runner[site.modifier if amount else f"[{site.modifier}]"]))
        reaction.getKineticLaw().renameSIdRefs(site.modifier, held.getId())
    return str(sbml.writeSBMLToString(document))
