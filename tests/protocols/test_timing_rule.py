"""The timing rule fires on each kind of wrong order, and is silent on a good one."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from protocols.checks.timing import check_order, check_timing
from protocols.compile import draft_plate
from protocols.finding import Finding, Refused, errors_in
from protocols.intent import Add, Dispense, ProtocolIntent, Quantity, Step
from protocols.own_steps import own_numbers
from protocols.schedule.plate_tasks import PlateWork
from protocols.schedule.stage_times import BY_HAND_S, GET_READY_S, plate_work
from protocols.weaving import weave
from world_model.terms.lab_profile import LabProfile
from world_model.terms.steps import PlateStep

SHAKE = {"kind": "shake", "duration": "1 min"}
READ = {"kind": "read", "mode": "absorbance", "wavelengths": ["600 nm"]}
PCR = {"kind": "thermocycle", "lid": "105 °C", "stages": [{"cycles": 30, "plateaus": [{"temperature": "95 °C", "duration": "15 s"}]}]}
SPIN = {"kind": "spin", "speed": "300 x g", "duration": "5 min"}


def steps(*told: dict[str, Any]) -> tuple[PlateStep, ...]:
    return TypeAdapter(tuple[PlateStep, ...]).validate_python(told)


def intent(*told: Step) -> ProtocolIntent:
    volume = Quantity(value=100, unit="µL", source="catalogue")
    return ProtocolIntent(objective="x", plate="P1", volume=volume, bindings=(), steps=told)


def found(*told: dict[str, Any], first: tuple[Step, ...] = (Dispense(what="factors"),)) -> list[Finding]:
    return check_order(intent(*first, *steps(*told)))


def test_a_good_order_is_silent():
    assert found(SHAKE, {"kind": "seal"}, SPIN, PCR, READ, {"kind": "unseal"}) == []


@pytest.mark.parametrize(
    ("told", "first", "observed"),
    [
        ((READ,), (), "an empty plate"),
        (({"kind": "incubate", "temperature": "37 °C", "duration": "1 h"},), (), "an empty plate"),
        (({"kind": "seal"}, {"kind": "mix", "volume": "20 µL", "times": 3}), (Dispense(what="factors"),), "a plate covered with clear film"),
        (({"kind": "seal"}, {"kind": "sample", "at": "1 h", "volume": "20 µL"}), (Dispense(what="factors"),), "a plate covered with clear film"),
        (({"kind": "seal"}, {"kind": "seal"}), (Dispense(what="factors"),), "a plate covered with clear film"),
        (({"kind": "unseal"},), (Dispense(what="factors"),), "an open plate"),
        ((SHAKE, {"kind": "seal", "cover": "foil"}, READ), (Dispense(what="factors"),), "a plate under foil"),
        ((SPIN,), (Dispense(what="factors"),), "an open plate"),
        ((PCR,), (Dispense(what="factors"),), "a plate with no cover"),
        (({"kind": "seal", "cover": "lid"}, PCR), (Dispense(what="factors"),), "a plate with lid"),
    ],
)
def test_each_wrong_order_is_one_error(told, first, observed):
    errors = errors_in(found(*told, first=first))
    assert [error.observed for error in errors] == [observed]
    assert errors[0].rule == "timing"


def test_reading_what_nobody_mixed_is_a_warning():
    assert [finding.severity for finding in found(READ)] == ["warning"]


def test_a_cover_that_the_tool_took_off_is_told():
    add = Add(stage="induce_1h", at=Quantity(value=1, unit="h", source="design"), factors=("iptg",))
    woven = weave(steps({"kind": "seal"}, {"kind": "incubate", "temperature": "37 °C", "duration": "2 h", "shaking": "200 rpm"}), [add])
    told = check_order(intent(Dispense(what="factors"), *woven))
    assert errors_in(told) == []
    assert len([finding for finding in told if finding.severity == "note"]) == 2


def test_a_window_that_can_not_be_kept_reaches_the_plates_findings():
    adds = [Add(stage=f"add_{minute}", at=Quantity(value=minute, unit="min", source="design"), factors=("iptg",)) for minute in (60, 65)]
    woven = intent(Dispense(what="factors"), *weave(steps(SHAKE, {"kind": "read"}), adds))
    stage_s = {"setup": 600.0, "add_60": 900.0, "add_65": 60.0}
    errors = errors_in(check_timing(PlateWork(intent=woven, stage_s=stage_s, wells=10)))
    assert len(errors) == 1
    # 15 min of pipetting, 1 min back, 30 s shaking, 1 min out; 5 min between, and 5 min late at most
    assert "7 min 30 s too much" in errors[0].observed
    assert errors_in(check_timing(PlateWork(intent=woven, stage_s={**stage_s, "add_60": 300.0}, wells=10))) == []


def test_a_stage_that_nobody_timed_is_an_error():
    errors = errors_in(check_timing(PlateWork(intent=intent(Dispense(what="factors")), stage_s={}, wells=1)))
    assert "setup" in errors[0].observed


def test_a_drafted_plate_keeps_its_times(lab, space, design):
    draft = draft_plate(plate="P1", experiments=design, space=space, lab=lab, seed=1, inoculum_od600=2.0)
    work = plate_work(draft.intent, draft.plan, draft.robot, lab, run_s=12 * 3600)
    assert work.wells == len(design)
    assert set(work.stage_s) == {"setup", "induce_2h", "induce_4h"}
    assert errors_in(check_timing(work)) == []


def test_hands_are_timed_by_their_transfers(lab_doc, space, design):
    lab_doc["robot"] = {"model": "hands", "least_ul": 1, "most_ul": 1000}
    lab = LabProfile.model_validate(lab_doc)
    draft = draft_plate(plate="P1", experiments=design, space=space, lab=lab, seed=1, inoculum_od600=2.0)
    work = plate_work(draft.intent, draft.plan, draft.robot, lab)
    assert work.pipettes == "person"
    transfers = next(stage for stage in draft.plan.stages if stage.name == "induce_2h").transfers
    assert work.stage_s["induce_2h"] == GET_READY_S + BY_HAND_S * len(transfers)


def test_a_plate_that_is_measured_at_hours_and_never_read_is_refused(lab_doc, space, design):
    lab = LabProfile.model_validate({**lab_doc, "steps": [{"kind": "incubate", "temperature": "37 °C", "duration": "5 h"}]})
    with pytest.raises(Refused, match=r"\[timing\] the steps: expected readings until 8 h"):
        draft_plate(plate="P1", experiments=design, space=space, lab=lab, seed=1, inoculum_od600=2.0, run_s=8 * 3600)
    draft_plate(plate="P1", experiments=design, space=space, lab=lab, seed=1, inoculum_od600=2.0)  # an end point is read who knows where


def test_a_finding_names_the_users_own_step():
    """An addition at 2 h cuts the third step in two: both parts are the user's third, and the spin after them is his fifth."""
    own = steps(SHAKE, {"kind": "seal", "cover": "lid"}, {"kind": "incubate", "temperature": "37 °C", "duration": "5 h"}, {"kind": "unseal"}, SPIN, SHAKE, SPIN)
    woven = weave(own, [Add(stage="induce_2h", at=Quantity(value=2, unit="h", source="design"), factors=("iptg",))])
    first = (Dispense(what="factors"), Dispense(what="diluent"))
    numbers = own_numbers((*first, *woven), own)
    assert [(position, number) for position, number in numbers.items() if (*first, *woven)[position].kind == "incubate"] == [(4, 3), (11, 3)]
    assert sorted(set(numbers.values())) == [1, 2, 3, 4, 5, 6, 7]
    told = check_order(intent(*first, *woven), own)
    assert [f.where for f in errors_in(told)] == ["your step 5 (spin)", "your step 7 (spin)"]
    assert [f.where for f in told if "taken off" in f.observed] == ["unseal, which nextwell added as step 7"]


def test_a_lab_files_wrong_step_is_told_by_its_number(lab_doc, space, design):
    lab_doc["steps"] = [SHAKE, SPIN, {"kind": "read"}]
    with pytest.raises(Refused, match=r"your step 2 \(spin\)"):
        draft_plate(plate="P1", experiments=design, space=space, lab=LabProfile.model_validate(lab_doc), seed=1, inoculum_od600=2.0)
