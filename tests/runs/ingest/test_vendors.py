"""Instruments' own exports, in layouts written here: found by their content, read to their numbers, every other cell accounted for."""

import pytest

from runs.bench.plate_files import VENDOR_FILES, encoded, random_file
from runs.ingest.open_file import open_results
from runs.ingest.problems import RefusedFile
from runs.ingest.reading_plan import ReadingPlan
from runs.ingest.results import read_results
from world_model.terms.goals import Measurement
from world_model.terms.plates import FORMATS

pytest.importorskip("allotropy")

GEN5 = """
Software Version\t3.12.08

Experiment File Path:\tC:\\e.xpt
Protocol File Path:\tC:\\p.prt

Plate Number\tP1
Date\t2/1/2026
Time\t10:00:00 AM
Reader Type:\tSynergy H1
Reader Serial Number:\t1
Reading Type\tReader

Procedure Details

Plate Type\t96 WELL PLATE
{read}

{results}
"""
END = ["Read\tAbsorbance Endpoint", "\tFull Plate", "\tWavelengths:  600", "\tRead Speed: Normal,  Delay: 100 msec,  Measurements/Data Point: 8"]
KINETIC = [
    "Start Kinetic\tRuntime 1:00:00 (HH:MM:SS), Interval 0:30:00, 3 Reads", "    Read\tAbsorbance Endpoint", "\tFull Plate", "\tWavelengths:  600",
    "\tRead Speed: Normal,  Delay: 100 msec,  Measurements/Data Point: 8", "End Kinetic",
]  # fmt: skip
MARS = "User: U,Path: C:\\BMG,Test run no.: 3\nTest name: OD,Date: 01/02/2026,Time: 10:00:00\n\nID1: P1\nAbsorbance\n\nRaw Data (600)\n\n,1,2,3\nA,0.1,0.2,0.3\nB,0.4,0.5,0.6\n"
SOFTMAX = (
    "##BLOCKS= 1\nPlate:\tP1\t1.3\tPlateFormat\tEndpoint\tAbsorbance\tRaw\tFALSE\t1\t\t\t\t\t\t1\t600 \t1\t12\t96\t1\t8\n\tTemperature(°C)\t" + "\t".join(map(str, range(1, 13)))
    + "\n" + "\n".join(f"\t{'37' if r == 0 else ''}\t" + "\t".join(f"{0.1 * r + 0.001 * c:.3f}" for c in range(1, 13)) for r in range(8)) + "\n\n~End\n"
)  # fmt: skip


def gen5(read=END, results="Results\n\t1\t2\t3\nA\t0.101\t0.202\tOVRFLW\t600\nB\t0.404\t0.505\t0.606\t600"):
    return GEN5.format(read="\n".join(read), results=results)


def opened(text, name="x.txt", **asked):
    return open_results(text.encode(), measured=("OD600",), plate=FORMATS[96], name=name, **asked).entries


def by_well(entries):
    return {(one.plate, one.well, one.time_h): one.text for one in entries.found}


def test_gen5_end_point_with_an_overflow():
    entries = opened(gen5())
    assert entries.dialect == "Agilent BioTek Gen5" and entries.problems == []
    assert by_well(entries) == {("P1", "A1", None): "0.101", ("P1", "A2", None): "0.202", ("P1", "A3", None): "OVRFLW", ("P1", "B1", None): "0.404", ("P1", "B2", None): "0.505", ("P1", "B3", None): "0.606"}
    assert list(entries.channels) == ["absorbance 600 nm"]
    assert {one.unit for one in entries.found} == {"AU"}
    # the readings are found again in the file: row 25 holds A
    assert {one.row for one in entries.found if one.text == "0.101"} == {gen5().splitlines().index("A\t0.101\t0.202\tOVRFLW\t600") + 1}


def test_gen5_kinetic_times_are_hours():
    entries = opened(gen5(KINETIC, "600\n\nTime\tT° 600\tA1\tA2\n0:00:00\t30.0\t0.11\t0.12\n0:30:00\t30.0\t0.21\t0.22\n1:00:00\t30.0\t0.31\t0.32"))
    assert by_well(entries) == {("P1", f"A{w}", t / 2): f"{0.11 + 0.1 * t + 0.01 * (w - 1):.2f}" for t in range(3) for w in (1, 2)}


@pytest.mark.parametrize(("text", "program", "first", "last"), [(MARS, "BMG Labtech MARS", ("A1", 0.1), ("B3", 0.6)), (SOFTMAX, "Molecular Devices SoftMax Pro", ("A1", 0.001), ("H12", 0.712))])
def test_other_programs_are_known_by_their_content(text, program, first, last):
    entries = opened(text, name="export.txt")
    assert entries.dialect == program and entries.problems == []
    assert [(one.well, float(one.text)) for one in entries.found if one.well in (first[0], last[0])] == [first, last]


