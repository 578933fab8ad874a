"""The walk: every command in order, and our own account of each tip and well. It judges nothing; the rules do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..engine.trace import Command, Definition, PipetteKind, Trace
from .contents import AIR, TOLERANCE_UL, Mixture, Tip, Well
from .deck import Deck, Place, new_deck
from .geometry import Layout, configured_layout, full_layout, level_mm, tip_height_mm, wells_under
from .moment import Action, Contact, Moment, Walk

_DRAWS = frozenset({"aspirate", "aspirateInPlace", "aspirateWhileTracking", "airGapInPlace"})
_DISPENSES = frozenset({"dispense", "dispenseInPlace", "dispenseWhileTracking"})
_BLOWS = frozenset({"blowout", "blowOutInPlace", "unsafe/blowOutInPlace"})
_DROPS = frozenset({"dropTip", "dropTipInPlace", "unsafe/dropTipInPlace"})
_PROBES = frozenset({"liquidProbe", "tryLiquidProbe"})
_VISITS = frozenset({"moveToWell", "touchTip"})
# these move liquid or tips in ways that the ledger does not follow
_UNFOLLOWED = frozenset({"pressureDispense", "sealPipetteToTip", "unsealPipetteFromTip", "moveToCoordinates", "moveRelative", "robot/moveTo", "robot/moveAxesTo", "robot/moveAxesRelative", "custom", "flexStacker/retrieve", "flexStacker/store"})
_TOUCH_MARGIN_MM = 0.5


def walk(trace: Trace) -> Walk:
    """Follow a run from its first command to its last, or to the engine's error."""
    return _Walker(trace).go()


