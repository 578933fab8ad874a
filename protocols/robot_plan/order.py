"""Which liquid goes first. Small volumes go first, while wells are dry: one tip then serves many of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from world_model.terms.lab_profile import LabProfile

from ..plan import PhysicalPlan, Transfer
from ..tip_rules import CONTACT_FREE_NL


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Transfers of one liquid that follow each other."""

    liquid: str
    transfers: tuple[Transfer, ...]


def orders(plan: PhysicalPlan, transfers: Sequence[Transfer], lab: LabProfile) -> Iterator[tuple[Batch, ...]]:
    """The orders worth trying.

    In each of them: what is to be added first; then the rest; what is to be added last; cells last of all. Within a turn,
    liquids with the most small volumes go first, the diluent late. In the first order each liquid goes once; in the second
    all small volumes of a turn go before all large ones, so that a liquid that is small here and large there takes no dry
    well from another.
    """
    together: dict[tuple[object, ...], list[Transfer]] = {}
    apart: dict[tuple[object, ...], list[Transfer]] = {}
    small: dict[str, int] = {}
    for transfer in transfers:
        small[transfer.stock] = small.get(transfer.stock, 0) + (transfer.volume_nl < CONTACT_FREE_NL)
    cells = lab.cells.stock if lab.cells is not None else None
    rank = {name: i for i, name in enumerate([*(s.name for s in plan.stocks), *(d.name for d in plan.dilutions)])}
    turn = {stock.name: ("first", "any", "last").index(stock.added) for stock in lab.stocks}
    turn |= {dilution.name: turn[stock_of(plan, dilution.name)] for dilution in plan.dilutions}
    key = {name: (name == lab.medium.diluent, -small[name], rank[name]) for name in small}
    for transfer in transfers:
        name = transfer.stock
        large = transfer.volume_nl >= CONTACT_FREE_NL
        together.setdefault((name == cells, turn[name], *key[name], name), []).append(transfer)
        apart.setdefault((name == cells, turn[name], large, *key[name], name), []).append(transfer)
    for order in (together, apart) if len(apart) > len(together) else (together,):
        yield tuple(Batch(liquid=str(place[-1]), transfers=tuple(order[place])) for place in sorted(order))


def stock_of(plan: PhysicalPlan, liquid: str) -> str:
    """The stock that a dilution comes from in the end; a stock is itself."""
    for dilution in plan.dilutions:
        if dilution.name == liquid:
            return stock_of(plan, dilution.parent)
    return liquid
