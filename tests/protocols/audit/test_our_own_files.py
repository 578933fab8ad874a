"""What nextwell writes itself comes out clean."""

from __future__ import annotations

from protocols.audit.audit import audit_trace
from protocols.audit.source_code import code_findings
from protocols.engine.client import warm_engine


def test_every_stage_of_a_compiled_plate_passes(compiled):
    for stage in compiled.stages:
        told = audit_trace(warm_engine().trace(stage.robot_file), before=code_findings(stage.robot_file))
        assert told.passed, [str(finding) for finding in told.findings]
