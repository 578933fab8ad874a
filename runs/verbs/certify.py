"""Certify a campaign's model: judge every level that the evidence reaches, write the model card, and record what was found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from world_model.terms.card import Card
from world_model.terms.certificate import Certificate
from world_model.terms.errors import ConflictError, ResultsError
from world_model.terms.goals import Goal
from world_model.terms.lab import Lab

from ..journal.canonical import sha256_of
from ..state.campaign_state import CampaignState
from ..state.dataset import dataset
from ..state.payloads import ModelCertified, WrittenFile
from ..state.progress import is_simulated
from ..version import VERSION
from .lab_truth import lab_truth
from .mechanism_of import mechanism_of
from .open_campaign import OpenCampaign
from .outcome import Progress, silent
from .promises import layout_of, plan_outcomes
from .simulated_lab import simulated_lab

if TYPE_CHECKING:
    from world_model.certify.planning import Lift
    from world_model.certify.recipe import Judged
    from world_model.fit import WorldModel

FEWEST_RANDOM = 3


@dataclass(frozen=True, kw_only=True)
class CertifiedModel:
    """What `certify` hands back: the state with the event, the certificate, and the card's files, HTML first."""

    state: CampaignState
    certificate: Certificate
    files: tuple[Path, ...]


def certify_campaign(campaign: OpenCampaign, *, lab_spec: str | None = None, seeds: int = 5, progress: Progress = silent) -> CertifiedModel:
    """Fit, evaluate on held-out records, write `model-card.html`, `.json` and `.md`, and record the certificate.

    Args:
        lab_spec: the simulated lab that answered, where the campaign file does not say; it judges L3 and L4 by its truth.
        seeds: random campaigns at equal budget, for the lift, where a simulated lab answers; 0 for none.

    Raises:
        ConflictError: there is no workspace, or nothing has been read yet.
        ResultsError: too few results to learn from or to judge by.
    """
    from world_model.certify.certify import Beyond, certify
    from world_model.certify.fingerprint import data_sha256
    from world_model.contract import Training
    from world_model.fit import FEWEST_RECORDS, fit_training

    from ..report.model_card import write_card

    state = campaign.standing()
    if campaign.workspace is None:
        raise ConflictError("Expected a workspace folder for the model card, found a campaign in memory. Open it with workspace=….")
    if not state.answered:
        raise ConflictError(f"Expected results to certify a model on, found none in {state.name!r}. Record some first.")
    data, goals = dataset(state), state.charter.goals
    training = Training.of(campaign.space, data, goals=goals, mechanism=mechanism_of(campaign))
    if len(training) < FEWEST_RECORDS:
        raise ResultsError(f"Expected at least {FEWEST_RECORDS} experiments with a reading to learn from, found {len(training)}. Record more results.")
    lab = simulated_lab(campaign, lab_spec) if is_simulated(state) else None
    world = fit_training(training, seed=state.charter.seed, progress=progress)
    beyond = Beyond(
        layout=layout_of(state, data, campaign.doc), truth=lab_truth(campaign, lab, training) if lab is not None else None,
        plans=plan_outcomes(state, data, goals[0]), lift=_lift(campaign, lab, goals[0], seeds=seeds, progress=progress),
    )  # fmt: skip
    certificate = certify(
        training, data_sha256=data_sha256(campaign.space, data), version=VERSION, seed=state.charter.seed, goals=goals, recipe=_recipe(world),
        world=world, beyond=beyond, progress=progress,
    )  # fmt: skip
    card = campaign.doc.card if campaign.doc is not None else Card()
    valid_until = (datetime.now(UTC) + timedelta(days=card.valid_days)).date()
    progress("writing the model card")
    files = write_card(
        state, data, world, certificate, card, layout=beyond.layout, lab=lab, valid_until=valid_until, folder=campaign.workspace.report_folder(state.name)
    )
    written = tuple(WrittenFile(name=file.name, sha256=sha256_of(file.read_bytes())) for file in files)
    recorded = ModelCertified(
        certificate=certificate, goals=tuple(map(str, goals)), simulated=is_simulated(state), valid_until=valid_until, files=written, version=VERSION
    )
    return CertifiedModel(state=campaign.append([recorded], on=state), certificate=certificate, files=files)


def _recipe(world: WorldModel) -> Judged:
    """What the campaign uses, fitted anew to each part: the contestant that the judge picked, or all of them where it stacks."""
    from world_model.certify.recipe import Judged
    from world_model.contestants.registry import contestants

    picked = world.verdict.picked
    return Judged(contestants=(picked,)) if picked in contestants() else Judged()


def _lift(campaign: OpenCampaign, lab: Lab | None, goal: Goal, *, seeds: int, progress: Progress) -> Lift | None:
    """This campaign's best true value against random campaigns of the same rounds; None where none can be run."""
    from statistics import NormalDist

    from world_model.certify.planning import Lift

    from ..report.best_so_far import best_so_far
    from .write_report import compare_with_random

    state = campaign.standing()
    if lab is None or seeds < FEWEST_RANDOM or not state.rounds:
        return None
    own = best_so_far(state, dataset(state), goal, lab=lab).best_true
    baseline = compare_with_random(campaign, lab, seeds=seeds, progress=progress)
    ends = baseline.best_true[0][:, -1]
    if own is None or not len(own) or not np.isfinite(own[-1]) or not np.isfinite(ends).all():
        return None
    gains = goal.score(own[-1]) - goal.score(ends)
    half = NormalDist().inv_cdf(0.95) * float(gains.std(ddof=1)) / len(gains) ** 0.5
    value = float(gains.mean())
    return Lift(value=value, low=value - half, high=value + half, cases=len(gains), of="random campaigns of the same rounds, best true value in the lab")
