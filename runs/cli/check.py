"""`nextwell check`: every mistake of a campaign file and of what it names."""

from __future__ import annotations

import typer

from .exits import Exit
from .goal_lines import told_goals
from .options import AsJson, CampaignFile, TableFile
from .voice import speaking


def check(file: CampaignFile, table: TableFile = None, as_json: AsJson = False) -> None:
    """Report every mistake with file, line, what was expected, what was found and the nearest valid name. Writes nothing."""
    with speaking("check", as_json=as_json) as voice:
        from world_model.terms.space import describe_factor

        from ..documents.campaign_file import check_campaign, load_campaign
        from ..verbs.batch_on_plate import batch_on_plate
        from ..verbs.open_campaign import LabFile
        from ..verbs.propose import reachable

        mistakes = check_campaign(file, table=table)
        voice.told["mistakes"] = [mistake.as_dict() for mistake in mistakes]
        if mistakes:
            for mistake in mistakes:
                voice.say(str(mistake), style="red")
            voice.say(f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}.", style="bold red")
            raise typer.Exit(int(Exit.USAGE))
        loaded = load_campaign(file, table=table)
        lab = LabFile(profile=loaded.lab, text=loaded.lab_text) if loaded.lab else None
        within = reachable(loaded.space, lab)
        voice.told |= {"campaign": loaded.doc.name, "factors": [describe_factor(factor) for factor in loaded.space.factors], "wells_per_round": loaded.doc.wells_per_round, "derived": [str(word) for word in within.space.derived], "constraints": [str(constraint) for constraint in within.space.constraints]}
        voice.say(f"{file}: no mistakes.", style="green")
        if loaded.space.candidates is not None:
            voice.told["candidates"] = len(loaded.space.candidates)
            voice.say(f"  {len(loaded.space.candidates):,} candidates")
        for factor in loaded.space.factors:
            voice.say(f"  {describe_factor(factor)}")
        for word in within.space.derived:
            voice.say(f"  {word}")
        for constraint in within.space.constraints:
            voice.say(f"  {constraint}")
        for line in told_goals(loaded.doc.goals, loaded.doc.join, loaded.doc.outcome_constraints):
            voice.say(f"  {line}")
        for prior in loaded.doc.priors:
            voice.say(f"  prior: {prior}")
        for source in loaded.doc.sources:
            voice.say(f"  source: {source}")
        shared = batch_on_plate(loaded.doc.batch, loaded.space, loaded.lab).shared
        voice.told["shared"] = [str(entry) for entry in shared]
        for entry in shared:
            voice.say(f"  {entry}")
        if loaded.doc.stop.is_set:
            voice.told["stop"] = str(loaded.doc.stop)
            voice.say(f"  {loaded.doc.stop}")
        voice.say(f"  {loaded.doc.wells_per_round} well{'s' if loaded.doc.wells_per_round != 1 else ''} a round")
        voice.notes(within.findings)
        voice.next_step(f"propose {file}")
