"""Which hours to read at: what each hour alone would tell, and what is left unsure as reads are added."""

from __future__ import annotations

from ...verbs.sample_times import SampleTimes
from .picture import Picture
from .style import BLUE, GREY, INK, ORANGE, PALE, WIDTH_IN, axis_label, canvas, plain_ticks, styled


def draw_sample_times(told: SampleTimes, *, name: str, zero: str) -> Picture:
    """Left: the share of the variance that one read at each allowed hour would remove, chosen hours marked. Right: sd by reads."""
    chosen = told.chosen
    hours, alone = list(chosen.alone), [100 * share for share in chosen.alone.values()]
    with styled():
        figure = canvas(3.4, width_in=WIDTH_IN)
        left, right = figure.subplots(1, 2)
        left.vlines(hours, 0, alone, color=[BLUE if hour in chosen.hours else PALE for hour in hours], linewidth=5)
        left.plot(chosen.hours, [100 * chosen.alone[hour] for hour in chosen.hours], "o", color=BLUE, markersize=6, label="chosen")
        left.set(title="One read alone", xlabel="hours", ylabel="variance removed (%)", ylim=(0, 100))
        right.plot(range(len(chosen.sd)), chosen.sd, "o-", color=BLUE, label="chosen hours, by worth")
        for i, hour in enumerate(chosen.order, start=1):
            right.annotate(f"{hour:g} h", (i, chosen.sd[i]), textcoords="offset points", xytext=(4, 6), color=INK, fontsize=9)
        right.plot([len(chosen.hours)], [chosen.sd_even], "s", color=ORANGE, markersize=7, label="as many, evenly spread")
        right.axhline(chosen.sd_all, color=GREY, linestyle=(0, (4, 3)), linewidth=1.2, label="every allowed hour")
        right.set(title="Reads together", xlabel="reads", ylabel=axis_label("sd of the readout", told.unit), ylim=(0, 1.12 * max(chosen.sd)))
        right.set_xticks(range(len(chosen.sd)))
        right.legend()
        plain_ticks(left)
        plain_ticks(right, x=False)
        return Picture(
            name=name, title="When to read", figure=figure,
            caption=f"{told.of}: {told.goal.what}, {', '.join(told.measured)} read at each hour. Hours count from {zero}.",
            alt=f"Reads at {', '.join(f'{hour:g} h' for hour in chosen.hours)} leave an sd of {chosen.sd[-1]:.3g} of {chosen.sd[0]:.3g} {told.unit}",
        )  # fmt: skip
