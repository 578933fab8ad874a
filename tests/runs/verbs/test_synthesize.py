"""Synthetic data: whole, described, traceable, and never taken for readings."""

from __future__ import annotations

import hashlib
import json

import jsonschema
import numpy as np
import pandas as pd
import pytest

from runs.campaign import Campaign
from runs.verbs.import_past import import_past
from runs.verbs.record import record_content
from runs.verbs.synthesize import synthesize_campaign
from world_model.terms.errors import ConflictError, DesignError, ResultsError
from world_model.terms.factors import Categorical, Continuous
from world_model.terms.goals import Goal, Measurement
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(factors=(Continuous(name="sugar", unit="mM", low=1, high=10), Categorical(name="strain", levels=("K12", "BL21"))))
HOURS = (0.0, 2.0, 4.0)


@pytest.fixture(scope="module")
def campaign():
    opened = Campaign(space=SPACE, goals=[Goal(readout="od")], measurements=[Measurement(name="od", unit="OD600", at_h=HOURS)], seed=1)
    opened.propose(2)
    rng = np.random.default_rng(3)
    rows = [
        {"sugar": sugar, "strain": strain, "time_h": hour, "od": 0.1 * sugar * (1 - np.exp(-0.4 * hour)) * (1.5 if strain == "K12" else 1) + 0.02 * rng.normal()}
        for sugar, strain in zip(rng.uniform(1, 10, 16), ("K12", "BL21") * 8, strict=True) for hour in HOURS
    ]  # fmt: skip
    opened.record(pd.DataFrame(rows))
    return opened


@pytest.fixture(scope="module")
def made(campaign, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "out"
    return folder, synthesize_campaign(campaign._open, folder, n=40, seed=2, licence="CC-BY-4.0")


def test_every_row_is_valid_by_the_schema(made):
    folder, _ = made
    schema = json.loads((folder / "schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    for name, n in (("experiments.csv", 40), ("readings.csv", 40 * 3)):
        rows = pd.read_csv(folder / name).to_dict("records")
        assert len(rows) == n
        for row in rows:
            jsonschema.validate(row, {"$ref": f"#/$defs/{name}", "$defs": schema["$defs"]})


def test_provenance_leads_back(made, campaign):
    folder, told = made
    provenance = json.loads((folder / "provenance.json").read_text())
    for name, sha256 in provenance["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256
    assert provenance["data_sha256"] == told.made.data_sha256 and len(provenance["model_sha256"]) == 64
    assert provenance["seed"] == 2 and provenance["measured_experiments"] == 16 and provenance["noise"].startswith("the reader's")
    assert (pd.read_csv(folder / "readings.csv")["synthetic_from"] == f"nextwell-model:{provenance['model_sha256'][:12]}").all()


def test_the_crate_is_linked_json(made):
    """RO-Crate 1.1: a descriptor about the root, a root with name, description, date and licence, every file listed and described."""
    folder, told = made
    crate = json.loads((folder / "ro-crate-metadata.json").read_text())
    entities = {entity["@id"]: entity for entity in crate["@graph"]}
    assert crate["@context"][0] == "https://w3id.org/ro/crate/1.1/context" and len(entities) == len(crate["@graph"])
    assert entities["ro-crate-metadata.json"]["about"] == {"@id": "./"} and entities["ro-crate-metadata.json"]["conformsTo"]["@id"].endswith("/crate/1.1")
    root = entities["./"]
    assert root["license"] == "CC-BY-4.0" and root["datePublished"] and root["name"] and root["description"].startswith("Synthetic")
    assert {part["@id"] for part in root["hasPart"]} == {path.name for path in told.files} - {"ro-crate-metadata.json"}

    def links(value):
        if isinstance(value, dict):
            yield from [value["@id"]] if set(value) == {"@id"} else [link for inner in value.values() for link in links(inner)]
        elif isinstance(value, list):
            yield from (link for inner in value for link in links(inner))

    for entity in crate["@graph"]:
        for link in links({key: value for key, value in entity.items() if key != "conformsTo"}):
            assert link in entities
    assert all((folder / id).exists() for id, entity in entities.items() if entity["@type"] == "File")


def test_the_card_says_that_nothing_was_measured(made):
    folder, told = made
    card = (folder / "README.md").read_text()
    assert "Synthetic: simulator result" in card and "CC-BY-4.0" in card and "out of range" in card
    assert told.guard is not None and told.guard.answer in ("no gain", "hurts") and told.guard.why[1:] in card


def test_the_same_seed_makes_the_same_rows(made, campaign, tmp_path):
    folder, _ = made
    synthesize_campaign(campaign._open, tmp_path / "again", n=40, seed=2)
    for name in ("experiments.csv", "readings.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_parquet_holds_the_same(made, campaign, tmp_path):
    folder, _ = made
    synthesize_campaign(campaign._open, tmp_path / "p", n=40, seed=2, format="parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "p" / "readings.parquet"), pd.read_csv(folder / "readings.csv"), check_dtype=False)


def test_synthetic_rows_never_become_readings(made, campaign):
    """Four doors: a frame, the same without the marking column, a results file, and an import."""
    folder, _ = made
    before = len(campaign.data)
    frame = pd.read_csv(folder / "readings.csv").merge(pd.read_csv(folder / "experiments.csv").drop(columns=["synthetic_from"]))
    for told in (frame, frame.drop(columns="synthetic_from")):
        with pytest.raises(ResultsError, match="made by a model"):
            campaign.record(told)
    for content in ((folder / "readings.csv").read_bytes(), (folder / "readings.csv").read_bytes().replace(b"synthetic_from", b"from")):
        with pytest.raises(ResultsError, match="made by a model"):
            record_content(campaign._open, content, name="readings.csv")
    with pytest.raises(ResultsError, match="made by a model"):
        import_past(campaign._open, folder / "experiments.csv")
    assert len(campaign.data) == before


def test_settings_may_be_given(campaign, tmp_path):
    told = synthesize_campaign(campaign._open, tmp_path / "out", n=1, settings=pd.DataFrame({"sugar": [2.0, 3.0], "strain": ["K12", "BL21"]}))
    assert pd.read_csv(told.files[1])["sugar"].tolist() == [2.0, 3.0]
    with pytest.raises(DesignError, match="row 1: sugar: expected 1 to 10 mM, found 99"):
        synthesize_campaign(campaign._open, tmp_path / "other", n=1, settings=pd.DataFrame({"sugar": [99.0], "strain": ["K12"]}))


def test_a_folder_that_holds_something_is_left_alone(made, campaign):
    folder, _ = made
    with pytest.raises(ConflictError, match="new or empty folder"):
        synthesize_campaign(campaign._open, folder, n=2)
