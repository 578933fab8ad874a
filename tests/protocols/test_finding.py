"""A refusal counts the reasons that it lists."""

from dataclasses import replace

from protocols.finding import Finding, Refused

SHORT = Finding(rule="solvent", severity="error", where="R01-001", observed="1 % DMSO", limit="at most 0.5 % DMSO")


def test_a_reason_that_three_wells_share_is_one_reason():
    told = str(Refused("Plate P1", [replace(SHORT, where=f"R01-{n:03d}") for n in (1, 2, 3)]))
    assert told.startswith("Plate P1: refused for 1 reason.\n- [solvent] R01-001, R01-002, R01-003:")
    assert told.count("\n- ") == 1


def test_warnings_are_no_reasons():
    refused = Refused("Plate P1", [SHORT, replace(SHORT, observed="2 % DMSO"), replace(SHORT, severity="warning", rule="gap")])
    assert str(refused).startswith("Plate P1: refused for 2 reasons.\n")
    assert len(refused.findings) == 3
