"""What a campaign may claim now: its last certificate, unless the records or the days have moved on."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime

import numpy as np

from world_model.terms.certificate import LEVEL_NAMES, Level, Standing

from ..report.coverage import checked_predictions
from ..version import VERSION
from .campaign_state import CampaignState, Certified
from .dataset import dataset

GROWTH = 0.25  # a certificate is of its records: it ends when this share of them is new or corrected
FEWEST_RESULTS = 10  # conditions predicted since, before coverage says anything
NOMINAL = 0.9
_Z95 = 1.96


def standing(state: CampaignState | None, *, today: date | None = None) -> Standing:
    """What may be claimed. Without a certificate, or with one that has expired, what the judge said of the last round.

    Args:
        today: UTC; else now.
    """
    if state is None or state.certified is None:
        return Standing(level=_judged(state), why=f"No certificate; {_house(state)}")
    certified = state.certified
    level = certified.payload.certificate.level
    told = f"level {level} ({LEVEL_NAMES[level]}), certified {certified.recorded_at[:10]}"
    ended = expired(state, certified, today=today or datetime.now(UTC).date())
    if ended:
        return Standing(level=min(_judged(state), level), certified=level, why=f"The certificate of {told} has expired: {ended} {_house(state)}")
    return Standing(level=level, certified=level, valid=True, why=f"{told[0].upper()}{told[1:]}{', a simulator result' if certified.payload.simulated else ''}.")


def expired(state: CampaignState, certified: Certified, *, today: date) -> str:
    """Why a certificate holds no longer, as a sentence; empty where it holds."""
    payload = certified.payload
    if today > payload.valid_until:
        return f"it was valid until {payload.valid_until.isoformat()}."
    if payload.version != VERSION:
        return f"it was made by nextwell {payload.version}, this is {VERSION}."
    if payload.goals != tuple(map(str, state.charter.goals)):
        return "the goals have changed since."
    new, n = changed_since(state, certified), payload.certificate.n_records
    if new >= GROWTH * n:
        return f"{new} experiments were read or corrected since, of {n} that it rests on; a quarter ends it."
    return _coverage_lost(state, certified)


def changed_since(state: CampaignState, certified: Certified) -> int:
    """Experiments with readings that came, or were corrected, after the certificate. Blanks teach nothing."""
    blanks = {e.id for opened in state.rounds for e in opened.experiments if e.role in ("blank", "unused")}
    return len({id for block in state.blocks if block.seq > certified.seq for id in block.readings.experiment_id} - blanks)


def _coverage_lost(state: CampaignState, certified: Certified) -> str:
    """Predictions that were stored beforehand, of experiments read after the certificate: fewer within 90 % than chance allows."""
    read_since = {id for block in state.blocks if block.seq > certified.seq for id in block.readings.experiment_id}
    data = dataset(state)
    groups = dict(zip(data.ids, data.groups().tolist(), strict=True))
    for goal in state.charter.goals:
        pairs = [pair for pair in checked_predictions(state, data, goal) if pair.id in read_since]
        conditions = {groups[pair.id] for pair in pairs}
        if len(conditions) < FEWEST_RESULTS:
            continue
        # replicates of a condition err together: a condition counts once
        share = float(np.mean([np.mean([pair.within for pair in pairs if groups[pair.id] == group]) for group in conditions]))
        lowest = NOMINAL - _Z95 * math.sqrt(NOMINAL * (1 - NOMINAL) / len(conditions))
        if share < lowest:
            return f"of {len(conditions)} conditions read since, {100 * share:.0f} % lay within the 90 % predicted beforehand ({goal}); chance allows {100 * lowest:.0f} %."
    return ""


def _judged(state: CampaignState | None) -> Level:
    """The house's rule without a certificate: level 2 where the judge's last verdict said so, else none is claimed."""
    model = next((opened.proposal.model for opened in reversed(state.rounds) if opened.proposal.model), {}) if state else {}
    return 2 if model.get("level") == 2 else 0


def _house(state: CampaignState | None) -> str:
    return "the judge's verdict alone counts (level 2: action-conditioned)." if _judged(state) == 2 else "nothing is claimed for the model; its own uncertainty decides how far a batch explores."
