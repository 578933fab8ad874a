"""The Flex file by its former name; `opentrons.py` writes for both robots."""

from __future__ import annotations

from .opentrons import emit_opentrons as emit_flex

__all__ = ["emit_flex"]
