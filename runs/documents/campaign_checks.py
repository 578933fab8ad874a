"""A campaign file's parts against each other: names that resolve, values inside the space, budgets that suffice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from world_model.terms.campaign_doc import Batch, Budget
from world_model.terms.constraint import Constraint
from world_model.terms.errors import nearest
from world_model.terms.goal_conflicts import Join, goal_conflicts
from world_model.terms.goals import Measurement
from world_model.terms.late_doses import late_doses
from world_model.terms.times import hours_named, only_ends

from .complaints import take_apart
from .constraint_checks import breaks
from .draft import Draft, Part
from .shared_checks import shared_names


def check_names(draft: Draft) -> None:
    """Each factor, measurement and control has a name of its own."""
    for key in ("factors", "measurements", "controls", "contexts"):
        refuse_twice(draft, key)
    measured = draft.names("measurements")
    for part in draft.of("factors"):
        if part.name in measured:
            draft.mistake((*part.path, "name"), expected="a name that no measurement has", found=repr(part.name), mend="Rename one of the two.")
    for part in draft.of("contexts"):
        for kind, names in (("factor", draft.names("factors")), ("measurement", measured), ("condition of [context], which is kept fixed", _fixed(draft))):
            if part.name in names:
                draft.mistake((*part.path, "name"), expected=f"a name that no {kind} has", found=repr(part.name), mend="Rename one of the two, or leave one out.")
    for name in draft.data.get("context", {}) if isinstance(draft.data.get("context"), dict) else ():
        if name in draft.names("factors"):
            draft.mistake(("context", name), expected="what is kept fixed", found=f"{name!r}, which is a factor too", mend="Leave it out of [context].")


def _fixed(draft: Draft) -> tuple[str, ...]:
    """What [context] keeps fixed."""
    return tuple(draft.data.get("context", {})) if isinstance(draft.data.get("context"), dict) else ()


def refuse_twice(draft: Draft, key: str) -> None:
    """Each name of a list once."""
    seen: dict[str, Part] = {}
    for part in draft.of(key):
        if part.name is None:
            continue
        if part.name in seen:
            first = draft.lines.line(seen[part.name].path)
            draft.mistake((*part.path, "name"), expected="each name once", found=f"{part.name!r} again (first on line {first})", mend="Rename one of the two.")
        seen.setdefault(part.name, part)


def check_goals(draft: Draft) -> None:
    """Goals and outcome constraints read measurements, at times that are measured, and can be had together."""
    known = draft.names("measurements")
    whole: dict[str, Measurement] = {measurement.name: measurement for measurement in draft.words("measurements")}
    for part in (*draft.of("goals"), *draft.of("outcome_constraints")):
        readout = part.raw.get("readout") if isinstance(part.raw, dict) else None
        if isinstance(readout, str) and known and draft.unknown("measurements", readout):
            draft.mistake((*part.path, "readout"), expected="a measurement's name", found=repr(readout), mend=nearest(readout, known))
    join = draft.data.get("join", "pareto")
    goals = tuple((i, part.word) for i, part in enumerate(draft.of("goals")) if part.word is not None)
    kept = tuple((i, part.word) for i, part in enumerate(draft.of("outcome_constraints")) if part.word is not None)
    if join not in get_args(Join):
        return
    for conflict in goal_conflicts(goals, kept, join=join, measurements=tuple(whole.values()), controls=draft.names("controls")):
        draft.mistake((*conflict.place, *([conflict.key] if conflict.key else [])), expected=conflict.expected, found=conflict.found, mend=conflict.mend)


def check_doses(draft: Draft) -> None:
    """A time of a dose, hold or ramp is hours, or a factor that is a time; what begins does so before the last reading."""
    times = [factor.name for factor in draft.words("factors") if factor.action == "time"]
    known_broken = {part.name for part in draft.of("factors") if part.word is None}
    for part in draft.of("factors"):
        for key, at in hours_named(part.word) if part.word is not None else ():
            if isinstance(at, str) and at not in times and at not in known_broken:
                mend = nearest(at, times) or "Declare a factor with acts = 'time', unit = 'h', or give hours."
                draft.mistake((*part.path, key), expected="hours, or a factor with acts = 'time'", found=repr(at), mend=mend)
    measurements = draft.words("measurements")
    if len(measurements) != len(draft.of("measurements")):
        return  # when the broken one is read last nobody knows
    ends = only_ends(draft.words("factors"))
    for part in draft.of("factors"):
        for late in late_doses([part.word] if part.word is not None else [], measurements, ends=ends):
            key = late.key if late.key in part.raw else "high"  # low, high and step
            draft.mistake((*part.path, key), expected=late.expected, found=late.found, mend=late.mend)


def check_controls(draft: Draft, *, factors: Iterable[Any], known: Iterable[str]) -> None:
    """Each control sets every factor, to a value of the space."""
    whole, names, tabled = {factor.name: factor for factor in factors}, list(dict.fromkeys(known)), "candidates" in draft.data
    faulty, free = any(noted.where.startswith("constraints") for noted in draft.mistakes), shared_names(draft)
    constraints: tuple[Constraint, ...] = () if faulty else draft.words("constraints")
    for part in draft.of("controls"):
        settings = part.raw.get("settings") if isinstance(part.raw, dict) else None
        if not isinstance(settings, dict):
            continue
        good = part.word is not None
        for name, value in settings.items():
            if name not in names:
                good = False
                if tabled or draft.unknown("factors", name):
                    draft.mistake((*part.path, "settings", name), expected="a factor's name", found=repr(name), mend=nearest(name, names))
            elif name in whole and (reason := whole[name].reason_against(value)) is not None:
                good = False
                said = take_apart(reason)
                draft.mistake((*part.path, "settings", name), expected=said.expected, found=said.found, mend=said.mend)
        if missing := [name for name in names if name not in settings and name not in free and not (name in whole and whole[name].only_if)]:
            slips = [name for name in settings if name not in names]
            unnamed = len(draft.of("factors")) - len(names)
            if len(slips) != len(missing) + unnamed:  # a misspelt name is one mistake, not two
                draft.mistake((*part.path, "settings"), expected="a value for each factor", found=f"none for {', '.join(missing)}")
            continue
        for constraint in constraints if good else ():
            if breaks(constraint, settings, factors=whole, derived=draft.words("derived")):
                draft.mistake((*part.path, "settings"), expected=f"a point that meets {constraint}", found="one that breaks it")


def check_spending(draft: Draft) -> None:
    """The budget pays for a round, and what the round subtracts is in it."""
    batch = next(iter(draft.words("batch")), None) if "batch" in draft.data else Batch()
    budget = next(iter(draft.words("budget")), None) if "budget" in draft.data else Budget()
    controls = draft.words("controls")
    if batch is None:
        return
    wells = wells_per_round(batch, controls)
    if budget is not None and budget.experiments is not None and len(controls) == len(draft.of("controls")) and budget.experiments < wells:
        draft.mistake(
            ("budget", "experiments"), expected=f"at least {wells}, what one round uses (candidates x replicates + controls + blanks)",
            found=str(budget.experiments), mend="Raise the budget or make the batch smaller.",
        )  # fmt: skip
    for part in draft.of("measurements"):
        if part.word is not None and part.word.subtract_blank and batch.blanks == 0:
            draft.mistake(
                (*part.path, "subtract_blank"), expected="blanks in [batch] where they are subtracted", found="blanks = 0",
                mend="Add blanks = 3 to [batch], or leave subtract_blank out.",
            )  # fmt: skip


def wells_per_round(batch: Batch, controls: Iterable[Any]) -> int:
    """What `CampaignDoc.wells_per_round` says, before there is a document."""
    return batch.candidates * batch.wells_each + batch.blanks + sum(int(control.wells) for control in controls)
