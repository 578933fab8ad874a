"""A table of candidates: every bad cell has its line, and a good table is the space that the data frame gives."""

import pandas as pd
import pytest

from runs.documents.campaign_file import check_campaign, load_campaign
from world_model.terms.space import SearchSpace

CAMPAIGN = """
name = "reaction"
[candidates]
file = "table.csv"
label = "id"
[[measurements]]
name = "yield"
unit = "%"
[[goals]]
readout = "yield"
[batch]
candidates = 2
"""
TABLE = "id,base,ligand,temp,yield\n1,KOAc,L1,90,5\n2,KOAc,L2,90,\n3,CsOAc,L1,105,7.5\n4,CsOAc,L2,105,9\n"
TEN = "id,base,temp\n" + "".join(f"{i},KOAc,{80 + i}\n" for i in range(1, 21))


def written(folder, table=TABLE, *, campaign=CAMPAIGN, **files):
    (folder / "campaign.toml").write_text(campaign)
    (folder / "table.csv").write_text(table)
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    return folder / "campaign.toml"


def test_a_good_table_gives_the_space_of_its_frame(tmp_path):
    loaded = load_campaign(written(tmp_path))
    frame = pd.DataFrame({"base": ["KOAc", "KOAc", "CsOAc", "CsOAc"], "ligand": ["L1", "L2", "L1", "L2"], "temp": [90, 90, 105, 105]}, index=[1, 2, 3, 4])
    assert loaded.space.digest() == SearchSpace.from_table(frame).digest()
    assert loaded.frame["yield"].tolist()[2:] == [7.5, 9.0]
    assert loaded.frame["yield"].isna().tolist() == [False, True, False, False]


@pytest.mark.parametrize(
    ("old", "new", "line", "where", "expected", "found"),
    [
        ("3,CsOAc,L1,105", "3,CsOAc,,105", 4, "ligand", "a value in every cell", "an empty cell"),
        ("3,CsOAc,L1,105", "3,CsOAc,L2,105.0", 5, "", "each candidate once", "the same as on line 4"),
        ("4,CsOAc", "3,CsOAc", 5, "id", "each row's label once", "the same as on line 4"),
        ("4,CsOAc,L2,105,9", "4,CsOAc,L2,105", 5, "", "5 cells", "4"),
        ("4,CsOAc,L2,105,9", "4,CsOAc,L2,10,5,9", 5, "", "5 cells", "6"),
        ("id,base,ligand", "id,base,base", 1, "", "each column's name once", "'base' twice"),
    ],
)
def test_a_bad_cell_is_named_with_its_line(tmp_path, old, new, line, where, expected, found):
    [mistake] = check_campaign(written(tmp_path, TABLE.replace(old, new)))
    assert (mistake.file, mistake.line, mistake.where) == ("table.csv", line, where)
    assert expected in mistake.expected
    assert found in mistake.found


def test_text_among_numbers_is_a_slip_and_no_level(tmp_path):
    [mistake] = check_campaign(written(tmp_path, TEN.replace(",85\n", ",8S\n")))
    assert (mistake.line, mistake.where, mistake.found) == (6, "temp", "'8S'")


def test_two_missing_cells_are_two_mistakes(tmp_path):
    mistakes = check_campaign(written(tmp_path, TABLE.replace("KOAc,L2", ",L2").replace("L1,105", "L1,")))
    assert {(mistake.line, mistake.where) for mistake in mistakes} >= {(3, "base"), (4, "temp")}


