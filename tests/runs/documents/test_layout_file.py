"""A layout that a person made: read whole, or refused with the line of every slip."""

from __future__ import annotations

import pytest

from runs.documents.layout_file import read_layout
from world_model.terms.errors import DocumentError


def test_wells_are_read_in_one_spelling_and_other_columns_are_ignored(tmp_path):
    (tmp_path / "own.csv").write_bytes("\ufeffwell,experiment_id,colour\r\nb02,R01-001,red\r\nC11,R01-002,\r\nD3,,\r\n".encode())
    assert read_layout(tmp_path / "own.csv") == {"B2": "R01-001", "C11": "R01-002"}


@pytest.mark.parametrize(
    ("text", "line", "expected", "found"),
    [
        ("well,experiment_id\nB2,a\nB02,b\n", 3, "each well once", "B2 again, with 'a' before"),
        ("well,experiment_id\n2B,a\n", 2, "a well such as A1", "'2B'"),
        ("well,experiment_id\n,a\n", 2, "a well such as A1", "''"),
        ("well,experiment_id\nB0,a\n", 2, "a well such as A1", "'B0'"),
        ("well,name\nB2,a\n", 1, "the columns well and experiment_id", "well, name"),
        ("", 1, "the columns well and experiment_id", "nothing"),
        ("well,experiment_id\nB2,\n", None, "at least one well", "none"),
        ('well,experiment_id\nB2,"a\n', 2, "rows of CSV", "unexpected end of data"),
    ],
)
def test_a_slip_is_told_with_its_line(tmp_path, text, line, expected, found):
    (tmp_path / "own.csv").write_text(text)
    with pytest.raises(DocumentError) as refused:
        read_layout(tmp_path / "own.csv")
    [mistake] = refused.value.mistakes
    assert expected in mistake.expected
    assert found in mistake.found
    assert mistake.line == line


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DocumentError, match="a CSV file"):
        read_layout(tmp_path / "none.csv")
