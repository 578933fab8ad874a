"""The lab file: what stands on the bench. Geometry and capacities come from the labware definitions, never from here."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from world_model.terms.errors import UnitError, nearest
from world_model.terms.units import check_unit, conversion_factor
from world_model.terms.word import Name, NonNegative, Positive, Text, Word


class Pipette(Word):
    """A pipette on the robot; its limits come from the maker's data."""

    name: Name = Field(description="the maker's load name, e.g. flex_1channel_50")
    mount: Literal["left", "right"]
    tip_racks: tuple[Name, ...] = Field(min_length=1, description="load names of its tip racks, e.g. opentrons_flex_96_tiprack_50ul")


class Robot(Word):
    """The robot and what is mounted."""

    model: Literal["Flex"] = "Flex"
    pipettes: tuple[Pipette, ...] = Field(min_length=1, max_length=2)

    @model_validator(mode="after")
    def _one_a_mount(self) -> Self:
        mounts = [pipette.mount for pipette in self.pipettes]
        if len(set(mounts)) != len(mounts):
            raise ValueError(f"expected one pipette a mount, found two on the {mounts[0]} mount")
        return self


class PlateProfile(Word):
    """The plate that experiments run in. `volume_ul` is the final volume of every well that is used."""

    labware: Name = Field(description="load name, e.g. corning_96_wellplate_360ul_flat")
    volume_ul: Positive
    use: Literal["all", "inner"] = "all"
    edge_fill: Name | None = Field(None, description="stock that fills unused edge wells against evaporation, e.g. water")


class Holder(Word):
    """Labware that holds stocks. Stocks name it by `name`."""

    name: Name
    labware: Name = Field(description="load name, e.g. nest_12_reservoir_15ml")
    dead_volume_ul: NonNegative = Field(description="what can't be drawn from one of its wells")


class Amount(Word):
    """A concentration with its unit."""

    concentration: Positive
    unit: str

    @field_validator("unit")
    @classmethod
    def _known_unit(cls, unit: str) -> str:
        return check_unit(unit)


class Stock(Word):
    """A liquid on the bench. Water and plain diluent have no components."""

    name: Name
    components: dict[Name, Amount] = Field(default_factory=dict)
    volume_ml: Positive
    holder: Name
    position: Text = Field(description="well of the holder, e.g. A1")
    keep: Text = Field("", description="how it is kept until used, printed on the bench sheet, e.g. 4 °C, on ice")
    provided: Literal["each plate", "once"] = Field("each plate", description="whether volume_ml is put there anew for each plate, or once for the campaign")


class Medium(Word):
    """The base medium: stocks that every well gets at a fixed final concentration, and what fills up to the volume."""

    base: dict[Name, Amount] = Field(default_factory=dict, description="component → final concentration in every well")
    diluent: Name = Field(description="the stock that fills each well up to its volume")


class Cells(Word):
    """Cells are a component too, added last; their volume comes from the OD measured that morning."""

    stock: Name
    final_od600: Positive
    expected_od600: Positive = Field(description="OD600 of the inoculum that checks assume until one is measured")


class LabProfile(Word):
    """A lab file (`lab.toml`), first depth: robot, plate, holders, stocks, medium, cells, and which factor is which component."""

    name: Name
    robot: Robot
    plate: PlateProfile
    holders: tuple[Holder, ...] = Field(min_length=1)
    stocks: tuple[Stock, ...] = Field(min_length=1)
    medium: Medium
    cells: Cells | None = None
    components: dict[Name, Name] = Field(default_factory=dict, description="factor → component of a stock; a factor of the component's own name needs no line")
    molar_masses: dict[Name, Positive] = Field(default_factory=dict, description="component → g/mol")

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
        if self.cells is not None:
            wanted["cells.stock"] = self.cells.stock
        for where, name in wanted.items():
            if name not in stocks:
                raise ValueError(f"{where}: expected a stock's name, found {name!r}. {nearest(name, stocks)}")
        places = [(stock.holder, stock.position.strip().upper()) for stock in self.stocks]
        for stock, place in zip(self.stocks, places, strict=True):
            if places.count(place) > 1:
                raise ValueError(f"stock {stock.name!r}: expected a place of its own, found another stock in {place[1]} of {place[0]!r}")
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
