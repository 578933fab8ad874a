"""Calibration of held-out predictions: coverage by hour, and the probability integral transforms."""

from __future__ import annotations

import numpy as np

from world_model.terms.certificate import Certificate

from .picture import Picture
from .style import BLUE, GREEN, GREY, ORANGE, PALE, PURPLE, SKY, WIDTH_IN, canvas, styled

_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY)


def draw_calibration(certificate: Certificate, *, name: str) -> Picture | None:
    """None where nothing was held out."""
    if not certificate.reliability:
        return None
    with styled():
        figure = canvas(3.4, width_in=WIDTH_IN)
        left, right = figure.subplots(1, 2, width_ratios=(1.6, 1))
        left.axhspan(85, 95, color=PALE, alpha=0.6, linewidth=0, label="85 to 95 %")
        left.axhline(90, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
        variables = list(dict.fromkeys(entry.variable for entry in certificate.reliability))
        hours = any(entry.at_h is not None for entry in certificate.reliability)
        for k, variable in enumerate(variables):
            own = [entry for entry in certificate.reliability if entry.variable == variable and entry.coverage is not None]
            # end points stand side by side, for they have no hour
            x = [entry.at_h if entry.at_h is not None else float(k) for entry in own]
            left.plot(x, [100 * (entry.coverage or 0.0) for entry in own], "o-", color=_COLOURS[k % len(_COLOURS)], markersize=4.5, label=variable)
        left.set_ylim(min(60.0, *(100 * (entry.coverage or 0.0) for entry in certificate.reliability)) - 3, 102)
        left.set_ylabel("readings within 90 % (%)")
        left.set_xlabel("hours" if hours else "")
        if not hours:
            left.set_xticks(range(len(variables)), variables)
            left.set_xlim(-0.5, len(variables) - 0.5)
        left.set_title("Coverage of held-out readings")
        left.legend(loc="lower right", ncols=2)
        counts = np.array(certificate.pit, dtype=float)
        width = 1 / max(len(counts), 1)
        right.bar((np.arange(len(counts)) + 0.5) * width, counts / max(counts.sum(), 1) / width, width=0.94 * width, color=BLUE)
        right.axhline(1.0, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
        right.set_xlabel("place in the predicted distribution")
        right.set_ylabel("density")
        right.set_title("PIT")
        return Picture(
            name=name, title="Coverage by hour, and PIT", figure=figure,
            caption="Left: the share of held-out readings within their 90 % interval, by hour. Right: where readings fell in their predicted distributions; "
            "level is honest, a hill means too wide, a bowl too narrow, a slope a bias. Each reading was predicted by a fit that never saw its intervention.",
            alt="Coverage of held-out 90 % intervals by hour, and a histogram of probability integral transforms",
        )  # fmt: skip
