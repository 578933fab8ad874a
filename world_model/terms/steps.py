"""What is done with a plate besides pipetting the design: a closed set of steps, as a lab file's [[steps]] and an intent hold them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .quantities import (
    Count,
    Duration,
    Lasting,
    Ratio,
    ShakingSpeed,
    SpinningSpeed,
    Temperature,
    Volume,
    Wavelength,
    celsius,
    seconds,
)  # fmt: skip
from .stocks import WellName
from .word import Name, NonNegative, Positive, Text, Word

Wells = Literal["all", "cultures", "edge"]
Cover = Literal["lid", "clear film", "breathable film", "foil"]
ReadMode = Literal["absorbance", "fluorescence", "luminescence"]


class SerialDilution(Word):
    """A row or column of wells, each with the contents of the one before, diluted by `factor`. `volume` is what stays in each."""

    kind: Literal["serial dilution"] = "serial dilution"
    stock: Name
    diluent: Name
    factor: Ratio
    points: Count
    volume: Volume
    first_well: WellName
    along: Literal["rows", "columns"] = Field("rows", description="rows: A1, A2, A3 …; columns: A1, B1, C1 …")
    begins: Literal["stock", "first dilution"] = Field("stock", description="what the first well holds")


class Mix(Word):
    """Mixed by a pipette going up and down."""

    kind: Literal["mix"] = "mix"
    volume: Volume
    times: Count
    to: Wells = "all"


class Incubate(Word):
    """Kept at a temperature for a time. Shaken where a speed is given."""

    kind: Literal["incubate"] = "incubate"
    temperature: Temperature
    duration: Lasting
    shaking: ShakingSpeed | None = None


class Shake(Word):
    """Shaken: in the reader, so that what was dispensed from above is mixed in, or on a shaker."""

    kind: Literal["shake"] = "shake"
    duration: Lasting
    speed: ShakingSpeed | None = None
    where: Literal["reader", "shaker"] = "reader"


class Bring(Word):
    """Brought to a temperature, and held there for a time where one is given."""

    kind: Literal["heat", "cool"]
    temperature: Temperature
    duration: Lasting | None = None


class Seal(Word):
    """Covered. `because` is filled where nextwell added the step itself."""

    kind: Literal["seal"] = "seal"
    cover: Cover = "clear film"
    because: Text = ""


class Unseal(Word):
    """Uncovered. `because` is filled where nextwell added the step itself."""

    kind: Literal["unseal"] = "unseal"
    because: Text = ""


class Spin(Word):
    """Centrifuged. The speed is in × g: revolutions say nothing without the rotor."""

    kind: Literal["spin"] = "spin"
    speed: SpinningSpeed
    duration: Lasting
    temperature: Temperature | None = None


class Plateau(Word):
    """A temperature of a thermocycler, and for how long."""

    temperature: Temperature
    duration: Lasting


class Cycles(Word):
    """Plateaus that are run through several times."""

    plateaus: tuple[Plateau, ...] = Field(min_length=1)
    cycles: Count


class Thermocycle(Word):
    """A thermocycler's programme: stages of plateaus, the lid's temperature, and what the block holds at the end."""

    kind: Literal["thermocycle"] = "thermocycle"
    stages: tuple[Cycles, ...] = Field(min_length=1)
    lid: Temperature
    hold: Temperature | None = None

    @model_validator(mode="after")
    def _lid_is_warmest(self) -> Self:
        blocks = [plateau.temperature for stage in self.stages for plateau in stage.plateaus]
        for told in blocks:
            if not 4 <= celsius(told) <= 99:
                raise ValueError(f"expected block temperatures from 4 to 99 °C, found {told}")
        if celsius(self.lid) < max(map(celsius, blocks)):
            raise ValueError(f"expected lid at least as warm as the block ({max(map(celsius, blocks)):g} °C), found {self.lid}: water would condense there")
        return self


class Read(Word):
    """Read in the plate reader: once, or every so often for a while. Without a mode: what the campaign's measurements say.

    `start` and `until` count from the campaign's zero; without them it follows the step before, or goes on to the run's end.
    """

    kind: Literal["read"] = "read"
    mode: ReadMode | None = None
    wavelengths: tuple[Wavelength, ...] = Field((), description="absorbance: e.g. ['600 nm']")
    excitation: Wavelength | None = None
    emission: Wavelength | None = None
    every: Lasting | None = Field(None, description="kinetic: from one reading of a well to its next")
    duration: Lasting | None = Field(None, description="kinetic: how long")
    temperature: Temperature | None = None
    start: Duration | None = None
    until: Duration | None = None

    @model_validator(mode="after")
    def _light_fits_the_mode(self) -> Self:
        if self.mode == "absorbance" and not self.wavelengths:
            raise ValueError("expected wavelengths for absorbance, e.g. ['600 nm'], found none")
        if self.mode != "absorbance" and self.wavelengths:
            raise ValueError(f"expected wavelengths for absorbance only, found some for {self.mode or 'no mode'}")
        if self.mode == "fluorescence":
            if self.excitation is None or self.emission is None:
                raise ValueError("expected excitation and emission for fluorescence, found one of them or neither")
            if self.emission.value <= self.excitation.value:
                raise ValueError(f"expected emission above the excitation's {self.excitation}, found {self.emission}")
        elif self.excitation is not None or (self.emission is not None and self.mode != "luminescence"):
            raise ValueError(f"expected excitation and emission for fluorescence only, found some for {self.mode or 'no mode'}")
        if self.every is not None and self.duration is not None and seconds(self.every) > seconds(self.duration):
            raise ValueError(f"expected every at most the duration of {self.duration}, found {self.every}")
        if self.start is not None and self.until is not None and seconds(self.until) <= seconds(self.start):
            raise ValueError(f"expected until after start = {self.start}, found {self.until}")
        return self


class Sample(Word):
    """A volume of each well taken out at a time after the campaign's zero."""

    kind: Literal["sample"] = "sample"
    at: Duration
    volume: Volume
    to: Text = Field("", description="where it goes, and what is done with it there")
    wells: Wells = "cultures"


class Pause(Word):
    """A person does something. `at` counts from the campaign's zero; without it, it follows the step before."""

    kind: Literal["pause"] = "pause"
    what: Text
    at: Duration | None = None
    duration: Lasting | None = None


PlateStep = Annotated[
    SerialDilution | Mix | Incubate | Shake | Bring | Seal | Unseal | Spin | Thermocycle | Read | Sample | Pause, Field(discriminator="kind")
]


class Timing(Word):
    """How long things may wait, and how long hands need. What is absent is not limited; all in minutes.

    Attributes:
        addition_within_min: an addition may begin this much after its time.
    """

    addition_within_min: NonNegative = Field(5.0, description="an addition, or a sample, begins at most this much after its time")
    cells_within_min: Positive | None = Field(None, description="from the cells' dilution until they are in the last well")
    read_within_min: Positive | None = Field(None, description="from the end of an addition until the plate is in the reader again")
    off_incubator_min: Positive | None = Field(None, description="how long a plate may be out of reader or incubator")
    move_plate_min: NonNegative = Field(1.0, description="to carry a plate from one machine to the next")
    seal_min: NonNegative = Field(1.0, description="to cover a plate or uncover it")
    sample_well_s: Positive = Field(10.0, description="to take a sample from one well, in seconds")
