"""`certify` writes a card that says what was found, records it, and leaves the rest of the campaign as it was."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest

from runs.journal.canonical import canonical_json, sha256_of
from runs.journal.workspace import Workspace
from runs.state.charter import Charter, space_terms
from runs.state.dataset import dataset
from runs.state.payloads import BatchProposed, PastResultsImported, Readings, ResultsRecorded
from runs.state.standing import standing
from runs.verbs.certify import certify_campaign
from runs.verbs.open_campaign import begin
from runs.verbs.promises import layout_of, plan_outcomes
from runs.verbs.propose import propose
from world_model.terms.campaign_doc import Batch, Budget
from world_model.terms.errors import ConflictError, ResultsError
from world_model.terms.factors import Continuous
from world_model.terms.goals import Goal, Measurement
from world_model.terms.proposal import Prediction, Proposal, ProposedExperiment
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(factors=(Continuous(name="dose", unit="mM", low=0, high=10), Continuous(name="salt", unit="mM", low=0, high=100)))
GOAL = Goal(readout="titre")


def opened(tmp_path):
    charter = Charter(
        name="titre", seed=1, measurements=(Measurement(name="titre", unit="g/L"),), goals=(GOAL,), batch=Batch(candidates=4), budget=Budget(), **space_terms(SPACE)
    )
    return begin(charter, SPACE, workspace=Workspace(tmp_path / "lab"))


def readings(ids: Sequence[str], values: Sequence[float]) -> Readings:
    n = len(ids)
    return Readings(
        experiment_id=tuple(ids), variable=("titre",) * n, at_h=(None,) * n, value=tuple(values), raw=tuple(values), flag=("ok",) * n, well=("",) * n
    )


def imported(n, *, seed=0):
    """Past results: titre = dose minus a cost of salt, with noise, each in two wells."""
    source = np.random.default_rng(seed)
    drawn = np.repeat(source.uniform(size=(n, 2)), 2, axis=0)
    experiments = tuple(
        ProposedExperiment(id=f"P01-{i + 1:03d}", role="candidate", settings={"dose": 10 * float(d), "salt": 100 * float(s)}) for i, (d, s) in enumerate(drawn)
    )
    values = [float(10 * d - 3 * s**2 + source.normal(0, 0.2)) for d, s in drawn]
    return PastResultsImported(source="past.csv", sha256="a" * 64, experiments=experiments, readings=readings([e.id for e in experiments], values))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    campaign = opened(tmp_path_factory.mktemp("certify"))
    campaign.append([imported(24)], on=campaign.standing())
    return campaign, certify_campaign(campaign)


def test_levels_1_and_2_are_held_and_3_is_refused_for_its_layout(done):
    certificate = done[1].certificate
    assert [rung.held for rung in certificate.levels] == [True, True, False, False]
    assert certificate.level == 2
    assert "randomised = true under [card]" in certificate.levels[2].why
    assert standing(done[0].standing()).level == 2 and standing(done[0].standing()).valid


def test_the_card_s_hash_is_over_what_it_says(done):
    told = json.loads(done[1].files[1].read_text())
    stated = told.pop("card_sha256")
    assert stated == sha256_of(canonical_json(told))
    assert stated in done[1].files[0].read_text()
    assert told["certificate"]["data_sha256"] == done[1].certificate.data_sha256
    event = done[0].standing().certified
    assert {file.name: file.sha256 for file in event.payload.files} == {file.name: sha256_of(file.read_bytes()) for file in done[1].files}


def test_the_card_loads_nothing_and_claims_nothing_clinical(done):
    page = done[1].files[0].read_text()
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")
    assert "No level is a clinical claim" in page and "not stated" in page and "M (coupled scales) is not evaluated" in page
    assert "Simulator result" not in page  # these were no simulator's


@pytest.mark.slow
def test_the_same_records_give_the_same_certificate(done, tmp_path):
    again = opened(tmp_path)
    again.append([imported(24)], on=again.standing())
    assert certify_campaign(again).certificate == done[1].certificate


def test_a_round_can_be_proposed_with_a_certificate_and_after_it_expired(done):
    campaign = done[0]
    assert propose(campaign, n=2).round is not None
    more = imported(8, seed=9)
    fresh = PastResultsImported(
        source="more.csv", sha256="b" * 64, experiments=tuple(e.model_copy(update={"id": e.id.replace("P01", "P02")}) for e in more.experiments),
        readings=more.readings.model_copy(update={"experiment_id": tuple(id.replace("P01", "P02") for id in more.readings.experiment_id)}),
    )  # fmt: skip
    campaign.append([fresh], on=campaign.standing())
    assert not standing(campaign.standing()).valid
    assert propose(campaign, n=2, ahead=True).round is not None


def test_nothing_read_and_too_little_read_are_refused_with_what_is_missing(tmp_path):
    campaign = opened(tmp_path)
    with pytest.raises(ConflictError, match="Expected results to certify"):
        certify_campaign(campaign)
    campaign.append([imported(1)], on=campaign.standing())
    with pytest.raises(ResultsError, match="at least 3 experiments"):
        certify_campaign(campaign)
    assert campaign.standing().certified is None


def test_promises_are_those_stored_before_with_the_mean_of_their_wells(tmp_path):
    campaign = opened(tmp_path)
    guess = (Prediction(goal=str(GOAL), mean=5.0, sd=1.0, low=3.4, high=6.6),)
    rows = (
        ProposedExperiment(id="R01-001", role="candidate", settings={"dose": 1.0, "salt": 1.0}, predictions=guess, reason="Explores: a"),
        ProposedExperiment(id="R01-002", role="replicate", settings={"dose": 1.0, "salt": 1.0}, predictions=guess, repeat_of="R01-001", reason="Repeat"),
        ProposedExperiment(id="R01-003", role="candidate", settings={"dose": 2.0, "salt": 1.0}, reason="Space-filling: b"),
        ProposedExperiment(id="R01-004", role="candidate", settings={"dose": 3.0, "salt": 1.0}, predictions=guess, reason="Exploits: never read"),
    )
    state = campaign.append([BatchProposed(proposal=Proposal(round=1, experiments=rows, strategy="", seed=1), version="test", asked=3)], on=campaign.standing())
    told = ResultsRecorded(round=1, source="f", sha256="c" * 64, readings=readings(["R01-001", "R01-002", "R01-003"], [4.0, 6.0, 1.0]))
    state = campaign.append([told], on=state)
    first, second = plan_outcomes(state, dataset(state), GOAL)
    assert (first.mean, first.reached, first.wells, first.planned) == (5.0, 5.0, 2, True)
    assert (second.mean, second.reached, second.planned) == (None, 1.0, False)
    assert not layout_of(state, dataset(state), None).randomised
