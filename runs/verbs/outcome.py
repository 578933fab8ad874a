"""What a verb hands back: where the campaign stands now, and what a person should know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..state.campaign_state import CampaignState, RoundState

Progress = Callable[[str], None]


def silent(_message: str) -> None:
    """Progress that nobody follows."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """`round` is the round that the verb worked on, where it was one. `messages` are sentences, most important first."""

    state: CampaignState
    messages: tuple[str, ...] = ()
    round: RoundState | None = None
