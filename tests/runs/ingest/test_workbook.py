"""Workbooks: numbers as stored, formulas by their last value or not at all, damage and bombs refused."""

import datetime
import io
import zipfile

import openpyxl
import pytest

from runs.ingest.open_file import open_results
from runs.ingest.problems import RefusedFile
from runs.ingest.workbook import cell_text, is_workbook, read_workbook
from world_model.terms.plates import FORMATS


def book_bytes(*sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        page = book.create_sheet(title)
        for row in rows:
            page.append(row)
    told = io.BytesIO()
    book.save(told)
    return told.getvalue()


TIDY = [["plate", "well", "measurement", "value", "unit"], ["P1", "A1", "OD600", 0.25, "OD600"], ["P1", "A2", "OD600", 1, "OD600"]]


def opened(data, **asked):
    return open_results(data, measured=("OD600",), plate=FORMATS[96], name="r.xlsx", **asked).entries


def test_numbers_are_taken_as_stored_and_rows_are_the_sheet_s():
    entries = opened(book_bytes(("Data", TIDY)))
    assert [(one.row, one.well, one.text) for one in entries.found] == [(2, "A1", "0.25"), (3, "A2", "1")]


def test_cells_of_other_sheets_are_listed_as_unread():
    entries = opened(book_bytes(("Data", TIDY), ("Notes", [["room", 21.5]])))
    assert [(cell.column, cell.text) for cell in entries.unread] == [("Notes!1", "room"), ("Notes!2", "21.5")]


def test_two_sheets_of_results_are_a_question_and_sheet_answers_it():
    other = [[*TIDY[0]], ["P1", "A1", "OD600", 9, "OD600"]]
    data = book_bytes(("one", TIDY), ("two", other))
    with pytest.raises(RefusedFile, match=r"one sheet of results, found 2 \('one', 'two'\).*--sheet"):
        opened(data)
    assert [one.text for one in opened(data, sheet="two").found] == ["9"]
    with pytest.raises(RefusedFile, match="'three'"):
        opened(data, sheet="three")


def test_a_formula_that_was_never_computed_is_a_problem_of_its_cell():
    rows = [TIDY[0], ["P1", "A1", "OD600", "=1+1", "OD600"]]
    assert any("never computed" in problem.found and problem.row == 2 for problem in opened(book_bytes(("Data", rows))).problems)


def test_a_formula_with_its_last_value_is_read_and_said():
    data = book_bytes(("Data", TIDY))
    told = io.BytesIO()
    # what a spreadsheet program stores beside a formula: its last value
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(told, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            new.writestr(part, content.replace(b'<c r="D2" t="n"><v>0.25</v></c>', b'<c r="D2"><f>1/4</f><v>0.25</v></c>'))
    entries = opened(told.getvalue())
    assert entries.found[0].text == "0.25"
    assert "1 cells hold formulas" in entries.notes[0]


def test_a_number_in_merged_cells_belongs_to_no_one_cell():
    book = openpyxl.load_workbook(io.BytesIO(book_bytes(("Data", TIDY))))
    book["Data"].merge_cells("D2:D3")
    told = io.BytesIO()
    book.save(told)
    assert any("merged" in problem.found for problem in opened(told.getvalue()).problems)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), (True, "TRUE"), (3, "3"), (3.0, "3"), (0.1, "0.1"), (" x ", "x"), (datetime.datetime(2026, 2, 1), "2026-02-01 00:00:00"),
        (datetime.date(2026, 2, 1), "2026-02-01"), (datetime.time(1, 2, 3), "1:02:03"), (datetime.timedelta(hours=30, seconds=1), "30:00:01"), (datetime.timedelta(seconds=0.5), "0:00:00.5"),
    ],
)  # fmt: skip
def test_a_date_stays_a_date_and_a_duration_reads_as_a_clock(value, text):
    assert cell_text(value) == text


def test_a_date_in_the_wells_stays_a_date_that_no_plate_has():
    rows = [TIDY[0], ["P1", datetime.date(2026, 2, 1), "OD600", 0.3, "OD600"]]
    assert opened(book_bytes(("Data", rows))).found[0].well == "2026-02-01 00:00:00"


def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(monkeypatch):
    monkeypatch.setattr("runs.ingest.workbook.MOST_UNPACKED_BYTES", 20_000_000)
    told = io.BytesIO()
    with zipfile.ZipFile(told, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", "<x/>")
        with packed.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(21):
                part.write(b" " * 1_000_000)
    data = told.getvalue()
    assert len(data) < 2_000_000 and is_workbook(data)
    with pytest.raises(RefusedFile, match="bytes unpacked"):
        read_workbook(data, name="bomb.xlsx")


@pytest.mark.parametrize("cut", [40, 400, 2000])
def test_a_workbook_cut_anywhere_is_refused(cut):
    data = book_bytes(("Data", TIDY))
    with pytest.raises(RefusedFile):
        opened(data[:-cut])


def test_junk_over_the_names_of_a_workbook_s_parts_is_refused():
    data = book_bytes(("Data", TIDY))
    # the last directory entry's name becomes bytes that are no UTF-8, with the flag that says they are
    at = data.rindex(b"PK\x01\x02")
    damaged = bytearray(data)
    damaged[at + 9] |= 0x08
    damaged[at + 47] = 0xAC
    with pytest.raises(RefusedFile):
        opened(bytes(damaged))


@pytest.mark.parametrize(
    ("data", "what"),
    [(b"\x1f\x8b\x08junk", "gzip"), (b"%PDF-1.7", "a PDF"), (b"\xd0\xcf\x11\xe0old", ".xls"), (b"PK\x03\x04nothing", "zip archive"), (b"\x89PNG\r\n", "picture")],
)
def test_other_kinds_of_file_are_called_by_their_name(data, what):
    with pytest.raises(RefusedFile, match=what):
        opened(data)
