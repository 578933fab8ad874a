"""nextwell: plan experiments in a closed loop. This is the public door: names only, loaded when they are first used.

    import nextwell as nw

    space = nw.SearchSpace(factors=[nw.Continuous(name="glucose", unit="mM", low=1, high=40)])
    campaign = nw.Campaign(space=space, goals=[nw.Goal(readout="yield")], seed=0)
    batch = campaign.propose(8)
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runs.campaign import Campaign
    from world_model.terms.campaign_doc import Batch, Budget, CampaignDoc, Control
    from world_model.terms.constraints import Linear
    from world_model.terms.errors import (
        ApprovalNeeded,
        ConflictError,
        DesignError,
        DocumentError,
        JournalError,
        NextwellError,
        ProtocolError,
        ResultsError,
        SpaceError,
        UnitError,
        VerificationError,
    )
    from world_model.terms.factors import Categorical, Continuous, Descriptors, Discrete, Integer
    from world_model.terms.goals import Goal, Measurement
    from world_model.terms.lab_profile import LabProfile
    from world_model.terms.readings import Dataset
    from world_model.terms.space import SearchSpace

_ERRORS = (
    "ApprovalNeeded", "ConflictError", "DesignError", "DocumentError", "JournalError", "NextwellError", "ProtocolError", "ResultsError",
    "SpaceError", "UnitError", "VerificationError",
)  # fmt: skip
_HOMES = {
    "Campaign": "runs.campaign",
    **dict.fromkeys(("Batch", "Budget", "CampaignDoc", "Control"), "world_model.terms.campaign_doc"),
    "Linear": "world_model.terms.constraints",
    **dict.fromkeys(_ERRORS, "world_model.terms.errors"),
    **dict.fromkeys(("Categorical", "Continuous", "Descriptors", "Discrete", "Integer"), "world_model.terms.factors"),
    **dict.fromkeys(("Goal", "Measurement"), "world_model.terms.goals"),
    "LabProfile": "world_model.terms.lab_profile",
    "Dataset": "world_model.terms.readings",
    "SearchSpace": "world_model.terms.space",
    "__version__": "runs.version",
}
_ROOMS = ("world_model", "planner", "protocols", "runs")

__all__ = [
    "ApprovalNeeded", "Batch", "Budget", "Campaign", "CampaignDoc", "Categorical", "ConflictError", "Continuous", "Control", "Dataset",
    "Descriptors", "DesignError", "Discrete", "DocumentError", "Goal", "Integer", "JournalError", "LabProfile", "Linear", "Measurement",
    "NextwellError", "ProtocolError", "ResultsError", "SearchSpace", "SpaceError", "UnitError", "VerificationError",
]  # fmt: skip


def _refuse_strangers() -> None:
    """The rooms have plain names: a `planner.py` beside a notebook would be imported in place of ours."""
    home = Path(__file__).resolve().parent
    for room in _ROOMS:
        found = find_spec(room)
        place = Path(found.origin).resolve() if found and found.origin else None
        if place is None or place.parent != home / room:
            where = place or "nothing"
            raise ImportError(f"Expected nextwell's own {room!r} at {home / room}, found {where}. Rename that file or folder, or start Python elsewhere.")


_refuse_strangers()


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"nextwell has no {name!r}. It has: {', '.join(__all__)}.")
    value = getattr(import_module(_HOMES[name]), "VERSION" if name == "__version__" else name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
