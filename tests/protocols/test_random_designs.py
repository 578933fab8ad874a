"""Random labs and designs: refused with a reason, or every well rebuilt from the engine's commands equals the plan."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocols.compile import draft_plate
from protocols.engine.client import warm_engine
from protocols.finding import Refused, errors_in
from protocols.verify import verify
from runs.bench.protocol_designs import random_design


@given(st.integers(1_000, 1_000_000))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_wells_rebuilt_from_the_emitted_file_equal_the_plan(seed):
    design = random_design(seed)
    experiments = design.experiments[:12]
    try:
        draft = draft_plate(plate="P", experiments=experiments, space=design.space, lab=design.lab, seed=seed)
    except Refused as refusal:
        assert errors_in(refusal.findings)
        assert all(finding.where and finding.observed and finding.limit for finding in errors_in(refusal.findings))
        return
    told = verify(draft.files, draft.plan, draft.robot, engine=warm_engine())
    assert told.findings == ()
    assert told.largest_gap_nl < 1e-3
    for experiment in experiments:
        assert set(draft.planned[experiment.id]) == set(experiment.settings)
