"""A positive parameter of a kernel, with its prior: the four registrations that GPyTorch asks for."""

from __future__ import annotations

import torch
from gpytorch.constraints import Positive
from gpytorch.kernels import Kernel
from gpytorch.priors import LogNormalPrior, Prior
from torch import Tensor


def add_positive(kernel: Kernel, name: str, *, start: Tensor, prior: Prior) -> None:
    """Register `raw_<name>` with the shape of `start`, positive, with a prior on its value."""
    constraint = Positive()
    kernel.register_parameter(f"raw_{name}", torch.nn.Parameter(constraint.inverse_transform(start.double())))
    kernel.register_constraint(f"raw_{name}", constraint)
    kernel.register_prior(
        f"{name}_prior", prior, lambda module: positive(module, name), lambda module, value: set_positive(module, name, value)
    )


def positive(kernel: Kernel, name: str) -> Tensor:
    """The value of a parameter that `add_positive` registered."""
    value: Tensor = getattr(kernel, f"raw_{name}_constraint").transform(getattr(kernel, f"raw_{name}"))
    return value


def set_positive(kernel: Kernel, name: str, value: Tensor | float) -> None:
    """Set it."""
    raw = getattr(kernel, f"raw_{name}")
    told = torch.as_tensor(value, dtype=raw.dtype).expand_as(raw)
    kernel.initialize(**{f"raw_{name}": getattr(kernel, f"raw_{name}_constraint").inverse_transform(told)})


def log_normal(centre: Tensor, spread: float) -> LogNormalPrior:
    """One prior an entry, its spread written out: GPyTorch can't load a fitted model's state into an expanded buffer."""
    return LogNormalPrior(centre.double(), torch.full_like(centre, spread, dtype=torch.double))
