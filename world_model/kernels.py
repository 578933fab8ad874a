"""Surrogate families for one coefficient: kernel, priors and starting points. Which one suits is for the judge to say.

`wide`   ARD Matérn 5/2 that expects broad trends: length scales about as long as the unit cube of features is wide, near each
         other, and a signal larger than what has been seen so far. It takes the idea of the priors of Shields et al. (Nature
         590:89, 2021) for reactions (long scales, large signal) to any number of features, and leaves out their large noise;
         that scales grow with the root of the number of features is from Hvarfner et al. (2024).
`structure` Matérn 5/2 on how alike molecules and sequences are, with one length scale a molecule or position.
`saas`   ARD Matérn 5/2 that expects most features to be idle (a half-Cauchy on each inverse squared length scale), for many features.
`additive` a sum of one-factor curves, without interactions.
`pairwise` main effects and interactions of two, for edits and categories: a polynomial of indicators.
`linear` Bayesian linear regression as a Gaussian process.
`mean`   one constant, whatever is done: the no-effect model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
import torch.fx.experimental.symbolic_shapes  # torch.broadcast_shapes loads it on its first call: half a second belongs to the imports
from botorch.models import SingleTaskGP
from botorch.models.map_saas import add_saas_prior
from gpytorch.kernels import ConstantKernel, Kernel, LinearKernel, MaternKernel, ScaleKernel
from gpytorch.priors import LogNormalPrior
from torch import Tensor

from .additive_kernel import AdditiveKernel
from .context_kernel import with_contexts
from .encoding import Encoder, Extra
from .grouped_kernel import GroupedMatern
from .merged_columns import merged_columns
from .pairwise_kernel import MainAndPairs
from .plate_kernel import PlateKernel
from .reading_noise import SMALL, likelihood_of, prior_of
from .terms.readings import Noise

Family = Literal["wide", "structure", "saas", "additive", "pairwise", "linear", "mean"]
FAMILIES: tuple[Family, ...] = ("wide", "structure", "saas", "additive", "pairwise", "linear", "mean")

_SHRINKAGE = 0.1  # tau of the sparse family: the scale of the half-Cauchy that Eriksson & Jankowiak (2021) put on it
SIGNAL = 8.0  # variance of the signal before there is evidence, where what has been seen has variance 1


NOISE = SMALL


@dataclass(frozen=True)
class Breadth:
    """Log-normal priors of the wide family.

    Attributes:
        centre: length scale in the middle of the prior, as a share of the root of the number of features: distances in the unit
            cube grow as that root does.
        spread: sd of the log length scale.
        signal_spread: sd of the log variance of the signal.
    """

    centre: float
    spread: float
    signal_spread: float


# The features of a level (descriptors, one-hot columns) share its effect and are too many to be told apart by a few levels:
# they are held near each other, and the signal is held large, for most levels have not been seen.
_LEVELS = Breadth(centre=1.0, spread=0.6, signal_spread=0.5)
# A numeric factor stands for itself: it may turn within its range, or not matter at all.
_NUMBERS = Breadth(centre=0.7, spread=1.0, signal_spread=1.0)


def breadth_of(encoder: Encoder) -> Breadth:
    """The wide family's priors for a space."""
    return _LEVELS if encoder.categorical_dims else _NUMBERS


def build(
    family: Family, *, inputs: Tensor, targets: Tensor, encoder: Encoder, with_plate: bool = False, extra: Extra | None = None,
    contexts: int = 0, noise: Noise = "small", known: Tensor | None = None,
) -> SingleTaskGP:
    """An unfitted GP of one family.

    Args:
        inputs: `n x d`, then the extra features and the codes of contexts where there are any, then a plate code where each plate has
            a random effect.
        targets: `n x 1`, standardised.
        contexts: how many columns of codes of contexts there are.
        noise: what is believed of the noise of readings.
        known: `n` noise variances where readings came with an sd, nan where not.
    """
    groups = encoder.groups(by_structure=family == "structure")
    first = 1 + groups[-1][-1]
    u = first + inputs.shape[1] - len(encoder.space.factors) - with_plate - contexts
    further = [(column,) for column in range(first, u)]
    likelihood = likelihood_of(prior_of(noise), start=0.02, known=known)
    kernel: Kernel
    if family == "wide":
        breadth = breadth_of(encoder)
        scale = breadth.centre * u**0.5
        base = MaternKernel(2.5, ard_num_dims=u, lengthscale_prior=LogNormalPrior(math.log(scale), breadth.spread))
        base.lengthscale = scale
        kernel = ScaleKernel(base, outputscale_prior=LogNormalPrior(math.log(SIGNAL), breadth.signal_spread))
        kernel.outputscale = SIGNAL
    elif family == "saas":
        base = MaternKernel(2.5, ard_num_dims=u).to(torch.double)
        add_saas_prior(base, tau=_SHRINKAGE)
        kernel = ScaleKernel(base, outputscale_prior=LogNormalPrior(math.log(SIGNAL), 1.0))
        kernel.outputscale = SIGNAL
    elif family == "additive":
        kernel = AdditiveKernel([*groups, *further], signal=SIGNAL)
    elif family == "structure":
        kernel = GroupedMatern([*groups, *further], signal=SIGNAL)
    elif family == "pairwise":
        kernel = MainAndPairs(merged_columns(encoder, further=len(further)))
    elif family == "linear":
        kernel = LinearKernel(variance_prior=LogNormalPrior(0.0, 1.0)) + ConstantKernel(constant_prior=LogNormalPrior(0.0, 1.0))
        likelihood = likelihood_of(LogNormalPrior(-2.0, 1.5), start=0.3, known=known)
    else:
        kernel = ConstantKernel(constant_prior=LogNormalPrior(-2.0, 1.0))
        likelihood = likelihood_of(LogNormalPrior(0.0, 0.5), start=1.0, known=known)
    if with_plate or contexts:
        kernel.active_dims = torch.arange(u)
    if with_plate:
        kernel = kernel * PlateKernel(column=u + contexts)
    if contexts:
        kernel = with_contexts(kernel, columns=range(u, u + contexts))
    return SingleTaskGP(
        inputs, targets, likelihood=likelihood, covar_module=kernel, outcome_transform=None,
        input_transform=encoder.featurise(with_plate=with_plate, extra=extra, by_structure=family == "structure", contexts=contexts),
    ).to(torch.double)
