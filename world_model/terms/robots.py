"""Who pipettes: a robot, or a person's hands. Limits of Opentrons' pipettes come from the maker's data, never from here."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from .word import Name, Positive, Text, Word

RobotModel = Literal[
    "Flex", "OT-2", "Tecan EVO", "Tecan Fluent", "Echo 525", "Echo 550", "Echo 555", "Echo 650", "Echo 655", "Hamilton STARlet", "hands"
]
OPENTRONS: tuple[RobotModel, ...] = ("Flex", "OT-2")
TECAN: tuple[RobotModel, ...] = ("Tecan EVO", "Tecan Fluent")
ECHO: tuple[RobotModel, ...] = ("Echo 525", "Echo 550", "Echo 555", "Echo 650", "Echo 655")


class Pipette(Word):
    """A pipette on an Opentrons robot; its limits come from the maker's data."""

    name: Name = Field(description="the maker's load name, e.g. flex_1channel_50 or p20_single_gen2")
    mount: Literal["left", "right"]
    tip_racks: tuple[Name, ...] = Field(min_length=1, description="load names of its tip racks, e.g. opentrons_flex_96_tiprack_50ul")


class Module(Word):
    """A module on an Opentrons deck. Without a slot the deck is laid out by nextwell."""

    name: Name = Field(description="the maker's load name, e.g. heaterShakerModuleV1 or temperature module gen2")
    slot: Text = ""


class Robot(Word):
    """A machine and what is mounted on it. Opentrons robots have `pipettes`; the others say their volumes themselves."""

    model: RobotModel = "Flex"
    name: Name | None = Field(None, description="how --target calls it; its model's name where none is given")
    pipettes: tuple[Pipette, ...] = Field((), max_length=2, description="Opentrons: what is mounted")
    modules: tuple[Module, ...] = Field((), description="Opentrons: modules on the deck")
    gripper: bool = Field(False, description="Flex: whether the gripper is mounted")
    least_ul: Positive | None = Field(None, description="the least volume that it measures well (not for Opentrons, whose makers' data say it)")
    most_ul: Positive | None = Field(None, description="the most in one transfer (not for Opentrons)")
    step_ul: Positive | None = Field(None, description="what volumes are rounded to: 0.1 µL unless told; an Echo's drop is known")
    tips: Literal["disposable", "fixed"] = Field("disposable", description="Tecan: fixed tips are washed between liquids")
    liquid_class: Text = Field("", description="Tecan: the liquid class that the worklist names")

    @model_validator(mode="after")
    def _fits_its_model(self) -> Self:
        mounts = [pipette.mount for pipette in self.pipettes]
        if len(set(mounts)) != len(mounts):
            raise ValueError(f"expected one pipette a mount, found two on the {mounts[0]} mount")
        if self.model in OPENTRONS:
            if not self.pipettes:
                raise ValueError(f"expected at least one pipette on the {self.model}, found none")
            given = [key for key in ("least_ul", "most_ul", "step_ul") if getattr(self, key) is not None]
            if given:
                raise ValueError(f"expected no {', '.join(given)} for the {self.model}, whose pipettes' data say it, found {'them' if len(given) > 1 else 'it'}")
            if self.gripper and self.model != "Flex":
                raise ValueError(f"expected a gripper on a Flex only, found one on the {self.model}")
        else:
            if self.pipettes or self.modules or self.gripper:
                raise ValueError(f"expected pipettes, modules and gripper for Opentrons robots only, found some for {self.model!r}")
            lacking = [key for key in ("least_ul", "most_ul") if getattr(self, key) is None and not (key == "least_ul" and self.model in ECHO)]
            if lacking:
                raise ValueError(f"expected {' and '.join(lacking)} for {self.model!r}, found none. Write what your machine measures well.")
            if self.least_ul is not None and self.most_ul is not None and self.least_ul > self.most_ul:
                raise ValueError(f"expected least_ul below most_ul, found {self.least_ul:g} and {self.most_ul:g} µL")
            if self.model in ECHO and self.step_ul is not None:
                raise ValueError(f"expected no step_ul for the {self.model}, whose drop is known, found {self.step_ul:g} µL")
        if (self.liquid_class or self.tips == "fixed") and self.model not in TECAN:
            raise ValueError(f"expected tips and liquid_class for Tecan robots only, found them for {self.model!r}")
        return self

    @property
    def called(self) -> str:
        """What --target calls it."""
        return self.name or self.model
