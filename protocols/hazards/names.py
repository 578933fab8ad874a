"""Names that look like a reactive group, and names that ask for a person. Guesses only: they warn, they clear nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from world_model.terms.stocks import Stock

# What a name says about a group. Tris-HCl and guanidine HCl are no acids: an acid's name begins with it.
_LOOKS_LIKE: tuple[tuple[str, str], ...] = (
    (r"\bazide\b|\bNaN3\b", "azide"),
    (r"\bcyanide\b|\bKCN\b|\bNaCN\b", "cyanide"),
    (r"\bbleach\b|hypochlorite|\bNaOCl\b|\bNaClO\b", "hypochlorite"),
    (r"\bsulfide\b|\bsulphide\b|\bNa2S\b|\bNaHS\b", "sulfide"),
    (r"\b(?:meta|bi)?sul(?:f|ph)ite\b|\bdithionite\b", "sulfite"),
    (r"\bnitrite\b|\bNaNO2\b", "nitrite"),
    (r"thiocyanate|\bGuSCN\b|\bGITC\b", "thiocyanate"),
    (r"\bperoxide\b|\bH2O2\b|\bperacetic\b", "peroxide"),
    (r"\bpermanganate\b|\bperchlorate\b|\bchlorate\b|\bpersul(?:f|ph)ate\b|\bdichromate\b", "oxidiser"),
    (r"\bnitric acid\b|\bHNO3\b|\bperchloric acid\b|\bchromic acid\b", "oxidising acid"),
    (r"^(?:HCl|H2SO4|H3PO4)\b|\b(?:hydrochloric|sul(?:f|ph)uric|phosphoric|acetic|formic|trifluoroacetic|trichloroacetic) acid\b|^(?:TFA|TCA)\b", "acid"),
    (r"\bNaOH\b|\bKOH\b|\b(?:sodium|potassium) hydroxide\b", "base"),
    (r"\bammonia\b|\bNH4OH\b|\bammonium hydroxide\b", "ammonia or amine"),
    (r"\bborohydride\b|\bNaBH4\b|\bhydrazine\b", "reducing agent"),
    (r"\bacetone\b|\bbutanone\b", "ketone"),
    (r"\bdichloromethane\b|\bDCM\b|\bchloroform\b", "halogenated solvent"),
    (r"\bethanol\b|\bmethanol\b|\b(?:iso)?propanol\b|\bacetonitrile\b|\bDMSO\b|\bDMF\b|\btetrahydrofuran\b|\bTHF\b|\bdioxane\b|\btoluene\b|\bhexane\b", "organic solvent"),
    (r"\bformaldehyde\b|\bformalin\b|\bparaformaldehyde\b|\bglutaraldehyde\b", "aldehyde"),
    (r"\b(?:copper|silver|mercury|lead|cobalt|nickel)\b|\bCu(?:SO4|Cl2)\b|\bAgNO3\b|\bNi(?:SO4|Cl2)\b|\bCoCl2\b", "heavy metal"),
)  # fmt: skip
# Groups that are worth a declaration even where nothing on the bench clashes with them: drains and bins do.
WORTH_DECLARING = frozenset({"azide", "cyanide", "hypochlorite", "sulfide", "thiocyanate", "oxidising acid"})

# Words for regulated or infectious material. No organism and no toxin is listed: such a list would be wrong in both
# directions. The words only hand the decision to a person. `endotoxin-free` and `antitoxin` are no such material.
_ASKS_FOR_A_PERSON = re.compile(
    r"(?<!endo)(?<!anti)toxin(?!-free| free)|select agent|\bBSL[- ]?[34]\b|biosafety level [34]|\bpathogen(?:ic|s)?\b|\binfectious\b|\brisk group [34]\b", re.IGNORECASE
)  # fmt: skip


def likely_groups(names: Iterable[str]) -> dict[str, str]:
    """Group → the name that looks like it."""
    found: dict[str, str] = {}
    for name in names:
        for pattern, group in _LOOKS_LIKE:
            if re.search(pattern, name, re.IGNORECASE):
                found.setdefault(group, name)
    return found


def word_for_a_person(name: str) -> str | None:
    """The word in a name that asks for a person; None where there is none."""
    match = _ASKS_FOR_A_PERSON.search(name)
    return match[0] if match else None


def names_of(stock: Stock) -> tuple[str, ...]:
    """What a stock is called, what is in it and what it is dissolved in (from 10 % on)."""
    return (stock.name, *stock.components, *(solvent for solvent, percent in stock.solvent.items() if percent >= 10))
