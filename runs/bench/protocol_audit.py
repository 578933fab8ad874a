"""The battery of wrong and right robot files: what Opentrons' engine alone says of each, and what the audit says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from protocols.audit.audit import audit_trace
from protocols.audit.source_code import code_findings
from protocols.engine.client import warm_engine
from protocols.finding import errors_in

from .audit_cases import Case, right_cases, wrong_cases


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One file judged. `rule` is what should refuse it, empty for a right one; `errors` are the rules that did."""

    case: str
    rule: str
    engine_passes: bool
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    first: str

    @property
    def ok(self) -> bool:
        """A wrong file refused by its rule, a right one not refused."""
        return self.rule in self.errors if self.rule else not self.errors

    def row(self) -> dict[str, str]:
        """For a table: case, expected rule, the engine's verdict, ours."""
        return {
            "case": self.case, "expected rule": self.rule or "none", "engine": "passes" if self.engine_passes else "refuses",
            "nextwell": ", ".join(self.errors) or "passes",
        }  # fmt: skip


def judge(case: Case) -> Judged:
    """One case, in the warm worker: these texts are ours."""
    trace = warm_engine().trace(case.text, csv=case.csv)
    told = audit_trace(trace, before=code_findings(case.text))
    errors = errors_in(told.findings)
    return Judged(
        case=case.name, rule=case.rule, engine_passes=not trace.faults, errors=tuple(dict.fromkeys(finding.rule for finding in errors)),
        warnings=tuple(dict.fromkeys(finding.rule for finding in told.findings if finding.severity == "warning")), first=str(errors[0]) if errors else "",
    )  # fmt: skip


def judge_all(*, progress: Callable[[str], None] | None = None) -> tuple[Judged, ...]:
    """Every wrong and every right file."""
    judged = []
    for case in (*wrong_cases(), *right_cases()):
        judged.append(judge(case))
        if progress is not None and len(judged) % 20 == 0:
            progress(f"robot files audited: {len(judged)}")
    return tuple(judged)
