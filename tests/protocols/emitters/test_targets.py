"""The same design for every machine: read back by our own readers, and by software that others wrote."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocols.emitters.tecan import volume_text
from protocols.targets import plate_tables, target_of
from runs.bench.protocol_parsers import missing_peers, third_party

MACHINES = ("evo", "fluent", "echo", "starlet", "hands")
PEERS = {"evo": ("robotools", "plateo"), "fluent": ("robotools", "plateo"), "echo": ("kithairon",), "starlet": ("pylabrobot",), "hands": ("plateo",)}


@pytest.mark.parametrize("machine", MACHINES)
def test_every_well_rebuilt_from_the_emitted_files_equals_the_plan(drafts, machine):
    lab, draft = drafts[machine]
    told = target_of(lab).validate(draft.emitted, draft.plan, lab)
    assert told.findings == ()
    assert told.engine == "nextwell readback"
    assert told.largest_gap_nl < 1e-6
    assert told.wells == 6
    assert plate_tables(draft.plan, lab).findings == ()


@pytest.mark.parametrize("machine", MACHINES)
def test_others_software_rebuilds_the_same_wells(drafts, machine):
    lacking = set(PEERS[machine]) & set(missing_peers())
    if lacking:
        pytest.skip(f"not installed: {', '.join(sorted(lacking))}")
    lab, draft = drafts[machine]
    assert third_party(lab, draft.emitted, draft.plan) == []


@pytest.mark.parametrize("machine", MACHINES)
def test_others_software_sees_another_plan(drafts, machine):
    """The comparison itself is alive: with one transfer doubled in the plan it must speak up."""
    lacking = set(PEERS[machine]) & set(missing_peers())
    if lacking:
        pytest.skip(f"not installed: {', '.join(sorted(lacking))}")
    lab, draft = drafts[machine]
    if machine == "hands":
        pytest.skip("transfers.csv is written from the plan that it is compared with")
    setup, *later = draft.plan.stages
    last = replace(setup.transfers[-1], volume_nl=setup.transfers[-1].volume_nl * 2)
    other = replace(draft.plan, stages=(replace(setup, transfers=(*setup.transfers[:-1], last)), *later))
    assert third_party(lab, draft.emitted, other) != []


def test_a_worklist_says_rack_position_and_volume(drafts):
    _, draft = drafts["fluent"]
    lines = draft.files[0].split("\r\n")
    assert lines[0] == f"C;nextwell plan {draft.plan.digest()}"
    # 2 mM of 1 M in 100 µL are 0.2 µL: a dilution comes first, 49 parts of water from A1 of the reservoir, the first position
    assert lines[3] == "A;reservoir;;nest_12_reservoir_15 [001];1;;49.00;;;;"
    assert lines[4] == "D;dilutions 1;;nest_96_wellplate_2m [001];1;;49.00;;;;"
    assert lines[5:7] == ["W;", "B;"]
    assert all(line.count(";") == 10 for line in lines if line[:2] in ("A;", "D;"))


def test_positions_count_down_the_columns(drafts):
    _, draft = drafts["evo"]
    wells = {f"{row}{column}": 8 * (column - 1) + "ABCDEFGH".index(row) + 1 for row in "ABCDEFGH" for column in range(1, 13)}
    due = [wells[transfer.well] for transfer in draft.plan.stages[1].transfers]
    assert [int(line.split(";")[4]) for line in draft.files[1].split("\r\n") if line.startswith("D;plate;")] == due


def test_fixed_tips_are_washed_after_every_dispense_and_disposable_ones_replaced(drafts):
    for machine, change in (("evo", "W1;"), ("fluent", "W;")):
        lines = drafts[machine][1].files[0].split("\r\n")
        dispenses = [i for i, line in enumerate(lines) if line.startswith("D;")]
        assert {lines[i + 1] for i in dispenses} == {change}


@pytest.mark.parametrize(("volume_nl", "text"), [(1000, "1.00"), (150_000, "150.00"), (12_345, "12.345"), (70, "0.07"), (5, "0.005")])
def test_volumes_are_microlitres_without_loss(volume_nl, text):
    assert volume_text(volume_nl) == text


def test_an_echo_gets_whole_drops_and_hands_get_the_rest(drafts):
    _, draft = drafts["echo"]
    rows = [line.split(",") for line in draft.files[0].splitlines()[1:]]
    assert {row[0] for row in rows} == {"deep"}
    assert all(int(row[6]) % 5 == 0 and int(row[6]) <= 10_000 for row in rows)
    hands = [line.split(",") for line in draft.emitted.also["by_hand.csv"].splitlines()[1:]]
    # the base medium is poured before the drops, the cells after them: they come last of all
    assert {(row[2], row[5]) for row in hands} == {("before", "M9 5x"), ("after", "E. coli")}


def test_a_tip_that_met_dry_wells_alone_goes_on_and_one_that_met_liquid_does_not(drafts):
    _, draft = drafts["starlet"]
    steps = draft.emitted.work[0].steps
    first = [step for step in steps if step.liquid == "M9 5x"]
    assert [step.fresh for step in first] == [True] + [False] * 5
    water = [step for step in steps if step.liquid == "water" and step.target[0] == "P-R01"]
    assert all(step.fresh for step in water)


def test_a_dilution_is_mixed_before_it_is_drawn_from(drafts):
    steps = drafts["starlet"][1].emitted.work[0].steps
    made = steps[0].target
    drawn = [i for i, step in enumerate(steps) if step.source == made and step.target[0] == "P-R01"]
    mixed = [i for i, step in enumerate(steps) if step.source == step.target == made]
    assert mixed and max(mixed) < min(drawn)


def test_cells_come_last_in_every_target(drafts):
    for _, draft in drafts.values():
        stage = draft.emitted.work[0]
        order = [step.liquid for step in (*stage.before, *stage.steps, *stage.after) if step.target[0] == "P-R01"]
        assert set(order[order.index("E. coli") :]) == {"E. coli"}


def test_lots_stand_in_the_transfer_list(drafts):
    lab, draft = drafts["hands"]
    rows = [line.split(",") for line in plate_tables(draft.plan, lab).transfers_csv.splitlines()]
    at, lot = rows[0].index("reagent"), rows[0].index("lot")
    assert {row[lot] for row in rows[1:] if row[at] == "M9 5x"} == {"L-17"}
    assert {row[lot] for row in rows[1:] if row[at] != "M9 5x"} == {""}


def test_what_an_echo_draws_from_is_diluted_by_hand_in_the_hands_steps(bench_for):
    """0.1 mM of 1 M in 30 µL are 3 nL, below a drop: a dilution is poured and mixed by hand before the drops."""
    source = {"labware": "corning_384_wellplate_112ul_flat", "dead_volume_ul": 15, "type": "384PP_AQ_BP", "diluent": "bench water"}
    lab, draft = bench_for("echo", dilutions=source, glucose=0.1)
    made = {dilution.name for dilution in draft.plan.dilutions}
    plates = {dilution.plate for dilution in draft.plan.dilutions}
    assert made and target_of(lab).validate(draft.emitted, draft.plan, lab).findings == ()
    stage = draft.emitted.work[0]
    poured = [step for step in stage.before if step.target[0] in plates]
    assert {step.liquid for step in poured if not step.mixes} >= {"bench water", "glucose 1M"}
    assert all(step.volume_nl % 100 == 0 and step.volume_nl >= 1_000 for step in poured)
    assert {step.liquid for step in poured if step.mixes} == made
    drops = {step.liquid for step in stage.steps if step.source[0] in plates}
    assert drops and drops <= made
    if "kithairon" not in missing_peers():
        assert third_party(lab, draft.emitted, draft.plan) == []
