"""What a check found, and the refusal that carries every error at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from world_model.terms.errors import ProtocolError

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that a rule found.

    `where` names the experiment, stock, well or stage; `observed` and `limit` carry numbers with their units; `mend` says
    what to change.
    """

    rule: str
    severity: Severity
    where: str
    observed: str
    limit: str
    mend: str = ""

    def __str__(self) -> str:
        tail = f" {self.mend}" if self.mend else ""
        return f"{self.where}: expected {self.limit}, found {self.observed}.{tail}"

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


class Refused(ProtocolError):
    """A design that can't be pipetted, or a robot file that fails its checks; `.findings` holds every reason."""

    def __init__(self, subject: str, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        errors = joined(errors_in(findings))
        lines = "\n".join(f"- [{finding.rule}] {finding}" for finding in errors)
        super().__init__(f"{subject}: refused for {len(errors)} reason{'s' if len(errors) != 1 else ''}.\n{lines}")


def errors_in(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that forbid going on."""
    return [finding for finding in findings if finding.severity == "error"]


def joined(findings: Sequence[Finding]) -> list[Finding]:
    """Findings that differ only in where they were found, as one: what 40 replicates share is said once."""
    places: dict[tuple[str, str, str, str, str], list[str]] = {}
    for found in findings:
        key = (found.rule, found.severity, found.observed, found.limit, found.mend)
        places.setdefault(key, []).append(found.where)
    merged = []
    for (rule, severity, observed, limit, mend), wheres in places.items():
        named = list(dict.fromkeys(wheres))
        where = ", ".join(named[:4]) + (f" and {len(named) - 4} more" if len(named) > 4 else "")
        merged.append(Finding(rule=rule, severity=severity, where=where, observed=observed, limit=limit, mend=mend))  # type: ignore[arg-type]
    return merged
