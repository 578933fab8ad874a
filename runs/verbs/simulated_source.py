"""A simulator as a cheap source: points of the campaign's space, spread evenly, and what the simulator says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from world_model.terms.errors import ResultsError
from world_model.terms.sources import SourceTable
from world_model.terms.space import SearchSpace

from .open_campaign import OpenCampaign

if TYPE_CHECKING:
    import pandas as pd


def simulated_rows(campaign: OpenCampaign, one: SourceTable, space: SearchSpace) -> pd.DataFrame:
    """`n` points and the simulator's noise-free readings, long. The same campaign seed asks for the same points.

    Raises:
        ResultsError: the simulator is the campaign's own lab, or there is no campaign file for it to read.
        SpaceError: factors that the simulator does not know.
    """
    import pandas as pd

    from planner.pool import build_pool
    from world_model.encoding import Encoder
    from world_model.labs.registry import open_lab

    assert one.lab is not None  # as SourceTable says
    if campaign.doc is None:
        raise ResultsError(f"Source {one.name!r}: expected a campaign file beside a simulator, found none. Simulate in the notebook and give the frame as data.")
    if campaign.doc.answers == one.lab:
        raise ResultsError(f"Source {one.name!r}: expected another simulator than the one that answers this campaign, found {one.lab!r} as both.")
    lab = open_lab(one.lab, doc=campaign.doc, space=space, base=campaign.base)
    encoder = Encoder(space)
    pool = build_pool(encoder, taken=encoder.design_of([]), seed=campaign.charter.seed, size=one.n)
    chosen = np.sort(np.random.default_rng(campaign.charter.seed).permutation(len(pool))[: one.n])
    settings = encoder.settings(pool.design[chosen])
    frames = []
    for measurement in campaign.charter.measurements:
        told = np.asarray(lab.truth(settings, [measurement]))[:, :, 0]
        hours = measurement.at_h or (np.nan,)
        for i, row in enumerate(settings):
            frames += [{**row, "experiment_id": f"S{i + 1:04d}", "time_h": hour, "measurement": measurement.name, "value": told[i, k]} for k, hour in enumerate(hours)]
    return pd.DataFrame(frames)
