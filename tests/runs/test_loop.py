"""The loop in memory: the same plates and sensor as on disk, and what chance finds with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runs.baseline import random_baseline
from runs.documents.campaign_file import load_campaign
from runs.loop import best_true_curves, closed_loop, past_of
from runs.state.charter import Charter
from runs.state.dataset import dataset
from runs.state.payloads import PastResultsImported, Readings
from runs.verbs.open_campaign import LabFile
from world_model.labs.registry import open_lab
from world_model.terms.proposal import ProposedExperiment

EXAMPLES = Path(__file__).parents[2] / "runs" / "examples"


@pytest.fixture(scope="module")
def microplate():
    loaded = load_campaign(EXAMPLES / "microplate.toml")
    batch = loaded.doc.batch.model_copy(update={"candidates": 4, "blanks": 2})
    charter = Charter.of(loaded.doc, loaded.space).model_copy(update={"batch": batch})
    assert loaded.lab is not None
    return {
        "charter": charter, "space": loaded.space, "lab": open_lab("microplate", doc=loaded.doc, space=loaded.space, base=loaded.base),
        "lab_file": LabFile(profile=loaded.lab, text=loaded.lab_text),
    }  # fmt: skip


def test_a_curve_counts_every_well_and_never_gets_worse(microplate):
    state = closed_loop(**microplate, candidates=[4, 4], seed=3, strategy="random")
    (curve,) = best_true_curves(state, microplate["lab"])
    assert len(curve) == 2 * (4 * 2 + 6 + 2)  # candidates in duplicate, controls, blanks
    found = curve[np.isfinite(curve)]
    assert (np.diff(found) >= 0).all()
    # the end of the curve is the lab's own truth of the best candidate: GFP (second observable) at the last time
    candidates = [e.settings for opened in state.rounds for e in opened.experiments if e.role == "candidate"]
    assert found[-1] == pytest.approx(microplate["lab"].truth(candidates, state.charter.measurements)[:, -1, 1].max())


def test_wells_are_those_of_the_plate_and_nothing_is_written(microplate, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    state = closed_loop(**microplate, candidates=[4], seed=3, strategy="random")
    wells = {well for block in state.blocks for well in block.readings.well}
    assert len(wells) == 16 and not any(well[0] in "AH" or well[1:] in ("1", "12") for well in wells)  # inner wells only
    assert list(tmp_path.iterdir()) == []
    assert state.rounds[0].compiled is None


def test_a_seed_is_a_campaign_and_seeds_differ(microplate):
    one, again, other = (closed_loop(**microplate, candidates=[4], seed=seed, strategy="random") for seed in (1, 1, 2))
    np.testing.assert_array_equal(dataset(one).values, dataset(again).values)
    assert not np.array_equal(dataset(one).settings["glucose"], dataset(other).settings["glucose"])


def test_chance_is_measured_over_seeds_and_starts_from_the_same_past(microplate):
    lab, charter = microplate["lab"], microplate["charter"]
    best = {"glucose": 35.0, "ammonium": 30.0, "magnesium": 1.0, "iptg": 0.3, "induction": 4.0}
    value = float(lab.truth([best], charter.measurements)[0, -1, 1])
    past = PastResultsImported(
        source="past.csv", sha256="0", experiments=(ProposedExperiment(id="P01-001", role="candidate", settings=best),),
        readings=Readings(experiment_id=("P01-001",), variable=("GFP",), at_h=(12.0,), value=(value,), raw=(value,), flag=("ok",), well=("",)),
    )  # fmt: skip
    chance = random_baseline(**microplate, candidates=[4], seeds=(5, 6), past=past)
    assert chance.seeds == (5, 6) and chance.best_true[0].shape == (2, 16)
    assert (chance.best_true[0] >= value).all()  # from the first well on: the past is known before it
    state = closed_loop(**microplate, candidates=[4], seed=5, strategy="random", past=past)
    again = past_of(state)
    assert again is not None and again.experiments == past.experiments and again.readings == past.readings
