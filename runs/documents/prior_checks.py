"""The `[[priors]]` of a campaign file against its factors."""

from __future__ import annotations

from collections.abc import Sequence

from world_model.terms.factors import Factor

from .complaints import take_apart
from .draft import Draft


def check_priors(draft: Draft, *, factors: Sequence[Factor]) -> None:
    """What a prior is near of lies within the campaign's factors.

    Args:
        factors: those that are whole; from a table, its columns.
    """
    known = {factor.name for factor in factors}
    for part in draft.of("priors"):
        if part.word is None:
            continue
        for name in part.word.near:
            if name not in known and "candidates" not in draft.data and not draft.unknown("factors", name):
                continue  # that factor has a mistake of its own
            one = part.word.model_copy(update={"near": {name: part.word.near[name]}})
            for reason in one.reasons_against(factors):
                said = take_apart(reason)
                draft.mistake((*part.path, "near", name), expected=said.expected, found=said.found, mend=said.mend)
