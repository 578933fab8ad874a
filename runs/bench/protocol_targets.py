"""One random design on every machine that it names: refused with reasons, or each well as planned in every file that is emitted."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace

from protocols.command_walk import rebuild_from_text
from protocols.draft import Draft, draft_plate
from protocols.finding import Finding, Refused, errors_in
from protocols.pipettes import mounted_hands
from protocols.robot_plan.peers import best_clean, our_tips, tips_by_rule
from protocols.targets import target_of
from protocols.verify import verify
from world_model.terms.lab_profile import LabProfile
from world_model.terms.robots import OPENTRONS

from .protocol_designs import RandomDesign, random_design
from .protocol_parsers import missing_peers, third_party
from .protocol_swaps import swaps
from .starlet_run import with_resources

# PyLabRobot takes a second a plate; the Fluent's worklist is read by what reads the EVO's. These see one design in so many.
SAMPLED = {"Hamilton STARlet": 20, "Tecan Fluent": 10}
# designs of so few transfers have their files swapped about, one in so many
MOST_TRANSFERS_TO_SWAP, SWAPPED_EVERY = 150, 10


@dataclass
class Tally:
    """What became of designs. Counters are by target, rule or kind of swap."""

    designs: int = 0
    refused: int = 0
    wells: int = 0
    diluted: int = 0
    largest_gap_nl: float = 0.0
    rules: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    target_refused: Counter[str] = field(default_factory=Counter)
    parsed_by_others: Counter[str] = field(default_factory=Counter)
    sizes: Counter[str] = field(default_factory=Counter)
    swapped: Counter[str] = field(default_factory=Counter)
    by_engine: int = 0
    tips: int = 0
    peers_tips: int = 0
    more_tips_than_a_peer: int = 0
    more_tips_with_eight_channels: int = 0
    failed: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Another tally's counts on top."""
        for name, value in vars(other).items():
            mine = getattr(self, name)
            if name == "largest_gap_nl":
                self.largest_gap_nl = max(mine, value)
            elif isinstance(mine, Counter):
                mine.update(value)
            elif isinstance(mine, list):
                mine.extend(value)
            else:
                setattr(self, name, mine + value)


def judge_design(seed: int, *, engine: bool = False) -> Tally:
    """The design of a seed, judged.

    Args:
        engine: let Opentrons' own engine analyse its file too.
    """
    design, tally = random_design(seed), Tally(designs=1)
    try:
        draft = draft_plate(plate="bench", experiments=design.experiments, space=design.space, lab=design.lab, seed=seed)
    except Refused as refusal:
        _refused(refusal.findings, tally, design.name)
        return tally
    tally.wells, tally.diluted = len(draft.plan.composition()), int(bool(draft.plan.dilutions))
    tally.sizes[_size(len(draft.layout))] += 1
    tally.failed += [f"{design.name}: {told}" for told in against_lab_file(design, draft)]
    if draft.robot:
        _by_walk(design, draft, tally, engine=engine)
    else:
        _text_target(design, design.lab, draft, tally)
    for robot in design.lab.robots:
        lab = design.lab.for_target(robot.called)
        if robot.model == "Hamilton STARlet":
            lab = with_resources(lab)
        target = target_of(lab)
        errors = errors_in(target.check(lab))
        emitted = target.emit(draft.plan, lab) if not errors else None
        errors += errors_in(emitted.findings) if emitted is not None else []
        if emitted is None or errors:
            tally.target_refused[robot.model] += 1
            _told(errors, tally, f"{design.name}, {robot.model}")
        else:
            _text_target(design, lab, replace(draft, emitted=emitted), tally)
    return tally


def _size(wells: int) -> str:
    return next(f"up to {most}" for most in (6, 12, 24, 48, 96, 384) if wells <= most)


def _refused(findings: tuple[Finding, ...], tally: Tally, name: str) -> None:
    errors = errors_in(findings)
    tally.refused += 1
    tally.rules.update({finding.rule for finding in errors})
    _told(errors, tally, name)


def _told(errors: list[Finding], tally: Tally, name: str) -> None:
    if not errors or not all(finding.where and finding.observed and finding.limit for finding in errors):
        tally.failed.append(f"{name}: refused without a reason")


