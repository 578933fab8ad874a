"""The `[[sources]]` of a campaign file: names, files that are there, rows that can be read, and simulators that can be asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from world_model.terms.errors import Mistake, NextwellError, nearest
from world_model.terms.sources import SourceTable

from .campaign_checks import refuse_twice
from .complaints import take_apart
from .draft import Draft
from .toml_file import TomlFile


def check_source_names(draft: Draft) -> None:
    """Each source has a name of its own, its file is there, its simulator is installed and is not the one that answers."""
    from world_model.labs.registry import labs

    refuse_twice(draft, "sources")
    for part in draft.of("sources"):
        raw = part.raw if isinstance(part.raw, dict) else {}
        file, lab = raw.get("file"), raw.get("lab")
        folder = draft.file.path.parent
        if isinstance(file, str) and file and not (folder / file).is_file():
            near = [path.name for path in folder.glob(f"*{Path(file).suffix or '.csv'}")] if folder.is_dir() else []
            draft.mistake((*part.path, "file"), expected="a table beside the campaign file", found=f"none at {file}", mend=nearest(Path(file).name, near))
        if isinstance(lab, str):
            known = labs()
            if lab.partition(":")[0] not in known:
                draft.mistake((*part.path, "lab"), expected=f"a simulated lab ({', '.join(entry.spelling for entry in known.values())})", found=repr(lab), mend=nearest(lab, known))
            elif lab == draft.data.get("answers"):
                draft.mistake((*part.path, "lab"), expected="another simulator than the one that answers", found=repr(lab), mend="It would be asked for its own answers.")
        if isinstance(raw.get("campaign"), str) and raw["campaign"] == draft.data.get("name"):
            draft.mistake((*part.path, "campaign"), expected="another campaign", found="this one", mend="Its records count anyway; for older ones use: nextwell import.")


def check_source_rows(loaded: object, *, file: TomlFile) -> list[Mistake]:
    """What the rows of tables say against a campaign without other mistakes; other campaigns and simulators are read when they are used."""
    from ..state.charter import Charter
    from ..verbs.open_campaign import attach
    from ..verbs.source_rows import source_rows
    from ..verbs.sources_of import read_source_file
    from .campaign_file import LoadedCampaign

    assert isinstance(loaded, LoadedCampaign)
    charter = Charter.of(loaded.doc, loaded.space)
    hours = sorted({at_h for measurement in charter.measurements for at_h in measurement.at_h})
    found: list[Mistake] = []
    campaign = attach(charter, loaded.space, workspace=None, doc=loaded.doc, base=loaded.base)
    for i, one in enumerate(loaded.doc.sources):
        if not isinstance(one, SourceTable) or one.kind != "table":
            continue
        try:
            frame = read_source_file(campaign, one, loaded.space)
            source_rows(one.name, frame, one.at, charter=charter, space=loaded.space, times_h=np.array(hours or [np.nan]))
        except NextwellError as fault:
            said = take_apart(str(fault))
            found.append(file.mistake(("sources", i), expected=said.expected, found=said.found, mend=said.mend))
    campaign.close()
    return found
