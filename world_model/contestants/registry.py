"""Which contestants there are, by name, in the order in which they are trusted before there is evidence."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import entry_points

from ..contract import Contestant, Training
from ..terms.errors import NextwellError, nearest
from .by_refits import ByRefits
from .ensemble import Ensemble
from .field_gp import FieldGP
from .fitted_mechanism import FittedMechanism, FittedMechanismResidual
from .hyper_ensemble import HyperEnsemble
from .matching_mean import MatchingMean
from .nearest import Nearest
from .neural_ode import NeuralODE
from .no_effect import NoEffect
from .one_step_gp import OneStepGP
from .persistence import Persistence
from .quadratic import Quadratic
from .trajectory_gp import TrajectoryGP
from .trees import Trees

ENTRY_POINTS = "nextwell.world_models"

_OWN: tuple[Contestant, ...] = (
    # where the constants alone explain the readings, nothing richer can be told from noise: the others have to beat them
    FittedMechanism(),
    FittedMechanismResidual(),
    FieldGP(name="fitted mechanism field", mechanism="fitted"),
    HyperEnsemble(name="mechanism input ensemble", mechanism="input"),
    HyperEnsemble(name="mechanism residual ensemble", mechanism="mean"),
    HyperEnsemble(name="wide ensemble"),
    TrajectoryGP(name="mechanism input", family="wide", mechanism="input"),
    TrajectoryGP(name="mechanism residual", family="wide", mechanism="mean"),
    TrajectoryGP(name="wide", family="wide"),
    FieldGP(name="field"),
    # what moves step by step stands after what is exact and quick: it has to win its place by predictions
    Ensemble(name="mechanism networks", mechanism="residual"),
    Ensemble(name="networks"),
    NeuralODE(),
    OneStepGP(),
    # many weak descriptors, and readings with heavy tails: where no distance says much
    Trees(),
    TrajectoryGP(name="structure", family="structure"),
    ByRefits(TrajectoryGP(name="saas", family="saas")),
    TrajectoryGP(name="additive", family="additive"),
    TrajectoryGP(name="pairwise", family="pairwise"),
    Quadratic(),
    TrajectoryGP(name="linear", family="linear"),
    MatchingMean(),
    Nearest(),
    Persistence(),
    NoEffect(),
    TrajectoryGP(name="mean", family="mean"),
)
# What the planner may ask, by how well it searches (README, decisions): who forecasts best need not explore well.
PLANS = ("fitted mechanism residual", "mechanism input", "mechanism residual", "wide", "linear", "mean")
# With few experiments the average over hyper-parameters stands in for the best fit. Closed-form leave-one-out can't tell them apart:
# it keeps the hyper-parameters, and so flatters the best fit.
STANDS_IN = {"mechanism input": "mechanism input ensemble", "mechanism residual": "mechanism residual ensemble", "wide": "wide ensemble"}


def is_own(one: Contestant) -> bool:
    """True for the kinds of contestant that are part of this package, whatever their name and settings."""
    return isinstance(one, tuple({type(own) for own in _OWN}))


def contestants() -> dict[str, Contestant]:
    """Every contestant by name, in prior order: ours, then what packages offer in the group `nextwell.world_models`.

    Raises:
        NextwellError: two owners of one name.
    """
    found: dict[str, Contestant] = {one.name: one for one in _OWN}
    for point in entry_points(group=ENTRY_POINTS):
        if point.name in found:
            raise NextwellError(f"Expected one world model named {point.name!r}, found two: ours or another package's, and {point.value}. Uninstall one.")
        found[point.name] = point.load()()
    return found


def named(names: Sequence[str | Contestant]) -> list[Contestant]:
    """Contestants by name; a contestant stands for itself.

    Raises:
        NextwellError: an unknown name, with the nearest.
    """
    known = contestants()
    for name in names:
        if isinstance(name, str) and name not in known:
            raise NextwellError(f"Expected a world model's name, found {name!r}. {nearest(name, known)}")
    return [known[name] if isinstance(name, str) else name for name in names]


def in_order(training: Training, *, plans: bool) -> list[Contestant]:
    """Those that compete on these data.

    Args:
        plans: only those that the planner can search with.
    """
    told = {name: one for name, one in contestants().items() if (not plans or name in PLANS) and one.why_not(training) is None}
    return [one for name, one in told.items() if STANDS_IN.get(name) not in told]
