"""What a person says of a campaign's model card: what it is for, whose data it is, and how long it may hold at most."""

from __future__ import annotations

from pydantic import Field

from world_model.terms.word import Text, Word


class Card(Word):
    """The `[card]` table of a campaign file. All of it is optional; what is left out is told as not stated."""

    context_of_use: Text = Field("", description="the decision that the model informs, and what hangs on it")
    licence: Text = Field("", description="of the data, e.g. CC-BY-4.0")
    consent: Text = Field("", description="where data come from people: what they agreed to, and its reference")
    origin: Text = Field("", description="where the records come from")
    notes: Text = Field("", description="anything else that a reader should know; no names or addresses of persons")
    randomised: bool | None = Field(None, description="experiments that nextwell did not lay out were dealt out at random over wells and plates")
    valid_days: int = Field(365, ge=1, le=3650, description="days after which a certificate expires whatever happens")
