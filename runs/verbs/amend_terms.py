"""Change what a campaign is about while it runs: its space, its measurements, its goals. What was measured stays data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from world_model.terms.campaign_doc import CampaignDoc
from world_model.terms.errors import ConflictError, DesignError, nearest
from world_model.terms.factors import ACT_KEYS, Categorical, Factor
from world_model.terms.space import SearchSpace

from ..state.campaign_state import CampaignState
from ..state.charter import OF_THE_SPACE, REVISABLE, Charter, revision
from ..state.fold import after_revision
from ..state.payloads import CampaignRevised
from ..state.planning_space import planning_space
from ..state.progress import experiments, settings_as_done, unfinished_rounds
from .open_campaign import OpenCampaign
from .outcome import Outcome
from .sources_of import sources_told

MOST_SHOWN = 6


def amend_terms(
    campaign: OpenCampaign, *, doc: CampaignDoc, space: SearchSpace, reason: str, was: Mapping[str, float | str] | None = None, text: str = "",
) -> Outcome:  # fmt: skip
    """Take over another space, other measurements, goals, or any other part of a document; the model is fitted anew to all data.

    Args:
        was: a factor that is added → what every earlier experiment had of it.
        text: the campaign file, where there is one.

    Raises:
        DesignError: no reason, nothing changed, a factor that is added without `was`, or one that would mean something else.
        ConflictError: a change of what can't change (name, seed, zero …), or factors come or go while a round waits to be pipetted.
    """
    state, told = campaign.standing(), dict(was or {})
    if not reason.strip():
        raise DesignError('Expected a reason, found none. It stays in the journal beside the change: --reason "…".')
    now = Charter.of(doc, space)
    if campaign.sources:
        # a notebook's frames are in no document
        now = now.model_copy(update={"sources": (*now.sources, *sources_told(campaign.sources, named=[one.name for one in doc.sources]))})
    changes = revision(state.charter, now, may_change=(*REVISABLE, *OF_THE_SPACE))
    if not changes:
        raise DesignError("Expected something that changed, found the campaign as it is. Change the file or the space first.")
    before, after = state.charter.factor_names, space.names
    added, removed = [name for name in after if name not in before], [name for name in before if name not in after]
    _refuse_other_meaning(state, space)
    _refuse_measurements(state, now)
    _refuse_was(state, space, told, added)
    if (added or removed) and state.charter.protocol and (waiting := [opened.number for opened in unfinished_rounds(state)]):
        raise ConflictError(f"Expected no round under way while factors come or go, found round {waiting[0]}: its protocol would lack them. Record it, or drop its wells, first.")
    messages = _told(state, space, added=added, removed=removed, was=told)
    sha256 = campaign.raw.keep(text.encode(), suffix=".toml") if text else None
    # a space that no model could be fitted in is refused before anything is written
    revised = CampaignRevised(charter=now, changes=changes, document_sha256=sha256, was={name: told[name] for name in added if name in told}, reason=reason.strip())
    planning_space(space, after_revision(state, revised))
    after_it = campaign.append([revised], on=state)
    campaign.charter, campaign.doc, campaign.told_space, campaign._labels = now, doc, space, None
    campaign.space = planning_space(space, after_it)
    return Outcome(state=after_it, messages=(f"Changed: {'; '.join(map(str, changes))[:1500]}.", *messages))


def _refuse_other_meaning(state: CampaignState, space: SearchSpace) -> None:
    """A factor that keeps its name keeps its meaning: unit, way of acting, number or level."""
    done = settings_as_done(state)
    used = [done[e.id] for e in experiments(state) if e.settings]
    own = {factor.name: factor for factor in state.charter.factors}
    for factor in space.factors:
        cells = [row[factor.name] for row in used if factor.name in row]
        if (fault := _other_meaning(own.get(factor.name), factor)) is not None:
            raise DesignError(f"Expected {factor.name!r} to mean what it meant, found {fault}. Past results would mean something else: give the factor another name.")
        text = isinstance(factor, Categorical)
        if cells and any(isinstance(cell, str) != text for cell in cells):
            raise DesignError(f"Expected {factor.name!r} to stay {'a number' if text else 'a factor with levels'}, found it as the other in {len(cells)} earlier experiments. Give the factor another name.")
        if not text and getattr(factor, "scale", "linear") == "log" and (low := [float(cell) for cell in cells if float(cell) <= 0]):
            raise DesignError(f"Expected values above 0 of {factor.name!r} for a log scale, found {low[0]:g} in an earlier experiment. Keep the linear scale.")


def _other_meaning(before: Factor | None, now: Factor) -> str | None:
    if before is None:
        return None
    if before.unit != now.unit:
        return f"unit {before.unit or 'none'} → {now.unit or 'none'}"
    for key in ("acts", *ACT_KEYS):
        was, new = getattr(before, key, None), getattr(now, key, None)
        if was != new and key != "no_edit":
            return f"{key} {was} → {new}"
    return None


def _refuse_measurements(state: CampaignState, now: Charter) -> None:
    """Measurements come and go; one that stays keeps its unit and its times, which its readings have."""
    new = {measurement.name: measurement for measurement in now.measurements}
    for before in state.charter.measurements:
        kept = new.get(before.name)
        if kept is not None and kept != before:
            raise DesignError(f"Expected the measurement {before.name!r} as it was, found it changed. Its readings would mean something else: give the new one another name.")


def _refuse_was(state: CampaignState, space: SearchSpace, was: Mapping[str, float | str], added: Sequence[str]) -> None:
    for name in was:
        if name not in added:
            raise DesignError(f"Expected `was` for factors that are added, found {name!r}. {nearest(name, added) if added else 'None is added.'}")
    done = any(e.settings for e in experiments(state))
    for name in added if done else ():
        if name not in was:
            raise DesignError(f"Expected what earlier experiments had of {name!r}, found nothing. Say so: --was \"{name}=VALUE\" (in a notebook: was={{{name!r}: VALUE}}).")
        numeric = not isinstance(space[name], Categorical)
        if numeric != (isinstance(was[name], int | float) and not isinstance(was[name], bool)):
            raise DesignError(f"Expected {'a number' if numeric else 'a level'} for what {name!r} was, found {was[name]!r}.")


def _told(state: CampaignState, space: SearchSpace, *, added: Sequence[str], removed: Sequence[str], was: Mapping[str, float | str]) -> list[str]:
    """What the change does to the data, in sentences."""
    done = settings_as_done(state)
    rows = [done[e.id] for e in experiments(state) if e.settings]
    messages = [f"{name} is added; the {len(rows)} earlier experiments had {was[name]}." for name in added if name in was]
    for name in removed:
        values = {row[name] for row in rows if name in row}
        if len(values) > 1:
            messages.append(
                f"{name} is taken out, though {len(values)} different values were done: what it did now counts as noise. "
                f"To keep what was learned of it, leave it in with one value or level."
            )
        elif values:
            messages.append(f"{name} is taken out; every experiment had {next(iter(values))}.")
    outside = sum(any(name in row and space[name].reason_against(row[name]) is not None for name in space.names) for row in rows)
    if outside:
        messages.append(f"{outside} earlier experiments lie outside the new space: they stay data, and nothing is proposed there.")
    return messages