@pytest.mark.parametrize(
    ("old", "new", "where", "found", "mend"),
    [
        ('label = "id"', 'label = "idd"', "candidates.label", "'idd'", "'id'"),
        ('label = "id"', 'label = "id"\ncolumns = ["base", "lgand"]', "candidates.columns[1]", "'lgand'", "'ligand'"),
        ('label = "id"', 'label = "id"\ndescriptors = { lignd = "d.csv" }', "candidates.descriptors.lignd", "'lignd'", "'ligand'"),
        ('[batch]', '[[factors]]\nkind = "discrete"\nname = "tmp"\nvalues = [1, 2]\n[batch]', "factors[0].name", "'tmp'", "'temp'"),
        ('[batch]', '[[constraints]]\nterms = { tem = 1 }\nat_most = 100\n[batch]', "constraints[0].terms.tem", "'tem'", "'temp'"),
        ('[batch]', '[[constraints]]\nterms = { base = 1 }\nat_most = 100\n[batch]', "constraints[0].terms.base", "categorical factor 'base'", "'temp'"),
        ('[batch]', '[[constraints]]\nterms = { temp = 1 }\nat_most = 1\n[batch]', "constraints[0].at_most", "1", ""),
        ('file = "table.csv"', 'file = "tabel.csv"', "", "none at", ""),
        ('file = "table.csv"\n', '', "candidates", "none", "--lab table:FILE"),
    ],
)
def test_a_name_that_the_table_lacks_is_named(tmp_path, old, new, where, found, mend):
    [mistake] = check_campaign(written(tmp_path, campaign=CAMPAIGN.replace(old, new)))
    assert mistake.where == where
    assert found in mistake.found
    assert mend in mistake.mend


def test_a_declared_factor_refuses_a_cell_with_its_line(tmp_path):
    declared = CAMPAIGN + '[[factors]]\nkind = "discrete"\nname = "temp"\nvalues = [90, 100]\n'
    assert [(mistake.line, mistake.where, mistake.found) for mistake in check_campaign(written(tmp_path, campaign=declared))] == [
        (4, "temp", "105 (nearest 100)"), (5, "temp", "105 (nearest 100)"),
    ]  # fmt: skip


def test_the_table_given_serves_where_the_file_names_none(tmp_path):
    path = written(tmp_path, campaign=CAMPAIGN.replace('file = "table.csv"\n', ""))
    assert len(load_campaign(path, table=tmp_path / "table.csv").space.candidates) == 4
    assert check_campaign(path, table=tmp_path / "table.csv") == []


def test_a_parquet_table_reads_as_its_csv(tmp_path):
    whole = TABLE.replace("90,\n", "90,1\n")
    csv_space = load_campaign(written(tmp_path, whole)).space
    pd.read_csv(tmp_path / "table.csv").to_parquet(tmp_path / "table.parquet")
    path = written(tmp_path, whole, campaign=CAMPAIGN.replace("table.csv", "table.parquet"))
    assert load_campaign(path).space.digest() == csv_space.digest()


DESCRIBED = CAMPAIGN.replace('label = "id"', 'label = "id"\ndescriptors = { ligand = "ligands.csv" }')


def test_descriptors_come_from_their_csv(tmp_path):
    space = load_campaign(written(tmp_path, campaign=DESCRIBED, ligands="name,size,charge\nL2,2,0.5\nL1,1,-1\nL9,9,9\n")).space
    assert space["ligand"].descriptors.values == {"L1": (1.0, -1.0), "L2": (2.0, 0.5)}


@pytest.mark.parametrize(
    ("text", "line", "where", "expected", "found"),
    [
        ("name,size\nL1,1\n", None, "name", "a row for level 'L2'", "none"),
        ("name,size\nL1,1\nL2,\n", 3, "size", "a number for level 'L2'", "an empty cell"),
        ("name,size\nL1,big\nL2,1\n", 2, "size", "a number for level 'L1'", "'big'"),
        ("name,size\nL1,1\nL2,1\nL1,2\n", 4, "name", "each level once", "'L1' again"),
        ("name\nL1\nL2\n", 1, "", "at least one descriptor", "one column"),
    ],
)
def test_a_bad_descriptor_is_named_with_its_line(tmp_path, text, line, where, expected, found):
    [mistake] = check_campaign(written(tmp_path, campaign=DESCRIBED, ligands=text))
    assert (mistake.file, mistake.line, mistake.where) == ("ligands.csv", line, where)
    assert expected in mistake.expected
    assert found in mistake.found


def test_a_product_space_takes_levels_and_descriptors_from_a_csv(tmp_path):
    campaign = CAMPAIGN.replace('[candidates]\nfile = "table.csv"\nlabel = "id"\n', '[[factors]]\nkind = "categorical"\nname = "ligand"\ndescriptors = "ligands.csv"\n')
    space = load_campaign(written(tmp_path, campaign=campaign, ligands="name,size\nL2,2\nL1,1\n")).space
    assert space["ligand"].levels == ("L2", "L1")
    assert space["ligand"].descriptors.names == ("size",)
