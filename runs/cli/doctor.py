"""`nextwell doctor`: is everything there that the commands need?"""

from __future__ import annotations

from dataclasses import asdict

import typer

from .exits import Exit
from .options import DEFAULT_WORKSPACE, AsJson, WorkspaceFolder
from .voice import speaking


def doctor(workspace: WorkspaceFolder = DEFAULT_WORKSPACE, as_json: AsJson = False) -> None:
    """Look over the installation and the workspace; say what is missing and how to mend it. Exits 1 where something needed is missing."""
    with speaking("doctor", as_json=as_json) as voice:
        from ..journal.workspace import Workspace
        from ..verbs.doctor import look_over

        found = look_over(Workspace(workspace), progress=voice.progress)
        voice.told["found"] = [asdict(one) for one in found]
        voice.table([{"": "ok" if one.ok else ("missing" if one.needed else "absent"), "what": one.what, "found": one.found, "mend": one.mend} for one in found])
        if any(not one.ok and one.needed for one in found):
            raise typer.Exit(int(Exit.FAILED))
        voice.say("All that is needed is there.", style="green")
