"""[[steps]] of a lab file: their order, and whether they read the plate when its campaign is measured."""

from __future__ import annotations

from itertools import chain

from world_model.terms.factors import NUMERIC_KINDS
from world_model.terms.late_doses import last_reading_h

from .draft import Draft


def check_steps(campaign: Draft, lab: Draft) -> None:
    """What compile would refuse or nobody could read, at the step's line. Nothing is told while any step is broken."""
    from protocols.checks.timing import faults_by_step

    parts = lab.of("steps")
    if not parts or any(part.word is None for part in parts):
        return
    faults = faults_by_step([part.word for part in parts])
    for position, findings in faults.items():
        for finding in findings:
            lab.mistake(parts[position].path, expected=finding.limit, found=finding.observed, mend=finding.mend)
    if not faults:
        _check_readings(campaign, lab)


def _check_readings(campaign: Draft, lab: Draft) -> None:
    """Every hour of a measurement is read by some step, and some hour after every dose."""
    from protocols.checks.readings import READ_MEND, read_spans, uncovered

    steps, measurements = [part.word for part in lab.of("steps")], campaign.words("measurements")
    hours = sorted(set(chain.from_iterable(measurement.at_h for measurement in measurements)))
    missed = uncovered(steps, hours)
    if not hours or len(measurements) != len(campaign.of("measurements")):
        return
    spans = read_spans(steps)
    if not spans:
        lab.mistake(("steps",), expected=f"a step that reads the plate, for {campaign.file.name} measures until {hours[-1]:g} h", found="none", mend=READ_MEND)
    elif missed:
        shown = ", ".join(f"{hour:g}" for hour in missed[:6]) + (" …" if len(missed) > 6 else "")
        lab.mistake(
            ("steps",), expected=f"a step that reads the plate at each hour of {campaign.file.name}'s measurements", found=f"none at {shown} h",
            mend="Read longer (a read step without a duration goes on to the last hour), or measure at fewer hours.",
        )  # fmt: skip
    elif last_reading_h(measurements) is not None and all(span.last_h is not None for span in spans):
        last = max(span.last_h for span in spans if span.last_h is not None)
        for part in campaign.of("factors"):
            factor = part.word
            if isinstance(factor, NUMERIC_KINDS) and factor.acts == "dose" and isinstance(factor.at, float) and factor.at >= last:
                campaign.mistake((*part.path, "at"), expected=f"an hour before the last read step of {lab.file.name} ends, at {last:.3g} h", found=f"{factor.at:g} h")
