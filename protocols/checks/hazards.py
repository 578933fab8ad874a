"""Hazards: what is unknown, what must not meet, and what wants a person beside the machine. These rules block; they clear nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Literal

from world_model.terms.errors import nearest
from world_model.terms.lab_profile import LabProfile
from world_model.terms.stocks import Stock

from ..finding import Finding, Severity
from ..hazards.groups import GROUPS, Clash, clashes, whole
from ..hazards.names import WORTH_DECLARING, likely_groups, names_of, word_for_a_person
from ..hazards.statements import ATTENDED_ONLY, fault_of_code, text_of
from ..nozzles import wells_under
from ..plan import PhysicalPlan, RobotStage
from .expiry import drawn_stocks

Attendance = Literal["attended", "unattended"]
Pair = tuple[str, str]


def check_hazards(plan: PhysicalPlan, robot: Sequence[RobotStage], lab: LabProfile, *, attendance: Attendance) -> list[Finding]:
    """Every hazard of the liquids that a plate takes; `attendance` says whether a person stays beside the machine."""
    drawn = drawn_stocks(plan)
    used = [stock for stock in lab.stocks if stock.name in drawn]
    return [*_declarations(used, attendance), *_undeclared(used), *_meetings(plan, robot, used)]


def _declarations(used: Sequence[Stock], attendance: Attendance) -> list[Finding]:
    """Codes and groups that exist, hazards that are known, and none that must not be left alone."""
    severity: Severity = "error" if attendance == "unattended" else "warning"
    found = []
    for stock in used:
        for code in stock.hazards or ():
            if (mend := fault_of_code(code)) is not None:
                found.append(_found("error", f"stock {stock.name!r}", repr(code), "a GHS or EUH hazard statement", mend))
            elif code in ATTENDED_ONLY and attendance == "unattended":
                found.append(_found("error", f"stock {stock.name!r}", text_of(code), "a person beside the machine", "Run it attended, or take a safer stock."))
        for group in stock.groups:
            if group not in GROUPS:
                found.append(_found("error", f"stock {stock.name!r}", f"group {group!r}", "a reactive group", nearest(group, GROUPS)))
        for name in names_of(stock):
            if (word := word_for_a_person(name)) is not None:
                found.append(
                    _found(severity, f"stock {stock.name!r}", f"{word!r} in the name {name!r}", "material that nobody has to release", "Ask the person who answers for biosafety.")
                )  # fmt: skip
                break
    unknown = [stock.name for stock in used if stock.hazards is None]
    if unknown:
        shown = ", ".join(unknown[:6]) + (f" and {len(unknown) - 6} more" if len(unknown) > 6 else "")
        found.append(
            _found(
                severity, f"stock{'s' if len(unknown) > 1 else ''} {shown}", "hazards unknown", "hazards = [codes of its safety data sheet], or [] for none",
                "Write them into the lab file." + (" Until then the run must be attended." if attendance == "unattended" else " Until then no run can be left alone."),
            )
        )  # fmt: skip
    return found


def _undeclared(used: Sequence[Stock]) -> list[Finding]:
    """Names that look like a group which the stock does not declare, where that matters."""
    likely = {stock.name: likely_groups(names_of(stock)) for stock in used}
    declared = {stock.name: whole(stock.groups, stock.hazards or ()) for stock in used}
    maybe = {name: whole(groups) | declared[name] for name, groups in likely.items()}
    found = []
    for stock in used:
        for group, name in likely[stock.name].items():
            if group in declared[stock.name]:
                continue
            matters = [other for other in maybe if other != stock.name and clashes(whole([group]), maybe[other])]
            if matters or group in WORTH_DECLARING:
                what = f" It must not meet what {matters[0]!r} seems to be." if matters else ""
                found.append(
                    _found("warning", f"stock {stock.name!r}", f"{name!r} looks like {group}", "groups that say so, or that say otherwise", f"Declare groups = ['{group}'] if it is one.{what}")
                )  # fmt: skip
    return found


def _meetings(plan: PhysicalPlan, robot: Sequence[RobotStage], used: Sequence[Stock]) -> list[Finding]:
    """Stocks that clash and meet: in a well, in a dilution, in a tip, or in the waste."""
    groups = {stock.name: whole(stock.groups, stock.hazards or ()) for stock in used}
    hostile: dict[Pair, list[Clash]] = {}
    for one, other in combinations(sorted(groups), 2):
        if told := clashes(groups[one], groups[other]):
            hostile[one, other] = told
    if not hostile:
        return []
    places: dict[Pair, list[str]] = {}
    _note(places, hostile, {well: stocks.keys() for well, stocks in plan.composition().items()})
    _note(places, hostile, {f"{dilution.name} in {dilution.plate}": plan.made_of(dilution.name).keys() for dilution in plan.dilutions})
    tips = _tips(plan, robot)
    in_tips: dict[Pair, list[str]] = {}
    _note(in_tips, hostile, tips)
    found = []
    for pair, told in hostile.items():
        for clash in told:
            named = f"{pair[0]!r} and {pair[1]!r}"
            limit = f"{clash.one} and {clash.other} apart ({clash.source})"
            if wells := places.get(pair):
                shown = ", ".join(wells[:6]) + (f" and {len(wells) - 6} more" if len(wells) > 6 else "")
                found.append(_found(clash.severity, f"{named} in {shown}", f"they give {clash.what}", limit, "Take another stock for one of them, or another design."))
            elif moments := in_tips.get(pair):
                found.append(_found(clash.severity, f"{named} in the tip of {moments[0]}", f"they give {clash.what}", limit, "Take a new tip between them."))
            else:
                found.append(_found("warning", f"{named} in the waste", f"they give {clash.what}", limit, "Collect the tips and the waste of one of them apart."))
    return found


def _note(places: dict[Pair, list[str]], hostile: Mapping[Pair, Sequence[Clash]], held: Mapping[str, Iterable[str]]) -> None:
    for place, stocks in held.items():
        here = set(stocks)
        for pair in hostile:
            if here.issuperset(pair):
                places.setdefault(pair, []).append(place)


def _tips(plan: PhysicalPlan, robot: Sequence[RobotStage]) -> dict[str, frozenset[str]]:
    """Move and nozzle → every stock that its tip has met, by aspirating it or by reaching into a well that holds it."""
    met: dict[str, frozenset[str]] = {}
    held: dict[tuple[str, str], set[str]] = {}
    for stage in robot:
        items = {item.slot: item for item in stage.deck}
        on: dict[int, list[set[str]]] = {}
        for number, move in enumerate(stage.moves, start=1):
            if move.tip is not None or move.pipette not in on:
                on[move.pipette] = [set() for _ in range(move.channels)]
            liquid, target = set(plan.made_of(move.stock)), items[move.target_slot]
            for nozzle, (tip, well) in enumerate(zip(on[move.pipette], wells_under(target.load_name, move.well, move.channels), strict=False)):
                tip |= liquid
                if well is None:
                    continue  # beside the plate: the geometry rule's
                here = held.setdefault((target.name, well), set())
                here |= liquid
                if move.manner == "liquid" or move.mix_nl > 0:
                    tip |= here
                met[f"stage {stage.name}, move {number}" + (f", nozzle {nozzle + 1}" if move.channels > 1 else "")] = frozenset(tip)
    return met


def _found(severity: Severity, where: str, observed: str, limit: str, mend: str) -> Finding:
    return Finding(rule="hazards", severity=severity, where=where, observed=observed, limit=limit, mend=mend)
