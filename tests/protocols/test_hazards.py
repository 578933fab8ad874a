"""Hazard rules: each fires on a good lab with one change, and none fires on the good one."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from protocols.checks.hazards import check_hazards
from protocols.compile import draft_plate
from protocols.finding import errors_in
from protocols.hazards.groups import ALSO, CLASHES, GROUPS, IMPLIED, clashes, whole
from protocols.hazards.names import likely_groups, word_for_a_person
from protocols.hazards.statements import ATTENDED_ONLY, STATEMENTS, fault_of_code
from world_model.terms.lab_profile import LabProfile


@pytest.fixture
def safe_doc(lab_doc):
    doc = copy.deepcopy(lab_doc)
    for stock in doc["stocks"]:
        stock["hazards"] = []
    return doc


@pytest.fixture
def found_in(safe_doc, space, design):
    """What the rule finds in the lab with some stocks changed."""
    draft = draft_plate(plate="P", experiments=design, space=space, lab=LabProfile.model_validate(safe_doc), seed=1)

    def check(attendance="attended", *, robot=None, **changes):
        doc = copy.deepcopy(safe_doc)
        for stock in doc["stocks"]:
            stock.update(changes.get(stock["name"].replace(" ", "_").replace(".", ""), {}))
        return check_hazards(draft.plan, draft.robot if robot is None else robot(draft), LabProfile.model_validate(doc), attendance=attendance)

    return check


def test_a_lab_without_hazards_has_no_findings(found_in):
    assert found_in("unattended") == []


def test_unknown_hazards_block_an_unattended_run_and_warn_an_attended_one(found_in):
    [alone] = found_in("unattended", IPTG_20mM={"hazards": None})
    assert (alone.severity, alone.where, alone.observed) == ("error", "stock IPTG 20mM", "hazards unknown")
    [beside] = found_in("attended", IPTG_20mM={"hazards": None}, MgSO4_100mM={"hazards": None})
    assert (beside.severity, beside.where) == ("warning", "stocks MgSO4 100mM, IPTG 20mM")


def test_a_stock_that_must_not_be_left_alone_blocks_an_unattended_run(found_in):
    [alone] = found_in("unattended", IPTG_20mM={"hazards": ["H330", "H319"]})
    assert alone.observed == "H330 Fatal if inhaled"
    assert found_in("attended", IPTG_20mM={"hazards": ["H330", "H319"]}) == []


def test_a_code_that_does_not_exist_is_an_error_with_the_nearest(found_in):
    [finding] = found_in(IPTG_20mM={"hazards": ["H226", "H299"]})
    assert (finding.severity, finding.observed) == ("error", "'H299'")
    assert "H2" in finding.mend


def test_an_unknown_group_is_an_error_with_the_nearest(found_in):
    [finding] = found_in(IPTG_20mM={"groups": ["oxidizer"]})
    assert finding.mend.startswith("Did you mean 'oxidiser'")


def test_acid_and_bleach_in_one_well_are_refused_with_the_wells(found_in, design):
    """M9 is in every well, glucose in four of the six."""
    errors = errors_in(found_in(M9_5x={"groups": ["acid"]}, MgSO4_100mM={"groups": ["hypochlorite"]}))
    [finding] = errors
    assert finding.observed == "they give chlorine gas"
    assert finding.where.startswith("'M9 5x' and 'MgSO4 100mM' in ")
    # magnesium is asked in four experiments of the design
    assert len(finding.where.split(" in ")[1].split(", ")) == 4


def test_a_statement_says_a_group_too(found_in):
    """EUH031: contact with acids liberates toxic gas."""
    [finding] = errors_in(found_in(M9_5x={"groups": ["acid"]}, MgSO4_100mM={"hazards": ["EUH031"]}))
    assert "acid sensitive" in finding.limit


def test_heat_alone_is_a_warning(found_in):
    [finding] = found_in(M9_5x={"groups": ["acid"]}, MgSO4_100mM={"groups": ["base"]})
    assert (finding.severity, finding.observed) == ("warning", "they give heat")


def test_what_meets_in_the_waste_only_is_a_warning(space, safe_doc, experiment):
    """Magnesium in the well of one experiment, IPTG in that of another."""
    apart = [experiment(1, glucose=20.0, magnesium=2.0, iptg=0.0, induction=0.0), experiment(2, glucose=20.0, magnesium=0.0, iptg=500.0, induction=0.0)]
    for stock in safe_doc["stocks"]:
        stock["groups"] = {"MgSO4 100mM": ["azide"], "IPTG 20mM": ["heavy metal"]}.get(stock["name"], [])
    lab = LabProfile.model_validate(safe_doc)
    draft = draft_plate(plate="P", experiments=apart, space=space, lab=lab, seed=1)
    [finding] = check_hazards(draft.plan, draft.robot, lab, attendance="attended")
    assert (finding.severity, finding.observed) == ("warning", "they give explosive metal azides")
    assert finding.where == "'IPTG 20mM' and 'MgSO4 100mM' in the waste"


def test_what_meets_in_a_tip_is_refused(space, safe_doc, experiment):
    """Two stocks that never share a well, and one tip for both: made by leaving a tip on."""
    apart = [experiment(1, glucose=0.0, magnesium=2.0, iptg=0.0, induction=0.0), experiment(2, glucose=20.0, magnesium=0.0, iptg=0.0, induction=0.0)]
    for stock in safe_doc["stocks"]:
        stock["groups"] = {"MgSO4 100mM": ["azide"], "glucose 1M": ["heavy metal"], "glucose 100mM": ["heavy metal"]}.get(stock["name"], [])
    lab = LabProfile.model_validate(safe_doc)
    draft = draft_plate(plate="P", experiments=apart, space=space, lab=lab, seed=1)
    assert errors_in(check_hazards(draft.plan, draft.robot, lab, attendance="attended")) == []
    kept = tuple(replace(stage, moves=tuple(replace(move, tip=move.tip if i == 0 else None, pipette=0) for i, move in enumerate(stage.moves))) for stage in draft.robot)
    [finding] = errors_in(check_hazards(draft.plan, kept, lab, attendance="attended"))
    assert "in the tip of stage setup, move" in finding.where


def test_a_name_that_looks_like_a_dangerous_group_is_a_warning(found_in):
    changed = {"components": {"IPTG": {"concentration": 20, "unit": "mM"}, "sodium azide": {"concentration": 3, "unit": "mM"}}}
    [finding] = found_in(IPTG_20mM=changed)
    assert (finding.severity, finding.observed) == ("warning", "'sodium azide' looks like azide")
    assert "groups = ['azide']" in finding.mend
    assert found_in(IPTG_20mM={**changed, "groups": ["azide"]}) == []


def test_a_harmless_looking_solvent_is_named_where_it_would_clash(found_in):
    ethanol = {"solvent": {"ethanol": 70}}
    assert found_in(IPTG_20mM=ethanol) == []
    found = found_in(IPTG_20mM=ethanol, MgSO4_100mM={"groups": ["hypochlorite"]})
    assert [finding.observed for finding in found] == ["'ethanol' looks like organic solvent"]


def test_words_for_regulated_material_block_an_unattended_run_and_ask_for_a_person(found_in):
    changed = {"components": {"IPTG": {"concentration": 20, "unit": "mM"}, "shiga-like toxin": {"concentration": 3, "unit": "nM"}}}
    [alone] = found_in("unattended", IPTG_20mM=changed)
    assert (alone.severity, alone.mend) == ("error", "Ask the person who answers for biosafety.")
    [beside] = found_in("attended", IPTG_20mM=changed)
    assert beside.severity == "warning"


@pytest.mark.parametrize(
    ("name", "asks"),
    [("cell toxin A", True), ("BSL-3 isolate", True), ("BSL3 isolate", True), ("pathogen lysate", True), ("select agent mix", True), ("endotoxin-free water", False), ("endotoxin standard", False), ("antitoxin serum", False), ("toxin-free serum", False), ("water", False), ("BSL-1 strain", False)],
)  # fmt: skip
def test_which_names_ask_for_a_person(name, asks):
    assert (word_for_a_person(name) is not None) == asks


@pytest.mark.parametrize(
    ("name", "groups"),
    [("NaN3 10 %", {"azide"}), ("bleach", {"hypochlorite"}), ("HCl 1 M", {"acid"}), ("Tris-HCl pH 8", set()), ("guanidine HCl", set()), ("DMSO", {"organic solvent"}), ("acetone", {"ketone"}), ("CuSO4 1 mM", {"heavy metal"}), ("glucose 1 M", set()), ("H2O2 3 %", {"peroxide"}), ("GuSCN lysis buffer", {"thiocyanate"}), ("leading strand oligo", set())],
)  # fmt: skip
def test_which_names_look_like_a_group(name, groups):
    assert set(likely_groups([name])) == groups


def test_the_data_name_each_other():
    """Every group that a clash, a kinship or a statement names is in the closed list; every code in the list of statements."""
    assert {clash.one for clash in CLASHES} | {clash.other for clash in CLASHES} | set(ALSO) | {g for more in ALSO.values() for g in more} | set(IMPLIED.values()) <= set(GROUPS)
    assert set(IMPLIED) <= set(STATEMENTS)
    assert set(ATTENDED_ONLY) <= set(STATEMENTS)
    assert all(clash.source for clash in CLASHES)
    assert len({frozenset((clash.one, clash.other)) for clash in CLASHES}) == len(CLASHES)


@pytest.mark.parametrize("clash", CLASHES, ids=lambda clash: f"{clash.one}+{clash.other}")
def test_every_clash_is_found_from_both_sides(clash):
    for one, other in ((clash.one, clash.other), (clash.other, clash.one)):
        assert clash in clashes(whole([one]), whole([other]))


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        # CFR 40 part 264 appendix V: group 5-A with 1-B gives toxic hydrogen cyanide or hydrogen sulfide gas
        ("cyanide", "acid", "hydrogen cyanide"), ("sulfide", "acid", "hydrogen sulfide"), ("hypochlorite", "acid", "chlorine gas"),
        ("azide", "acid", "hydrazoic acid"), ("azide", "heavy metal", "explosive metal azides"), ("ketone", "peroxide", "explosive peroxides"),
        ("oxidising acid", "cyanide", "hydrogen cyanide"), ("ketone", "oxidiser", "fire"),
    ],
)  # fmt: skip
def test_the_well_known_pairs(one, other, what):
    assert any(what in clash.what for clash in clashes(whole([one]), whole([other])))


def test_groups_that_go_together_do():
    for groups in (["aqueous"], ["acid"], ["oxidising acid"], ["organic solvent"], ["base", "aqueous"]):
        assert clashes(whole(groups), whole(groups)) == []
    assert clashes(whole(["aqueous"]), whole(["acid"])) == []
    assert clashes(whole(["organic solvent"]), whole(["aqueous"])) == []


def test_the_statements_of_annex_3_are_known():
    """Rev. 9: explosives H200-H211, flammables H220-H232, … each range by its ends; and codes that were never given."""
    for code in ("H200", "H211", "H220", "H232", "H240", "H252", "H260", "H272", "H280", "H290", "H300", "H336", "H350i", "H360Fd", "H373", "H400", "H413", "H420", "EUH031", "EUH071", "EUH208"):
        assert fault_of_code(code) is None
    for code in ("H212", "H219", "H233", "H299", "H306", "H337", "H399", "H419", "EUH001", "EUH999", "H360x"):
        assert fault_of_code(code)
