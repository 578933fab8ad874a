"""Names that try to leave their field: quotes, line breaks, formulas, separators, controls, any script, any length.

Names of a lab file can't be like that; what emitters write must keep its shape all the same. One small plate is emitted for every
target with harmless names, then again and again with hostile ones, and all but the names must stay: the syntax tree of Python files,
the lines, fields, wells and volumes of worklists and tables.
"""

from __future__ import annotations

import ast
import csv
import io
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import islice
from typing import Any

from pydantic import BaseModel

from protocols.draft import Draft, draft_plate
from protocols.emitters.opentrons import emit_opentrons
from protocols.emitters.plain_text import csv_rows
from protocols.emitters.tables import MAP_COLUMNS, plate_map_csv, transfers_csv, well_rows, wells_csv
from protocols.plan import PhysicalPlan, RobotStage
from protocols.targets import TextTarget, target_of
from world_model.terms.factors import Continuous
from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.space import SearchSpace

LONGEST = 2_000
_NO_NAMES = {"at_h", "when", "step", "do", "from_well", "to_well", "volume_ul", "tip", "source_well", "dest_well", "Source Well", "Destination Well", "Transfer Volume",
             "well", "role", "asked", "planned", "unit"}  # fmt: skip
_NASTY = (
    "'", '"', "'''", '"""', "\\", "\\'", "\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x00", "\x1b[2J", "\x7f", "\t", ";", ",", "|", "#", "%0A", "%3B",
    "\\u003b", "=cmd|' /C calc'!A0", "=1+1", "+1", "-1", "@SUM(A1)", "'=1", "''@x", "{0}", "{x!r}", "%s", "%(x)s", "\N{RIGHT-TO-LEFT OVERRIDE}abc", "\u200b", "\ufeff", "é", "µ",
    "水", "😀", "\ud800", "\udfff", "‮", "]\nMOVES = []\n[", "'); import os; os.system('true'); ('", "\nA;x;;;1;;999.00;;;;\n", '",1,2,3\r\n"', "W;", "B;", "C;", " ", "  lead",
    "trail  ", "NaN", "None", "True", "0", "1e9", "</script>", "<b>", "&amp;", "../../x", "nul", "A1", "~",
)  # fmt: skip


def hostile_names(count: int, *, seed: int) -> Iterator[str]:
    """So many different names: each nasty piece, pairs of them, pieces between plain letters, any code point, and a few very long ones."""
    chance = random.Random(seed)
    seen: set[str] = set()
    waiting = list(_NASTY)
    while len(seen) < count:
        name = waiting.pop() if waiting else _drawn(chance)
        if name not in seen:
            seen.add(name)
            yield name


