"""The gate: what needs a level asks for it here, and is told what is missing."""

from __future__ import annotations

from ..terms.certificate import LEVEL_NAMES, Level, Standing
from ..terms.errors import ConflictError

WHAT_IF: Level = 3
UNATTENDED: Level = 4


def require_level(standing: Standing | None, level: Level, *, to: str) -> None:
    """Let a claim pass, or refuse it.

    Args:
        standing: what the campaign may claim now (`runs.state.standing.standing` tells); None where nobody has looked.
        to: what is asked for, as it is called: `what_if`.

    Raises:
        ConflictError: the level is not certified, or the certificate has expired. Forecasts with their uncertainty need none.
    """
    if standing is not None and standing.valid and standing.level >= level:
        return
    found = "no certificate" if standing is None or standing.certified is None else standing.why
    raise ConflictError(
        f"Expected a certificate of level {level} ({LEVEL_NAMES[level]}) for {to}, found: {found.rstrip('.')}. "
        f"Record more results and run: nextwell certify CAMPAIGN.toml. Forecasts with their uncertainty need no certificate."
    )
