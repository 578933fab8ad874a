"""`nextwell amend`: drop, swap or add wells, set experiments aside, or take over a changed space, each with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from world_model.terms.errors import DesignError

from .options import DEFAULT_WORKSPACE, AsJson, CampaignFile, RoundNumber, TableFile, WorkspaceFolder
from .round_table import show_round
from .status import where_option
from .voice import Voice, speaking


def amend(
    file: CampaignFile,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays in the journal.", show_default=False)],
    drop: Annotated[list[str] | None, typer.Option("--drop", metavar="ID", help="Leave an experiment out; a candidate's replicates go with it.")] = None,
    swap: Annotated[list[str] | None, typer.Option("--swap", metavar="ID:SETTINGS", help='Put other settings in its place: "R01-003: glucose=10, inducer=0.1".')] = None,
    add: Annotated[list[str] | None, typer.Option("--add", metavar="SETTINGS", help='Add a candidate: "glucose=10, inducer=0.1", JSON, or "candidate=17".')] = None,
    space: Annotated[bool, typer.Option("--space", help="Take over what the campaign file now says of factors, candidates and measurements. Earlier results stay data.")] = False,
    was: Annotated[list[str] | None, typer.Option("--was", metavar="FACTOR=VALUE", help="With --space: what every earlier experiment had of a factor that is added.")] = None,
    failed: Annotated[list[str] | None, typer.Option("--failed", metavar="ID", help="It was tried and gave nothing.")] = None,
    abandon: Annotated[list[str] | None, typer.Option("--abandon", metavar="ID", help="It is not carried out, which says nothing about its settings.")] = None,
    round: RoundNumber = None,
    workspace: WorkspaceFolder = DEFAULT_WORKSPACE,
    table: TableFile = None,
    as_json: AsJson = False,
) -> None:
    """Change a proposed round before its results are in (what was compiled or approved of it is void), or the campaign's space."""
    with speaking("amend", as_json=as_json) as voice:
        of_a_round, aside = bool(drop or swap or add), bool(failed or abandon)
        if space + of_a_round + aside > 1:
            raise DesignError("Expected one kind of change at a time, found several: --space, wells (--drop, --swap, --add), or --failed and --abandon. Amend twice.")
        if was and not space:
            raise DesignError("Expected --was with --space, found it alone.")
        if space:
            _amend_space(voice, file, reason=reason, was=was or (), workspace=workspace, table=table)
            return
        if aside:
            _set_aside(voice, file, reason=reason, failed=failed or (), abandoned=abandon or (), workspace=workspace, table=table)
            return
        from ..state.status import what_waits
        from ..verbs.amend import amend as amend_round
        from ..verbs.from_file import open_file
        from ..verbs.settings_text import read_settings, read_swap

        campaign = open_file(file, workspace=workspace, table=table).campaign
        within = campaign.space
        outcome = amend_round(
            campaign, reason=reason, round=round, drop=tuple(drop or ()), swap=dict(read_swap(text, within) for text in swap or ()),
            add=[read_settings(text, within) for text in add or ()],
        )  # fmt: skip
        assert outcome.round is not None
        show_round(voice, outcome.round, outcome.state.charter)
        voice.notes(outcome.messages)
        voice.next_step(what_waits(outcome.state, file=str(file))[0].command + where_option(workspace))
        campaign.close()


def _amend_space(voice: Voice, file: Path, *, reason: str, was: Sequence[str], workspace: Path, table: Path | None) -> None:
    from ..state.status import what_waits
    from ..verbs.from_file import amend_from_file

    campaign, outcome = amend_from_file(file, workspace=workspace, reason=reason, was=was, table=table)
    voice.told |= {"campaign": outcome.state.name, "changes": [str(change) for change in outcome.state.revisions[-1]]}
    voice.notes(outcome.messages)
    waits = what_waits(outcome.state, file=str(file))
    voice.next_step((waits[0].command if waits else f"propose {file}") + where_option(workspace))
    campaign.close()


def _set_aside(voice: Voice, file: Path, *, reason: str, failed: Sequence[str], abandoned: Sequence[str], workspace: Path, table: Path | None) -> None:
    from ..state.status import what_waits
    from ..verbs.from_file import open_file
    from ..verbs.set_aside import set_aside

    campaign = open_file(file, workspace=workspace, table=table).campaign
    told = [set_aside(campaign, ids, why=reason, carried_out=done) for ids, done in ((failed, True), (abandoned, False)) if ids]
    voice.notes([message for outcome in told for message in outcome.messages])
    waits = what_waits(told[-1].state, file=str(file))
    voice.next_step((waits[0].command if waits else f"propose {file}") + where_option(workspace))
    campaign.close()
