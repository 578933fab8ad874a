"""Everything that the engine did with a file, command by command, as frozen words. The ledger walks it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Fault:
    """An error of the engine: what went wrong, innermost last. `chain` holds (type, detail) pairs."""

    chain: tuple[tuple[str, str], ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(kind for kind, _ in self.chain)

    @property
    def text(self) -> str:
        return " ".join(detail for _, detail in self.chain)


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command of the run. `number` counts from 1; `line` is the file's line that asked for it, None where unknown."""

    number: int
    kind: str
    succeeded: bool
    line: int | None
    params: dict[str, Any]
    result: dict[str, Any] = field(default_factory=dict)
    fault: Fault | None = None


@dataclass(frozen=True, kw_only=True)
class WellGeometry:
    """One well as its definition has it: where its centre and bottom are on the labware (mm), depth (mm), capacity (µL)."""

    x_mm: float
    y_mm: float
    z_mm: float
    depth_mm: float
    capacity_ul: float
    round: bool
    length_mm: float
    width_mm: float
    bottom: str

    def holds(self, dx_mm: float, dy_mm: float) -> bool:
        """Whether a point at this distance from the centre is over the well's opening."""
        if self.round:
            return dx_mm**2 + dy_mm**2 <= (self.length_mm / 2) ** 2 + 1e-9
        return abs(dx_mm) <= self.length_mm / 2 + 1e-9 and abs(dy_mm) <= self.width_mm / 2 + 1e-9


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A labware definition, as the engine resolved it."""

    uri: str
    load_name: str
    title: str
    category: str
    is_tip_rack: bool
    tip_length_mm: float | None
    quirks: frozenset[str]
    height_mm: float
    wells: dict[str, WellGeometry]


@dataclass(frozen=True, kw_only=True)
class PipetteKind:
    """A mounted pipette: volume limits of each mode (µL), tip capacities and racks that it is made for, nozzles' places (mm)."""

    id: str
    name: str
    mount: str
    channels: int
    modes: dict[str, tuple[float, float]]
    racks: frozenset[str]
    tips_ul: tuple[int, ...]
    nozzles: dict[str, tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Trace:
    """What the engine told of one file. `final_ul[(labware id, well)]` is its own ledger at the end, None where it lost count."""

    robot: str
    api: str
    faults: tuple[Fault, ...]
    commands: tuple[Command, ...]
    definitions: dict[str, Definition]
    pipettes: dict[str, PipetteKind]
    modules: dict[str, str]
    liquids: dict[str, str]
    parameters: tuple[dict[str, Any], ...]
    final_ul: dict[tuple[str, str], float | None]

    @property
    def api_level(self) -> tuple[int, int]:
        """(2, 24) for "2.24"; (0, 0) where the file has none."""
        major, _, minor = self.api.partition(".")
        return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else (0, 0)


def read_trace(told: dict[str, Any]) -> Trace:
    """The worker's answer as words."""
    return Trace(
        robot=told["robot"], api=told["api"], faults=tuple(_fault(error) for error in told["errors"]),
        commands=tuple(
            Command(
                number=number, kind=one["kind"], succeeded=one["status"] == "succeeded", line=one["line"], params=one["params"],
                result=one.get("result", {}), fault=_fault(one["error"]) if "error" in one else None,
            )
            for number, one in enumerate(told["commands"], start=1)
        ),
        definitions={uri: _definition(uri, one) for uri, one in told["definitions"].items()},
        pipettes={one["id"]: _pipette(one) for one in told["pipettes"]},
        modules={module_id: model for module_id, model, _ in told["modules"]},
        liquids=dict(told["liquids"]), parameters=tuple(told["parameters"]),
        final_ul={(labware_id, well): volume for labware_id, well, volume in told["wells"]},
    )  # fmt: skip


def _fault(told: dict[str, Any]) -> Fault:
    return Fault(chain=tuple((kind, detail) for kind, detail, _ in told["chain"]))


def _definition(uri: str, told: dict[str, Any]) -> Definition:
    return Definition(
        uri=uri, load_name=told["loadName"], title=told["title"], category=told["category"], is_tip_rack=told["isTiprack"],
        tip_length_mm=told["tipLength"], quirks=frozenset(told["quirks"]), height_mm=told["height"],
        wells={name: _well(well) for name, well in told["wells"].items()},
    )  # fmt: skip


def _well(told: dict[str, Any]) -> WellGeometry:
    is_round = told["shape"] == "circular"
    return WellGeometry(
        x_mm=told["x"], y_mm=told["y"], z_mm=told["z"], depth_mm=told["depth"], capacity_ul=told["totalLiquidVolume"], round=is_round,
        length_mm=told["diameter"] if is_round else told["xDimension"], width_mm=told["diameter"] if is_round else told["yDimension"],
        bottom=told["bottom"],
    )  # fmt: skip


def _pipette(told: dict[str, Any]) -> PipetteKind:
    return PipetteKind(
        id=told["id"], name=told["name"], mount=told["mount"], channels=told["channels"],
        modes={name: (least, most) for name, (least, most) in told["modes"].items()}, racks=frozenset(told["racks"]),
        tips_ul=tuple(told["tips"]), nozzles={name: (x, y) for name, (x, y) in told["nozzles"].items()},
    )  # fmt: skip
