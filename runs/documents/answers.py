"""The simulated lab that a campaign file names: it exists, and it can carry the campaign out."""

from __future__ import annotations

from world_model.terms.campaign_doc import CampaignDoc
from world_model.terms.errors import Mistake, NextwellError, nearest
from world_model.terms.space import SearchSpace

from .complaints import take_apart
from .draft import Draft
from .toml_file import TomlFile


def check_lab_name(draft: Draft) -> None:
    """`answers` names a lab that is installed; nothing is loaded for this."""
    from world_model.labs.registry import labs

    answers = draft.data.get("answers")
    if not isinstance(answers, str):
        return
    known, (name, _, argument) = labs(), answers.partition(":")
    spellings = ", ".join(entry.spelling for entry in known.values())
    if name not in known:
        draft.mistake(("answers",), expected=f"a lab ({spellings})", found=repr(answers), mend=nearest(name, known))
    elif name in ("table", "petab") and not argument:
        draft.mistake(("answers",), expected=known[name].spelling, found=repr(answers))
    elif name == "petab" and not (draft.file.path.parent / argument).exists():
        draft.mistake(("answers",), expected="a PEtab problem beside the campaign file", found=f"none at {draft.file.path.parent / argument}")
    elif name == "table" and not (draft.file.path.parent / argument).is_file():
        draft.mistake(("answers",), expected="a table beside the campaign file", found=f"none at {draft.file.path.parent / argument}")


def check_answers(doc: CampaignDoc, *, space: SearchSpace, file: TomlFile) -> list[Mistake]:
    """What the lab itself says against a campaign without other mistakes."""
    if doc.answers is None:
        return []
    from world_model.labs.registry import open_lab

    try:
        open_lab(doc.answers, doc=doc, space=space, base=file.path.parent)
    except NextwellError as fault:
        said = take_apart(str(fault))
        return [file.mistake(("answers",), expected=said.expected, found=said.found, mend=said.mend)]
    return []
