"""A campaign told in a notebook: the same document that a campaign file is, put together from words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from world_model.terms.campaign_doc import CampaignDoc, CandidateFile
from world_model.terms.errors import NextwellError, nearest
from world_model.terms.space import SearchSpace

# what a file says of itself or of other files, and what the space says
NOT_HERE = {
    "factors": "space=nw.SearchSpace(factors=[…])", "constraints": "space=nw.SearchSpace(factors=[…], constraints=[…])",
    "derived": "space=nw.SearchSpace(factors=[…], derived=[…])", "candidates": "space=nw.SearchSpace.from_table(frame)", "lab": "a campaign file and nw.Campaign.from_file", "answers": "a campaign file and nw.Campaign.from_file",
}  # fmt: skip


def document_of(space: SearchSpace, told: Mapping[str, Any]) -> CampaignDoc:
    """The document of a campaign over a space.

    Args:
        told: keys of a campaign file but those about factors: `name`, `goals`, `measurements`, `batch`, `contexts` …; words or plain data.

    Raises:
        NextwellError: a key that no campaign has or that belongs elsewhere, or values that don't fit each other; all of them.
    """
    known = [key for key in CampaignDoc.model_fields if key not in NOT_HERE]
    for key in told:
        if key in NOT_HERE:
            raise NextwellError(f"Expected no {key} beside the space, found some. Give it as {NOT_HERE[key]}.")
        if key not in known:
            raise NextwellError(f"Expected parts of a campaign, found {key!r}. {nearest(key, known)}")
    given: dict[str, Any] = {key: value for key, value in told.items() if value is not None}
    if space.candidates is None:
        # constraints that only a program can hold are the space's; the document is checked without them
        given["factors"] = space.factors
    else:
        given["candidates"] = CandidateFile()
    try:
        return CampaignDoc.model_validate(given)
    except ValidationError as fault:
        raise NextwellError("\n".join(_sentence(error) for error in fault.errors(include_url=False))) from fault


def revised_document(doc: CampaignDoc | None, space: SearchSpace, parts: Mapping[str, Any]) -> CampaignDoc:
    """A campaign's document over another space, or with other parts.

    Raises:
        NextwellError: as `document_of`.
    """
    kept = {} if doc is None else {key: getattr(doc, key) for key in doc.model_fields_set if key not in NOT_HERE}
    whole = document_of(space, {**kept, **parts})
    # which files a campaign file names is not a notebook's to change
    return whole if doc is None else whole.model_copy(update={key: getattr(doc, key) for key in ("lab", "answers")})


def _sentence(error: Any) -> str:
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).lstrip(".")
    said = str(error.get("ctx", {}).get("error", error["msg"])).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        said = "expected a key that it has, found this one"
    return f"{where}: {said}" if where else said
