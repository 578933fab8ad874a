"""The sources of a campaign: frames that a notebook gave, tables, other campaigns of the workspace, simulators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from world_model.terms.errors import ConflictError, NextwellError, ResultsError, nearest
from world_model.terms.proposal import Proposal
from world_model.terms.readings import Dataset
from world_model.terms.sources import Source, SourceTable
from world_model.terms.space import SearchSpace

from ..journal.canonical import sha256_of
from ..state.campaign_state import CampaignState
from ..state.dataset import dataset
from ..state.fold import fold
from .open_campaign import OpenCampaign
from .source_rows import SourceRows, source_rows

if TYPE_CHECKING:
    import pandas as pd

    from planner.sources.earlier import Earlier


@dataclass(frozen=True)
class Sources:
    """What the planner is given.

    Attributes:
        earlier: one entry a source, in the campaign's order.
        conditions: what the campaign keeps fixed in its `context` and some source did not, with the campaign's own value.
        notes: what was left out, in sentences.
    """

    earlier: tuple[Earlier, ...] = ()
    conditions: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def sources_of(campaign: OpenCampaign, space: SearchSpace, data: Dataset) -> Sources:
    """Every source, read anew: another campaign may have grown.

    Args:
        space: the campaign's own.
        data: the campaign's records, for the times that count.

    Raises:
        ResultsError: a source that can't be read; what is missing is named.
        ConflictError: a campaign that the workspace does not hold.
    """
    told: list[Source | SourceTable] = [*campaign.sources, *(campaign.doc.sources if campaign.doc is not None else ())]
    if not told:
        return Sources()
    from planner.sources.earlier import Earlier

    charter = campaign.charter
    read: list[tuple[str, SourceRows, float]] = []
    for one in told:
        frame, at = (_frame_of(campaign, one, space), one.at) if isinstance(one, SourceTable) else (one.data, one.at)
        if isinstance(one, SourceTable) and one.kind == "campaign":
            at = {**_context_of(campaign, one), **one.at}
        rows = source_rows(one.name, frame, {**at}, charter=charter, space=space, times_h=data.times_h)
        simulated = isinstance(one, SourceTable) and one.kind == "simulator"
        read.append((one.name, replace(rows, unlike=(*rows.unlike, "simulator")) if simulated else rows, one.cost if isinstance(one, SourceTable) else 0.0))
    conditions = {name: float(charter.context[name]) for _, rows, _ in read for name in rows.conditions}
    earlier = []
    for name, rows, cost in read:
        more = {key: rows.conditions.get(key, np.full(len(rows.data), own)) for key, own in conditions.items()}
        earlier.append(Earlier(name=name, data=replace(rows.data, settings={**rows.data.settings, **more}), unlike=rows.unlike, cost=cost))
    return Sources(earlier=tuple(earlier), conditions=conditions, notes=tuple(note for _, rows, _ in read for note in rows.notes))


def sources_told(frames: Sequence[Source], *, named: Sequence[str] = ()) -> tuple[str, ...]:
    """A line for each frame, with its hash, so that another frame of the same name is known as a change.

    Args:
        named: names that are taken already.

    Raises:
        NextwellError: a name twice.
    """
    lines: list[str] = []
    taken = list(named)
    for one in frames:
        if one.name in taken:
            raise NextwellError(f"Expected each source's name once, found {one.name!r} again. Rename one of the two.")
        taken.append(one.name)
        kept = "".join(f", at {key} = {value}" for key, value in one.at.items())
        lines.append(f"{one.name}: {len(one.data)} rows, SHA-256 {sha256_of(one.data.to_csv(index=False))[:12]}{kept}")
    return tuple(lines)


def _frame_of(campaign: OpenCampaign, one: SourceTable, space: SearchSpace) -> pd.DataFrame:
    match one.kind:
        case "table":
            assert one.file is not None  # as SourceTable says
            return read_source_file(campaign, one, space)
        case "campaign":
            return _rows_of(_other(campaign, one))
        case "simulator":
            from .simulated_source import simulated_rows

            return simulated_rows(campaign, one, space)


def read_source_file(campaign: OpenCampaign, one: SourceTable, space: SearchSpace) -> pd.DataFrame:
    """The table of a source.

    Raises:
        ResultsError: it can't be read.
    """
    from .import_past import read_table

    assert one.file is not None
    file = campaign.base / one.file
    try:
        content = file.read_bytes()
    except OSError as fault:
        raise ResultsError(f"Source {one.name!r}: expected a table at {one.file}, found: {fault.strerror}.") from fault
    return read_table(content, file, space=space)


def _other(campaign: OpenCampaign, one: SourceTable) -> CampaignState:
    assert one.campaign is not None
    known = [name for name in campaign.journal.campaigns() if name != campaign.charter.name]
    state = fold(campaign.journal.events(one.campaign)) if one.campaign in known else None
    if state is None:
        raise ConflictError(f"Source {one.name!r}: expected another campaign of this workspace, found {one.campaign!r}. {nearest(one.campaign, known) or 'It holds no other.'}")
    return state


def _context_of(campaign: OpenCampaign, one: SourceTable) -> dict[str, float | str]:
    """What the other campaign kept fixed that this one keeps too, as a factor or as a condition."""
    mine = {*campaign.space.names, *campaign.charter.context}
    return {key: value for key, value in _other(campaign, one).charter.context.items() if key in mine}


def _rows_of(state: CampaignState) -> pd.DataFrame:
    """A campaign's records, long: one row a reading."""
    import pandas as pd

    data = dataset(state)
    n, t, y = np.nonzero(np.isfinite(data.values))
    frame = pd.DataFrame({name: column[n] for name, column in data.settings.items()})
    return frame.assign(
        experiment_id=[data.ids[i] for i in n], time_h=data.times_h[t], measurement=[data.variables[i] for i in y], value=data.values[n, t, y]
    )


def told_of_sources(proposal: Proposal) -> tuple[str, ...]:
    """What became of each source in a proposal, a sentence each."""
    told = proposal.model.get("sources", ())
    return tuple(str(use["why"]) for use in told) if isinstance(told, list | tuple) else ()
