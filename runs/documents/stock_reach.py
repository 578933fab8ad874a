"""Whether the stocks can make what the campaign may ask for: strong enough, and all volumes fit the well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from world_model.terms.errors import ProtocolError
from world_model.terms.lab_profile import LabProfile
from world_model.terms.space import SearchSpace

from .draft import Draft
from .toml_lines import KeyPath

if TYPE_CHECKING:
    from protocols.finding import Finding


def check_reach(campaign: Draft, lab: Draft, *, space: SearchSpace, profile: LabProfile) -> None:
    """What the protocols room calls an error becomes a mistake, at the stock, the factor or the plate that it names."""
    from protocols.finding import Refused, errors_in
    from protocols.reach import reach

    try:
        reached = reach(space, profile)
    except Refused as fault:
        for finding in errors_in(fault.findings):
            _tell(campaign, lab, finding)
        return
    except ProtocolError as fault:
        lab.mistake((), expected="a bench that protocols can be written for", found=str(fault))
        return
    for finding in errors_in(reached.findings):
        _tell(campaign, lab, finding)
    if errors_in(reached.findings):
        return
    for part in campaign.of("controls"):
        for reason in errors_in(reached.reasons_against(part.word.settings)):
            campaign.mistake((*part.path, "settings"), expected=reason.limit, found=reason.observed, mend=reason.mend)


def _tell(campaign: Draft, lab: Draft, finding: Finding) -> None:
    draft, path = _place(campaign, lab, finding.where)
    draft.mistakes.append(draft.complaint(path, expected=finding.limit, found=finding.observed, mend=finding.mend))


def _place(campaign: Draft, lab: Draft, where: str) -> tuple[Draft, KeyPath]:
    """The key, or the table whose name a finding mentions; the longest name wins, for `glucose` is in `glucose stock` too."""
    if where.partition(".")[0] in lab.data:
        return lab, tuple(where.split("."))
    named = [
        (len(part.name), draft, part.path)
        for draft, key in ((lab, "stocks"), (lab, "holders"), (campaign, "factors"))
        for part in draft.of(key)
        if part.name and part.name in where
    ]
    if not named:
        return lab, ("plate",)
    _, draft, path = max(named, key=lambda one: one[0])
    return draft, path
