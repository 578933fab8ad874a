"""`nextwell verify`: nothing in the journal was changed, and the files on disk are what was compiled."""

from __future__ import annotations

from .options import DEFAULT_WORKSPACE, AsJson, WorkspaceFolder
from .voice import speaking


def verify(workspace: WorkspaceFolder = DEFAULT_WORKSPACE, as_json: AsJson = False) -> None:
    """Check the journal's hash chain, the raw files and the robot files of every campaign in a workspace. Writes nothing."""
    with speaking("verify", as_json=as_json) as voice:
        from ..journal.workspace import Workspace
        from ..verbs.verify_workspace import verify_workspace

        checked = verify_workspace(Workspace(workspace))
        voice.told |= {"events": checked.events, "campaigns": list(checked.campaigns), "raw_files": checked.raw_files, "round_files": checked.round_files, "head": checked.head_hash}
        voice.say(f"{checked.events} events chain; {checked.raw_files} raw files and {checked.round_files} files of rounds are what was recorded.", style="green")
        voice.say(f"Head of the chain: {checked.head_hash}")
