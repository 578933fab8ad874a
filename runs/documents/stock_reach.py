"""Whether the stocks can make what the campaign may ask for: strong enough, and all volumes fit the well."""

from __future__ import annotations

import importlib.util

from world_model.terms.lab_profile import LabProfile
from world_model.terms.space import SearchSpace

from .draft import Draft
from .toml_lines import KeyPath


def check_reach(campaign: Draft, lab: Draft, *, space: SearchSpace, profile: LabProfile) -> None:
    """What `protocols.reach` calls an error becomes a mistake, at the stock, the factor or the plate that it names."""
    if importlib.util.find_spec("protocols.reach") is None:
        return
    from protocols.reach import reach

    for finding in reach(space, profile).findings:
        if finding.severity != "error":
            continue
        draft, path = _place(campaign, lab, finding.where)
        draft.mistake(path, expected=finding.limit, found=finding.observed, mend=finding.mend)


def _place(campaign: Draft, lab: Draft, where: str) -> tuple[Draft, KeyPath]:
    """The table whose name a finding mentions; the longest name wins, for `glucose` is in `glucose stock` too."""
    named = [
        (len(part.name), draft, part.path)
        for draft, key in ((lab, "stocks"), (campaign, "factors"))
        for part in draft.of(key)
        if part.name and part.name in where
    ]
    if not named:
        return lab, ("plate",)
    _, draft, path = max(named, key=lambda one: one[0])
    return draft, path