def _drawn(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.02:
        return (chance.choice(_NASTY) + "x") * chance.randint(20, LONGEST // 20)
    if kind < 0.3:
        return "".join(chr(chance.choice((chance.randrange(0x20), chance.randrange(0x80), chance.randrange(0x800), chance.randrange(0x110000)))) for _ in range(chance.randint(1, 12)))
    pieces = [chance.choice(_NASTY) if chance.random() < 0.6 else chance.choice(("NaCl", "5x", "a", "stock 1 M", "glucose")) for _ in range(chance.randint(2, 5))]
    return "".join(pieces) + str(chance.randrange(1000))


@dataclass(frozen=True, kw_only=True)
class HostileTally:
    """How many names were tried on how many files, and every file that changed its shape or lost a name."""

    names: int
    files: int
    changed: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Subject:
    """A target with a plate that is emitted under other names. `shapes` are those of its files under harmless ones."""

    model: str
    lab: LabProfile
    plan: PhysicalPlan
    robot: tuple[RobotStage, ...]
    shapes: tuple[object, ...]


def try_hostile_names(count: int, *, seed: int = 0, progress: Callable[[str], None] = lambda told: None) -> HostileTally:
    """Emit every target's files and the tables under `count` hostile names, several at a time."""
    subjects = [_subject(document) for document in _machines()]
    slots = sorted(_harmless(subjects[0]))
    names = hostile_names(count, seed=seed)
    changed: list[str] = []
    files = tried = 0
    while tried < count:
        chosen = list(islice(names, len(slots)))
        given = chosen + [f"spare {i}" for i in range(len(slots) - len(chosen))]
        tried += len(chosen)
        mapping = dict(zip(slots, given, strict=True))
        for subject in subjects:
            emitted = _emitted(subject, mapping)
            files += len(emitted)
            changed += [
                f"{subject.model}: {name} under {chosen[:3]!r}" for (name, shape), harmless in zip(_shapes(emitted), subject.shapes, strict=True) if shape != harmless
            ]
            changed += [f"{subject.model}: {fault}" for fault in _lost(emitted, mapping, subject.plan)]
        if tried % 10_000 < len(slots):
            progress(f"hostile names: {tried} of {count}, {files} files, {len(changed)} changed")
    return HostileTally(names=tried, files=files, changed=tuple(changed[:50]))


def _machines() -> Iterator[dict[str, Any]]:
    flex = [{"name": "flex_1channel_50", "mount": "left", "tip_racks": ["opentrons_flex_96_tiprack_50ul"]}]
    ot2 = [{"name": "p20_single_gen2", "mount": "left", "tip_racks": ["opentrons_96_tiprack_20ul"]}]
    yield {"model": "Flex", "pipettes": flex}
    yield {"model": "OT-2", "pipettes": ot2}
    yield {"model": "Tecan EVO", "least_ul": 1, "most_ul": 100, "liquid_class": "class l"}  # the Fluent's files come from the same emitter
    yield {"model": "Echo 650", "most_ul": 50}
    yield {"model": "Hamilton STARlet", "least_ul": 1, "most_ul": 100}
    yield {"model": "hands", "least_ul": 1, "most_ul": 100}


def _subject(robot: dict[str, Any]) -> _Subject:
    echo = robot["model"].startswith("Echo")
    lab = LabProfile.model_validate(
        {
            "name": "small", "robot": robot,
            "plate": {"labware": "corning_12_wellplate_6.9ml_flat", "volume_ul": 50, "type": "type p"},
            "holders": [
                {"name": "holder a", "labware": "corning_384_wellplate_112ul_flat" if echo else "corning_6_wellplate_16.8ml_flat", "dead_volume_ul": 10, "type": "type a"},
                {"name": "holder b", "labware": "nest_12_reservoir_15ml", "dead_volume_ul": 100, **({} if echo else {"type": "type b"})},
            ],
            "stocks": [
                {"name": "stock w", "volume_ml": 0.2 if echo else 1, "holder": "holder a", "position": "A1", "more_positions": ["A2"], "lot": "lot w"},
                {"name": "stock c", "components": {"component c": {"concentration": 100, "unit": "mM"}}, "volume_ml": 0.1, "holder": "holder a", "position": "B1"},
                {"name": "stock d", "components": {"component d": {"concentration": 10, "unit": "mM"}}, "volume_ml": 5, "holder": "holder b", "position": "A1"},
            ],
            "medium": {"diluent": "stock w", "base": {"component d": {"concentration": 1, "unit": "mM"}}},
            **({} if echo else {"dilutions": {"labware": "corning_12_wellplate_6.9ml_flat", "dead_volume_ul": 20, "type": "type d"}}),
        }
    )  # fmt: skip
    low = 0.4 if not echo else 2.0
    space = SearchSpace(factors=(Continuous(name="component c", unit="mM", low=0, high=20),))
    experiments = tuple(ProposedExperiment(id=f"experiment-{i}", role="candidate", settings={"component c": value}) for i, value in enumerate((10.0, low)))
    # emitters are below the words: types that no maker knows, and names that no lab file may hold, reach them here
    draft = _draft(lab, space, experiments)
    bare = _Subject(model=robot["model"], lab=lab, plan=draft.plan, robot=draft.robot, shapes=())
    return replace(bare, shapes=tuple(shape for _, shape in _shapes(_emitted(bare, {name: name for name in _harmless(bare)}))))


def _draft(lab: LabProfile, space: SearchSpace, experiments: tuple[ProposedExperiment, ...]) -> Draft:
    if lab.robot.model != "Hamilton STARlet":
        return draft_plate(plate="plate-p", experiments=experiments, space=space, lab=lab, seed=1)
    known = {"type p": "cor_cos_12_wellplate_6900uL_Fb", "type a": "cor_cos_6_wellplate_16800uL_Fb", "type b": "nest_12_troughplate_15000uL_Vb", "type d": "cor_cos_12_wellplate_6900uL_Fb"}
    return draft_plate(plate="plate-p", experiments=experiments, space=space, lab=_renamed(lab, known), seed=1)


def _harmless(subject: _Subject) -> set[str]:
    """Every name that a person gives."""
    lab, plan = subject.lab, subject.plan
    names = {plan.plate, lab.plate.type, *(holder.name for holder in lab.holders), *(stock.name for stock in lab.stocks), *plan.units}
    names |= {holder.type for holder in lab.holders} | {well.experiment_id for well in plan.wells} | {stage.name for stage in plan.stages}
    return {*names, "class l", "type d", "lot w", *(dilution.name for dilution in plan.dilutions)} - {""}


def _renamed(value: Any, mapping: Mapping[str, str]) -> Any:
    """The same tree with other names; nothing is checked on the way, as no lab file could say this."""
    match value:
        case str():
            return mapping.get(value, value)
        case tuple() | list() | frozenset():
            return type(value)(_renamed(item, mapping) for item in value)
        case dict():
            return {_renamed(key, mapping): _renamed(item, mapping) for key, item in value.items()}
        case BaseModel():
            return value.model_copy(update={name: _renamed(getattr(value, name), mapping) for name in type(value).model_fields})
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _renamed(getattr(value, field.name), mapping) for field in fields(value)})
    return value


