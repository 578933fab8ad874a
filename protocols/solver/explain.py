"""Why a mixture can't be made, with the numbers: too weak, too strong, or too much for the well."""

from __future__ import annotations

from collections.abc import Mapping

from ..finding import Finding
from ..volumes import shown
from .mixture import Recipe, usable_stocks


def explain(recipe: Recipe, *, where: str, units: Mapping[str, str]) -> list[Finding]:
    """Every reason that can be told by component; at least one."""
    reasons: list[Finding] = []
    usable = usable_stocks(recipe)
    needed: dict[str, int] = {}
    room_nl = recipe.room_nl
    for component, target in sorted(recipe.targets.items()):
        if target <= 0:
            continue
        unit = units[component]
        holding = {stock: recipe.strengths[stock][component] for stock in usable if component in recipe.strengths[stock]}
        # a stock that brings a second component rarely has both right: judge by those that bring this one alone, if any
        alone = {stock for stock in holding if set(recipe.strengths[stock]) & recipe.controlled == {component}}
        holding = {stock: strength for stock, strength in holding.items() if stock in alone or not alone}
        if not holding:
            others = [stock for stock, brings in recipe.strengths.items() if component in brings]
            why = f"{', '.join(others)} bring{'s' if len(others) == 1 else ''} something that this well must not hold" if others else "none"
            reasons.append(
                _reason(
                    "stock",
                    where,
                    f"{component} {target:g} {unit}: {why}",
                    f"a stock for {component} alone",
                    f"Give a stock with {component} and nothing else.",
                )
            )
            continue
        strong, weak = max(holding, key=lambda s: holding[s]), min(holding, key=lambda s: holding[s])
        volumes = {stock: target * recipe.final_nl / strength for stock, strength in holding.items()}
        fits = {stock: volume for stock, volume in volumes.items() if volume >= recipe.least_nl(stock) - 0.5}
        if volumes[strong] > room_nl:
            least = target * recipe.final_nl / max(room_nl, 1)
            reasons.append(
                _reason(
                    "stock too weak", where, f"{component} {target:.4g} {unit}, which needs {shown(volumes[strong])} of {strong} ({holding[strong]:g} {unit})",
                    f"at most {shown(room_nl)} to be left for it in a well of {shown(recipe.final_nl)}", f"Give a stock of more than {least:.4g} {unit}, or ask for less.",
                )
            )  # fmt: skip
        elif not fits:
            least_nl = recipe.least_nl(weak)
            most = target * recipe.final_nl / least_nl
            lowest = least_nl * holding[weak] / recipe.final_nl
            reasons.append(
                _reason(
                    "below the pipette", where, f"{component} {target:.4g} {unit}, which needs {shown(volumes[weak])} of {weak} ({holding[weak]:g} {unit})",
                    f"at least {shown(least_nl)} of {recipe.devices[weak].name}",
                    f"Give a weaker stock, of at most {most:.4g} {unit}, let dilutions be made ([dilutions] in the lab file), or ask for 0 or at least {lowest:.4g} {unit}.",
                )
            )  # fmt: skip
        else:
            needed[min(fits, key=lambda s: fits[s])] = round(min(fits.values()))
    reasons += _solvent_reasons(recipe, needed, where=where)
    total = sum(needed.values())
    if total > room_nl:
        parts = ", ".join(f"{shown(volume)} {stock}" for stock, volume in needed.items())
        reasons.append(
            _reason(
                "well too small", where, f"{shown(total)} of stocks ({parts})", f"at most {shown(room_nl)} beside the cells in a well of {shown(recipe.final_nl)}",
                "Give stronger stocks, or limit the sum by a constraint.",
            )
        )  # fmt: skip
    if not reasons:
        asked = ", ".join(f"{component} {target:.4g} {units[component]}" for component, target in sorted(recipe.targets.items()))
        reasons.append(
            _reason(
                "no mixture", where, f"no volumes (0, or at least {shown(min(map(recipe.least_nl, usable), default=0))} each) of {', '.join(usable)} that give {asked or 'an empty target'} in {shown(recipe.final_nl)}",
                "stocks from which this can be mixed", "Give a stock of each component alone, or one of another strength.",
            )
        )  # fmt: skip
    return reasons


def _solvent_reasons(recipe: Recipe, needed: Mapping[str, int], *, where: str) -> list[Finding]:
    """The least volumes bring too much of a solvent."""
    found = []
    for solvent, room_nl in recipe.solvent_room_nl.items():
        parts = {stock: volume * recipe.solvents.get(stock, {}).get(solvent, 0.0) for stock, volume in {**recipe.fixed, **needed}.items()}
        if sum(parts.values()) > room_nl:
            most = max(parts, key=lambda stock: parts[stock])
            found.append(
                _reason(
                    "solvent", where, f"{100 * sum(parts.values()) / recipe.final_nl:.3g} % {solvent}, most of it from {most}", _solvent_limit(recipe, solvent),
                    f"Give a stronger stock in the place of {most}, ask for less, or raise solvent_limits.",
                )
            )  # fmt: skip
    return found


def _solvent_limit(recipe: Recipe, solvent: str) -> str:
    """The cap as the lab file has it, and what the well's other additions leave of it."""
    left = 100 * recipe.solvent_room_nl[solvent] / recipe.final_nl
    cap = recipe.solvent_caps.get(solvent, left)
    taken = f", of which {cap - left:.2g} % is taken by what is added later" if cap - left > 1e-9 else ""
    return f"at most {cap:g} % {solvent} in the well{taken}"


def _reason(rule: str, where: str, observed: str, limit: str, mend: str) -> Finding:
    return Finding(rule=rule, severity="error", where=where, observed=observed, limit=limit, mend=mend)