def _by_walk(design: RandomDesign, draft: Draft, tally: Tally, *, engine: bool) -> None:
    """An Opentrons file: by the walk of its commands, and by the engine where asked."""
    model = design.lab.robot.model
    told = rebuild_from_text(draft.files, draft.plan, draft.robot)
    tally.largest_gap_nl = max(tally.largest_gap_nl, told.largest_gap_nl)
    tally.accepted[model] += 1
    tally.failed += [f"{design.name}, {model}, walk: {finding}" for finding in told.findings[:2]]
    if engine:
        from protocols.engine.client import warm_engine

        answer = verify(draft.files, draft.plan, draft.robot, engine=warm_engine())
        tally.by_engine += 1
        tally.failed += [f"{design.name}, {model}, engine: {finding}" for finding in answer.findings[:2]]
    hands = mounted_hands(design.lab)
    if any(hand.pipette.channels == 1 for hand in hands):
        ours, peers = our_tips(draft.robot), best_clean(tips_by_rule(draft.plan, hands))
        tally.tips += ours
        tally.peers_tips += peers
        # eight channels take eight tips where one would do, and save moves by that: told apart
        if all(hand.pipette.channels == 1 for hand in hands):
            tally.more_tips_than_a_peer += ours > peers
        else:
            tally.more_tips_with_eight_channels += ours > peers
    if _to_swap(design, draft):
        chance = random.Random(design.seed)
        for number, text in enumerate(draft.files):
            for swapped in swaps(text, suffix=".py", chance=chance):
                files = [*draft.files[:number], swapped.text, *draft.files[number + 1 :]]
                found = rebuild_from_text(files, draft.plan, draft.robot)
                tally.swapped[f"{model}: {swapped.kind}"] += 1
                if found.passed:
                    tally.missed.append(f"{design.name}, {model}, stage {number}: {swapped.kind}")


def _text_target(design: RandomDesign, lab: LabProfile, draft: Draft, tally: Tally) -> None:
    """A text target: by our reader, and by software that others wrote."""
    model, target = lab.robot.model, target_of(lab)
    told = target.validate(draft.emitted, draft.plan, lab)
    tally.accepted[model] += 1
    tally.largest_gap_nl = max(tally.largest_gap_nl, told.largest_gap_nl)
    tally.failed += [f"{design.name}, {model}, read back: {finding}" for finding in told.findings[:2]]
    if design.seed % SAMPLED.get(model, 1) == 0 and not missing_peers():
        tally.parsed_by_others[model] += 1
        tally.failed += [f"{design.name}, {model}, parsed by others: {told}" for told in third_party(lab, draft.emitted, draft.plan)[:2]]
    if _to_swap(design, draft):
        chance = random.Random(design.seed)
        for number, text in enumerate(draft.files):
            for swapped in swaps(text, suffix=draft.emitted.suffix, chance=chance):
                files = (*draft.files[:number], swapped.text, *draft.files[number + 1 :])
                found = target.validate(replace(draft.emitted, files=files), draft.plan, lab)
                tally.swapped[f"{model}: {swapped.kind}"] += 1
                if found.passed:
                    tally.missed.append(f"{design.name}, {model}, stage {number}: {swapped.kind}")


def _to_swap(design: RandomDesign, draft: Draft) -> bool:
    transfers = sum(len(stage.transfers) for stage in draft.plan.stages)
    return design.seed % SWAPPED_EVERY == 0 and transfers <= MOST_TRANSFERS_TO_SWAP


def against_lab_file(design: RandomDesign, draft: Draft) -> list[str]:
    """What `planned` says against stock strengths and the wells' contents, summed here, and against what was asked."""
    found = []
    final_nl = design.lab.plate.volume_ul * 1000
    held = draft.plan.composition()
    at = {experiment: well for well, experiment in draft.layout.items()}
    # half a step of the least volume, and what an exact fill without diluent leaves to the largest volume
    device = draft.plan.device if design.lab.robot.model not in OPENTRONS else None
    worst = 0.06 if device is None else device.step_nl / (2 * device.least_nl) + 0.01
    for experiment in design.experiments:
        contents = held[at[experiment.id]]
        for name, value in draft.planned[experiment.id].items():
            factor = design.space[name]
            if factor.action == "time":
                continue
            brought = sum(
                design.lab.concentration_in(stock, name, factor.unit) * contents.get(stock.name, 0.0) / final_nl for stock in design.lab.stocks_with(name)
            )
            asked = float(experiment.settings[name])
            if abs(brought - float(value)) > 1e-6 * max(abs(asked), 1e-9):
                found.append(f"{experiment.id}: {name} planned {value}, summed {brought}")
            if "water" in contents and abs(float(value) - asked) > worst * asked + 1e-12:
                found.append(f"{experiment.id}: {name} planned {value}, asked {asked}")
    return found
