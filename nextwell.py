"""nextwell: plan experiments in a closed loop. This is the public door: names only, loaded when they are first used.

    import nextwell as nw

    space = nw.SearchSpace(factors=[nw.Continuous(name="glucose", unit="mM", low=1, high=40)])
    campaign = nw.Campaign(space=space, goals=[nw.Goal(readout="yield")], seed=0)
    batch = campaign.propose(8)
"""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runs.campaign import Campaign
    from runs.importers.from_ax import from_ax
    from runs.importers.from_baybe import from_baybe
    from runs.importers.from_bofire import from_bofire
    from runs.verbs.check_protocol import check_protocol
    from world_model.terms.campaign_doc import Batch, Budget, CampaignDoc, Control
    from world_model.terms.cardinality import Cardinality
    from world_model.terms.condition import Condition
    from world_model.terms.constraints import Linear
    from world_model.terms.contexts import Context
    from world_model.terms.custom import Custom
    from world_model.terms.derived import Derived
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
    from world_model.terms.exclusion import Exclude
    from world_model.terms.factors import Categorical, Continuous, Descriptors, Discrete, Integer, Ordinal
    from world_model.terms.goals import Goal, Measurement
    from world_model.terms.lab_profile import LabProfile
    from world_model.terms.mixture import Mixture
    from world_model.terms.outcome_constraint import OutcomeConstraint
    from world_model.terms.priors import Prior
    from world_model.terms.product import Product
    from world_model.terms.readings import Dataset
    from world_model.terms.shared import Shared
    from world_model.terms.sources import Source
    from world_model.terms.space import SearchSpace
    from world_model.terms.stop import Stop

_ERRORS = (
    "ApprovalNeeded", "ConflictError", "DesignError", "DocumentError", "JournalError", "NextwellError", "ProtocolError", "ResultsError",
    "SpaceError", "UnitError", "VerificationError",
)  # fmt: skip
_HOMES = {
    "Campaign": "runs.campaign",
    **dict.fromkeys(("Batch", "Budget", "CampaignDoc", "Control"), "world_model.terms.campaign_doc"),
    "Cardinality": "world_model.terms.cardinality",
    "Condition": "world_model.terms.condition",
    "Context": "world_model.terms.contexts",
    "Custom": "world_model.terms.custom",
    "Derived": "world_model.terms.derived",
    "Exclude": "world_model.terms.exclusion",
    "Linear": "world_model.terms.constraints",
    "Mixture": "world_model.terms.mixture",
    "OutcomeConstraint": "world_model.terms.outcome_constraint",
    "Product": "world_model.terms.product",
    **dict.fromkeys(_ERRORS, "world_model.terms.errors"),
    **dict.fromkeys(("Categorical", "Continuous", "Descriptors", "Discrete", "Integer", "Ordinal"), "world_model.terms.factors"),
    **dict.fromkeys(("Goal", "Measurement"), "world_model.terms.goals"),
    "LabProfile": "world_model.terms.lab_profile",
    "Dataset": "world_model.terms.readings",
    "SearchSpace": "world_model.terms.space",
    "Shared": "world_model.terms.shared",
    "Stop": "world_model.terms.stop",
    "Prior": "world_model.terms.priors",
    "Source": "world_model.terms.sources",
    "check_protocol": "runs.verbs.check_protocol",
    "from_ax": "runs.importers.from_ax",
    "from_baybe": "runs.importers.from_baybe",
    "from_bofire": "runs.importers.from_bofire",
    "__version__": "runs.version",
}
_ROOMS = ("world_model", "planner", "protocols", "runs")

__all__ = [
    "ApprovalNeeded", "Batch", "Budget", "Campaign", "CampaignDoc", "Cardinality", "Categorical", "Condition", "ConflictError", "Context", "Continuous", "Control", "Custom",
    "Dataset", "Derived", "Descriptors", "DesignError", "Discrete", "DocumentError", "Exclude", "Goal", "Integer", "JournalError", "LabProfile", "Linear", "Measurement",
    "Mixture", "NextwellError", "Ordinal", "OutcomeConstraint", "Prior", "Product", "ProtocolError", "ResultsError", "SearchSpace", "Shared", "Source", "SpaceError", "Stop", "UnitError", "VerificationError", "check_protocol",
    "from_ax", "from_baybe", "from_bofire",
]  # fmt: skip


def _take_rooms() -> None:
    """See to it that each room is ours, and name the file that hides one.

    The rooms have plain names: a `planner.py` beside a notebook, or a `world_model.py` beside a script, comes first on the path.
    Where such a file was not imported yet our room is loaded from our own folder, and a warning says so; where it was, its
    importer needs it, and nextwell can't be used in the same process.

    Raises:
        ImportError: a stranger holds a room's name, or a room is missing.
    """
    home = Path(__file__).resolve().parent
    for room in _ROOMS:
        own = home / room / "__init__.py"
        if not own.is_file():
            raise ImportError(f"Expected nextwell's own {room!r} at {own.parent}, found none. Install nextwell again.")
        loaded = sys.modules.get(room)
        if loaded is not None and _place(loaded.__spec__) != own:
            where = getattr(loaded, "__file__", None) or "a module without a file"
            raise ImportError(f"Expected nextwell's own {room!r} at {own.parent}, found {where} imported before it. Rename that file or folder, or run it in another process.")
        if loaded is None and _place(found := find_spec(room)) != own:
            _load(room, own)
            if found is not None:
                warnings.warn(f"{found.origin or found.name} has the name of a room of nextwell; in this process `import {room}` means {own.parent}. Rename it if you need it here.", stacklevel=3)


def _place(spec: ModuleSpec | None) -> Path | None:
    return Path(spec.origin).resolve() if spec is not None and spec.origin else None


def _load(room: str, own: Path) -> None:
    spec = spec_from_file_location(room, own, submodule_search_locations=[str(own.parent)])
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[room] = module
    spec.loader.exec_module(module)


_take_rooms()


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"nextwell has no {name!r}. It has: {', '.join(__all__)}.")
    value = getattr(import_module(_HOMES[name]), "VERSION" if name == "__version__" else name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


# Where torch is loaded already somebody means to compute: he waits for the rest here, and not in the middle of his first proposal.
if "torch" in sys.modules:
    import_module("runs.campaign")
    import_module("planner.propose")
