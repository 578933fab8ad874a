"""From numbers to `Evidence`: what stands in the certificate must be finite, and say its bound in words."""

from __future__ import annotations

import math

from ..terms.certificate import Evidence
from .comparison import Lead, Share


def finite(number: float) -> float | None:
    """A number as it may be written down; None where there is none."""
    return float(number) if math.isfinite(number) else None


def lead_evidence(name: str, found: Lead, *, of: str) -> Evidence:
    """A lead in CRPS, which must be more than one standard error."""
    return Evidence(
        name=name, value=finite(found.mean), low=finite(found.low), high=finite(found.high), met=found.holds, cases=found.cases, of=of,
        bound=f"above one standard error ({found.error:.2g}); found {_errors(found)}",
    )  # fmt: skip


def share_evidence(name: str, found: Share, *, of: str) -> Evidence:
    """A coverage, which must lie in its band."""
    low, high = found.band
    return Evidence(
        name=name, value=finite(found.share), met=found.holds if found.cases else None, cases=found.cases, of=of,
        bound=f"{100 * low:.0f} to {100 * high:.0f} % (worth {found.effective:.0f} independent cases)",
    )  # fmt: skip


def count_evidence(name: str, found: int, *, least: int, of: str) -> Evidence:
    """A number of cases, which must be enough to judge by."""
    return Evidence(name=name, value=float(found), met=found >= least, cases=found, of=of, bound=f"at least {least}")


def _errors(found: Lead) -> str:
    return f"{found.errors:+.1f} standard errors" if math.isfinite(found.errors) else "no spread"
