"""What is no TOML is said with the line where it stops to be."""

import pytest

from runs.documents.campaign_file import check_campaign
from runs.documents.lab_file import check_lab, load_lab
from runs.documents.new_campaign import write_new
from world_model.terms.errors import DocumentError


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        (b'name = "a"\nseed = \n', 2, "'seed ='"),
        (b'name = "a"\nseed = 1\nseed = 2\n', 3, "'seed = 2'"),
        (b'name = "a\n', 1, "name = "),
        (b"[batch\n", 1, "'[batch'"),
        (b"a = [1, 2\n", 2, "end of the file"),
        (b"name = 'caf\xe9'\n", 1, "0xe9"),
        (b'name = "a"\r\nseed = x\r\n', 2, "'seed = x'"),
    ],
)
def test_a_syntax_error_has_its_line_and_text(tmp_path, text, line, found):
    path = tmp_path / "campaign.toml"
    path.write_bytes(text)
    [mistake] = check_campaign(path)
    assert mistake.line == line
    assert found in mistake.found


def test_an_absent_file_and_a_folder_are_said(tmp_path):
    assert "none at" in check_campaign(tmp_path / "no.toml")[0].found
    assert "a folder" in check_campaign(tmp_path)[0].found
    assert "none at" in check_lab(tmp_path / "no.toml")[0].found


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    campaign, _ = write_new(tmp_path / "mine")
    campaign.write_bytes(b"\xef\xbb\xbf" + campaign.read_bytes())
    assert check_campaign(campaign) == []


def test_a_lab_file_is_checked_alone(tmp_path):
    _, lab = write_new(tmp_path / "mine")
    assert check_lab(lab) == []
    assert load_lab(lab).robot.model == "Flex"
    lab.write_text(lab.read_text().replace('diluent = "water"', 'diluent = "wter"').replace("volume_ul = 200", "volume_ul = 2000"))
    assert [mistake.where for mistake in check_lab(lab)] == ["plate.volume_ul", "medium.diluent"]
    with pytest.raises(DocumentError, match="wter"):
        load_lab(lab)


def test_an_empty_file_lacks_what_a_campaign_needs(tmp_path):
    path = tmp_path / "campaign.toml"
    path.write_text("")
    expected = {mistake.expected for mistake in check_campaign(path)}
    assert expected == {"the key 'name'", "the key 'measurements'", "the key 'goals'", "[[factors]] or [candidates]"}
