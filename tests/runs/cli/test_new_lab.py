"""`nextwell new --lab`: a ready bench by name, and the names where there is none of that name."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from runs.cli.main import app
from runs.documents.new_campaign import known_labs


def test_new_writes_the_bench_that_was_named(tmp_path):
    done = CliRunner().invoke(app, ["new", str(tmp_path / "mine"), "--lab", "ot-2", "--json"])
    assert done.exit_code == 0
    assert 'model = "OT-2"' in (tmp_path / "mine" / "lab.toml").read_text()


def test_an_unknown_bench_is_refused_with_the_names(tmp_path):
    done = CliRunner().invoke(app, ["new", str(tmp_path / "mine"), "--lab", "ot2", "--json"])
    assert done.exit_code != 0
    told = json.dumps(json.loads(done.stdout))
    assert all(name in told for name in known_labs())
    assert "Did you mean 'ot-2'?" in told
    assert not (tmp_path / "mine").exists()


def test_the_help_names_every_bench():
    text = CliRunner().invoke(app, ["new", "--help"], env={"COLUMNS": "200"}).stdout
    assert all(name in text for name in known_labs())
