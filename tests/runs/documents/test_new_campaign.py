"""`nextwell new` writes files that pass every check, and never over a file that is there."""

import tomllib

import jsonschema
import pytest

from runs.documents.campaign_file import check_campaign, load_campaign
from runs.documents.new_campaign import write_new
from runs.documents.schema import campaign_schema, lab_schema
from world_model.terms.errors import ConflictError, DocumentError


def test_the_new_files_pass_every_check_and_carry_the_folders_name(tmp_path):
    campaign, lab = write_new(tmp_path / "lactose" / "first")
    assert check_campaign(campaign) == []
    assert load_campaign(campaign).doc.name == "first"
    assert lab.name == "lab.toml"


def test_the_name_given_is_the_campaigns(tmp_path):
    campaign, _ = write_new(tmp_path, name="GFP + lactose (2)")
    assert load_campaign(campaign).doc.name == "GFP + lactose (2)"


def test_a_folder_whose_name_is_no_campaign_name_keeps_the_templates(tmp_path):
    assert load_campaign(write_new(tmp_path / "2026 \u00b5M")[0]).doc.name == "My campaign"


@pytest.mark.parametrize("name", ['a"b', "", "1a", "a\nb = 1", "x" * 65])
def test_a_name_that_would_break_the_file_is_refused_and_nothing_is_written(tmp_path, name):
    with pytest.raises(DocumentError):
        write_new(tmp_path / "new", name=name)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("file", ["campaign.toml", "lab.toml"])
def test_a_file_that_is_there_is_never_overwritten(tmp_path, file):
    (tmp_path / file).write_text("mine")
    with pytest.raises(ConflictError, match=file):
        write_new(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [file]
    assert (tmp_path / file).read_text() == "mine"


def test_the_templates_meet_the_published_schemas(tmp_path):
    campaign, lab = write_new(tmp_path)
    jsonschema.validate(tomllib.loads(campaign.read_text()), campaign_schema())
    jsonschema.validate(tomllib.loads(lab.read_text()), lab_schema())
