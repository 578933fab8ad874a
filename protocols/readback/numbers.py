"""Numbers as the formats write them: digits, a point, nothing else. `float` would take `nan`, `1e3`, `1_0` and blanks."""

from __future__ import annotations

import re

_MICROLITRES = re.compile(r"[0-9]{1,7}\.[0-9]{1,3}")
_WHOLE = re.compile(r"[0-9]{1,12}")


def microlitres(text: str) -> int | None:
    """Nanolitres of a volume in µL, exactly; None where it is no plain decimal number."""
    if not _MICROLITRES.fullmatch(text):
        return None
    whole, part = text.split(".")
    return int(whole) * 1000 + int(part.ljust(3, "0"))


def whole(text: str) -> int | None:
    """A whole number; None where it is not written in digits alone."""
    return int(text) if _WHOLE.fullmatch(text) else None
