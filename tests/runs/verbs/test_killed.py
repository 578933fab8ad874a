"""A process that is killed while it records: what it acknowledged is there, with its raw file, and the next shell goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from runs.journal.canonical import sha256_of
from runs.verbs.approve import approve
from runs.verbs.verify_workspace import verify_workspace

RECORDER = """
import sys
from pathlib import Path
from runs.journal.store import Journal
from runs.journal.workspace import Workspace
from runs.state.fold import fold
from runs.verbs.open_campaign import begin
from runs.verbs.record import record_file
from world_model.terms.space import SearchSpace

workspace = Workspace(Path(sys.argv[1]))
charter = fold(Journal.open(workspace.journal_file).events("growth")).charter
campaign = begin(charter, SearchSpace(factors=charter.factors), workspace=workspace)
for file in sorted(Path(sys.argv[2]).iterdir()):
    if file.name not in {source.name for source in campaign.standing().sources.values()}:
        record_file(campaign, file, partial=True)
        print(file.name, flush=True)
"""


def test_no_acknowledged_result_is_lost_and_none_is_taken_twice(open_in, put_round, put_protocol, results_text, tmp_path):
    campaign = open_in(protocol=True)
    put_round(campaign)
    put_protocol(campaign)
    approve(campaign, person="A. Person")
    files = tmp_path / "files"
    files.mkdir()
    for well in ("B2", "B3", "B4", "C2", "C3", "C4"):
        for hour in (0, 2, 4):
            (files / f"{well}-{hour}.csv").write_text(results_text(campaign, wells=(well,), hours=(hour,)))
    campaign.close()

    acknowledged: list[str] = []
    for attempt in range(20):
        child = subprocess.Popen([sys.executable, "-c", RECORDER, str(tmp_path / "lab"), str(files)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3])
        assert child.stdout is not None
        first = child.stdout.readline()
        if attempt < 3:
            time.sleep(0.01 + 0.02 * attempt)
            os.kill(child.pid, signal.SIGKILL)
        acknowledged += [line.strip() for line in (first + child.stdout.read()).splitlines()]
        child.wait()
        state = open_in(protocol=True).standing()
        recorded = [source.name for source in state.sources.values()]
        assert set(acknowledged) <= set(recorded) and len(recorded) == len(set(recorded))
        assert set(state.sources) == {sha256_of((files / name).read_bytes()) for name in recorded}
        verify_workspace(open_in(protocol=True).workspace)  # every recorded result has its raw file
        if attempt >= 3:
            break
    assert len(recorded) == 18
