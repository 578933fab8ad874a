"""The card of a synthetic data set: what it is, how it was made, what it is good for and what not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .synthetic_folder import Made


def synthetic_card(made: Made, *, files: Sequence[str], day: date) -> str:
    """Markdown."""
    verdict, drawn, world = made.world.verdict, made.drawn, made.world
    far = int((drawn.far > 1).sum())
    noise = "readings: the reader's noise is added, as the model learned it" if drawn.of == "reading" else "states: without the reader's noise"
    guard = (
        "Not judged: too few distinct interventions were measured."
        if made.guard is None
        else f"{made.guard.why[0].upper()}{made.guard.why[1:]} Judged on measured interventions that neither the model nor these rows had seen."
    )
    lines = [
        f"# Synthetic data of {made.campaign}",
        "",
        f"**Synthetic: simulator result.** {len(drawn):,} experiments that nobody carried out, made on {day.isoformat()} by a model of {made.system}.",
        "No row is a measurement, and none may be recorded as one: nextwell refuses them by the column `synthetic_from` and by their ids.",
        "",
        "## How it was made",
        "",
        f"- Model: {verdict.picked}, learned from {made.n_real:,} measured experiments. {verdict.why}",
        f"- Settings: {len(drawn):,} points of the campaign's space. They take turns in {made.hypotheses} hypotheses of the world for each 512 experiments (`hypothesis`).",
        f"- Values: {noise}.",
        f"- Seed {made.seed} (fit: {made.seed_of_fit}), nextwell {made.version}. `provenance.json` holds the hashes of data and model.",
        "",
        "## What is in it",
        "",
        *(f"- `{name}`" for name in files),
        "",
        f"Observables: {', '.join(f'{m.name} ({m.unit})' if m.unit else m.name for m in made.measurements)}. Factors: {', '.join(world.space.names)}. "
        f"Hours count from {made.zero}. `schema.json` describes every column with its unit.",
        "",
        "## Limits",
        "",
        "- It holds what the model believes, its errors included; nothing in it is new evidence.",
        f"- {far:,} experiments lie out of range of what was learned (`out_of_range` above 1): nothing is promised there.",
        "- For testing software, teaching, power calculations and training agents in the model. Not for claims about the biology, and never for clinical ones.",
        "",
        "## Would it help to learn from it?",
        "",
        guard,
        "",
        "## Licence",
        "",
        made.licence,
        "",
    ]
    return "\n".join(lines)
