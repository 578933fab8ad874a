"""What a file's text tells before it runs, and which kind of file it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from protocols.audit.kinds import kind_of
from protocols.audit.source_code import code_findings
from world_model.terms.errors import DocumentError

RUN = "def run(ctx):\n    pass\n"


@pytest.mark.parametrize(
    ("text", "observed"),
    [
        ("import os\n" + RUN, "import os"), ("from subprocess import run as go\n" + RUN, "import subprocess"), (RUN + "eval('1')\n", "a call of eval()"),
        (RUN + "open('x')\n", "a call of open()"), ("import requests\n" + RUN, "import requests"),
    ],
)  # fmt: skip
def test_what_a_protocol_has_no_need_of_is_told_with_its_line(text: str, observed: str):
    (found,) = code_findings(text)
    assert (found.rule, found.observed) == ("reaches out", observed)


def test_what_only_computes_is_let_through():
    assert code_findings("import math, json, csv, random\nfrom opentrons import protocol_api\n" + RUN) == ()


@pytest.mark.parametrize("text", ["def run(ctx:\n", "x = 1\n", "def run(ctx):\n\tx\n        y\n", "\0"])
def test_a_file_that_is_no_protocol_is_told_without_running_it(text: str):
    (found,) = code_findings(text)
    assert (found.rule, found.severity) == ("unreadable file", "error")


def test_an_unknown_kind_names_the_known_ones():
    with pytest.raises(DocumentError, match=r"\.py \(Opentrons protocol in Python\)"):
        kind_of(Path("plate.xyz"), "A;b")
