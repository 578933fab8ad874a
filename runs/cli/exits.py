"""Exit codes: what a script learns without reading a word."""

from __future__ import annotations

from enum import IntEnum

from world_model.terms.errors import (
    ApprovalNeeded,
    ConflictError,
    DocumentError,
    NextwellError,
    ResultsError,
    SpaceError,
    UnitError,
    VerificationError,
)


class Exit(IntEnum):
    """The documented exit codes."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NEEDS_APPROVAL = 3
    CONFLICT = 4
    VERIFICATION_FAILED = 5


# the first that fits; ApprovalNeeded is a ConflictError too
_CODES: tuple[tuple[type[NextwellError], Exit], ...] = (
    (ApprovalNeeded, Exit.NEEDS_APPROVAL),
    (ConflictError, Exit.CONFLICT),
    (VerificationError, Exit.VERIFICATION_FAILED),
    (DocumentError, Exit.USAGE),
    (SpaceError, Exit.USAGE),
    (UnitError, Exit.USAGE),
    (ResultsError, Exit.USAGE),
)
EPILOG = "Exit codes: 0 ok · 1 failed · 2 usage or bad input · 3 needs approval · 4 conflict · 5 verification failed."


def exit_code(fault: NextwellError) -> Exit:
    """The exit code of an error."""
    return next((code for kind, code in _CODES if isinstance(fault, kind)), Exit.FAILED)
