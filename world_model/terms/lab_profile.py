"""The lab file: what stands on the bench. Geometry and capacities come from the labware definitions, never from here."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .errors import ConflictError, UnitError, nearest
from .robots import Pipette, Robot
from .steps import PlateStep, SerialDilution, Timing
from .stocks import Amount, Cells, Dilutions, Holder, Medium, Stock
from .units import conversion_factor
from .word import Name, NonNegative, Positive, Text, Word

__all__ = ["Amount", "Cells", "Dilutions", "Holder", "LabProfile", "Medium", "Pipette", "PlateProfile", "Robot", "Stock", "Zone"]


Count = Annotated[int, Field(ge=0)]


class Zone(Word):
    """Columns of the plate that share conditions, e.g. a heater's: factors named in `zone_factors` have one value in it."""

    name: Name
    columns: tuple[int, ...] = Field(min_length=1, description="column numbers, e.g. [1, 2, 3]")


class PlateProfile(Word):
    """The plate that experiments run in. `volume_ul` is the final volume of every well that is used."""

    labware: Name = Field(description="load name, e.g. corning_96_wellplate_360ul_flat")
    volume_ul: Positive
    use: Literal["all", "inner"] = "all"
    edge_fill: Name | None = Field(None, description="stock that fills unused edge wells against evaporation, e.g. water")
    type: Text = Field("", description="how the robot's own software calls this plate")
    blocks: int = Field(1, ge=1, le=12, description="blocks of neighbouring columns; each gets its share of controls, replicates and candidates")
    zones: tuple[Zone, ...] = Field((), description="columns that share conditions, e.g. four heater zones")
    zone_factors: tuple[Name, ...] = Field((), description="factors that have one value in each zone, e.g. temperature")


class LabProfile(Word):
    """A lab file (`lab.toml`): machines, plate, holders, stocks, medium, cells, and which factor is which component.

    `[robot]` is the machine that protocols are for unless a target is named; further ones are listed as `[[robots]]`.
    """

    name: Name
    robot: Robot
    robots: tuple[Robot, ...] = ()
    plate: PlateProfile
    holders: tuple[Holder, ...] = Field(min_length=1)
    stocks: tuple[Stock, ...] = Field(min_length=1)
    medium: Medium
    cells: Cells | None = None
    dilutions: Dilutions | None = None
    components: dict[Name, Name] = Field(default_factory=dict, description="factor → component of a stock; a factor of the component's own name needs no line")
    molar_masses: dict[Name, Positive] = Field(default_factory=dict, description="component → g/mol")
    solvent_limits: dict[Name, Positive] = Field(default_factory=dict, description="solvent → most % (v/v) in any well, e.g. { DMSO = 0.5 }")
    overage_percent: NonNegative = Field(10.0, description="what the bench sheet asks for beyond what is drawn and the dead volume")
    on_hand: dict[Name, Count] = Field(default_factory=dict, description="load name → how many of this labware are on hand, tip racks too")
    prices: dict[Name, NonNegative] = Field(default_factory=dict, description="load name → price of one piece, a tip rack or a plate")
    currency: Text = "EUR"
    steps: tuple[PlateStep, ...] = Field((), description="what is done after the set-up, in order; without it the plate is shaken and read")
    timing: Timing = Field(default_factory=Timing)

    @model_validator(mode="after")
    def _targets_differ(self) -> Self:
        called = [robot.called for robot in self.machines]
        twice = sorted({name for name in called if called.count(name) > 1})
        if twice:
            raise ValueError(f"expected each robot's name once, found twice: {', '.join(twice)}")
        return self

    @property
    def machines(self) -> tuple[Robot, ...]:
        """Every machine, the one that protocols are for unless told otherwise first."""
        return (self.robot, *self.robots)

    def for_target(self, target: str | None) -> LabProfile:
        """This lab with the machine that `target` names as its robot.

        Raises:
            ConflictError: no machine of that name; the lab's machines are named.
        """
        if target is None:
            return self
        found = [robot for robot in self.machines if target.casefold() == robot.called.casefold()]
        if len(found) != 1:
            names = [robot.called for robot in self.machines]
            raise ConflictError(f"Expected one machine of the lab as target ({', '.join(names)}), found {target!r}. {nearest(target, names)}")
        others = tuple(robot for robot in self.machines if robot is not found[0])
        return self.model_copy(update={"robot": found[0], "robots": others})

    def expired(self, today: date) -> tuple[Stock, ...]:
        """The stocks whose last day is over."""
        return tuple(stock for stock in self.stocks if stock.expires is not None and stock.expires < today)

    @model_validator(mode="after")
    def _names_resolve(self) -> Self:
        stocks = [stock.name for stock in self.stocks]
        holders = [holder.name for holder in self.holders]
        for kind, names in (("stock", stocks), ("holder", holders)):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"expected each {kind}'s name once, found twice: {', '.join(twice)}")
        for stock in self.stocks:
            if stock.holder not in holders:
                raise ValueError(f"stock {stock.name!r}: expected a holder's name, found {stock.holder!r}. {nearest(stock.holder, holders)}")
        wanted = {"medium.diluent": self.medium.diluent}
        if self.plate.edge_fill is not None:
            wanted["plate.edge_fill"] = self.plate.edge_fill
        if self.dilutions is not None and self.dilutions.diluent is not None:
            wanted["dilutions.diluent"] = self.dilutions.diluent
        if self.cells is not None:
            wanted["cells.stock"] = self.cells.stock
        for i, step in enumerate(self.steps):
            if isinstance(step, SerialDilution):
                wanted |= {f"steps[{i}].stock": step.stock, f"steps[{i}].diluent": step.diluent}
        for where, name in wanted.items():
            if name not in stocks:
                raise ValueError(f"{where}: expected a stock's name, found {name!r}. {nearest(name, stocks)}")
        places = [(stock.holder, place) for stock in self.stocks for place in stock.places]
        for stock in self.stocks:
            for place in stock.places:
                if places.count((stock.holder, place)) > 1:
                    raise ValueError(f"stock {stock.name!r}: expected a place of its own, found another stock in {place} of {stock.holder!r}")
        made = {component for stock in self.stocks for component in stock.components}
        for where, component in [(f"components.{factor}", name) for factor, name in self.components.items()] + [
            (f"medium.base.{name}", name) for name in self.medium.base
        ]:
            if component not in made:
                raise ValueError(f"{where}: expected a component of some stock, found {component!r}. {nearest(component, made)}")
        return self

    def stock(self, name: str) -> Stock:
        """The stock of that name (names were checked when the profile was built)."""
        return next(stock for stock in self.stocks if stock.name == name)

    def component_of(self, factor: str) -> str:
        """The component that a factor stands for: as `components` says, else its own name."""
        return self.components.get(factor, factor)

    def stocks_with(self, component: str) -> tuple[Stock, ...]:
        """The stocks that hold a component."""
        return tuple(stock for stock in self.stocks if component in stock.components)

    def concentration_in(self, stock: Stock, component: str, unit: str) -> float:
        """A stock's concentration of one component in another unit.

        Raises:
            UnitError: the units don't convert.
        """
        amount = stock.components[component]
        try:
            factor = conversion_factor(amount.unit, unit, molar_mass_g_per_mol=self.molar_masses.get(component), of=component)
        except UnitError as fault:
            raise UnitError(f"Stock {stock.name!r}: {fault}") from fault
        return amount.concentration * factor
