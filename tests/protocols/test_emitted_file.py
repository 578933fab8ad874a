"""The emitted text: data and one loop, nothing imported, names as data."""

from __future__ import annotations

import ast

import pytest

from protocols.compile import draft_plate
from world_model.terms.lab_profile import LabProfile


def test_it_imports_nothing_and_calls_only_the_robots_interface(compiled):
    for stage in compiled.stages:
        tree = ast.parse(stage.robot_file)
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        assert [node.name for node in tree.body if isinstance(node, ast.FunctionDef)] == ["run"]
        for node in tree.body:
            if isinstance(node, ast.Assign):
                ast.literal_eval(node.value)  # every table is plain data


def test_comments_hold_no_name_of_a_persons_choosing(compiled):
    for stage in compiled.stages:
        comments = [line for line in stage.robot_file.splitlines() if line.lstrip().startswith("#")]
        assert len(comments) == 2
        assert not [name for name in ("glucose", "E. coli", "P1", "R01") for line in comments if name in line]


@pytest.mark.parametrize("name", ["a % (b)", "x + y./z", "M9 (5x) %"])
def test_odd_names_come_back_from_the_engine_as_they_were(lab_doc, space, design, name):
    from protocols.engine.client import warm_engine
    from protocols.verify import verify

    lab_doc["stocks"][1]["name"] = name
    draft = draft_plate(plate="P", experiments=design[:1], space=space, lab=LabProfile.model_validate(lab_doc), seed=1)
    assert verify(draft.files, draft.plan, draft.robot, engine=warm_engine()).passed
    assert any(stock == name for well in draft.plan.composition().values() for stock in well)


def test_no_transfer_of_nothing_is_written(compiled):
    assert all(transfer.volume_nl > 0 for stage in compiled.plan.stages for transfer in stage.transfers)


def test_the_later_stage_declares_what_wells_hold(compiled):
    tree = ast.parse(compiled.stages[1].robot_file)
    tables = {node.targets[0].id: ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign)}  # type: ignore[attr-defined]
    contents = next(wells for name, _, _, wells in tables["LIQUIDS"] if name == "plate: contents")
    well = next(well for well, name in compiled.layout.items() if name == "R01-001")
    assert contents[well] == 195.0  # 200 µL less the 5 µL of IPTG to come
    assert len(contents) == 36 + 6
