"""A file's whole audit: what its text says, what the engine says, what the ledger and its rules say, and what is left in each well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..engine.apart_client import Apart, Attempt, Inputs, Limits, run_apart
from ..engine.trace import Trace
from ..finding import Finding, errors_in, joined
from .contents import Well
from .engine_errors import engine_findings
from .ledger import walk
from .moment import Walk
from .rules.registry import RULES
from .source_code import RULE as REACHES_OUT
from .source_code import UNREADABLE, code_findings

_ORDER = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True, kw_only=True)
class WellAtEnd:
    """What a well holds when the run ends: µL, and of which liquids. `declared` says that the file told what was in it."""

    slot: str
    labware: str
    well: str
    volume_ul: float
    liquids: dict[str, float]
    declared: bool


@dataclass(frozen=True, kw_only=True)
class Audit:
    """Everything found, worst first. `passed` says that no error was."""

    kind: str
    robot: str
    api: str
    engine: str
    walls: tuple[str, ...]
    commands: int
    findings: tuple[Finding, ...]
    wells: tuple[WellAtEnd, ...] = ()
    tips: dict[str, int] = field(default_factory=dict)
    in_trash_ul: float = 0.0

    @property
    def passed(self) -> bool:
        return not errors_in(self.findings)


def audit_opentrons(text: str, *, suffix: str = ".py", inputs: Inputs | None = None, limits: Limits | None = None) -> Audit:
    """Audit somebody's own Opentrons file. Its code is executed in a process of its own, behind walls.

    Raises:
        ProtocolError: opentrons is missing.
    """
    static = code_findings(text) if suffix == ".py" else ()
    if any(finding.rule == UNREADABLE for finding in static):
        return Audit(kind=_KIND, robot="", api="", engine="", walls=(), commands=0, findings=static)
    apart = run_apart(text, suffix=suffix, inputs=inputs, limits=limits)
    findings = [*static, *(_attempted(attempt) for attempt in apart.attempts)]
    if apart.trace is None:
        findings.append(
            Finding(
                rule="resources", severity="error", where="whole file", observed=apart.ended, limit="a protocol that ends",
                mend="Look for a loop without an end, or for an exit.",
            )
        )
        return Audit(kind=_KIND, robot="", api="", engine=apart.engine, walls=apart.walls, commands=0, findings=_sorted(findings))
    return audit_trace(apart.trace, engine=apart.engine, walls=apart.walls, before=findings, attempted=bool(apart.attempts))


def audit_trace(trace: Trace, *, engine: str = "", walls: tuple[str, ...] = (), before: Sequence[Finding] = (), attempted: bool = False) -> Audit:
    """The same from what the engine told, for a file that was run already."""
    walked = walk(trace)
    findings = list(before)
    for found in engine_findings(trace):
        # the refusal that the file met is told by the attempt itself, with its line
        if not (attempted and found.rule == REACHES_OUT):
            findings.append(found)
    for rule in RULES:
        findings += rule(walked)
    return Audit(
        kind=_KIND, robot=trace.robot, api=trace.api, engine=engine, walls=walls, commands=len(trace.commands), findings=_sorted(findings),
        wells=_wells(walked), tips=_tips(walked), in_trash_ul=walked.in_trash_ul,
    )  # fmt: skip


_KIND = "Opentrons protocol"


def _attempted(attempt: Attempt) -> Finding:
    return Finding(
        rule=REACHES_OUT, severity="error", where=f"line {attempt.line}", observed=f"the file {attempt.what}: {attempt.event} {attempt.on}".strip(),
        limit="a protocol that only talks to the robot", mend="Take these lines out. It was refused, nothing was done.",
    )  # fmt: skip


def _sorted(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(joined(findings), key=lambda finding: _ORDER[finding.severity]))


def _wells(walked: Walk) -> tuple[WellAtEnd, ...]:
    def told(place: tuple[str, str], well: Well) -> WellAtEnd:
        return WellAtEnd(
            slot=walked.deck.slot(place[0]), labware=walked.deck.labware[place[0]].load_name, well=place[1], volume_ul=well.balance_ul,
            liquids=dict(well.holds), declared=well.declared,
        )  # fmt: skip

    return tuple(
        told(place, well) for place, well in walked.wells.items() if not walked.deck.is_trash(place[0]) and (well.holds or well.ever or well.drawn_from_nothing_ul)
    )


def _tips(walked: Walk) -> dict[str, int]:
    used: dict[str, int] = {}
    for rack, count in walked.tips_used.items():
        name = f"{walked.deck.labware[rack].load_name} in slot {walked.deck.slot(rack)}"
        used[name] = used.get(name, 0) + count
    return used


__all__ = ["Apart", "Audit", "WellAtEnd", "audit_opentrons", "audit_trace"]
