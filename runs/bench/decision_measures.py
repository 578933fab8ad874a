"""Whether a model's forecasts lead to good decisions: signs, ranks, regret, lift, and what it promises beyond the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import kendalltau, rankdata, spearmanr

PLANS = 20  # that are ranked together


@dataclass(frozen=True)
class Signs:
    """`right` of `n` pairs whose true effect exceeds the noise, and the root mean square error of all effects."""

    right: int
    n: int
    rmse: float

    @property
    def share(self) -> float | None:
        return self.right / self.n if self.n else None


def effect_signs(believed: np.ndarray, true: np.ndarray, *, noise: float) -> Signs:
    """Signs of effects of any shape, in units where the noise of one reading is `noise`. Failed runs (nan) are left out."""
    known = np.isfinite(true)
    clear = known & (np.abs(true) > noise)
    right = np.sign(believed[clear]) == np.sign(true[clear])
    return Signs(right=int(right.sum()), n=int(clear.sum()), rmse=float(np.sqrt(np.mean((believed - true)[known] ** 2))))


def kendall(believed: np.ndarray, true: np.ndarray) -> float | None:
    """Kendall's tau-b of two rankings of plans; None where either has no order."""
    if len(true) < 2 or np.ptp(believed) == 0 or np.ptp(true) == 0:
        return None
    return float(kendalltau(believed, true).statistic)


def regret(believed: np.ndarray, true: np.ndarray, *, at: int) -> float:
    """What the best plan is worth above the best of those `at` that the model ranks highest."""
    chosen = np.argsort(-believed, kind="stable")[:at]
    return float(true.max() - true[chosen].max())


def ranking(believed: np.ndarray, true: np.ndarray, *, spread: float, size: int = PLANS) -> dict[str, float | None]:
    """Mean over groups of `size` plans: tau, regret@1 and regret@5 in units of `spread`."""
    groups = [slice(i, i + size) for i in range(0, len(true) - size + 1, size)]
    taus = [tau for tau in (kendall(believed[group], true[group]) for group in groups) if tau is not None]
    return {
        "kendall tau": float(np.mean(taus)) if taus else None,
        "regret@1": float(np.mean([regret(believed[group], true[group], at=1) for group in groups])) / spread if groups else None,
        "regret@5": float(np.mean([regret(believed[group], true[group], at=5) for group in groups])) / spread if groups else None,
    }


def reward_prediction(believed: np.ndarray, true: np.ndarray) -> dict[str, float | None]:
    """R² and Spearman's rank correlation; None where nothing varies."""
    total = float(((true - true.mean()) ** 2).sum())
    flat = total == 0 or np.ptp(believed) == 0
    return {
        "reward r2": None if total == 0 else float(1 - ((believed - true) ** 2).sum() / total),
        "reward rank": None if flat else float(spearmanr(believed, true).statistic),
    }


@dataclass(frozen=True)
class Optimised:
    """The best of many plans by the model's belief: `promised` and `true` value, in the reward's unit."""

    promised: float
    true: float
    random: float
    best_run: float

    def told(self, *, spread: float) -> dict[str, float]:
        """Lifts and exploitability, in units of the reward's sd over random plans."""
        return {
            "lift over random": (self.true - self.random) / spread, "lift over best run": (self.true - self.best_run) / spread,
            "exploitability": (self.promised - self.true) / spread,
        }  # fmt: skip


def auroc(inside: np.ndarray, beyond: np.ndarray) -> float:
    """Probability that a score of `beyond` is above one of `inside`, ties counting half (Mann-Whitney)."""
    ranks = rankdata(np.concatenate([inside, beyond]))
    n, m = len(inside), len(beyond)
    return float((ranks[n:].sum() - m * (m + 1) / 2) / (n * m))
