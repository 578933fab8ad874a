"""The model card: what the model is for, what it was shown, what it may claim and why, where it ends. HTML, JSON and Markdown."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from world_model.fit import WorldModel
from world_model.terms.card import Card
from world_model.terms.certificate import LEVEL_NAMES, Certificate, Evidence, LevelEvidence
from world_model.terms.lab import Lab
from world_model.terms.readings import Dataset

from ..journal.canonical import canonical_json, sha256_of
from ..journal.raw_files import write_durably
from ..state.campaign_state import CampaignState
from ..version import VERSION
from .limits import limit_sentences, out_of_range_sentence, range_table
from .numbers import DASH, percent, short
from .page import Drawn
from .pictures.calibration import draw_calibration
from .summary import Tile, simulated_sentence
from .tables import Table, judge_scores

if TYPE_CHECKING:
    from world_model.certify.counterfactual import Layout

NOT_STATED = "not stated"
NO_CLINICAL_CLAIM = "For research planning alone. No level is a clinical claim, and none is evidence for use on patients."
_POOL = 512


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One level as the page shows it."""

    title: str
    held: bool
    why: str
    needed: str
    evidence: Table | None


@dataclass(frozen=True, kw_only=True)
class CardPage:
    """Everything that the template lays out, as text."""

    name: str
    system: str
    simulated: str
    written: str
    tiles: list[Tile]
    claim: list[str]
    stated: dict[str, str]
    data: list[str]
    rungs: list[Rung]
    scores: Table
    verdict: str
    calibration: Drawn | None
    horizons: Table
    ranges: Table
    limits: list[str]
    expiry: list[str]
    hashes: dict[str, str]
    version: str


