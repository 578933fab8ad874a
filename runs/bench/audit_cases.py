"""Robot files with one mistake each, and files without any: what the audit is held against.

Each is short, complete and runs on the engine as far as its mistake lets it. `rule` is the rule that has to refuse it.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Case:
    """One file. `rule` is empty for a right one."""

    name: str
    rule: str
    text: str
    csv: dict[str, str] = field(default_factory=dict)


_FLEX = '''requirements = {{"robotType": "Flex", "apiLevel": "{api}"}}

def run(ctx):
    rack = ctx.load_labware("opentrons_flex_96_tiprack_200ul", "B1")
    res = ctx.load_labware("nest_12_reservoir_15ml", "C1")
    plate = ctx.load_labware("corning_96_wellplate_360ul_flat", "C2")
    trash = ctx.load_trash_bin("A3")
    p = ctx.load_instrument("{pipette}", "left", [rack])
    water = ctx.define_liquid("water", "", "#0000FF")
    dye = ctx.define_liquid("dye", "", "#FF0000")
    res["A1"].load_liquid(water, 10000)
    res["A2"].load_liquid(dye, 5000)
    res.load_empty(res.wells()[2:])
    plate.load_empty(plate.wells())
{body}
'''
_OT2 = '''metadata = {{"apiLevel": "{api}"}}
requirements = {{"robotType": "OT-2"}}

def run(ctx):
    rack = ctx.load_labware("{rack}", 1)
    res = ctx.load_labware("nest_12_reservoir_15ml", 2)
    plate = ctx.load_labware("corning_96_wellplate_360ul_flat", 3)
    p = ctx.load_instrument("{pipette}", "left", [rack])
    water = ctx.define_liquid("water", "", "#0000FF")
    dye = ctx.define_liquid("dye", "", "#FF0000")
    res["A1"].load_liquid(water, 10000)
    res["A2"].load_liquid(dye, 5000)
    for well in res.wells()[2:6] + plate.wells()[:16]:
        well.load_liquid(water, 0)
{body}
'''


def _lines(body: str) -> str:
    return "\n".join("    " + line for line in body.strip("\n").splitlines())


def flex(body: str, *, pipette: str = "flex_1channel_1000", api: str = "2.24") -> str:
    """A Flex file: reservoir with water (A1) and dye (A2), an empty plate, 200 µL tips, everything declared."""
    return _FLEX.format(body=_lines(body), pipette=pipette, api=api)


def ot2(body: str, *, pipette: str = "p300_single_gen2", rack: str = "opentrons_96_tiprack_300ul", api: str = "2.20") -> str:
    """The same on an OT-2, with 300 µL tips."""
    return _OT2.format(body=_lines(body), pipette=pipette, rack=rack, api=api)


def _swap(text: str, old: str, new: str) -> str:
    assert old in text, old
    return text.replace(old, new)


_EIGHT = "flex_8channel_1000"
_ALL = "flex_96channel_1000"
_GOOD = "p.transfer(100, res['A1'], plate['A1'])"
_HS = "hs = ctx.load_module('heaterShakerModuleV1', 'D1')\n"
_TC = "tc = ctx.load_module('thermocyclerModuleV2')\nhot = tc.load_labware('nest_96_wellplate_100ul_pcr_full_skirt')\n"
_UNDECLARED = _swap(flex(_GOOD), '''    res["A1"].load_liquid(water, 10000)
    res["A2"].load_liquid(dye, 5000)
    res.load_empty(res.wells()[2:])
    plate.load_empty(plate.wells())
''', "")  # fmt: skip
_NO_WATER_PLATE = _swap(flex("p.transfer(100, plate['A1'], plate['B1'])"), "    plate.load_empty(plate.wells())\n", "")


def wrong_cases() -> tuple[Case, ...]:
    """Files that must be refused, each with the rule that does it."""
    eight_384 = "big = ctx.load_labware('corning_384_wellplate_112ul_flat', 'D2')\nbig.load_empty(big.wells())\n"
    tubes = "tubes = ctx.load_labware('opentrons_24_tuberack_nest_1.5ml_snapcap', 'D2')\ntubes.load_liquid(tubes.wells(), 1000, water)\n"
    adapter = "rack96 = ctx.load_labware('opentrons_flex_96_tiprack_200ul', 'D2', adapter='opentrons_flex_96_tiprack_adapter')\np.tip_racks = [rack96]\n"
    raw: list[tuple[str, str, str]] = [
        # tips
        ("tips exhausted, Flex", "tips exhausted", flex("for i in range(97):\n    p.pick_up_tip()\n    p.drop_tip()")),
        ("tips exhausted, OT-2", "tips exhausted", ot2("for i in range(97):\n    p.pick_up_tip()\n    p.drop_tip()")),
        ("aspirate without a tip", "no tip", flex("p.aspirate(50, res['A1'])")),
        ("pick up twice", "tip already on", flex("p.pick_up_tip()\np.pick_up_tip()")),
        ("tip left on, Flex", "tip left on", flex("p.pick_up_tip()")),
        ("tip left on, OT-2", "tip left on", ot2("p.pick_up_tip()\np.aspirate(50, res['A1'])\np.dispense(50, plate['A1'])")),
        ("20 µL tips on a p300", "wrong tip rack", ot2("p.pick_up_tip()\np.drop_tip()", rack="opentrons_96_tiprack_20ul")),
        ("OT-2 tips on a Flex", "wrong tip rack", _swap(flex("p.pick_up_tip()\np.drop_tip()"), "opentrons_flex_96_tiprack_200ul", "opentrons_96_tiprack_300ul")),
        ("a place whose tip was thrown away", "tip used twice", flex("p.pick_up_tip(rack['A1'])\np.drop_tip()\np.pick_up_tip(rack['A1'])\np.drop_tip()")),
        ("8 channels into a column whose first tips are gone", "tip used twice", ot2("one = ctx.load_instrument('p300_single_gen2', 'right', [rack])\none.pick_up_tip(rack['C1'])\none.drop_tip()\np.pick_up_tip(rack['A1'])\np.drop_tip()", pipette="p300_multi_gen2")),
        ("8 channels start at row C of the rack", "nozzle misses the rack", ot2("p.pick_up_tip(rack['C1'])\np.drop_tip()", pipette="p300_multi_gen2")),
        ("returned dirty tip used in another stock", "contaminated source", flex("p.pick_up_tip(rack['A1'])\np.aspirate(50, res['A2'])\np.dispense(50, plate['A1'])\np.return_tip()\np.pick_up_tip(rack['A1'])\np.aspirate(50, res['A1'])\np.dispense(50, plate['B1'])\np.drop_tip()")),
        # deck
        ("two labware in one slot, Flex", "deck conflict", flex("ctx.load_labware('corning_96_wellplate_360ul_flat', 'C2')")),
        ("two labware in one slot, OT-2", "deck conflict", ot2("ctx.load_labware('corning_96_wellplate_360ul_flat', 3)")),
        ("labware in slot 12, where the trash is", "deck conflict", ot2("ctx.load_labware('corning_96_wellplate_360ul_flat', 12)")),
        ("slot 13", "deck conflict", ot2("ctx.load_labware('corning_96_wellplate_360ul_flat', 13)")),
        ("thermocycler over slot 8, OT-2", "deck conflict", ot2("ctx.load_labware('corning_96_wellplate_360ul_flat', 8)\nctx.load_module('thermocyclerModuleV2')")),
        ("thermocycler over the rack in A1, Flex", "deck conflict", flex("ctx.load_labware('opentrons_flex_96_tiprack_50ul', 'A1')\nctx.load_module('thermocyclerModuleV2')")),
        ("trash bin in a middle slot", "deck conflict", flex("ctx.load_trash_bin('B2')")),
        ("no trash", "no trash", _swap(flex("p.pick_up_tip()\np.drop_tip()"), '    trash = ctx.load_trash_bin("A3")\n', "")),
        ("tall rack moved beside a heater-shaker, OT-2", "deck conflict", ot2("hs = ctx.load_module('heaterShakerModuleV1', 10)\nhs.close_labware_latch()\nrack2 = ctx.load_labware('opentrons_96_tiprack_1000ul', 5)\nctx.move_labware(rack2, 11)")),
        # names
        ("unknown labware", "unknown name", flex("ctx.load_labware('corning_96_wellplate_361ul_flat', 'D2')")),
        ("unknown pipette", "unknown name", flex("ctx.load_instrument('flex_2channel_1000', 'right')")),
        ("unknown module", "unknown name", flex("ctx.load_module('freezerModuleV1', 'D1')")),
        ("OT-2 pipette on a Flex", "other robot's part", flex("ctx.load_instrument('p300_single_gen2', 'right')")),
        ("well I13", "unknown well", flex("p.pick_up_tip()\np.aspirate(50, plate['I13'])")),
        ("API level 2.99", "API level", flex(_GOOD, api="2.99")),
        ("error of syntax", "unreadable file", flex("p.pick_up_tip(")),
        ("no function run", "unreadable file", 'requirements = {"robotType": "Flex", "apiLevel": "2.24"}\n'),
        # volumes
        ("400 µL into a 300 µL tip", "above the tip", ot2("p.pick_up_tip()\np.aspirate(400, res['A1'])")),
        ("300 µL into a 200 µL tip", "above the tip", flex("p.pick_up_tip()\np.aspirate(300, res['A1'])")),
        ("2 µL with a p300", "below the pipette", ot2("p.transfer(2, res['A1'], plate['A1'])")),
        ("1 µL with a p1000", "below the pipette", flex("p.transfer(1, res['A1'], plate['A1'])")),
        ("2 µL with a Flex p50 in its usual mode", "below the pipette", _swap(flex("p.transfer(2, res['A1'], plate['A1'])", pipette="flex_1channel_50"), "tiprack_200ul", "tiprack_50ul")),
        ("1 µL drops from a full 300 µL tip", "below the pipette", ot2("p.distribute(1, res['A1'], plate.columns()[0], disposal_volume=20)")),
        ("negative volume", "no volume", flex("p.pick_up_tip()\np.aspirate(-5, res['A1'])")),
        ("NaN volume", "no volume", flex("p.pick_up_tip()\np.aspirate(float('nan'), res['A1'])")),
        ("zero volume", "no volume", flex("p.pick_up_tip()\np.aspirate(0, res['A1'])\np.drop_tip()")),
        ("dispense more than held", "dispense more than held", flex("p.pick_up_tip()\np.aspirate(50, res['A1'])\np.dispense(60, plate['A1'])")),
        # wells
        ("overfilled well, Flex", "overfilled well", flex("for i in range(4):\n    p.transfer(200, res['A1'], plate['A1'])")),
        ("overfilled well, OT-2", "overfilled well", ot2("p.transfer(600, res['A1'], plate['A1'])")),
        ("well that runs over for a moment", "overfilled well", flex("p.transfer(200, res['A1'], plate['A1'])\np.transfer(200, res['A1'], plate['A1'])\np.transfer(200, plate['A1'], res['A5'])")),
        ("8 channels overfill a column", "overfilled well", flex("p.transfer(400, res['A1'], plate['A1'])", pipette=_EIGHT)),
        ("blow-out of the rest overfills", "overfilled well", flex("p.transfer(200, res['A1'], plate['A1'])\np.pick_up_tip()\np.aspirate(200, res['A1'])\np.dispense(100, plate['A1'])\np.blow_out(plate['A1'])\np.drop_tip()")),
        ("consolidate overfills", "overfilled well", flex("for well in plate.wells()[:8]:\n    well.load_liquid(dye, 100)\np.consolidate(50, plate.wells()[:8], plate['H12'])", pipette="flex_1channel_1000")),
        ("source that the file never declares", "overdrawn source", _NO_WATER_PLATE),
        ("source declared empty", "overdrawn source", flex("p.transfer(100, res['A5'], plate['A1'])")),
        ("meniscus of an empty well", "overdrawn source", flex("p.pick_up_tip()\np.aspirate(50, res['A5'].meniscus(-1))\np.dispense(50, plate['A1'])\np.drop_tip()")),
        ("11 mL from 10 mL", "overdrawn source", flex("p.pick_up_tip()\nfor well in plate.wells()[:55]:\n    p.transfer(200, res['A1'], well, new_tip='never')\np.drop_tip()")),
        ("overdrawn, and refilled later", "overdrawn source", flex("p.transfer(100, res['A1'], plate['A1'])\np.transfer(150, plate['A1'], plate['B1'])\np.transfer(200, res['A1'], plate['A1'])")),
        ("8 channels empty a well that one could use", "overdrawn source", flex("res['A3'].load_liquid(dye, 500)\np.transfer(100, res['A3'], plate['A1'])", pipette=_EIGHT)),
        ("mix of more than the well holds", "overdrawn source", flex("p.transfer(50, res['A1'], plate['A1'], mix_after=(3, 150))")),
        ("20 mL declared in 15 mL, Flex", "declared too much", flex("res['A12'].load_liquid(water, 20000)\n" + _GOOD)),
        ("20 mL declared in 15 mL, OT-2", "declared too much", ot2("res['A12'].load_liquid(water, 20000)\n" + _GOOD)),
        ("two liquids declared in one well", "declared twice", flex("res['A1'].load_liquid(dye, 100)\n" + _GOOD)),
        # contamination
        ("dirty tip into a second reagent", "contaminated source", flex("p.pick_up_tip()\np.transfer(50, res['A1'], plate['A1'], new_tip='never')\np.transfer(50, res['A2'], plate['B1'], new_tip='never')\np.drop_tip()")),
        ("stock soiled through a mix", "contaminated source", flex("plate['A1'].load_liquid(dye, 50)\nplate['B1'].load_liquid(dye, 50)\np.transfer(50, res['A1'], [plate['A1'], plate['B1']], new_tip='once', mix_after=(2, 30))")),
        ("distribute into samples from the bottom, then back to the stock", "contaminated source", flex("plate['A1'].load_liquid(dye, 50)\np.pick_up_tip()\np.aspirate(100, res['A1'])\np.dispense(50, plate['A1'].bottom(1))\np.dispense(50, plate['B1'])\np.aspirate(50, res['A1'])\np.dispense(50, plate['C1'])\np.drop_tip()")),
        ("one tip over several samples", "carry-over", flex("green = ctx.define_liquid('green', '', '#00FF00')\nplate['A1'].load_liquid(dye, 50)\nplate['B1'].load_liquid(green, 50)\np.pick_up_tip()\np.aspirate(100, res['A1'])\np.dispense(50, plate['A1'].bottom(1))\np.dispense(50, plate['B1'].bottom(1))\np.drop_tip()")),
        ("consolidate with one tip, soiling the second source", "contaminated source", flex("p.pick_up_tip()\np.consolidate(50, [res['A1'], res['A2']], plate['A1'], new_tip='never')\np.drop_tip()")),
        ("rest blown out into the source after touching samples", "carry-over", flex("plate['A1'].load_liquid(dye, 50)\np.pick_up_tip()\np.aspirate(100, res['A1'])\np.dispense(50, plate['A1'])\np.blow_out(res['A1'].bottom(2))\np.drop_tip()")),
        ("8 channels carry dye over to the next column", "carry-over", ot2("green = ctx.define_liquid('green', '', '#00FF00')\nfor well in plate.columns()[0]:\n    well.load_liquid(dye, 50)\nfor well in plate.columns()[1]:\n    well.load_liquid(green, 50)\np.pick_up_tip()\np.aspirate(100, res['A1'])\np.dispense(50, plate['A1'])\np.dispense(50, plate['A2'])\np.drop_tip()", pipette="p300_multi_gen2")),
        # geometry
        ("8 channels into a 24-tube rack", "nozzle off the well", flex(tubes + "p.transfer(100, tubes['A1'], plate['A1'])", pipette=_EIGHT)),
        ("8 channels start at row C of a plate", "nozzle off the well", flex("p.pick_up_tip()\np.aspirate(100, res['A1'])\np.dispense(100, plate['C1'])\np.drop_tip()", pipette=_EIGHT)),
        ("8 channels at row C of a 384 plate", "nozzle off the well", flex(eight_384 + "p.pick_up_tip()\np.aspirate(20, res['A1'])\np.dispense(20, big['C1'])\np.drop_tip()", pipette=_EIGHT)),
        ("8 channels in a 24-well plate", "nozzle off the well", flex("six = ctx.load_labware('corning_24_wellplate_3.4ml_flat', 'D2')\nsix.load_empty(six.wells())\np.transfer(100, res['A1'], six['A1'])", pipette=_EIGHT)),
        ("4 nozzles at row F of a plate", "nozzle off the well", flex("from opentrons.protocol_api import PARTIAL_COLUMN\np.configure_nozzle_layout(style=PARTIAL_COLUMN, start='H1', end='E1')\np.pick_up_tip(rack['D1'])\np.aspirate(50, res['A1'])\np.dispense(50, plate['C1'])\np.drop_tip()", pipette=_EIGHT).replace('"B1")', '"D3")')),
        ("96 channels at column 2 of a plate", "nozzle off the well", flex(adapter + "p.pick_up_tip()\np.aspirate(50, plate['A2'])\np.dispense(50, plate['A2'])\np.drop_tip()", pipette=_ALL)),
        ("96 channels over 24 wells", "nozzle off the well", flex(adapter + "six = ctx.load_labware('corning_24_wellplate_3.4ml_flat', 'D3')\nsix.load_liquid(six.wells(), 3000, water)\np.pick_up_tip()\np.aspirate(50, six['A1'])\np.dispense(50, six['A1'])\np.drop_tip()", pipette=_ALL)),
        ("20 mm below the bottom", "below the bottom", flex("p.pick_up_tip()\np.aspirate(50, res['A1'].bottom(-20))\np.dispense(50, plate['A1'])\np.drop_tip()")),
        ("1 mm below the bottom, OT-2", "below the bottom", ot2("p.pick_up_tip()\np.aspirate(50, res['A1'])\np.dispense(50, plate['A1'].bottom(-1))\np.drop_tip()")),
        ("200 mm above the rim", "path", flex("p.pick_up_tip()\np.aspirate(50, res['A1'].top(200))")),
        ("20 mm beside the well", "nozzle off the well", flex("from opentrons.types import Point\np.pick_up_tip()\np.aspirate(50, res['A1'])\np.dispense(50, plate['H12'].bottom(2).move(Point(x=20)))\np.drop_tip()")),
        # modules and time
        ("shake with the latch open", "heater-shaker latch", flex(_HS + "hs.open_labware_latch()\nhs.set_and_wait_for_shake_speed(500)")),
        ("5000 rpm", "module out of range", flex(_HS + "hs.close_labware_latch()\nhs.set_and_wait_for_shake_speed(5000)")),
        ("heater-shaker at 150 °C", "module out of range", flex(_HS + "hs.set_and_wait_for_temperature(150)")),
        ("temperature module at 200 °C", "module out of range", flex("ctx.load_module('temperature module gen2', 'D1').set_temperature(200)")),
        ("pipetting under a shut lid", "lid", flex(_TC.replace("tc = ctx.load", "rack2 = ctx.load_labware('opentrons_flex_96_tiprack_200ul', 'D2')\ntc = ctx.load") + "tc.close_lid()\np.pick_up_tip()\np.aspirate(50, res['A1'])\np.dispense(50, hot['A1'])").replace('"B1")', '"B2")')),
        ("delay of -5 s", "delay", flex("ctx.delay(seconds=-5)\n" + _GOOD)),
        ("delay of a month", "delay", flex("ctx.delay(minutes=30*24*60)\n" + _GOOD)),
        ("probe of an empty well", "probe of an empty well", flex("p.pick_up_tip()\np.require_liquid_presence(res['A5'])\np.drop_tip()")),
        ("parameter that its choices don't have", "run-time parameter", 'requirements = {"robotType": "Flex", "apiLevel": "2.24"}\n\ndef add_parameters(parameters):\n    parameters.add_int(variable_name="n", display_name="n", default=200, minimum=1, maximum=96)\n\ndef run(ctx):\n    pass\n'),
    ]  # fmt: skip
    return tuple(Case(name=name, rule=rule, text=text) for name, rule, text in raw)


def right_cases() -> tuple[Case, ...]:
    """Files without a mistake: no rule may refuse one."""
    parameters = 'requirements = {"robotType": "Flex", "apiLevel": "2.24"}\n\ndef add_parameters(parameters):\n    parameters.add_int(variable_name="n", display_name="n", default=8, minimum=1, maximum=96)\n' + flex("p.transfer(50, res['A1'], plate.wells()[:ctx.params.n])").split("\n", 1)[1]
    table = 'requirements = {"robotType": "Flex", "apiLevel": "2.24"}\n\ndef add_parameters(parameters):\n    parameters.add_csv_file(variable_name="moves", display_name="moves", description="moves")\n' + flex("for row in ctx.params.moves.parse_as_csv()[1:]:\n    p.transfer(float(row[2]), res[row[0]], plate[row[1]])").split("\n", 1)[1]
    raw: list[tuple[str, str, dict[str, str]]] = [
        ("a transfer, Flex", flex(_GOOD), {}),
        ("a transfer, OT-2", ot2(_GOOD), {}),
        ("nothing declared at all", _UNDECLARED, {}),
        ("one tip for many empty wells", flex("p.transfer(100, res['A1'], plate.wells()[:24], new_tip='once')"), {}),
        ("multi-dispense with a disposal volume", ot2("p.distribute(20, res['A1'], plate.columns()[0], disposal_volume=20)"), {}),
        ("multi-dispense into samples from above", flex("for well in plate.wells()[:8]:\n    well.load_liquid(dye, 50)\np.pick_up_tip()\nfor four in (plate.wells()[:4], plate.wells()[4:8]):\n    p.aspirate(200, res['A1'])\n    for well in four:\n        p.dispense(50, well.top(2))\np.drop_tip()"), {}),
        ("8 channels from a reservoir, whole plate", flex("p.transfer(100, res['A1'], plate.rows()[0])", pipette=_EIGHT), {}),
        ("8 channels on every other row of a 384 plate", flex("big = ctx.load_labware('corning_384_wellplate_112ul_flat', 'D2')\nbig.load_empty(big.wells())\nfor start in ('A1', 'B1', 'A24', 'B24'):\n    p.transfer(20, res['A1'], big[start])", pipette=_EIGHT), {}),
        ("serial dilution with one tip a row", flex("plate['A1'].load_liquid(dye, 200)\np.transfer(100, res['A1'], plate.rows()[0][1:11])\np.pick_up_tip()\np.transfer(100, plate.rows()[0][:10], plate.rows()[0][1:11], new_tip='never', mix_after=(3, 50))\np.drop_tip()"), {}),
        ("mix before and after, air gap, touch tip, blow-out", ot2("p.transfer(100, res['A1'], plate['A1'], mix_before=(2, 100), mix_after=(2, 50), air_gap=20, touch_tip=True, blow_out=True, blowout_location='destination well')"), {}),
        ("air gap at a newer level", flex("p.transfer(100, res['A1'], plate['A1'], air_gap=20)"), {}),
        ("thermocycler", flex(_TC + "tc.open_lid()\np.transfer(20, res['A1'], hot.wells()[:8])\ntc.close_lid()\ntc.set_lid_temperature(105)\ntc.execute_profile(steps=[{'temperature': 95, 'hold_time_seconds': 30}, {'temperature': 60, 'hold_time_seconds': 30}], repetitions=30, block_max_volume=20)\ntc.deactivate_lid()\ntc.open_lid()").replace('"B1")', '"B2")'), {}),
        ("heater-shaker", flex(_HS + "ad = hs.load_adapter('opentrons_96_flat_bottom_adapter')\nhp = ad.load_labware('nest_96_wellplate_200ul_flat')\nhp.load_empty(hp.wells())\nhs.close_labware_latch()\np.transfer(50, res['A1'], hp.wells()[:8])\nhs.set_and_wait_for_temperature(37)\nhs.set_and_wait_for_shake_speed(500)\nctx.delay(minutes=10)\nhs.deactivate_shaker()\nhs.deactivate_heater()"), {}),
        ("temperature module", flex("tm = ctx.load_module('temperature module gen2', 'D1')\ncold = tm.load_labware('opentrons_24_aluminumblock_nest_1.5ml_snapcap')\ncold['A1'].load_liquid(dye, 1000)\ntm.set_temperature(4)\np.transfer(50, cold['A1'], plate.wells()[:4])"), {}),
        ("magnetic block and gripper", flex("mb = ctx.load_module('magneticBlockV1', 'D1')\np.transfer(100, res['A1'], plate['A1'])\nctx.move_labware(plate, mb, use_gripper=True)\np.transfer(80, plate['A1'], plate['B1'])\nctx.move_labware(plate, 'C2', use_gripper=True)"), {}),
        ("returned tip used again in the same stock", flex("p.pick_up_tip(rack['A1'])\np.aspirate(50, res['A1'])\np.dispense(50, plate['A1'])\np.return_tip()\np.pick_up_tip(rack['A1'])\np.aspirate(50, res['A1'])\np.dispense(50, plate['B1'])\np.drop_tip()"), {}),
        ("single nozzle of an 8-channel", flex("from opentrons.protocol_api import SINGLE\np.configure_nozzle_layout(style=SINGLE, start='H1', tip_racks=[rack])\np.transfer(50, res['A1'], plate.wells()[:4])", pipette=_EIGHT).replace('"B1")', '"D3")'), {}),
        ("4 nozzles of an 8-channel", flex("from opentrons.protocol_api import PARTIAL_COLUMN\np.configure_nozzle_layout(style=PARTIAL_COLUMN, start='H1', end='E1')\np.pick_up_tip(rack['D1'])\np.aspirate(50, res['A1'])\np.dispense(50, plate['D1'])\np.drop_tip()", pipette=_EIGHT).replace('"B1")', '"D3")'), {}),
        ("96 channels, plate to plate", flex("r = ctx.load_labware('opentrons_flex_96_tiprack_200ul', 'D2', adapter='opentrons_flex_96_tiprack_adapter')\ntwo = ctx.load_labware('corning_96_wellplate_360ul_flat', 'D3')\nplate.load_liquid(plate.wells(), 100, dye)\ntwo.load_empty(two.wells())\np.pick_up_tip(r['A1'])\np.aspirate(50, plate['A1'])\np.dispense(50, two['A1'])\np.drop_tip()", pipette=_ALL), {}),
        ("column of a 96-channel", flex("from opentrons.protocol_api import COLUMN\np.configure_nozzle_layout(style=COLUMN, start='A12', tip_racks=[rack])\np.transfer(50, res['A1'], plate['A1'])", pipette=_ALL), {}),
        ("low-volume mode of a Flex p50", _swap(flex("p.configure_for_volume(2)\np.transfer(2, res['A1'], plate['A1'])", pipette="flex_1channel_50"), "tiprack_200ul", "tiprack_50ul"), {}),
        ("liquid class", flex("p.transfer_with_liquid_class(ctx.get_liquid_class('water'), 50, res['A1'], plate['A1'], new_tip='always', trash_location=trash)"), {}),
        ("liquid probe of a full well", flex("p.pick_up_tip()\np.require_liquid_presence(res['A1'])\np.drop_tip()\n" + _GOOD), {}),
        ("racks refilled in a pause", flex("for i in range(96):\n    p.pick_up_tip()\n    p.drop_tip()\nctx.pause('refill the rack')\np.reset_tipracks()\np.transfer(50, res['A1'], plate['A1'])"), {}),
        ("two pipettes", ot2("small = ctx.load_instrument('p20_single_gen2', 'right', [ctx.load_labware('opentrons_96_tiprack_20ul', 4)])\np.transfer(100, res['A1'], plate['A1'])\nsmall.transfer(5, res['A2'], plate['A1'], mix_after=(2, 10))"), {}),
        ("supernatant to the trash", flex("plate['A1'].load_liquid(dye, 100)\np.pick_up_tip()\np.aspirate(90, plate['A1'].bottom(0.5))\np.dispense(90, trash)\np.drop_tip()"), {}),
        ("OT-2 with fixed trash as labware", ot2(_GOOD, api="2.15"), {}),
        ("run-time parameter", parameters, {}),
        ("CSV parameter", table, {"moves": "source,target,volume\nA1,A1,50\nA2,B1,25\n"}),
        ("modules of Python that only compute", flex("import math, random, json\n" + _GOOD), {}),
    ]  # fmt: skip
    return tuple(Case(name=name, rule="", text=text, csv=csv) for name, text, csv in raw)
