"""Which nextwell this is; the journal notes it beside what it decided."""

from __future__ import annotations

VERSION = "0.1.0"
