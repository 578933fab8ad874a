"""Synthesize: write a data set that the model made, with schema, provenance, card and crate, and say whether it would help to learn from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from world_model.terms.errors import ConflictError, DesignError, ResultsError
from world_model.terms.factors import Categorical
from world_model.terms.space import SearchSpace

from ..journal.raw_files import write_durably
from ..state.dataset import dataset
from ..version import VERSION
from .mechanism_of import mechanism_of
from .open_campaign import OpenCampaign
from .outcome import Progress, silent

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

    from world_model.fit import WorldModel
    from world_model.synthetic_guard import SyntheticGuard

    from ..export.synthetic_folder import Made

Format = Literal["csv", "parquet"]
NOT_STATED = "not stated: ask the owner of the measured data"
GUARD_ROWS = 64  # synthetic rows that the guard adds to the real ones


@dataclass(frozen=True, kw_only=True)
class Synthesized:
    """`files` were written, the card first; `guard` says whether learning from such rows would help, None where there is too little to judge by."""

    files: tuple[Path, ...]
    made: Made
    guard: SyntheticGuard | None


def synthesize_campaign(
    campaign: OpenCampaign, folder: Path, *, n: int, seed: int = 0, hypotheses: int = 16, of: Literal["reading", "state"] = "reading",
    settings: pd.DataFrame | None = None, format: Format = "csv", licence: str = NOT_STATED, progress: Progress = silent,
) -> Synthesized:  # fmt: skip
    """Write a synthetic data set of a campaign's model.

    Args:
        folder: a folder that does not exist yet, or is empty.
        n: experiments; their settings are drawn evenly from the space, or from the candidates.
        settings: the experiments' settings instead, a column a factor.
        hypotheses: worlds that the experiments take turns in.
        of: `reading` with the reader's noise, or `state`.

    Raises:
        ConflictError: the folder holds something, or nothing was recorded yet.
        ResultsError: too few results to learn from.
        DesignError: settings outside the space.
    """
    from world_model.certify.fingerprint import data_sha256, model_sha256
    from world_model.fit import fit_world_model
    from world_model.judge import FEW_INTERVENTIONS
    from world_model.synthetic import synthesize
    from world_model.synthetic_guard import ModelMaker, guard_synthetic

    from ..export.synthetic_folder import Made, synthetic_files

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConflictError(f"Expected a new or empty folder for the data set, found {folder} with something in it. Name another one.")
    state = campaign.standing()
    data, seed_of_fit = dataset(state), state.charter.seed
    progress(f"fitting the model to {len(data)} experiments")
    world = fit_world_model(campaign.space, data, seed=seed_of_fit, goals=state.charter.goals, mechanism=mechanism_of(campaign))
    design = _designs(world, n=n, seed=seed, settings=settings)
    progress(f"drawing {len(design)} experiments")
    drawn = synthesize(world, design, seed=seed, hypotheses=min(hypotheses, len(design)), of=of)
    guard = None
    if world.training.n_interventions >= FEW_INTERVENTIONS:
        guard = guard_synthetic(
            world.training, ModelMaker(), design=_designs(world, n=GUARD_ROWS, seed=seed + 1, settings=None), seed=seed, progress=progress
        )
    made = Made(
        campaign=state.name, system=state.charter.system, zero=state.charter.zero, world=world, drawn=drawn, measurements=state.charter.measurements,
        seed=seed, seed_of_fit=seed_of_fit, hypotheses=min(hypotheses, len(design)), version=VERSION, licence=licence, guard=guard,
        data_sha256=data_sha256(campaign.space, data), n_real=len(data),
        model_sha256=model_sha256((), purpose="plan", picked=world.verdict.picked, seed=seed_of_fit, version=VERSION),
    )  # fmt: skip
    files = synthetic_files(made, format=format)
    for name, content in files.items():
        write_durably(folder / name, content)
    return Synthesized(files=tuple(folder / name for name in files), made=made, guard=guard)


def read_settings_file(file: Path, space: SearchSpace) -> pd.DataFrame:
    """A CSV of settings, a column a factor.

    Raises:
        ResultsError: it can't be read.
    """
    import pandas as pd

    as_text = {factor.name: str for factor in space.factors if isinstance(factor, Categorical)}
    try:
        frame: pd.DataFrame = pd.read_csv(file, encoding="utf-8-sig", dtype=as_text, keep_default_na=False, na_values=[""])
    except (ValueError, OSError) as fault:
        raise ResultsError(f"Expected a CSV of settings at {file}, found one that can't be read: {fault}.") from fault
    return frame


def _designs(world: WorldModel, *, n: int, seed: int, settings: pd.DataFrame | None) -> Tensor:
    """`n x d`."""
    import torch

    from planner.pool import draw_feasible

    from .forecast import settings_of

    space, encoder = world.space, world.encoder
    if settings is not None:
        rows = settings_of(settings, space)
        wrong = [f"row {i + 1}: {'; '.join(reasons)}" for i, row in enumerate(rows) if (reasons := space.reasons_against(row))]
        if wrong:
            raise DesignError(f"Expected settings of this space, found {len(wrong)} rows that are not: {' · '.join(wrong[:4])}")
        return encoder.design_of(rows)
    if space.candidates is None:
        return draw_feasible(encoder, n, seed=seed)
    if n > len(space.candidates):
        raise DesignError(f"Expected at most {len(space.candidates):,} experiments, one a candidate, found n = {n:,}.")
    chosen = torch.randperm(len(space.candidates), generator=torch.Generator().manual_seed(seed))[:n]
    return encoder.design_of([space.candidate_settings(int(row)) for row in chosen])
