"""One Gaussian process a coefficient, all of one family; fitted, with closed-form leave-one-intervention-out."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from copy import deepcopy
from dataclasses import dataclass, replace

import torch
from botorch.exceptions import ModelFittingError
from botorch.fit import fit_gpytorch_mll
from botorch.models import ModelListGP, SingleTaskGP
from gpytorch.mlls import ExactMarginalLogLikelihood
from linear_operator.utils.cholesky import psd_safe_cholesky
from linear_operator.utils.errors import NotPSDError
from linear_operator.utils.warnings import NumericalWarning
from torch import Tensor

from .context_kernel import doubt_of_levels
from .encoding import Encoder, Extra
from .kernels import Family, build
from .plate_kernel import TYPICAL
from .reading_noise import of_one_more, of_rows
from .terms.readings import Noise

MOST_FITTED = 256  # rows that hyper-parameters are learned from; predictions use all. The fit costs the cube of this
MOST_FITTED_ALL = 1200  # rows times coefficients, likewise, where there are several; each has at least `FEWEST_FITTED`
FEWEST_FITTED = 128
_BLOCK = 8192  # designs whose covariance with the training rows is held at a time, or fewer:
_HELD = 4_000_000  # numbers of such a covariance; the kernel holds several of its size


@dataclass(frozen=True)
class HeldOut:
    """What leave-one-intervention-out predicts of each row: `mean`, `variance`, both `n x k`, of noisy coefficients."""

    mean: Tensor
    variance: Tensor


@dataclass(frozen=True)
class Marginals:
    """`mean` and `variance` of each coefficient at each design, both `n x k`."""

    mean: Tensor
    variance: Tensor


@dataclass(frozen=True)
class CoefficientModel:
    """Fitted Gaussian processes on designs, one a coefficient.

    Attributes:
        design: `n x d`, the training designs.
        targets: `n x k`, nan where a row says nothing of a coefficient.
        plates: `n` plate codes where each plate has a random effect.
        extra: `n x p` further features of the training designs.
        contexts: `n x c` codes of the levels of contexts, each with a random effect.
        unseen_plate: variance of a plate's own deviation, relative to the signal's, where all rows lie on one plate and none could be
            learned.
    """

    family: Family
    gps: ModelListGP
    design: Tensor
    targets: Tensor
    plates: Tensor | None = None
    extra: Tensor | None = None
    unseen_plate: float = 0.0
    contexts: Tensor | None = None

    @property
    def inputs(self) -> Tensor:
        """`n x d…`: training designs with what is appended to them."""
        return _inputs(self.design, self.extra, self.contexts, self.plates)

    def within(self, codes: tuple[float, ...]) -> CoefficientModel:
        """The same belief, asked at these `c` levels of the contexts; -1 for the typical one."""
        typical = (*codes, *((TYPICAL,) if self.plates is not None else ()))
        gps = [deepcopy(gp) for gp in self.gps.models]
        for gp in gps:
            gp.input_transform.codes = typical
        return replace(self, gps=ModelListGP(*gps).eval())

    def noise_variance(self) -> Tensor:
        """`k`: the fitted variance of one reading's coefficient around the truth."""
        return torch.stack([of_one_more(gp) for gp in self.gps.models])

    def marginals(self, design: Tensor) -> Marginals:
        """Noise-free mean and variance at designs `n x d`, point by point: no covariance between them is formed.

        Time and memory grow with `n` times the training rows, so a million candidates are a matter of seconds.

        Source: Rasmussen & Williams (2006), eqs. 2.25 and 2.26.
        """
        with torch.no_grad():
            columns = [_conditioned(gp) for gp in self.gps.models]
            blocks = [[column.at(block) for column in columns] for block in design.split(max(256, min(_BLOCK, _HELD // max(len(self.design), 1))))]
        if not blocks:
            empty = torch.empty(0, len(columns), dtype=torch.double)
            return Marginals(mean=empty, variance=empty)
        return Marginals(
            mean=torch.cat([torch.stack([column.mean for column in row], -1) for row in blocks]),
            variance=torch.cat([torch.stack([column.variance for column in row], -1) for row in blocks]),
        )

    def draws(self, design: Tensor, n: int, *, seed: int, only: Collection[int] | None = None) -> Tensor:
        """`s x n x k`: joint draws over all designs, exact.

        GPyTorch draws from more than 800 points by a Lanczos root of rank 100, which blurs a thousand candidates into noise; the
        Cholesky factor costs the cube of the designs, a second or two at 4,096.

        Args:
            only: the coefficients that are drawn; the others stand at their mean.
        """
        generator = torch.Generator().manual_seed(seed)
        columns = []
        for k, gp in enumerate(self.gps.models):
            with torch.no_grad():
                if only is not None and k not in only:
                    columns.append(gp.posterior(design[:, None, :]).mean.reshape(1, -1).expand(n, -1))
                    continue
                told = gp.posterior(design).distribution
                factor = psd_safe_cholesky(told.covariance_matrix)
                base = torch.randn(len(design), n, generator=generator, dtype=design.dtype)
                columns.append((told.mean.unsqueeze(-1) + factor @ base).T)
        return torch.stack(columns, dim=-1)

    def plate_variance(self, design: Tensor) -> Tensor:
        """`n x k`: what a plate and levels of contexts of its own add to the variance of one more reading; 0 where these have no effect.

        A level that is asked for by name adds nothing.
        """
        columns = []
        for gp in self.gps.models:
            typical = gp.input_transform.transform(design)
            with torch.no_grad():
                usual = gp.covar_module(typical, diag=True)
                added = self.unseen_plate * usual if self.plates is None else torch.zeros_like(usual)
                for place, doubt in self._code_columns():
                    own = typical.clone()
                    own[..., place] = torch.where(own[..., place] == TYPICAL, 0.0, own[..., place])
                    added = added + doubt * (gp.covar_module(own, diag=True) - usual)
                columns.append(added)
        return torch.stack(columns, dim=-1)

    def _code_columns(self) -> list[tuple[int, float]]:
        """Each column of codes, counted from the last feature, with the factor on the variance of a level that was never seen."""
        plates = [] if self.plates is None else [(-1, 1.0)]
        if self.contexts is None:
            return plates
        several = self.contexts.shape[1]
        return [(c - several - len(plates), doubt_of_levels(self.contexts[:, c])) for c in range(several)] + plates

    def held_out(self, groups: Tensor) -> HeldOut:
        """Predictions of each row without its own intervention, in closed form, with the hyper-parameters kept.

        Args:
            groups: `n` integers, equal for replicates of one intervention.

        Source: block form of Rasmussen & Williams (2006), eq. 5.12: with P = K^-1 and block B, the held-out mean is
            y_B - P_BB^-1 (P y)_B and its covariance P_BB^-1.
        """
        columns = [_held_out_column(gp, groups, self.targets[:, k], self.inputs) for k, gp in enumerate(self.gps.models)]
        return HeldOut(mean=torch.stack([c.mean for c in columns], -1), variance=torch.stack([c.variance for c in columns], -1))

    def foretold(self, turn: Tensor) -> HeldOut:
        """Predictions of each row from the rows of earlier turns alone, with the hyper-parameters kept; nan for the first turn.

        Args:
            turn: `n` integers, the plate or round of each row in the order in which they were done.
        """
        columns = [_foretold_column(gp, turn, self.targets[:, k], self.inputs) for k, gp in enumerate(self.gps.models)]
        return HeldOut(mean=torch.stack([c.mean for c in columns], -1), variance=torch.stack([c.variance for c in columns], -1))


def fit_coefficients(
    family: Family, *, design: Tensor, targets: Tensor, encoder: Encoder, plates: Tensor | None = None, extra: Extra | None = None,
    contexts: Tensor | None = None, noise: Noise = "small", known_variance: Tensor | None = None,
) -> CoefficientModel:
    """Fit one GP a coefficient by its marginal likelihood with priors.

    Args:
        design: `n x d`.
        targets: `n x k`, about zero mean and unit sd, nan where unknown.
        plates: `n` plate codes, for a random effect of each plate.
        extra: gives further features of designs, such as a mechanism's scores.
        contexts: `n x c` codes of levels, for a random effect of each.
        noise: what is believed of the noise of readings.
        known_variance: `n x k`, of the targets' noise where readings came with an sd, else nan; None where none did.

    Raises:
        ModelFittingError, NotPSDError: the fit failed; the judge leaves the family out and says so.
    """
    told = None if extra is None else extra(design)
    inputs = _inputs(design, told, contexts, plates)
    columns = 0 if contexts is None else contexts.shape[1]
    gps: list[SingleTaskGP] = []
    for k in range(targets.shape[1]):
        known = torch.isfinite(targets[:, k])
        rows, column = inputs[known], targets[known, k : k + 1]
        told_noise = None if known_variance is None else known_variance[known, k]
        some = _spread_rows(len(rows), most=min(MOST_FITTED, max(FEWEST_FITTED, MOST_FITTED_ALL // targets.shape[1])))
        gp = build(
            family, inputs=rows[some], targets=column[some], encoder=encoder, with_plate=plates is not None, extra=extra, contexts=columns, noise=noise,
            known=None if told_noise is None else told_noise[some],
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NumericalWarning)
            fit_gpytorch_mll(ExactMarginalLogLikelihood(gp.likelihood, gp))
        if len(some) < len(rows):
            learned = gp
            gp = build(
                family, inputs=rows, targets=column, encoder=encoder, with_plate=plates is not None, extra=extra, contexts=columns, noise=noise, known=told_noise
            )
            gp.load_state_dict(learned.state_dict())
        gp.eval()
        gps.append(gp)
    return CoefficientModel(family=family, gps=ModelListGP(*gps).eval(), design=design, targets=targets, plates=plates, extra=told, contexts=contexts)


def _inputs(design: Tensor, extra: Tensor | None, contexts: Tensor | None, plates: Tensor | None) -> Tensor:
    return torch.cat([design, *(part for part in (extra, contexts, None if plates is None else plates.unsqueeze(-1)) if part is not None)], dim=-1)


def _spread_rows(n: int, *, most: int = MOST_FITTED) -> Tensor:
    """At most `most` of `n` rows: the newest half as it is, for the search went there, and the rest drawn from the others."""
    if n <= most:
        return torch.arange(n)
    newest = torch.arange(n - most // 2, n)
    older = torch.randperm(n - len(newest), generator=torch.Generator().manual_seed(n))[: most - len(newest)]
    return torch.cat([older.sort().values, newest])


FIT_FAILURES = (ModelFittingError, NotPSDError)


@dataclass(frozen=True)
class _Conditioned:
    """One GP with its training covariance factored: `features` `r x u`, `factor` `r x r`, `weights` `r`."""

    gp: SingleTaskGP
    features: Tensor
    factor: Tensor
    weights: Tensor

    def at(self, design: Tensor) -> Marginals:
        """`n` means and variances."""
        features = self.gp.input_transform.transform(design)
        across = self.gp.covar_module(features, self.features).to_dense()
        prior = self.gp.covar_module(features, diag=True)
        solved = torch.linalg.solve_triangular(self.factor, across.T, upper=False)
        mean = self.gp.mean_module(features) + across @ self.weights
        return Marginals(mean=mean, variance=(prior - solved.square().sum(dim=0)).clamp_min(1e-12))


def _conditioned(gp: SingleTaskGP) -> _Conditioned:
    gp.eval()  # BoTorch keeps the training inputs as features then
    features = gp.train_inputs[0]
    covariance = gp.covar_module(features).to_dense() + torch.diag(of_rows(gp, len(features)))
    factor = psd_safe_cholesky(covariance)
    weights = torch.cholesky_solve((gp.train_targets - gp.mean_module(features)).unsqueeze(-1), factor).squeeze(-1)
    return _Conditioned(gp=gp, features=features, factor=factor, weights=weights)


def _held_out_column(gp: SingleTaskGP, groups: Tensor, targets: Tensor, design: Tensor) -> HeldOut:
    known = torch.isfinite(targets)
    rows = torch.nonzero(known).flatten()
    mean, variance = torch.full_like(targets, torch.nan), torch.full_like(targets, torch.nan)
    with torch.no_grad():
        features = gp.input_transform.transform(design[known])
        prior = gp.mean_module(features)
        factor = psd_safe_cholesky(gp.covar_module(features).to_dense() + torch.diag(of_rows(gp, len(rows))))
        precision = torch.cholesky_inverse(factor)
        weighted = precision @ (targets[known] - prior)
        member = groups[known]
        for group in torch.unique(member):
            block = torch.nonzero(member == group).flatten()
            inner = torch.linalg.inv(precision[block][:, block])
            mean[rows[block]] = targets[rows[block]] - inner @ weighted[block]
            variance[rows[block]] = inner.diagonal()
    return HeldOut(mean=mean, variance=variance)


def _foretold_column(gp: SingleTaskGP, turn: Tensor, targets: Tensor, design: Tensor) -> HeldOut:
    known = torch.isfinite(targets)
    rows = torch.nonzero(known).flatten()
    mean, variance = torch.full_like(targets, torch.nan), torch.full_like(targets, torch.nan)
    with torch.no_grad():
        features = gp.input_transform.transform(design[known])
        covariance = gp.covar_module(features).to_dense() + torch.diag(of_rows(gp, len(rows)))
        left = targets[known] - gp.mean_module(features)
        for now in torch.unique(turn[known])[1:]:
            past, block = torch.nonzero(turn[known] < now).flatten(), torch.nonzero(turn[known] == now).flatten()
            factor = psd_safe_cholesky(covariance[past][:, past])
            across = covariance[block][:, past]
            solved = torch.linalg.solve_triangular(factor, across.T, upper=False)
            mean[rows[block]] = targets[rows[block]] - left[block] + across @ torch.cholesky_solve(left[past].unsqueeze(-1), factor).squeeze(-1)
            variance[rows[block]] = covariance[block][:, block].diagonal() - solved.square().sum(dim=0)
    return HeldOut(mean=mean, variance=variance)
