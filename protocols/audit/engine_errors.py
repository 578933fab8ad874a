"""The engine's error in our words: which rule it is, where, and how to mend it. It reports the first and stops."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..engine.trace import Fault, Trace
from ..finding import Finding

NOT_SEEN = "not seen"


@dataclass(frozen=True)
class _Reading:
    pattern: str
    rule: str
    limit: str
    mend: str


# matched against "type: detail" of the whole chain, in this order; nearly all carry the same code, so type and text decide
_READINGS = (
    _Reading(r"nextwell refuses", "reaches out", "a protocol that only talks to the robot", "Take these lines out."),
    _Reading(r"OutOfTips|NoTipsAvailable", "tips exhausted", "a tip for each pick-up", "Load another rack, or use a tip longer where that is clean."),
    _Reading(r"LocationIsOccupied|InvalidTrashBinLocation|DeckConflict|IncompatibleAddressableArea|AreaNotInDeckConfiguration|LabwareOffsetDoesNotExist|AddressableAreaDoesNotExist|not a valid deck slot|SlotDoesNotExist|LocationNotAccessible|overhangs|must be on an adjacent", "deck conflict", "a deck where everything has its place", "Move one of the two."),
    _Reading(r"NoTrashDefined", "no trash", "a trash bin or waste chute", "load_trash_bin() or load_waste_chute() first."),
    _Reading(r"Invalid target for multichannel", "nozzle off the well", "a well of the first row", "Name a well of the first row, or use a one-channel pipette."),
    _Reading(r"InvalidSpecificationForRobotType|UnsupportedLabwareForAction|could not be loaded on the|is not supported on|not compatible with", "other robot's part", "parts of the robot that requirements name", "Take the part made for this robot."),
    _Reading(r"TipNotAttached|UnexpectedTipRemoval|NoTipAttached|Cannot perform \w+ without a tip|tip is not attached", "no tip", "a tip on the pipette", "pick_up_tip() first."),
    _Reading(r"TipAttached|already has a tip|UnexpectedTipAttach", "tip already on", "no tip on the pipette", "drop_tip() first."),
    _Reading(r"InvalidAspirateVolume|CannotAspirateVolume|InvalidPushOutVolume|exceeds the (max|maximum|working)|over the max", "above the tip", "at most what the tip holds", "Split the volume, or take larger tips."),
    _Reading(r"InvalidDispenseVolume|not enough volume", "dispense more than held", "at most what the tip holds", "Aspirate it first."),
    _Reading(r"ThermocyclerNotOpen|lid (is|must be) (closed|open)|LidNotOpen|cannot open|LabwareMovementNotAllowed|Thermocycler lid", "lid", "an open lid", "open_lid() first."),
    _Reading(r"PipetteMovementRestrictedByHeaterShaker|LabwareLatch|latch", "heater-shaker latch", "the latch closed for shaking and pipetting, open for moving labware", "close_labware_latch() or open_labware_latch() first."),
    _Reading(r"InvalidTargetTemperature|InvalidTargetSpeed|InvalidHoldTime|InvalidBlockVolume|InvalidTargetBlock|InvalidTargetLid|(?i:temperature|speed|rpm).*(range|between|greater|less)", "module out of range", "a value that the module can reach", "Use a value within the module's range."),
    _Reading(r"CannotPerformModuleAction|ModuleNotOnDeck|NoTargetTemperature|NoMagnet|EngageHeight", "module state", "a module that is ready for it", "Set it up first."),
    _Reading(r"LabwareIsTipRack|LabwareIsNotTipRack|TiprackIsNotTip|LabwareIsNotAllowed|LabwareHasLid|is not a tip ?rack|tip rack", "wrong labware for it", "liquid in wells, tips in racks", "Name the other labware."),
    _Reading(r"FailedToPlanMove|MustHomeError|InvalidMove|out of bounds|PartialTipMovementNotAllowed|collision|would result in|PipetteMovementNotAllowed|MotionPlanning", "path", "a path that the robot can take", "Mend the height, the offset or the deck."),
    _Reading(r"InvalidLiquidHeight|OperationLocationNotInWell|LiquidHeight|PipetteNotReady|PipetteLiquidNotFound|LiquidNotFound|LiquidPresence|meniscus|IncompleteLabwareDefinition|TipNotEmpty", "liquid level", "liquid whose level is known", "Declare or fill the well first; probe with an empty dry tip."),
    _Reading(r"ParameterValue|RuntimeParameter|CSV|IncompatibleParameter|ParameterName|ParameterDefinition", "run-time parameter", "parameters with values that they allow", "Give the value or the file (--value, --csv)."),
    _Reading(r"WellDoesNotExist|KeyError.*['\"][A-Z]{1,2}\d{1,2}['\"]|LabwareWell", "unknown well", "a well of that labware", "Name a well that it has."),
    _Reading(r"LabwareDefinitionDoesNotExist|Unable to find a labware|labware definition|FileNotFoundError.*labware|LabwareNotLoaded|PipetteNotAttached|PipetteLoad|Unknown (pipette|labware|module)|is not a valid (pipette|module|load)|InvalidModuleType|KeyError|LabwareDefinition", "unknown name", "names that the maker's definitions have", "Check the spelling; custom labware goes in with --labware FOLDER."),
    _Reading(r"ApiVersion|apiLevel|API version|APIVersionError|APIVersion|UnsupportedAPI", "API level", "an API level that the file's calls and the robot support", "Change apiLevel in metadata or requirements."),
    _Reading(r"ValidationError|greater than or equal|finite number|must be positive|NaN|nan", "no volume", "a number in its range", "Give a finite number above 0."),
    _Reading(r"ProtocolFilesInvalid|FileIdentification|SyntaxError|MalformedPython|No function|IndentationError|JSONDecode|InvalidProtocol", "unreadable file", "a protocol file", "Mend the file first."),
    _Reading(r"MemoryError", "resources", "a file that stays within its memory", "Look for a list that grows without end."),
    _Reading(r"SystemExit|KeyboardInterrupt", "reaches out", "a protocol that returns when it is done", "Take the exit out."),
)  # fmt: skip
_OTHER = _Reading("", "engine error", "commands that the engine accepts", "See the engine's words.")


def engine_findings(trace: Trace) -> Iterator[Finding]:
    """The engine's error as a finding, and that nothing was seen after it."""
    for fault in trace.faults:
        reading = _reading(fault)
        yield Finding(
            rule=reading.rule, severity="error", where=_where(fault, trace), observed=_sentence(fault), limit=reading.limit, mend=reading.mend
        )
    if trace.faults:
        yield Finding(
            rule=NOT_SEEN, severity="note", where=f"after command {len(trace.commands)}", observed="the engine stopped at its first error",
            limit="a run to its end", mend="What follows was not seen: mend this and check again.",
        )  # fmt: skip


def _reading(fault: Fault) -> _Reading:
    texts = [f"{kind}: {detail}" for kind, detail in fault.chain]
    # the innermost words are the plainest, but a wrapper's type often names what happened
    for reading in _READINGS:
        if any(re.search(reading.pattern, text) for text in texts):
            return reading
    return _OTHER


def _where(fault: Fault, trace: Trace) -> str:
    found = re.search(r"\[line (\d+)\]", fault.text)
    failed = next((command for command in reversed(trace.commands) if not command.succeeded), None)
    line = found.group(1) if found else str(failed.line) if failed and failed.line else ""
    number = f"command {failed.number}" if failed else f"after command {len(trace.commands)}" if trace.commands else "before the first command"
    return f"{number}, line {line}" if line else number


def _sentence(fault: Fault) -> str:
    if any("OutOfTips" in kind for kind in fault.kinds):
        return "no tip left in the racks"
    kind, detail = fault.chain[-1]
    if kind in ("PythonException", "ExceptionInProtocolError"):
        kind = ""
    text = re.sub(r"^(\w+\.)+(?=\w+:)", "", " ".join(detail.split())).rstrip(". ")
    return (f"{kind}: {text}" if kind else text or fault.chain[0][0])[:300]
