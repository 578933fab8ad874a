"""Liquids on the bench, what holds them, and what wells get of them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from .units import check_unit
from .word import Name, NonNegative, Positive, Text, Word

WellName = Annotated[str, StringConstraints(pattern=r"^\s*[A-Za-z]{1,2}[0-9]{1,2}\s*$")]
# GHS hazard statements (UN GHS, Annex 3): H200 to H420, some with letters (H360FD); EUH codes of the CLP regulation.
HazardCode = Annotated[str, StringConstraints(pattern=r"^(H[2-4][0-9]{2}[A-Za-z]{0,2}|EUH[0-9]{3}[A-Z]?)$")]


class Holder(Word):
    """Labware that holds stocks. Stocks name it by `name`."""

    name: Name
    labware: Name = Field(description="load name, e.g. nest_12_reservoir_15ml")
    dead_volume_ul: NonNegative = Field(description="what can't be drawn from one of its wells")
    type: Text = Field("", description="how the robot's own software calls this labware: a Tecan rack type, an Echo plate type, a PyLabRobot resource")


class Dilutions(Word):
    """Labware for dilutions that nextwell plans itself, where a stock is too strong to be pipetted."""

    labware: Name = Field(description="load name, e.g. nest_96_wellplate_2ml_deep")
    dead_volume_ul: NonNegative = Field(description="what can't be drawn from one of its wells")
    plates: int = Field(1, ge=1, le=4, description="how many of them may stand on the deck")
    diluent: Name | None = Field(None, description="the stock that dilutes; the medium's diluent where none is named")
    type: Text = Field("", description="how the robot's own software calls this labware")


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
    volume_ml: Positive = Field(description="in all its places together")
    holder: Name
    position: WellName = Field(description="well of the holder, e.g. A1")
    more_positions: tuple[WellName, ...] = Field((), description="further wells of the holder with the same liquid, filled alike")
    keep: Text = Field("", description="how it is kept until used, printed on the bench sheet, e.g. 4 °C, on ice")
    provided: Literal["each plate", "once"] = Field("each plate", description="whether volume_ml is put there anew for each plate, or once for the campaign")
    added: Literal["first", "any", "last"] = Field("any", description="its turn in a well: buffers first, enzymes last")
    solvent: dict[Name, Positive] = Field(default_factory=dict, description="solvent → % (v/v) of the stock, e.g. { DMSO = 100 }")
    lot: Text = ""
    expires: date | None = Field(None, description="the last day on which it may be used, e.g. 2027-03-31")
    supplier: Text = Field("", description="supplier and catalogue number, for the order list")
    price_per_ml: NonNegative | None = None
    hazards: tuple[HazardCode, ...] | None = Field(None, description="GHS hazard statements, e.g. ['H225', 'H319']; [] for none; absent means unknown")
    groups: tuple[Name, ...] = Field((), description="reactive groups, e.g. ['acid', 'oxidiser'], which must not meet their opposites")

    @property
    def places(self) -> tuple[str, ...]:
        """Its wells, in capitals, the first one first."""
        return tuple(dict.fromkeys(place.strip().upper() for place in (self.position, *self.more_positions)))


class Medium(Word):
    """The base medium: stocks that every well gets at a fixed final concentration, and what fills up to the volume."""

    base: dict[Name, Amount] = Field(default_factory=dict, description="component → final concentration in every well")
    diluent: Name = Field(description="the stock that fills each well up to its volume")


class Cells(Word):
    """Cells are a component too, added last; their volume comes from the OD measured that morning."""

    stock: Name
    final_od600: Positive
    expected_od600: Positive = Field(description="OD600 of the inoculum that checks assume until one is measured")