def _emitted(subject: _Subject, mapping: Mapping[str, str]) -> dict[str, str]:
    """File → text, stage by stage, and the tables."""
    lab, plan, robot = _renamed(subject.lab, mapping), _renamed(subject.plan, mapping), _renamed(subject.robot, mapping)
    target = target_of(lab)
    files: dict[str, str] = {}
    if isinstance(target, TextTarget):
        work = target.work(plan, lab)
        files |= {f"stage {i}{target.suffix}": text for i, text in enumerate(target.texts(work, plan, lab))}
        files |= target.also(work)
    else:
        files |= {f"stage {i}.py": emit_opentrons(stage, plan) for i, stage in enumerate(robot)}
    if lab.robot.model != "Tecan EVO":  # the tables are the same for every target
        return files
    return files | {
        "transfers.csv": transfers_csv(plan, lots={stock.name: stock.lot for stock in lab.stocks}), "wells.csv": wells_csv(well_rows(plan)), "plate_map.csv": plate_map_csv(plan),
    }  # fmt: skip


def _shapes(emitted: Mapping[str, str]) -> list[tuple[str, object]]:
    """File → all of it but the names."""
    return [(name, _tree(text) if name.endswith(".py") else _worklist(text) if name.endswith(".gwl") else _table(name, text)) for name, text in emitted.items()]


def _tree(text: str) -> object:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as fault:
        return str(fault)
    comments = sum(line.lstrip().startswith("#") for line in text.splitlines())
    return comments, [_node(node) for node in ast.walk(tree)]


def _node(node: ast.AST) -> object:
    if isinstance(node, ast.Constant):
        return "text" if isinstance(node.value, str) else node.value
    return type(node).__name__, getattr(node, "id", getattr(node, "attr", None))


def _worklist(text: str) -> object:
    lines = text.split("\r\n")
    plain = all(line.isascii() and line.isprintable() for line in lines)
    records = [line.split(";") for line in lines]
    return plain, len(text.splitlines()), [(len(parts), parts[0], parts[4:7] if len(parts) > 6 else [], all(len(part) <= 32 for part in parts) or parts[0] == "C") for parts in records]


def _table(name: str, text: str) -> object:
    """Lines, fields, cells that a spreadsheet would take for a formula, and every column that holds no names."""
    header, *rows = csv.reader(io.StringIO(text))
    kept = [i for i, column in enumerate(header) if column in _NO_NAMES or (name == "plate_map.csv" and i >= len(MAP_COLUMNS))]
    formulas = [cell for row in (header, *rows) for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
    return len(text.splitlines()), len(header), formulas, [(len(row), *(row[i] for i in kept)) for row in rows]


def _lost(emitted: Mapping[str, str], mapping: Mapping[str, str], plan: PhysicalPlan) -> list[str]:
    """Names that a reader of the transfer list would not get back as they were."""
    if "transfers.csv" not in emitted:
        return []
    header, *rows = csv_rows(emitted["transfers.csv"])
    told = {row[header.index("reagent")] for row in rows}
    used = {transfer.stock for stage in plan.stages for transfer in stage.transfers}
    return [f"{mapping[name]!r} is not read back from transfers.csv" for name in used if mapping[name] not in told]