def write_card(
    state: CampaignState, data: Dataset, world: WorldModel, certificate: Certificate, card: Card, *, layout: Layout, lab: Lab | None,
    valid_until: date, folder: Path,
) -> tuple[Path, ...]:  # fmt: skip
    """Write `<folder>/model-card.html`, `.json` and `.md`; returns their paths, HTML first.

    Raises:
        JournalError: the folder can't be written.
    """
    page = _page(state, data, world, certificate, card, layout=layout, lab=lab, valid_until=valid_until)
    told = _as_dict(page, certificate, card, valid_until=valid_until)
    card_sha256 = sha256_of(canonical_json(told))
    page.hashes["card"] = card_sha256
    text = json.dumps({**told, "card_sha256": card_sha256}, indent=2, ensure_ascii=False)
    environment = Environment(loader=PackageLoader("runs.report", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    written = {
        "model-card.html": environment.get_template("model_card.html").render(page=page), "model-card.json": text + "\n", "model-card.md": _markdown(page),
    }  # fmt: skip
    for name, content in written.items():
        write_durably(folder / name, content.encode())
    return tuple(folder / name for name in written)


def _page(
    state: CampaignState, data: Dataset, world: WorldModel, certificate: Certificate, card: Card, *, layout: Layout, lab: Lab | None, valid_until: date
) -> CardPage:
    charter, simulated = state.charter, simulated_sentence(state, lab)
    picture = draw_calibration(certificate, name="calibration")
    return CardPage(
        name=charter.name, system=charter.system, simulated=simulated, written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        tiles=_tiles(certificate), claim=_claim(certificate, simulated),
        stated={
            "Context of use": card.context_of_use or NOT_STATED, "Goals": "; ".join(map(str, charter.goals)), "Licence of the data": card.licence or NOT_STATED,
            "Consent": card.consent or NOT_STATED, "Origin": card.origin or _origin(state, simulated), **({"Notes": card.notes} if card.notes else {}),
        },
        data=_data_sentences(state, data, certificate, layout), rungs=[_rung(rung) for rung in certificate.levels], scores=judge_scores(world.verdict),
        verdict=certificate.verdict, calibration=Drawn.of(picture) if picture is not None else None, horizons=_horizons(certificate),
        ranges=range_table(world, data),
        limits=[out_of_range_sentence(world, _refused(world), _POOL), *limit_sentences(charter, world, data, certificate)],
        expiry=_expiry(certificate, valid_until),
        hashes={"data": certificate.data_sha256, "model": certificate.model_sha256, "journal": f"event {state.head}, {state.head_hash}"}, version=VERSION,
    )  # fmt: skip


def _claim(certificate: Certificate, simulated: str) -> list[str]:
    level = certificate.level
    told = {
        0: "Nothing may be claimed of this model: not even its forecasts of unseen interventions hold.",
        1: "The model may be used to forecast experiments like those seen. It has not shown that its forecasts follow from what is done.",
        2: "The model may be used to forecast what happens under actions within its range. It may not be asked what would have been otherwise.",
        3: "The model may be asked what would happen under one action rather than another, within its range. It may not steer unattended.",
        4: "Plans made with the model kept what they promised. It may plan trajectories within its range, under the rules of the house.",
    }[level]
    return [told, *([f"{simulated} Levels are those of a simulator result, not of a laboratory."] if simulated else []), NO_CLINICAL_CLAIM]


def _tiles(certificate: Certificate) -> list[Tile]:
    covered = [entry for entry in certificate.reliability if entry.coverage is not None]
    n = sum(entry.cases for entry in covered)
    share = sum((entry.coverage or 0.0) * entry.cases for entry in covered) / n if n else float("nan")
    return [
        Tile(number=f"L{certificate.level}", label=LEVEL_NAMES[certificate.level], note="highest level for which all lower ones hold"),
        Tile(number=certificate.picked, label="model", note=f"seed {certificate.seed}"),
        Tile(number=f"{certificate.n_interventions:,}", label="interventions", note=f"in {certificate.n_records:,} experiments, each held out once"),
        Tile(number=percent(share), label="of held-out readings within 90 %", note=f"{n:,} readings"),
    ]


def _origin(state: CampaignState, simulated: str) -> str:
    names = [f"{source.name} (SHA-256 {source.sha256[:12]}…)" for source in list(state.sources.values())[:6]]
    more = f" and {len(state.sources) - 6} more files" if len(state.sources) > 6 else ""
    return f"{simulated} Files: {', '.join(names)}{more}".strip()


def _data_sentences(state: CampaignState, data: Dataset, certificate: Certificate, layout: Layout) -> list[str]:
    roles = ", ".join(f"{count} {role}" for role, count in Counter(data.roles).items())
    hours = f"{len(data.times_h)} times from {data.times_h[0]:g} to {data.times_h[-1]:g} h after {state.charter.zero}" if len(data.times_h) > 1 else "end points"
    return [
        f"{certificate.n_records} experiments with readings ({roles}) of {certificate.n_interventions} distinct interventions; {len(data.variables)} observables "
        f"({', '.join(data.variables)}); {hours}.",
        f"Held out by intervention in {certificate.folds} parts, replicates and near repeats together, never by time.",
        f"Layout: {'randomised' if layout.randomised else 'not known to be randomised'}; {layout.why}",
        *(f"Leak: {leak}" for leak in certificate.leaks),
    ]


def _rung(rung: LevelEvidence) -> Rung:
    rows = tuple(_row(item) for item in rung.evidence)
    table = Table(header=("evidence", "found", "90 % interval", "bound", "met", "cases"), rows=rows, numeric=frozenset({1}), wide=frozenset({0, 3, 5})) if rows else None
    return Rung(title=f"L{rung.level} {rung.name}", held=rung.held, why=rung.why, needed=rung.needed, evidence=table)


def _row(item: Evidence) -> tuple[str, ...]:
    interval = f"{short(item.low)} to {short(item.high)}" if item.low is not None and item.high is not None else DASH
    met = {True: "yes", False: "no", None: "not judged"}[item.met]
    return (item.name, short(item.value), interval, item.bound, met, f"{item.cases:,} {item.of}".strip())


def _horizons(certificate: Certificate) -> Table:
    rows = tuple(
        (
            entry.variable, DASH if entry.at_h is None else f"{entry.at_h:g}", percent(entry.coverage) if entry.coverage is not None else DASH,
            short(entry.nrmse), short(entry.width), str(entry.cases),
        )
        for entry in certificate.reliability
    )  # fmt: skip
    return Table(header=("observable", "hour", "within 90 %", "error (sd)", "width of 90 % (sd)", "readings"), rows=rows, numeric=frozenset({1, 2, 3, 4, 5}))


def _refused(world: WorldModel) -> float | None:
    """The share of plans drawn evenly from the whole space that lie out of range; a table's own rows where the space is one."""
    import torch

    space = world.space
    if space.candidates is not None:
        design = world.encoder.design(space.candidates.columns)
        design = design[torch.randperm(len(design), generator=torch.Generator().manual_seed(0))[:_POOL]]
    else:
        design = torch.rand(_POOL, len(space.factors), dtype=torch.double, generator=torch.Generator().manual_seed(0))
        for i in world.encoder.categorical_dims:
            levels = len(space.factors[i].levels)  # type: ignore[union-attr]
            design[:, i] = (design[:, i] * levels).floor().clamp_max(levels - 1)
        design = world.encoder.design_of(world.encoder.settings(design))
    return float(world.range.refuses(design).double().mean())


def _expiry(certificate: Certificate, valid_until: date) -> list[str]:
    return [
        f"Valid until {valid_until.isoformat()}, and no longer than until the records have changed by a quarter (new or corrected experiments; now {certificate.n_records}).",
        "It ends too when predictions stored before later experiments cover fewer than chance allows around 90 %, when the goals change, or with another version of nextwell.",
        "`nextwell status` shows whether it still holds. Without it the judge's verdict on held-out records alone counts (level 2 at most).",
    ]


def _as_dict(page: CardPage, certificate: Certificate, card: Card, *, valid_until: date) -> dict[str, Any]:
    return {
        "kind": "model card", "campaign": page.name, "system": page.system, "written": page.written, "nextwell": VERSION, "level": certificate.level,
        "level_name": LEVEL_NAMES[certificate.level], "simulator_result": bool(page.simulated), "claim": page.claim, "stated": page.stated,
        "card": card.model_dump(mode="json"), "data": page.data, "certificate": certificate.model_dump(mode="json"), "limits": page.limits,
        "ranges": [dict(zip(page.ranges.header, row, strict=True)) for row in page.ranges.rows], "expiry": page.expiry, "valid_until": valid_until.isoformat(),
        "hashes": dict(page.hashes),
    }  # fmt: skip


def _markdown(page: CardPage) -> str:
    lines = [f"# Model card: {page.name}", "", f"{page.system}, written {page.written} by nextwell {page.version}", "", *page.claim, ""]
    lines += [f"- **{name}**: {text}" for name, text in page.stated.items()]
    lines += ["", "## Data", "", *(f"- {line}" for line in page.data)]
    for rung in page.rungs:
        lines += ["", f"## {rung.title}: {'held' if rung.held else 'not held'}", "", rung.why, *([f"Needed: {rung.needed}"] if rung.needed and not rung.held else [])]
        lines += _markdown_table(rung.evidence)
    lines += ["", "## Contest", "", page.verdict, *_markdown_table(page.scores), "", "## Calibration", *_markdown_table(page.horizons), "", "## Limits"]
    lines += [*_markdown_table(page.ranges), "", *(f"- {line}" for line in page.limits), "", "## Expiry", "", *(f"- {line}" for line in page.expiry)]
    lines += ["", "## Hashes", "", *(f"- {name}: `{told}`" for name, told in page.hashes.items())]
    return "\n".join(lines) + "\n"


def _markdown_table(table: Table | None) -> list[str]:
    if table is None or not table.rows:
        return []
    clean = [[cell.replace("|", "\\|") for cell in row] for row in (table.header, *table.rows)]
    return ["", f"| {' | '.join(clean[0])} |", f"|{'---|' * len(table.header)}", *(f"| {' | '.join(row)} |" for row in clean[1:])]
