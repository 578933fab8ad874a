"""Names that try to leave their field change nothing but themselves, in every file of every target."""

from __future__ import annotations

import protocols.emitters.tecan
from protocols.emitters.tecan import MOST_LABEL
from runs.bench import hostile_names
from runs.bench.hostile_names import try_hostile_names


def test_no_name_changes_the_shape_of_a_file():
    told = try_hostile_names(400)
    assert told.changed == ()
    assert told.names == 400
    assert told.files > 150


def test_an_emitter_that_writes_names_as_they_are_is_found_out(monkeypatch):
    monkeypatch.setattr(protocols.emitters.tecan, "one_line", lambda text, **more: text[:MOST_LABEL])
    assert any("Tecan" in told for told in try_hostile_names(300).changed)


def test_a_python_file_with_a_name_outside_its_quotes_is_found_out(monkeypatch):
    written = hostile_names.emit_opentrons
    monkeypatch.setattr(hostile_names, "emit_opentrons", lambda stage, plan: f"# {plan.plate}\n" + written(stage, plan))
    assert any("Flex" in told for told in try_hostile_names(300).changed)
