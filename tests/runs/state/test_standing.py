"""What a campaign may claim, and the day on which it may no longer."""

from __future__ import annotations

from datetime import date

import pytest

from runs.state.payloads import ModelCertified, Readings, ResultsRecorded
from runs.state.standing import standing
from runs.version import VERSION
from world_model.certify.gate import UNATTENDED, WHAT_IF, require_level
from world_model.terms.certificate import Certificate, LevelEvidence, Standing
from world_model.terms.errors import ConflictError

DAY = date(2026, 1, 1)


def certified(level=3, *, n_records=20, **changes):
    certificate = Certificate(
        level=level, subject="wide", picked="wide", seed=0, n_records=n_records, n_interventions=10, folds=5,
        levels=(LevelEvidence(level=1, held=True, why=""),), data_sha256="0" * 64, model_sha256="1" * 64,
    )  # fmt: skip
    told = {
        "certificate": certificate, "goals": ("maximise OD600 at the end",), "simulated": True, "valid_until": date(2026, 12, 31), "version": VERSION,
    }
    return ModelCertified(**{**told, **changes})


def results(ids, *, od):
    return ResultsRecorded(
        round=None, source="plate", sha256=str(len(ids)) * 64,
        readings=Readings(
            experiment_id=tuple(ids), variable=("OD600",) * len(ids), at_h=(4.0,) * len(ids), value=(od,) * len(ids), raw=(od,) * len(ids),
            flag=("ok",) * len(ids), well=("",) * len(ids),
        ),
    )  # fmt: skip


@pytest.fixture
def campaign(open_in, put_round):
    opened = open_in()
    for _ in range(6):
        put_round(opened)
    return opened


def test_without_a_certificate_nothing_is_claimed_and_nothing_breaks(campaign):
    told = standing(campaign.standing(), today=DAY)
    assert (told.level, told.certified, told.valid) == (0, None, False)


def test_a_certificate_holds_and_is_what_the_last_one_says(campaign):
    campaign.append([certified(1), certified(3)], on=campaign.standing())
    told = standing(campaign.standing(), today=DAY)
    assert (told.level, told.valid) == (3, True)
    assert "simulator result" in told.why


def test_it_ends_when_a_quarter_of_its_records_is_new(campaign):
    campaign.append([certified(n_records=20)], on=campaign.standing())
    campaign.append([results(["R01-001", "R01-002", "R01-003", "R01-004"], od=1.0)], on=campaign.standing())
    assert standing(campaign.standing(), today=DAY).valid  # 4 of 20
    campaign.append([results(["R02-001"], od=1.0)], on=campaign.standing())
    told = standing(campaign.standing(), today=DAY)
    assert not told.valid and told.certified == 3 and told.level == 0 and "5 experiments" in told.why


def test_corrections_count_as_change_and_blanks_do_not(campaign):
    campaign.append([results(["R01-001", "R01-002"], od=1.0), certified(n_records=8)], on=campaign.standing())
    campaign.append([results(["R01-006", "R02-006"], od=0.0)], on=campaign.standing())  # blanks
    assert standing(campaign.standing(), today=DAY).valid
    campaign.append([results(["R01-001", "R01-002"], od=1.2)], on=campaign.standing())
    assert "corrected" in standing(campaign.standing(), today=DAY).why


def test_it_ends_on_its_day(campaign):
    campaign.append([certified()], on=campaign.standing())
    assert standing(campaign.standing(), today=date(2026, 12, 31)).valid
    assert "2026-12-31" in standing(campaign.standing(), today=date(2027, 1, 1)).why


def test_it_ends_with_another_version_and_with_other_goals(campaign):
    campaign.append([certified(version="0.0.0")], on=campaign.standing())
    assert "0.0.0" in standing(campaign.standing(), today=DAY).why
    campaign.append([certified(goals=("minimise OD600 at the end",))], on=campaign.standing())
    assert "goals" in standing(campaign.standing(), today=DAY).why


def test_it_ends_when_predictions_stop_holding(campaign):
    # stored for every candidate: 0.8 to 1.2; twelve conditions read 2.0: none within, and chance allows 0.9 - 1.96 sqrt(0.09 / 12) = 73 %
    ids = [f"R{r:02d}-00{k}" for r in range(1, 7) for k in (1, 2)]
    campaign.append([certified(n_records=1000)], on=campaign.standing())
    campaign.append([results(ids, od=2.0)], on=campaign.standing())
    told = standing(campaign.standing(), today=DAY)
    assert not told.valid and "73 %" in told.why
    campaign.append([certified(n_records=1001)], on=campaign.standing())
    campaign.append([results(ids, od=1.0)], on=campaign.standing())
    assert standing(campaign.standing(), today=DAY).valid


def test_the_gate_opens_for_a_valid_level_and_says_what_is_missing_otherwise():
    valid = Standing(level=3, certified=3, valid=True, why="Level 3.")
    require_level(valid, WHAT_IF, to="what_if")
    with pytest.raises(ConflictError, match="level 4 .planning. for unattended control"):
        require_level(valid, UNATTENDED, to="unattended control")
    with pytest.raises(ConflictError, match="has expired"):
        require_level(Standing(level=2, certified=3, why="The certificate has expired: x."), WHAT_IF, to="what_if")
    with pytest.raises(ConflictError, match="no certificate.*nextwell certify"):
        require_level(None, WHAT_IF, to="what_if")
