"""A workbook joins a campaign's wells as a CSV does; a look before recording changes nothing."""

import csv
import io

import openpyxl
import pytest

from runs.verbs.approve import approve
from runs.verbs.record import HowToRead, join_content, record_content
from runs.verbs.verify_workspace import verify_workspace
from world_model.terms.errors import ResultsError


def workbook(text):
    book = openpyxl.Workbook()
    for row in csv.reader(io.StringIO(text)):
        book.active.append([float(cell) if i in (2, 4) and cell.replace(".", "").isdigit() else cell for i, cell in enumerate(row)])
    told = io.BytesIO()
    book.save(told)
    return told.getvalue()


@pytest.fixture
def approved(open_in, put_round, put_protocol):
    campaign = open_in()
    put_round(campaign)
    put_protocol(campaign)
    approve(campaign, person="Test Person")
    return campaign


def test_a_workbook_is_recorded_kept_and_verified(approved, results_text):
    data = workbook(results_text(approved))
    joined = join_content(approved.standing(), data, name="r.xlsx")
    assert len(joined.fresh) == len(joined.result.readings) > 0 and not approved.standing().sources
    record_content(approved, data, name="r.xlsx")
    kept = list(approved.workspace.raw_folder.glob("*.xlsx"))
    assert [file.read_bytes() for file in kept] == [data]
    verify_workspace(approved.workspace)


def test_replicates_of_the_round_are_told_of(approved, results_text):
    joined = join_content(approved.standing(), results_text(approved).encode(), name="r.csv")
    assert joined.result.sets and all(one.n > 1 for one in joined.result.sets)


def test_what_a_person_says_of_a_file_is_checked(approved, results_text):
    for how, what in ((HowToRead(sheet="Data"), "a workbook"), (HowToRead(plate="other"), "--plate"), (HowToRead(mapping={"pH": "OD600"}), "--map")):
        with pytest.raises(ResultsError, match=what):
            join_content(approved.standing(), results_text(approved).encode(), name="r.csv", how=how)