class _Walker:
    """The state of a walk. Lives for one call of `walk`."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.deck: Deck = new_deck(trace)
        self.wells: dict[Place, Well] = {}
        self.layouts: dict[str, Layout] = {}
        self.modes: dict[str, str] = {}
        self.tips: dict[str, dict[str, Tip]] = {name: {} for name in trace.pipettes}
        # where each pipette stands: a well with its location, or an area of the deck
        self.here: dict[str, tuple[Place, Mapping[str, Any] | None] | str] = {}
        self.places: dict[Place, str | Tip] = {}
        self.tips_used: dict[str, int] = {}
        self.in_trash = self.lost = self.loaded = 0.0
        self.differs: dict[Place, str] = {}
        self.moments: list[Moment] = []
        self.cache: dict[tuple[Any, ...], dict[str, str | None]] = {}
        # set once the engine booked air as liquid, or liquid that was not there: its ledger downstream differs from then on
        self.air_booked = False
        self.declares = any(command.kind == "loadLiquid" for command in trace.commands)

    def go(self) -> Walk:
        for command in self.trace.commands:
            if command.succeeded:
                self.deck.note(command)
                self.moments.append(self._moment(command))
        return Walk(
            trace=self.trace, moments=tuple(self.moments), deck=self.deck, wells=self.wells,
            tips_on={name: tips for name, tips in self.tips.items() if tips}, tips_used=self.tips_used, declares=self.declares,
            in_trash_ul=self.in_trash, lost_ul=self.lost, loaded_ul=self.loaded, engine_differs=self.differs,
            unfollowed=tuple(moment for moment in self.moments if moment.command.kind in _UNFOLLOWED),
        )  # fmt: skip

    def _moment(self, command: Command) -> Moment:
        kind, params = command.kind, command.params
        if kind == "loadLiquid":
            return self._declare(command)
        if kind == "waitForResume":
            # a person stands at the deck: used tips may have been replaced
            self.places = {place: state for place, state in self.places.items() if isinstance(state, Tip)}
        pipette = self.trace.pipettes.get(params.get("pipetteId", ""))
        if pipette is None:
            return Moment(command=command, action="other")
        if kind == "configureNozzleLayout":
            self.layouts[pipette.id] = configured_layout(pipette, params["configurationParams"])
        elif kind == "configureForVolume":
            low = "lowVolumeDefault" in pipette.modes and params["volume"] < pipette.modes["default"][0]
            self.modes[pipette.id] = "lowVolumeDefault" if low else "default"
        if "labwareId" in params and "wellName" in params:
            self.here[pipette.id] = ((params["labwareId"], params["wellName"]), params.get("wellLocation"))
        elif "addressableAreaName" in params:
            self.here[pipette.id] = str(params["addressableAreaName"])
        if kind == "pickUpTip":
            return self._pick(command, pipette)
        if kind in _DROPS:
            return self._drop(command, pipette)
        if kind in _DRAWS:
            return self._aspirate(command, pipette)
        if kind in _DISPENSES or kind in _BLOWS:
            return self._dispense(command, pipette)
        if kind in _PROBES or kind in _VISITS:
            return self._visit(command, pipette)
        return Moment(command=command, action="other", pipette=pipette)

    # ---- places

    def _layout(self, pipette: PipetteKind) -> Layout:
        return self.layouts.get(pipette.id) or full_layout(pipette)

    def _well(self, place: Place) -> Well:
        if place not in self.wells:
            shape = self.deck.labware[place[0]].wells[place[1]]
            self.wells[place] = Well(capacity_ul=shape.capacity_ul)
        return self.wells[place]

    def _under(self, pipette: PipetteKind, place: Place, location: Mapping[str, Any] | None) -> dict[str, str | None]:
        definition = self.deck.labware.get(place[0])
        if definition is None or place[1] not in definition.wells:
            return {}
        offset = (location or {}).get("offset", {})
        layout = self._layout(pipette)
        key = (definition.uri, place[1], pipette.name, layout, offset.get("x", 0.0), offset.get("y", 0.0))
        if key not in self.cache:
            self.cache[key] = wells_under(definition, place[1], pipette=pipette, layout=layout, dx_mm=offset.get("x", 0.0), dy_mm=offset.get("y", 0.0))
        return self.cache[key]

    # ---- declarations and tips

    def _declare(self, command: Command) -> Moment:
        liquid = self.trace.liquids.get(command.params.get("liquidId", ""), "")
        contacts = []
        for name, volume in command.params.get("volumeByWell", {}).items():
            place = (command.params["labwareId"], name)
            if place[0] not in self.deck.labware or not isinstance(volume, int | float):
                continue
            well = self._well(place)
            before = well.liquid_ul if well.declared else 0.0
            self.loaded += volume - well.liquid_ul
            well.holds = {liquid: float(volume)} if volume > 0 else {}
            well.drawn_from_nothing_ul = 0.0
            well.declared = True
            well.ever = set(well.holds)
            contacts.append(
                Contact(nozzle="", well=place, name=self.deck.name(place), before_ul=before, after_ul=float(volume), capacity_ul=well.capacity_ul)
            )
        return Moment(command=command, action="declare", contacts=tuple(contacts))

    def _pick(self, command: Command, pipette: PipetteKind) -> Moment:
        place = (command.params["labwareId"], command.params["wellName"])
        rack = self.deck.labware[place[0]]
        contacts = []
        for nozzle, name in self._under(pipette, place, None).items():
            if name is None:
                contacts.append(Contact(nozzle=nozzle, well=None, name=self.deck.name(place)))
                continue
            spot = (place[0], name)
            state = self.places.get(spot, "fresh")
            tip = state if isinstance(state, Tip) else Tip(rack=place[0], place=name, capacity_ul=rack.wells[name].capacity_ul)
            if state == "fresh":
                self.tips_used[place[0]] = self.tips_used.get(place[0], 0) + 1
            self.places[spot] = "gone"
            self.tips[pipette.id][nozzle] = tip
            word = "returned" if isinstance(state, Tip) else state
            contacts.append(
                Contact(nozzle=nozzle, well=spot, name=self.deck.name(spot), tip_capacity_ul=tip.capacity_ul, tip_place=word, liquids=frozenset(tip.touched))
            )
        return Moment(command=command, action="pick", pipette=pipette, contacts=tuple(contacts))

    def _drop(self, command: Command, pipette: PipetteKind) -> Moment:
        labware_id = command.params.get("labwareId", "")
        tips, self.tips[pipette.id] = self.tips[pipette.id], {}
        back = labware_id in self.deck.labware and self.deck.labware[labware_id].is_tip_rack
        under = self._under(pipette, (labware_id, command.params.get("wellName", "")), None) if back else {}
        for nozzle, tip in tips.items():
            self.in_trash += sum(volume for layer in tip.layers for liquid, volume in layer.items() if liquid != AIR)
            tip.layers.clear()
            name = under.get(nozzle)
            if name is not None:
                self.places[labware_id, name] = tip
        return Moment(command=command, action="drop", pipette=pipette, to_trash=not back)

    # ---- liquids

    def _aspirate(self, command: Command, pipette: PipetteKind) -> Moment:
        volume = float(command.params.get("volume", math.nan))
        here = self.here.get(pipette.id)
        air = command.kind == "airGapInPlace" or not isinstance(here, tuple)
        contacts: list[Contact] = []
        if isinstance(here, tuple):
            place, location = here
            definition = self.deck.labware.get(place[0])
            for nozzle, name in self._under(pipette, place, location).items():
                tip = self.tips[pipette.id].get(nozzle)
                if tip is None or definition is None:
                    continue
                contacts.append(self._draw(command, tip, nozzle, (place[0], name) if name else None, definition, location, volume, air=air))
                air = air or bool(contacts[-1].well and contacts[-1].tip_place == "air")
        if not isinstance(here, tuple):
            for tip in self.tips[pipette.id].values():
                tip.push({AIR: volume})
        return self._told(command, "air" if air else "aspirate", pipette, volume, contacts)

    def _draw(
        self, command: Command, tip: Tip, nozzle: str, place: Place | None, definition: Definition, location: Mapping[str, Any] | None, volume: float, *, air: bool
    ) -> Contact:  # fmt: skip
        held = tip.held_ul
        if place is None:
            tip.push({AIR: volume})
            return Contact(nozzle=nozzle, well=None, name=self.deck.name((next(iter(k for k, d in self.deck.labware.items() if d is definition)), "no well")), tip_capacity_ul=tip.capacity_ul, tip_held_ul=held)
        well, shape = self._well(place), definition.wells[place[1]]
        height = tip_height_mm(location, shape)
        above = height is not None and height >= shape.depth_mm - 1e-6
        if air or above:
            if not air:
                # up to API 2.21 an air gap is an aspirate above the rim, and the engine books it as liquid
                self.differs[place] = "an aspirate above the rim draws air; the engine books liquid"
                self.air_booked = True
            tip.push({AIR: volume})
            return Contact(
                nozzle=nozzle, well=place, name=self.deck.name(place), height_mm=height, depth_mm=shape.depth_mm, before_ul=well.balance_ul,
                after_ul=well.balance_ul, capacity_ul=well.capacity_ul, tip_capacity_ul=tip.capacity_ul, tip_held_ul=held, tip_place="air",
            )  # fmt: skip
        known = well.declared or well.first == "fill"
        well.first = well.first or "draw"
        before = well.balance_ul
        beyond = AIR if known else f"unknown liquid in {self.deck.name(place)}"
        if not known:
            well.ever.add(beyond)
        foreign = frozenset(tip.touched - well.ever) if well.ever else frozenset()
        lacked = well.drawn_from_nothing_ul
        tip.touched |= well.ever
        tip.push(well.take(volume, beyond=beyond))
        self.air_booked = self.air_booked or (known and well.drawn_from_nothing_ul > lacked)
        well.ever |= foreign
        return Contact(
            nozzle=nozzle, well=place, name=self.deck.name(place), height_mm=height, depth_mm=shape.depth_mm, level_mm=level_mm(shape, well.liquid_ul),
            flat=shape.bottom == "flat", before_ul=before, after_ul=well.balance_ul, capacity_ul=well.capacity_ul, short_ul=well.drawn_from_nothing_ul - lacked,
            known=known, declared=well.declared, in_liquid=True, foreign=foreign, liquids=frozenset(well.ever), tip_capacity_ul=tip.capacity_ul, tip_held_ul=held,
        )  # fmt: skip

    def _dispense(self, command: Command, pipette: PipetteKind) -> Moment:
        blow = command.kind in _BLOWS
        asked = None if blow else float(command.params.get("volume", math.nan))
        here = self.here.get(pipette.id)
        contacts: list[Contact] = []
        to_trash = not isinstance(here, tuple) or self.deck.is_trash(here[0][0])
        under = self._under(pipette, *here) if isinstance(here, tuple) else {}
        for nozzle, tip in self.tips[pipette.id].items():
            held = tip.held_ul
            out = tip.pop(held if asked is None else asked)
            liquid_ul = sum(volume for liquid, volume in out.items() if liquid != AIR)
            if to_trash or not isinstance(here, tuple):
                self.in_trash += liquid_ul
                contacts.append(Contact(nozzle=nozzle, well=None, name="trash", tip_capacity_ul=tip.capacity_ul, tip_held_ul=held))
                continue
            name = under.get(nozzle)
            if name is None:
                self.lost += liquid_ul
                contacts.append(Contact(nozzle=nozzle, well=None, name=self.deck.name(here[0]), tip_capacity_ul=tip.capacity_ul, tip_held_ul=held))
                continue
            place = (here[0][0], name)
            contacts.append(self._give(tip, nozzle, place, here[1], out, held))
            if blow and liquid_ul > TOLERANCE_UL:
                self.differs[place] = "a blow-out gives what the tip still holds; the engine does not book it"
            if out.get(AIR, 0.0) > TOLERANCE_UL and self.air_booked:
                self.differs[place] = "the engine books air as liquid"
        return self._told(command, "blow_out" if blow else "dispense", pipette, asked, contacts, to_trash=to_trash)

    def _give(self, tip: Tip, nozzle: str, place: Place, location: Mapping[str, Any] | None, out: Mixture, held: float) -> Contact:
        well, shape = self._well(place), self.deck.labware[place[0]].wells[place[1]]
        known = well.declared or well.first != "draw"
        well.first = well.first or "fill"
        given = {liquid for liquid, volume in out.items() if liquid != AIR and volume > TOLERANCE_UL}
        before, ever = well.balance_ul, set(well.ever)
        well.put(out)
        height = tip_height_mm(location, shape)
        level = level_mm(shape, well.liquid_ul)
        touches = height is None or height < min(level + _TOUCH_MARGIN_MM, shape.depth_mm)
        foreign = frozenset(tip.touched - given - tip.liquids - ever) if given or (touches and ever) else frozenset()
        well.ever |= foreign
        if touches:
            tip.touched |= ever
        return Contact(
            nozzle=nozzle, well=place, name=self.deck.name(place), height_mm=height, depth_mm=shape.depth_mm, level_mm=level, flat=shape.bottom == "flat",
            before_ul=before, after_ul=well.liquid_ul, capacity_ul=well.capacity_ul, known=known, declared=well.declared, in_liquid=touches, foreign=foreign,
            liquids=frozenset(ever), tip_capacity_ul=tip.capacity_ul, tip_held_ul=held,
        )  # fmt: skip

    def _visit(self, command: Command, pipette: PipetteKind) -> Moment:
        place, location = (command.params["labwareId"], command.params["wellName"]), command.params.get("wellLocation")
        probe = command.kind in _PROBES
        contacts: list[Contact] = []
        definition = self.deck.labware.get(place[0])
        for nozzle, name in self._under(pipette, place, location).items():
            tip = self.tips[pipette.id].get(nozzle)
            if definition is None:
                continue
            if name is None or definition.is_tip_rack:
                height = tip_height_mm(location, definition.wells[place[1]])
                contacts.append(Contact(nozzle=nozzle, well=None if name is None else (place[0], name), name=self.deck.name(place), height_mm=height, depth_mm=definition.wells[place[1]].depth_mm, level_mm=0.0))
                continue
            spot = (place[0], name)
            well, shape = self._well(spot), definition.wells[name]
            height, level = tip_height_mm(location, shape), level_mm(shape, well.liquid_ul)
            touches = tip is not None and bool(well.ever) and (probe or height is None or height < level)
            foreign = frozenset(tip.touched - well.ever - tip.liquids) if tip is not None and touches else frozenset()
            if tip is not None and touches:
                well.ever |= foreign
                tip.touched |= well.ever
            contacts.append(
                Contact(
                    nozzle=nozzle, well=spot, name=self.deck.name(spot), height_mm=height, depth_mm=shape.depth_mm, level_mm=level, before_ul=well.balance_ul,
                    after_ul=well.balance_ul, capacity_ul=well.capacity_ul, known=well.declared or well.first == "fill", declared=well.declared,
                    in_liquid=touches, foreign=foreign, liquids=frozenset(well.ever), tip_capacity_ul=tip.capacity_ul if tip else 0.0,
                )
            )  # fmt: skip
        return self._told(command, "probe" if probe else "visit", pipette, None, contacts)

    def _told(
        self, command: Command, action: Action, pipette: PipetteKind, volume: float | None, contacts: list[Contact], *, to_trash: bool = False
    ) -> Moment:  # fmt: skip
        return Moment(
            command=command, action=action, pipette=pipette, mode=self.modes.get(pipette.id, "default"), volume_ul=volume, contacts=tuple(contacts), to_trash=to_trash
        )  # fmt: skip
