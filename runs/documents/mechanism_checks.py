"""The `[mechanism]` table: its file is there, its names are the campaign's, and the model knows what they stand for."""

from __future__ import annotations

from pathlib import Path

from world_model.terms.campaign_doc import CampaignDoc
from world_model.terms.errors import Mistake, NextwellError, nearest
from world_model.terms.space import SearchSpace

from .complaints import take_apart
from .draft import Draft
from .toml_file import TomlFile


def check_mechanism_names(draft: Draft) -> None:
    """The file exists, and factors and measurements are named as the campaign names them; nothing is loaded for this."""
    table = draft.data.get("mechanism")
    if not isinstance(table, dict):
        return
    file = table.get("file")
    if isinstance(file, str) and file and not (draft.file.path.parent / file).is_file():
        near = [path.name for path in draft.file.path.parent.glob("*.xml")] if draft.file.path.parent.is_dir() else []
        draft.mistake(("mechanism", "file"), expected="an SBML file beside the campaign file", found=f"none at {file}", mend=nearest(Path(file).name, near))
    for key, list_of, what in (("factors", "factors", "factor"), ("observables", "measurements", "measurement")):
        told = table.get(key)
        if list_of == "factors" and "candidates" in draft.data:
            continue  # the columns of the table are factors too
        for name in told if isinstance(told, dict) else ():
            if draft.unknown(list_of, name):
                draft.mistake(("mechanism", key, name), expected=f"a {what}'s name", found=repr(name), mend=nearest(name, draft.names(list_of)))


def check_mechanism(doc: CampaignDoc, *, space: SearchSpace, file: TomlFile) -> list[Mistake]:
    """What the model itself says against a campaign without other mistakes."""
    if doc.mechanism is None:
        return []
    from world_model.mechanisms.open import open_mechanism

    try:
        open_mechanism(doc.mechanism, base=file.path.parent, factors=space.factors, measurements=doc.measurements)
    except NextwellError as fault:
        said = take_apart(str(fault))
        return [file.mistake(("mechanism",), expected=said.expected, found=said.found, mend=said.mend)]
    return []
