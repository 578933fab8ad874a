"""What became of each source of earlier data, round by round, for the report."""

from __future__ import annotations

from collections.abc import Mapping

from ..state.campaign_state import CampaignState
from ..verbs.sources_of import told_of_sources


def source_sentences(state: CampaignState) -> list[str]:
    """The last word on each source, and in which rounds it was off; empty where there are none."""
    told = [(opened.number, opened.proposal) for opened in state.rounds if told_of_sources(opened.proposal)]
    if not told:
        return []
    off: dict[str, list[int]] = {}
    for number, proposal in told:
        uses = proposal.model["sources"]
        assert isinstance(uses, list | tuple)
        for use in uses:
            assert isinstance(use, Mapping)
            if use["route"] == "off":
                off.setdefault(str(use["name"]), []).append(number)
    latest = list(told_of_sources(told[-1][1]))
    return latest + [f"{name} was switched off in round{'s' if len(rounds) > 1 else ''} {', '.join(map(str, rounds))} of {len(told)}." for name, rounds in off.items()]