def test_every_cell_of_a_vendor_s_file_is_consumed_or_unread():
    text = gen5() + "\nNotes\tbatch 7, shaker was loud\t17.25\n"
    unread = {cell.text for cell in opened(text).unread}
    assert {"batch 7, shaker was loud", "17.25"} <= unread
    assert not {"0.101", "OVRFLW", "0.606"} & unread


def test_a_number_that_the_parser_gives_and_the_file_lacks_is_a_problem():
    from runs.ingest.asm import read_asm
    from runs.ingest.vendor_ledger import account
    from runs.ingest.vendors import Content

    group = {"measurement document": [{"sample document": {"location identifier": "A1"}, "absorbance": {"value": 0.5, "unit": "mAU"}}]}
    document = {"plate reader aggregate document": {"plate reader document": [{"measurement aggregate document": group}]}}
    for text, wrong in (("A\t0.5\n", False), ("A\t0,5\n", False), ("A\t5\n", True)):
        entries = read_asm(document)
        account(entries, Content(text=text), document)
        assert any("stand in the file" in problem.expected for problem in entries.problems) is wrong


@pytest.mark.parametrize(
    "text",
    [gen5(results="Results\n"), gen5(results=""), gen5()[: len(gen5()) // 2], gen5(["Read\tNonsense"]), "##BLOCKS= 3\n", "Plate information\n", MARS[:150] + "Raw Data"],
)
def test_a_damaged_export_is_refused_with_the_parser_s_words(text):
    with pytest.raises(RefusedFile) as fault:
        entries = opened(text)
        if entries.problems:
            raise RefusedFile("x", entries.problems)
    assert fault.value.problems[0].found


def test_a_vendor_may_be_named_and_a_wrong_name_lists_the_near_ones():
    assert opened(gen5(), vendor="gen5").found
    with pytest.raises(RefusedFile, match="AGILENT_GEN5"):
        opened(gen5(), vendor="agilent_gen")
    with pytest.raises(RefusedFile, match="MARS"):
        opened(gen5(), vendor="mars")


OD = Measurement(name="OD600", unit="OD600")
PLAN = ReadingPlan(measurements=(OD,), roles={f"R01-{k}": "candidate" for k in range(6)}, plates={"growth": {f"{row}{column}": f"R01-{3 * r + column - 1}" for r, row in enumerate("AB") for column in (1, 2, 3)}})


def test_a_reader_s_name_of_a_plate_is_taken_only_when_a_person_says_so():
    with pytest.raises(RefusedFile, match=r"a plate of this round \(growth\), found 'P1'.*--plate"):
        read_results(gen5().encode(), plan=PLAN, name="x.txt", plate="growth")
    result = read_results(gen5().encode(), plan=PLAN, name="x.txt", plate="growth", told_plate="growth")
    assert any("taken as 'growth', as told" in note for note in result.notes)
    assert [(one.well, one.raw, one.flag) for one in result.readings][:3] == [("A1", 0.101, "ok"), ("A2", 0.202, "ok"), ("A3", None, "above limit")]
    with pytest.raises(RefusedFile, match=r"--plate \(growth\), found 'other'"):
        read_results(gen5().encode(), plan=PLAN, name="x.txt", told_plate="other")


def test_a_channel_is_asked_for_where_several_fit():
    two = gen5(["Read\tAbsorbance Endpoint", "\tFull Plate", "\tWavelengths:  600, 700", END[3]], "Results\n\t1\t2\t3\nA\t0.1\t0.2\t0.3\t600\n\t1.1\t1.2\t1.3\t700\nB\t0.4\t0.5\t0.6\t600\n\t1.4\t1.5\t1.6\t700")
    chosen = read_results(two.encode(), plan=PLAN, name="x.txt", told_plate="growth")
    assert [one.raw for one in chosen.readings] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    turbid = ReadingPlan(measurements=(Measurement(name="OD", unit="OD600"),), roles=PLAN.roles, plates=PLAN.plates)
    with pytest.raises(RefusedFile, match=r'one channel for OD, found 2 that fit.*--map "OD=…".*absorbance 600 nm.*absorbance 700 nm'):
        read_results(two.encode(), plan=turbid, name="x.txt", told_plate="growth")
    told = read_results(two.encode(), plan=turbid, name="x.txt", told_plate="growth", mapping={"OD": "700"})
    assert [one.raw for one in told.readings] == [1.1, 1.2, 1.3, 1.4, 1.5, 1.6]
    assert sum("no measurement is mapped" in cell.why for cell in told.unread) == 6


@pytest.mark.parametrize("seed", range(6))
def test_random_vendor_files_read_to_their_numbers(seed):
    file = random_file(seed, dialects=VENDOR_FILES)
    result = read_results(encoded(file), plan=file.plan, name=file.name)
    assert {(one.well, one.at_h, one.variable): one.raw for one in result.readings} == file.truth
