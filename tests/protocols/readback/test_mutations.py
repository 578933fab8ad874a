"""A good file is changed in one place: the read-back must find it, for every target and every kind of change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from protocols.targets import target_of


def found(pair, **changed) -> str:
    lab, draft = pair
    told = target_of(lab).validate(replace(draft.emitted, **changed), draft.plan, lab)
    return "; ".join(str(finding) for finding in told.findings)


def setup(pair, change: Callable[[str], str]) -> str:
    text = pair[1].files[0]
    other = change(text)
    assert other != text, "the mutation must change the file"
    return found(pair, files=(other, *pair[1].files[1:]))


def swap(one: str, other: str) -> Callable[[str], str]:
    return lambda text: text.replace(one, "\0").replace(other, one).replace("\0", other)


def line_with(text: str, piece: str, nth: int = 0) -> str:
    return [line for line in text.splitlines(keepends=True) if piece in line][nth]


def without(piece: str, nth: int = 0) -> Callable[[str], str]:
    return lambda text: text.replace(line_with(text, piece, nth), "", 1)


def twice(piece: str, nth: int = 0) -> Callable[[str], str]:
    return lambda text: text.replace(line_with(text, piece, nth), line_with(text, piece, nth) * 2, 1)


GWL = {
    "two stocks": swap(";1;;1.00;", ";17;;1.00;"), "two racks": swap("A;reservoir", "A;deep"), "a position off the plate": lambda t: t.replace(";35;;20.00", ";97;;20.00"),
    "position 0": lambda t: t.replace(";35;;20.00", ";0;;20.00"), "two wells": swap(";35;;", ";43;;"), "a volume by a step": lambda t: t.replace(";49.00;", ";49.10;", 1),
    "minus": lambda t: t.replace(";49.00;", ";-49.00;"), "nan": lambda t: t.replace(";49.00;", ";nan;"), "an exponent": lambda t: t.replace(";49.00;", ";4.9e1;"),
    "an aspirate lost": without("A;reservoir", 3), "a dispense lost": without("D;plate", 3), "a tip not changed": without("W;", 8), "a break lost": without("B;", 1),
    "all breaks lost": lambda t: t.replace("B;\r\n", ""), "a transfer twice": lambda t: t.replace("D;plate;;corning_96_wellplate [001];35;;20.00;;;;\r\n", "D;plate;;corning_96_wellplate [001];35;;20.00;;;;\r\n" * 2, 1),
    "a field more": lambda t: t.replace(";49.00;", ";49.00;;", 1), "a rack that is not there": lambda t: t.replace("D;plate", "D;plaet", 1), "another type": lambda t: t.replace("corning_96", "corning_69", 1),
    "another liquid class": lambda t: t.replace(";20.00;;", ";20.00;DMSO;", 1), "a tip mask": lambda t: t.replace(";20.00;;;;", ";20.00;;;1;", 1),
    "a record that nobody knows": lambda t: t.replace("B;", "R;", 1), "the wrong wash": lambda t: t.replace("W;", "W2;", 1),
}  # fmt: skip


@pytest.mark.parametrize("kind", GWL)
def test_a_changed_worklist_is_found(drafts, kind):
    assert setup(drafts["fluent"], GWL[kind])


ECHO = {
    "two sources": swap(",A1,", ",E1,"), "two wells": lambda t: swap(*_two_targets(t))(t), "a drop": lambda t: t.replace(",60,glucose", ",65,glucose", 1),
    "no multiple of the drop": lambda t: t.replace(",60,glucose", ",61,glucose", 1), "a row lost": without(",glucose 1M"), "a row twice": twice(",glucose 1M"),
    "minus": lambda t: t.replace(",60,glucose", ",-60,glucose", 1), "another source type": lambda t: t.replace("384PP_AQ_BP", "384LDV", 1),
    "another plate": lambda t: t.replace("P-R01", "P-R02", 1), "a well that is not there": lambda t: t.replace(",A1,", ",Z99,", 1),
    "a column renamed": lambda t: t.replace("Transfer Volume", "Volume", 1), "a field lost": lambda t: t.replace(",glucose 1M", "", 1),
}  # fmt: skip


def _two_targets(text: str) -> tuple[str, str]:
    wells = list(dict.fromkeys(line.split(",")[5] for line in text.splitlines()[1:]))
    return f"cor_96_wellplate_360uL_Fb,{wells[0]},", f"cor_96_wellplate_360uL_Fb,{wells[1]},"


@pytest.mark.parametrize("kind", ECHO)
def test_a_changed_pick_list_is_found(drafts, kind):
    assert setup(drafts["echo"], ECHO[kind])


HAND = {
    "a row lost": without("M9 5x", 2), "a row twice": twice("M9 5x", 2), "another volume": lambda t: t.replace(",6.0,", ",6.1,", 1), "another well": lambda t: t.replace("reservoir,A2", "reservoir,A3", 1),
    "after instead of before": lambda t: t.replace(",before,", ",after,"), "an old tip": lambda t: t.replace(",new", ",same"), "a stage that is not there": lambda t: t.replace("setup,", "set-up,"),
    "minus": lambda t: t.replace(",6.0,", ",-6.0,", 1),
}  # fmt: skip


@pytest.mark.parametrize("kind", HAND)
def test_a_changed_table_for_hands_is_found(drafts, kind):
    pair = drafts["echo"]
    text = pair[1].emitted.also["by_hand.csv"]
    other = HAND[kind](text)
    assert other != text
    assert found(pair, also={"by_hand.csv": other})


def test_a_lost_table_for_hands_is_found(drafts):
    assert found(drafts["echo"], also={})


SCRIPT = {
    "two sources": swap("'deep', 'A1', 'P-R01'", "'deep', 'A3', 'P-R01'"), "a volume": lambda t: t.replace(", 69.0)", ", 69.1)"), "a step lost": without("49.0)"),
    "a step twice": twice("49.0)"), "an old tip": lambda t: t.replace("(True, 'reservoir', 'A1', 'P-R01'", "(False, 'reservoir', 'A1', 'P-R01'"),
    "a new tip more": lambda t: t.replace("(False,", "(True,", 1), "another loop": lambda t: t.replace("used += 1", "used += 2"), "an import more": lambda t: t.replace("import sys\n", "import sys\nimport os\n", 1),
    "a call in a table": lambda t: t.replace("49.0)", "float('49'))", 1), "another labware": lambda t: t.replace("cor_96_wellplate_360uL_Fb", "NEST_96_wellplate_2200uL_Ub"),
    "another start": lambda t: t.replace("12000.0", "12001.0"), "two racks on one site": lambda t: t.replace("'carrier:plates 1', 1)", "'carrier:plates 1', 0)"),
    "a well that is not there": lambda t: t.replace("'reservoir', 'A1', 'dilutions 1'", "'reservoir', 'B1', 'dilutions 1'"), "nan": lambda t: t.replace(", 69.0)", ", float('nan'))"),
    "half a file": lambda t: t[: len(t) // 2],
}  # fmt: skip


@pytest.mark.parametrize("kind", SCRIPT)
def test_a_changed_script_is_found(drafts, kind):
    assert setup(drafts["starlet"], SCRIPT[kind])


@pytest.mark.parametrize("machine", ["evo", "fluent", "echo", "starlet", "hands"])
def test_stages_in_the_wrong_order_are_found(drafts, machine):
    assert found(drafts[machine], files=drafts[machine][1].files[::-1])


def test_a_loop_that_was_not_proven_is_not_released(drafts, monkeypatch):
    """Emitter and reader share the loop: were it changed in both, its fingerprint tells."""
    from protocols.emitters import pylabrobot as emitter
    from protocols.readback import pylabrobot as reader

    other = emitter.BODY.replace("used += 1", "used += 2")
    monkeypatch.setattr(emitter, "BODY", other)
    monkeypatch.setattr(reader, "BODY", other)
    assert "not the one that was proven" in setup(drafts["starlet"], lambda text: text.replace("used += 1", "used += 2"))
