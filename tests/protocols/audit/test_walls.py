"""A file that reaches out is refused for real: in its own process, by Python's audit hook, and below it by the kernel."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from protocols.audit.audit import audit_opentrons
from protocols.engine import apart_client, fence
from protocols.engine.apart_client import Limits
from runs.bench.audit_cases import flex

QUICK = Limits(cpu_s=10, wall_s=60)


def test_each_attempt_is_told_with_its_line_and_nothing_is_done(tmp_path, monkeypatch):
    """One file tries all; each attempt is caught by the file, so that it goes on to the next."""
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    secret = tmp_path / "secret.txt"
    secret.write_text("hunter2")
    tries = [
        f"import os; os.system('touch {tmp_path}/a')", "import subprocess; subprocess.run(['ls'])", "import socket; socket.create_connection(('192.0.2.1', 80), 1)",
        f"open('{tmp_path}/b', 'w')", f"ctx.comment(open('{secret}').read())", "import os; os.fork()", f"import os; os.remove('{secret}')", "import ctypes; ctypes.CDLL(None)",
        "import os; ctx.comment(str(os.environ['SECRET_TOKEN']))",
    ]  # fmt: skip
    body = "\n".join(f"try:\n    {line}\nexcept Exception as fault:\n    pass" for line in tries)
    told = audit_opentrons(flex(body), limits=QUICK)
    caught = [finding for finding in told.findings if finding.rule == "reaches out" and finding.severity == "error"]
    assert len(caught) == len(tries) - 1, [str(finding) for finding in caught]
    assert all(finding.where.startswith("line ") for finding in caught)
    assert list(tmp_path.iterdir()) == [secret]
    assert "hunter2" not in repr(told)
    assert not told.passed


def test_a_loop_without_an_end_is_ended():
    told = audit_opentrons(flex("while True:\n    pass"), limits=Limits(cpu_s=5, wall_s=60))
    assert [finding.observed for finding in told.findings if finding.rule == "resources"] == ["it used up its 5 s of CPU time"]


@pytest.mark.slow
def test_a_file_that_sleeps_is_ended():
    told = audit_opentrons(flex("import time\ntime.sleep(1000)"), limits=Limits(cpu_s=20, wall_s=12))
    assert [finding.rule for finding in told.findings if finding.severity == "error"] == ["resources"]


@pytest.mark.slow
def test_a_memory_bomb_is_stopped():
    told = audit_opentrons(flex("x = [0] * 10**10"), limits=QUICK)
    assert "resources" in {finding.rule for finding in told.findings}


def test_a_file_that_ends_the_process_is_told():
    told = audit_opentrons("import os\n" + flex("os._exit(0)"), limits=QUICK)
    assert "resources" in {finding.rule for finding in told.findings}


def test_what_a_right_file_needs_is_there_and_its_folder_is_gone_afterwards(tmp_path, monkeypatch):
    monkeypatch.setattr(apart_client.tempfile, "tempdir", str(tmp_path))
    told = audit_opentrons(flex("import numpy, json, pathlib, threading\nt = threading.Thread(target=print)\nt.start()\nt.join()\nopen('note.txt', 'w').write('x')\np.transfer(50, res['A1'], plate['A1'])"), limits=Limits())
    assert told.passed, told.findings
    assert "CPU 120 s" in told.walls
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's walls are Linux's")
def test_the_kernel_refuses_what_goes_around_python(tmp_path):
    """Without the audit hook: the same calls made through the C library."""
    (tmp_path / "outside.txt").write_text("x")
    inside = tmp_path / "own"
    inside.mkdir()
    script = f"""
import ctypes, json, os, sys, threading
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
loader = SourceFileLoader("fence", {fence.__file__!r})
fence = module_from_spec(spec_from_loader("fence", loader))
loader.exec_module(fence)
libc = ctypes.CDLL(None)
files = fence.fence_files(Path({str(inside)!r}), [sys.prefix, sys.base_prefix, "/usr", "/lib", "/lib64"])
calls = fence.refuse_processes()
thread = threading.Thread(target=len, args=("",)); thread.start(); thread.join()
print(json.dumps({{"files": files, "calls": calls, "fork": libc.fork(), "system": libc.system(b"true"), "socket": libc.socket(2, 1, 0),
    "outside": libc.open({str(tmp_path / "outside.txt")!r}.encode(), 0), "write": libc.open({str(tmp_path / "new")!r}.encode(), 65, 0o600),
    "own": libc.open({str(inside / "new")!r}.encode(), 65, 0o600) >= 0}}))
os._exit(0)
"""
    done = subprocess.run([sys.executable, "-I", "-u", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    told = json.loads(done.stdout)
    if told["calls"]:
        assert (told["fork"], told["socket"]) == (-1, -1)
        assert told["system"] != 0
    if told["files"]:
        assert (told["outside"], told["write"], told["own"]) == (-1, -1, True)
    assert told["calls"] or told["files"], "this kernel offers neither: the walls that are told must say so"
