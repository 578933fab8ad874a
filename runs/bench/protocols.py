"""The protocol bench: random designs on every machine, swaps, wrong files, hostile names, tips, and what full plates cost."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.metadata import version
from multiprocessing import get_context
from typing import Any

from protocols.engine.client import warm_engine
from protocols.verify import TOLERANCE_NL

from .full_plates import full_plates
from .hostile_names import try_hostile_names
from .protocol_audit import judge_all
from .protocol_mutations import mutation_score
from .protocol_parsers import missing_peers
from .protocol_targets import Tally, judge_design
from .realised import bench_realised

DESIGNS, QUICK_DESIGNS = 20_000, 60
# of these so many go through Opentrons' engine too
BY_ENGINE, QUICK_BY_ENGINE = 500, 6
NAMES, QUICK_NAMES = 100_000, 500
WORKERS = 2
Check = dict[str, Any]


def bench(*, quick: bool, seeds: int | None, progress: Callable[[str], None]) -> dict[str, Any]:
    """Run it. `quick` takes fewer designs and stays near a minute; `seeds` is the number of designs.

    Returns:
        `checks` (name, value, goal, ok, n), `tables` and `environment`.
    """
    designs = seeds or (QUICK_DESIGNS if quick else DESIGNS)
    tally = random_designs(designs, engine=min(QUICK_BY_ENGINE if quick else BY_ENGINE, designs), progress=progress)
    checks, tables = _designs(tally)
    for part in (_plates(quick, progress), _names(quick, progress), _files(progress), _mutations(progress)):
        checks += part["checks"]
        tables |= part["tables"]
    if not quick:
        told = bench_realised(quick=False, seeds=None, progress=progress)
        checks += told["checks"]
        tables |= told["tables"]
    return {
        "checks": checks, "tables": tables,
        "environment": {
            "python": platform.python_version(), "machine": platform.machine(), "opentrons": warm_engine().version, "scipy": version("scipy"), "quick": quick,
            "parsers that are not installed": list(missing_peers()),
        },
    }  # fmt: skip


def random_designs(count: int, *, engine: int, progress: Callable[[str], None], first: int = 0) -> Tally:
    """Seeds `first` to `first + count`, in worker processes; the engine sees `engine` of them, evenly spread."""
    tally = Tally()
    every = max(count // engine, 1) if engine else 0
    seeds = range(first, first + count)
    # a process forked from one that has started threads may hang
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        judged: Iterator[Tally] = pool.map(partial(_judge, every=every), seeds, chunksize=max(min(count // 20, 25), 1))
        for number, told in enumerate(judged, start=1):
            tally.add(told)
            if number % max(count // 100, 10) == 0:
                progress(f"random designs: {number} of {count}, {tally.refused} refused, {sum(tally.accepted.values())} files accepted, {len(tally.failed)} wrong")
    return tally


def _judge(seed: int, *, every: int) -> Tally:
    return judge_design(seed, engine=bool(every) and seed % every == 0)


def _designs(tally: Tally) -> tuple[list[Check], dict[str, Any]]:
    swapped = sum(tally.swapped.values())
    checks = [
        {"name": "random designs refused with a reason, or every well as planned in every target's files", "value": tally.designs - len(tally.failed), "goal": f"all {tally.designs}", "ok": not tally.failed, "n": tally.designs},
        {"name": "largest gap between plan and rebuilt composition (nL)", "value": tally.largest_gap_nl, "goal": f"<= {TOLERANCE_NL:g}", "ok": tally.largest_gap_nl <= TOLERANCE_NL, "n": tally.wells},
        {"name": "of these through Opentrons' engine", "value": tally.by_engine, "goal": "no mismatch", "ok": not tally.failed, "n": tally.by_engine},
        {"name": "swaps of stocks, wells, volumes and rows found", "value": swapped - len(tally.missed), "goal": f"all {swapped}", "ok": not tally.missed, "n": swapped},
        {"name": "designs for one channel in which a clean peer needs fewer tips", "value": tally.more_tips_than_a_peer, "goal": "0", "ok": tally.more_tips_than_a_peer == 0, "n": tally.designs - tally.refused},
    ]  # fmt: skip
    tables = {
        "designs": {"accepted": tally.designs - tally.refused, "refused": tally.refused, "with dilutions": tally.diluted, "wells": tally.wells, "failed": tally.failed[:20]},
        "accepted by size": dict(sorted(tally.sizes.items(), key=lambda entry: int(entry[0].split()[-1]))),
        "accepted by target": dict(tally.accepted.most_common()),
        "refused by target alone": dict(tally.target_refused.most_common()),
        "parsed by software of others": dict(tally.parsed_by_others.most_common()),
        "refusals by rule": dict(tally.rules.most_common()),
        "swaps": dict(sorted(tally.swapped.items())),
        "swaps missed": tally.missed[:20],
        "tips": {"ours": tally.tips, "best clean peer": tally.peers_tips, "designs with eight channels where a peer's one needs fewer": tally.more_tips_with_eight_channels},
    }  # fmt: skip
    return checks, tables


def _plates(quick: bool, progress: Callable[[str], None]) -> dict[str, Any]:
    progress("full plates")
    return full_plates(runs=1 if quick else 3, progress=progress)


def _names(quick: bool, progress: Callable[[str], None]) -> dict[str, Any]:
    told = try_hostile_names(QUICK_NAMES if quick else NAMES, progress=progress)
    check = {"name": "hostile names that change a file's shape", "value": len(told.changed), "goal": "0", "ok": not told.changed, "n": told.names}
    return {"checks": [check], "tables": {"hostile names": {"names": told.names, "files": told.files, "changed": list(told.changed[:10])}}}


def _files(progress: Callable[[str], None]) -> dict[str, Any]:
    judged = judge_all(progress=progress)
    wrong, right = [case for case in judged if case.rule], [case for case in judged if not case.rule]
    accepted = [case.case for case in wrong if not case.errors]
    return {
        "checks": [
            {"name": "wrong Opentrons files that the engine passes", "value": sum(case.engine_passes for case in wrong), "goal": "(theirs)", "ok": True, "n": len(wrong)},
            {"name": "wrong Opentrons files that nextwell passes", "value": len(accepted), "goal": "0", "ok": not accepted, "n": len(wrong)},
            {"name": "right Opentrons files that nextwell refuses", "value": sum(bool(case.errors) for case in right), "goal": "0", "ok": not any(case.errors for case in right), "n": len(right)},
        ],
        "tables": {"robot files": [case.row() for case in judged]},
    }  # fmt: skip


def _mutations(progress: Callable[[str], None]) -> dict[str, Any]:
    progress("checker rules against mutations of good protocols")
    rows = mutation_score()
    found = sum(row["found"] == "yes" for row in rows)
    check = {"name": "mutations of good protocols that the checker finds", "value": found, "goal": f"all {len(rows)}", "ok": found == len(rows), "n": len(rows)}
    return {"checks": [check], "tables": {"mutations": rows}}
