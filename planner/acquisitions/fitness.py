"""Whether the models that compete can serve an acquisition: told before any of them is fitted."""

from __future__ import annotations

from collections.abc import Sequence

from world_model.contestants.registry import PLANS, contestants, named
from world_model.contestants.trajectory_gp import TrajectoryGP
from world_model.contract import Contestant
from world_model.encoding import Encoder
from world_model.terms.errors import DesignError

from .member import Member, Needs
from .task import Task


def competing(member: Member, asked: Sequence[str | Contestant], *, task: Task, encoder: Encoder) -> list[Contestant]:
    """The contestants that may compete for a task: those that were asked for, or the planner's own that serve the acquisition.

    Empty where the planner's own all serve it: the registry's order then holds.

    Raises:
        DesignError: one that was asked for can't serve it; those that can are named.
    """
    if not asked and member.contestants is not None:
        asked = member.contestants(task, encoder)
    if not (member.needs.gaussian or member.needs.gradients or member.needs.fantasies):
        return named(asked)
    known = contestants()
    fit = [one for name, one in known.items() if name in PLANS and _serves(one, member.needs)]
    if not asked:
        return fit
    wanted = named(asked)
    misfits = [one.name for one in wanted if not _serves(one, member.needs)]
    if misfits:
        told = ", ".join(one.name for one in known.values() if _serves(one, member.needs))
        raise DesignError(f"Expected world models that {member.name} can use ({_told(member.needs)}), found {', '.join(misfits)}. These fit: {told}.")
    return wanted


def _serves(one: Contestant, needs: Needs) -> bool:
    # the coefficients' GPs are exact and may be conditioned; a mechanism's simulations have no gradients
    return isinstance(one, TrajectoryGP) and not (needs.gradients and one.mechanism != "none")


def _told(needs: Needs) -> str:
    told = {"exact Gaussian posteriors": needs.gaussian, "gradients": needs.gradients, "fantasies": needs.fantasies}
    return ", ".join(name for name, needed in told.items() if needed)
