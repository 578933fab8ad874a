"""Any name stays in its field and can be read back."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.emitters.plain_text import csv_rows, csv_text, decoded, one_line

ANY = st.text(st.characters(), max_size=40) | st.sampled_from(["=1+1", "'=x", "''@", "\\u003b", "%0A", "a;b", "\ud800", "  ", "x\x85y", "\u2028"])


@given(ANY)
def test_a_field_is_one_line_of_ascii_without_its_separator_and_is_read_back(text):
    written = one_line(text, forbidden=";", ascii_only=True)
    assert written.isascii() and (written.isprintable() or not written)
    assert ";" not in written
    assert decoded(written) == text


@given(ANY, ANY)
def test_two_names_never_become_one_even_where_they_are_cut(one, other):
    assert (one_line(one * 5, forbidden=";", ascii_only=True, most=32) == one_line(other * 5, forbidden=";", ascii_only=True, most=32)) == (one * 5 == other * 5)


@given(st.lists(st.tuples(ANY, ANY), max_size=4))
def test_a_table_has_a_line_a_row_no_formula_and_every_name(rows):
    text = csv_text(("one", "other"), rows)
    assert len(text.splitlines()) == len(rows) + 1
    assert all(cell[:1] not in ("=", "+", "-", "@", "\t", "\r") or not cell for row in csv.reader(io.StringIO(text)) for cell in row)
    assert [tuple(row) for row in csv_rows(text)[1:]] == rows


@pytest.mark.parametrize("name", ["glucose 1M", "M9 5x (lot 3)", "10%CAS", "E. coli", "a+b/c-d"])
def test_names_of_a_lab_file_are_written_as_they_are(name):
    assert one_line(name, forbidden=";", ascii_only=True, most=32) == name
    assert csv_text(("a",), [(name,)]) == f"a\n{name}\n"


def test_numbers_in_a_table_stay_numbers():
    assert csv_text(("a", "b"), [(-1.5, 3)]) == "a,b\n-1.5,3\n"
