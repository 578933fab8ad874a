"""What the reader calls a plate against what the campaign calls it: another name is taken only where a person vouches for it."""

from __future__ import annotations

from dataclasses import replace

from .entries import Entries
from .problems import CellProblem
from .reading_plan import ReadingPlan


def name_plate(entries: Entries, plan: ReadingPlan, told: str | None) -> None:
    """Give the entries of a file the plate that the user names; and settle the places of a chromatograph's samples.

    A file of several plates, or of another plate of the campaign, stays what it is: that is a problem.
    """
    if entries.channels:
        _settle_samples(entries, plan)
    named = sorted({entry.plate for entry in entries.found if entry.plate is not None})
    if told is None:
        strange = [name for name in named if plan.plates and name not in plan.plates]
        if strange and entries.channels:
            found = ", ".join(map(repr, strange[:4]))
            entries.problems.append(CellProblem(None, "plate", f"a plate of this round ({', '.join(plan.plates)})", found, "If it is one of them under the reader's own name, say which: --plate NAME."))
            # said once, not for every well
            entries.spoilt += [entry for entry in entries.found if entry.plate in strange]
            entries.found = [entry for entry in entries.found if entry.plate not in strange]
        return
    if told not in plan.plates:
        entries.problems.append(CellProblem(None, "plate", f"a plate of this round in --plate ({', '.join(plan.plates)})", repr(told)))
        return
    if len(named) > 1:
        entries.problems.append(CellProblem(None, "plate", "a file of one plate, for --plate", ", ".join(map(repr, named[:6])), "Split the file."))
        return
    if named and named[0] != told:
        if named[0] in plan.plates:
            entries.problems.append(CellProblem(None, "plate", repr(told), repr(named[0]), "The file says that it is another plate of this campaign."))
            return
        entries.notes.append(f"The file calls the plate {named[0]!r}; it is taken as {told!r}, as told.")
        entries.found = [replace(entry, plate=told) for entry in entries.found]


def _settle_samples(entries: Entries, plan: ReadingPlan) -> None:
    """A sample of that name is an experiment; else its place on the tray is a well; else (a standard) it is unread."""
    from .entries import UnreadCell

    found = []
    for entry in entries.found:
        if entry.experiment is None:
            found.append(entry)
        elif entry.experiment in plan.roles:
            found.append(replace(entry, well=None, plate=None))
        elif plan.plates and entry.well is not None and entry.plate in plan.plates:
            found.append(replace(entry, experiment=None))
        else:
            entries.unread.append(UnreadCell(entry.row, entry.column, entry.text, f"the sample {entry.experiment!r} is no experiment of this round"))
    entries.found = found
