"""Stocks past their last day that a plate of the campaign may take: compile refuses them, `check` says so before."""

from __future__ import annotations

from datetime import date

from world_model.terms.errors import Mistake
from world_model.terms.lab_profile import LabProfile
from world_model.terms.space import SearchSpace

from .toml_file import TomlFile


def check_days(lab: LabProfile, *, space: SearchSpace, file: TomlFile, day: date) -> list[Mistake]:
    """One mistake for each expired stock that holds what the campaign needs.

    Only `check` asks: the results of a plate made in time are recorded after its stocks' last day.
    """
    expired = {stock.name for stock in lab.expired(day)}
    needed = {lab.medium.diluent, lab.plate.edge_fill, lab.cells.stock if lab.cells is not None else None}
    for component in [*lab.medium.base, *(lab.components.get(factor.name, factor.acts_on) for factor in space.factors)]:
        needed |= {stock.name for stock in lab.stocks_with(component)}
    return [
        file.mistake(
            ("stocks", i, "expires"), expected=f"a stock that may be used on {day:%Y-%m-%d}", found=f"{stock.name!r}, last day {stock.expires:%Y-%m-%d}",
            mend="Make or take a fresh one, and write its lot and its last day into the lab file; or take it out of there.",
        )
        for i, stock in enumerate(lab.stocks)
        if stock.name in expired & needed
    ]  # fmt: skip
