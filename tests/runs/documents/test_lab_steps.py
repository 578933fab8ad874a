"""A lab file's own steps: read into words, and every slip in them told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from runs.documents.lab_file import load_lab
from world_model.terms.errors import DocumentError
from world_model.terms.steps import Incubate, Read

EXAMPLE = Path(__file__).parents[3] / "runs" / "examples" / "microplate_lab.toml"


def written(tmp_path: Path, steps: str) -> Path:
    path = tmp_path / "lab.toml"
    path.write_text(EXAMPLE.read_text() + steps)
    return path


def test_steps_and_windows_are_read_with_their_quotes(tmp_path):
    lab = load_lab(written(tmp_path, '\n[timing]\noff_incubator_min = 15\n\n[[steps]]\nkind = "incubate"\ntemperature = "37 °C"\nduration = "24 h"\n\n[[steps]]\nkind = "read"\nmode = "absorbance"\nwavelengths = ["600 nm"]\nevery = "10 min"\nduration = "2 h"\n'))  # fmt: skip
    incubate, read = lab.steps
    assert isinstance(incubate, Incubate)
    assert incubate.duration.quote == "24 h"
    assert isinstance(read, Read)
    assert read.wavelengths[0].value == 600
    assert lab.timing.off_incubator_min == 15


def test_every_slip_in_steps_has_its_line(tmp_path):
    path = written(tmp_path, '\n[[steps]]\nkind = "shake"\nduration = "5 mL"\n\n[[steps]]\nkind = "incubate"\ntemprature = "37 °C"\nduration = "24 h"\n\n[[steps]]\nkind = "reed"\n\n[[steps]]\nkind = "serial dilution"\nstock = "wter"\ndiluent = "water"\nfactor = 2\npoints = 0\nvolume = "100 µL"\nfirst_well = "A1"\n')  # fmt: skip
    lines = path.read_text().splitlines()
    with pytest.raises(DocumentError) as caught:
        load_lab(path)
    told = {mistake.where: (lines[mistake.line - 1], str(mistake)) for mistake in caught.value.mistakes if mistake.line}
    assert told["steps[0].duration"][0] == 'duration = "5 mL"'
    assert "a volume" in told["steps[0].duration"][1]
    assert "Did you mean 'temperature'?" in told["steps[1].temprature"][1]
    assert "Did you mean 'read'?" in told["steps[2].kind"][1]
    assert "Did you mean 'water'?" in told["steps[3].stock"][1]
    assert told["steps[3].points"][0] == "points = 0"
