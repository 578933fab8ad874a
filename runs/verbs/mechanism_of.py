"""The mechanism of an open campaign: as given, or the one that its file names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .open_campaign import OpenCampaign

if TYPE_CHECKING:
    from world_model.mechanisms.mechanism import Mechanism


def mechanism_of(campaign: OpenCampaign) -> Mechanism | None:
    """None where there is no prior knowledge that can be simulated.

    Raises:
        MechanismError: the file of `[mechanism]` can't be used with this campaign.
    """
    if campaign.mechanism is not None or campaign.doc is None or campaign.doc.mechanism is None:
        return campaign.mechanism
    from world_model.mechanisms.open import open_mechanism

    campaign.mechanism = open_mechanism(
        campaign.doc.mechanism, base=campaign.base, factors=campaign.space.factors, measurements=campaign.charter.measurements
    )
    return campaign.mechanism
