"""Labs by name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from world_model.labs import registry
from world_model.labs.registry import labs, open_lab
from world_model.terms.campaign_doc import CampaignDoc
from world_model.terms.errors import ResultsError
from world_model.terms.factors import Continuous
from world_model.terms.space import SearchSpace

FACTOR = {"kind": "continuous", "name": "glucose", "unit": "mM", "low": 2, "high": 60}
DOC = CampaignDoc(name="c", factors=[FACTOR], measurements=[{"name": "GFP", "unit": "RFU", "at_h": [0, 5, 10]}], goals=[{"readout": "GFP"}])
SPACE = SearchSpace(factors=(Continuous(name="glucose", unit="mM", low=2, high=60),))


def test_importing_the_registry_and_listing_labs_loads_nothing_heavy():
    code = (
        "import sys, world_model.labs.registry as r; r.labs(); "
        "heavy = {'torch', 'botorch', 'gpytorch', 'pandas', 'numpy', 'scipy', 'matplotlib'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])


def test_the_names_of_the_labs():
    assert set(labs()) >= {"microplate", "penicillin", "table"}


def test_a_lab_opens_by_its_name():
    lab = open_lab("microplate", doc=DOC, space=SPACE, base=Path())
    assert lab.name == "microplate"


@pytest.mark.parametrize(
    ("spec", "says"),
    [("microplat", "Did you mean 'microplate'"), ("table", "Expected table:FILE"), ("microplate:x", "Expected microplate, found"), ("", "table:FILE")],
)
def test_a_spec_that_names_no_lab_is_refused_with_what_is_known(spec, says):
    with pytest.raises(ResultsError, match=says):
        open_lab(spec, doc=DOC, space=SPACE, base=Path())


def test_a_table_is_looked_for_from_the_base(tmp_path: Path):
    (tmp_path / "t.csv").write_text("glucose,GFP,time_h\n10,5,0\n10,6,5\n10,7,10\n")
    lab = open_lab("table:t.csv", doc=DOC, space=SPACE, base=tmp_path)
    assert lab.truth([{"glucose": 10.0}], DOC.measurements)[0, :, 0].tolist() == [5.0, 6.0, 7.0]


def test_two_owners_of_one_name_are_both_named(monkeypatch):
    class Point:
        name, value = "microplate", "other.package:open"

    monkeypatch.setattr(registry, "entry_points", lambda group: [Point()])
    with pytest.raises(ResultsError, match=r"openers:microplate and other\.package:open"):
        labs()


def test_an_installed_lab_is_opened_with_what_stands_behind_the_colon(monkeypatch, tmp_path: Path):
    class Point:
        name, value = "mine", f"{__name__}:own_opener"

    monkeypatch.setattr(registry, "entry_points", lambda group: [Point()])
    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__) or sys.modules[own_opener.__module__])
    assert open_lab("mine:here", doc=DOC, space=SPACE, base=tmp_path) == ("here", tmp_path)


def own_opener(*, argument, doc, space, base):
    return argument, base
