"""An acquisition with what is believed beside the model: the logarithm of a weight is added to the logarithm of a worth."""

from __future__ import annotations

from botorch.acquisition import AcquisitionFunction
from torch import Tensor

from .beliefs import Beliefs


class Weighed(AcquisitionFunction):
    """`acquisition(x) + log weight(x)`, of one point at a time.

    BoTorch's PriorGuidedAcquisitionFunction with `log=True`, which refuses an acquisition that knows of pending points itself, as ours
    do: without pending points the two are equal.
    """

    _log = True

    def __init__(self, acquisition: AcquisitionFunction, beliefs: Beliefs) -> None:
        super().__init__(model=acquisition.model)
        self.acquisition, self.beliefs = acquisition, beliefs

    def forward(self, X: Tensor) -> Tensor:
        """`b x 1 x d` → `b`."""
        told: Tensor = self.acquisition(X)
        return told + self.beliefs.log_weight(X).sum(dim=-1)


def weighed(acquisition: AcquisitionFunction, beliefs: Beliefs | None, *, n_waiting: int = 0) -> AcquisitionFunction:
    """The acquisition with the weight, where it is a logarithm; one that is none is left as it is (see `Beliefs.workable`).

    Args:
        n_waiting: experiments under way or chosen before this one.
    """
    return acquisition if beliefs is None or not acquisition._log else Weighed(acquisition, beliefs.in_turn(beliefs.n_read + n_waiting))
