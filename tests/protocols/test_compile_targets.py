"""`compile_plate` for each machine of one lab: the right files, bound by one hash, and a refusal when what is read back differs."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from protocols.compile import compile_plate
from protocols.finding import Refused
from protocols.targets import Tecan
from world_model.terms.errors import ConflictError
from world_model.terms.lab_profile import LabProfile

_found = spec_from_file_location("machine_benches", Path(__file__).parent / "emitters" / "conftest.py")
assert _found is not None and _found.loader is not None
benches = module_from_spec(_found)
_found.loader.exec_module(benches)


@pytest.fixture(scope="module")
def lab() -> LabProfile:
    """One bench with four machines."""
    one = benches.lab_for("hands").model_dump(mode="json", exclude_none=True)
    one["robots"] = [{**benches.ROBOTS[name], "name": name} for name in ("evo", "fluent", "starlet")]
    return LabProfile.model_validate(one)


def compiled(lab: LabProfile, target: str | None):
    return compile_plate(plate="P-R01", experiments=benches.DESIGN, space=benches.SPACE, lab=lab, seed=2, target=target)


@pytest.mark.parametrize(("target", "files"), [(None, ["setup.csv", "induce_2h.csv"]), ("evo", ["setup.gwl", "induce_2h.gwl"]), ("STARLET", ["setup.py", "induce_2h.py"])])
def test_a_target_names_its_files(lab, target, files):
    plate = compiled(lab, target)
    assert [stage.file for stage in plate.stages] == files
    assert plate.target == (target or "hands").lower()
    assert plate.verification.engine == "nextwell readback"
    assert "<html" in plate.bench_sheet_html and all(name in plate.bench_sheet_html for name in files)


def test_two_targets_reach_the_same_settings_with_files_of_their_own(lab):
    evo, fluent = compiled(lab, "evo"), compiled(lab, "fluent")
    assert evo.planned == fluent.planned
    assert evo.sha256 != fluent.sha256


def test_the_hash_binds_what_hands_do_beside_an_echo():
    plate = compiled(benches.lab_for("echo"), None)
    assert [stage.file for stage in plate.stages] == ["setup.csv", "induce_2h.csv"]
    assert set(plate.also) == {"by_hand.csv"}
    assert "by_hand.csv" in plate.bench_sheet_html


def test_an_unknown_target_gets_the_labs_machines(lab):
    with pytest.raises(ConflictError, match="hands, evo, fluent, starlet"):
        compiled(lab, "evolution")


def test_nothing_is_released_that_reads_back_otherwise(lab, monkeypatch):
    written = Tecan.texts
    monkeypatch.setattr(Tecan, "texts", lambda self, work, plan, lab: tuple(text.replace(";20.00;", ";20.10;", 1) for text in written(self, work, plan, lab)))
    with pytest.raises(Refused) as refusal:
        compiled(lab, "evo")
    assert "round trip" in {finding.rule for finding in refusal.value.findings}


def test_a_transfer_list_that_reads_back_otherwise_is_not_released(lab, monkeypatch):
    from protocols import targets

    written = targets.transfers_csv
    monkeypatch.setattr(targets, "transfers_csv", lambda plan, **more: written(replace(plan, stages=plan.stages[::-1]), **more).replace(",20.0,", ",20.1,", 1))
    with pytest.raises(Refused, match="round trip"):
        compiled(lab, "evo")
