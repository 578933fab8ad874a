"""Units at the borders: pint converts what chemistry converts, and the bench's own units stay dimensions of their own.

`mM` and `g/L` of one compound convert through its molar mass and through nothing else. OD600, RFU, AU, × (of a stock),
% v/v, % w/v, U/mL and cells/mL never convert: an OD is not a concentration until somebody measured the factor.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

from world_model.terms.errors import UnitError, nearest

if TYPE_CHECKING:
    from pint import UnitRegistry

# spelling → canonical spelling of the bench units that convert to nothing else
OWN_DIMENSIONS = {
    "OD600": "OD600", "OD": "OD600", "od600": "OD600", "RFU": "RFU", "rfu": "RFU", "RLU": "RLU", "rlu": "RLU", "AU": "AU", "x": "x", "X": "x", "×": "x",
    "% v/v": "% v/v", "%v/v": "% v/v", "% w/v": "% w/v", "%w/v": "% w/v", "%": "%", "U/mL": "U/mL", "U/ml": "U/mL",
    "cells/mL": "cells/mL", "cells/ml": "cells/mL", "": "", "1": "",
    "rpm": "rpm", "x g": "x g", "xg": "x g", "× g": "x g", "×g": "x g",
}  # fmt: skip
# what nearly every file holds is known without loading pint, which costs a second
_EVERYDAY = frozenset(("M", "mM", "µM", "uM", "nM", "g/L", "mg/L", "mg/mL", "µg/mL", "h", "min", "s", "d", "°C", "K", "g", "mg", "L", "mL", "µL", "nL", "L/h", "nm"))
_MOLAR = {"M": 1.0, "mM": 1e-3, "µM": 1e-6, "uM": 1e-6, "nM": 1e-9}
CONCENTRATION_EXAMPLES = ("mM", "µM", "M", "g/L", "mg/mL", "x", "% v/v", "U/mL", "OD600")


@cache
def _registry() -> UnitRegistry:
    # A lazy door: pint costs 0.3 s, and the command line's --help needs none of it.
    import pint

    registry: UnitRegistry = pint.UnitRegistry(cache_folder=None)
    return registry


def _pint_name(unit: str) -> str:
    name = unit.strip()
    if name in ("°C", "C"):  # pint reads a bare C as the coulomb
        return "degC"
    return name.replace("µ", "u").replace("μ", "u")


@lru_cache(maxsize=512)
def check_unit(unit: str) -> str:
    """The unit in its canonical spelling.

    Raises:
        UnitError: the unit is neither one of pint's nor one of the bench's.
    """
    cleaned = unit.strip()
    if cleaned in OWN_DIMENSIONS:
        return OWN_DIMENSIONS[cleaned]
    if cleaned in _EVERYDAY:
        return cleaned
    import pint

    try:
        _registry().Unit(_pint_name(cleaned))
    except (pint.errors.PintError, ValueError, TypeError, AttributeError, SyntaxError, AssertionError) as fault:
        known = (*OWN_DIMENSIONS, *CONCENTRATION_EXAMPLES, "h", "min", "s", "°C", "nm", "µL", "mL", "L", "g", "mg")
        raise UnitError(f"Expected a unit, found {unit!r}. {nearest(cleaned, (name for name in known if name))}") from fault
    return cleaned.replace("μ", "µ")


def conversion_factor(source: str, target: str, *, molar_mass_g_per_mol: float | None = None, of: str = "") -> float:
    """What a value in `source` is multiplied by to be in `target`.

    Args:
        molar_mass_g_per_mol: needed between mass and molar concentrations, in either direction.
        of: what is converted, for the message.

    Raises:
        UnitError: another dimension; a bench unit against any other; mass against molar without a molar mass; an offset
            unit such as °C against kelvin.
    """
    left, right = check_unit(source), check_unit(target)
    if left == right:
        return 1.0
    if left in _MOLAR and right in _MOLAR:
        return _MOLAR[left] / _MOLAR[right]
    what = f" of {of}" if of else ""
    own = set(OWN_DIMENSIONS.values())
    if left in own or right in own:
        raise UnitError(
            f"Expected a quantity{what} in {right or 'no unit'}, found {left or 'no unit'}: these never convert into each "
            f"other. Write it in {right or 'plain numbers'}."
        )
    registry = _registry()
    origin, goal = registry.Unit(_pint_name(left)), registry.Unit(_pint_name(right))
    if origin.is_compatible_with(goal):
        if "degC" in (_pint_name(left), _pint_name(right)):
            raise UnitError(f"Expected {right}{what}, found {left}: write temperatures in one unit throughout.")
        return float(registry.Quantity(1.0, origin).to(goal).magnitude)
    molar, mass = registry.Unit("mol/L"), registry.Unit("g/L")
    pair = (origin.is_compatible_with(molar), origin.is_compatible_with(mass), goal.is_compatible_with(molar), goal.is_compatible_with(mass))
    if pair in ((True, False, False, True), (False, True, True, False)):
        if molar_mass_g_per_mol is None:
            raise UnitError(
                f"Expected {right}{what}, found {left}: mass and molar convert only through a molar mass. Give it in the lab "
                f"file: [molar_masses] {of or 'NAME'} = … (g/mol)."
            )
        if pair[0]:
            return float(registry.Quantity(1.0, origin).to(molar).magnitude) * molar_mass_g_per_mol * float(registry.Quantity(1.0, mass).to(goal).magnitude)
        return float(registry.Quantity(1.0, origin).to(mass).magnitude) / molar_mass_g_per_mol * float(registry.Quantity(1.0, molar).to(goal).magnitude)
    raise UnitError(
        f"Expected a quantity{what} in {right}, found {left}: another dimension ({origin.dimensionality} against "
        f"{goal.dimensionality}). Write it in {right} or a multiple of it."
    )


def is_concentration(unit: str) -> bool:
    """True for molar and mass concentrations and for the bench's own (x, % v/v, U/mL, cells/mL)."""
    name = check_unit(unit)
    if name in ("x", "% v/v", "% w/v", "U/mL", "cells/mL", "OD600"):
        return True
    if name in OWN_DIMENSIONS.values():
        return False
    if name in _EVERYDAY:
        return name in _MOLAR or name in ("g/L", "mg/L", "mg/mL", "µg/mL")
    registry = _registry()
    quantity = registry.Unit(_pint_name(name))
    return bool(quantity.is_compatible_with(registry.Unit("mol/L")) or quantity.is_compatible_with(registry.Unit("g/L")))
