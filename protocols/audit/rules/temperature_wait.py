"""Pipetting on a module whose temperature was asked for but never waited for."""

from __future__ import annotations

from collections.abc import Iterator

from ...finding import Finding
from ..moment import Walk

RULE = "temperature not reached"
_SETS = {"temperatureModule/setTargetTemperature", "heaterShaker/setTargetTemperature", "thermocycler/setTargetBlockTemperature"}
_WAITS = {"temperatureModule/waitForTemperature", "heaterShaker/waitForTemperature", "thermocycler/waitForBlockTemperature", "temperatureModule/deactivate", "heaterShaker/deactivateHeater", "thermocycler/deactivateBlock"}


def find(walk: Walk) -> Iterator[Finding]:
    """Told once for each temperature that was set."""
    waiting: dict[str, float] = {}
    for moment in walk.moments:
        kind, params = moment.command.kind, moment.command.params
        if kind in _SETS:
            waiting[params["moduleId"]] = params.get("celsius", 0.0)
        elif kind in _WAITS:
            waiting.pop(params["moduleId"], None)
        elif kind == "waitForTasks":
            waiting.clear()
        if moment.action not in ("aspirate", "dispense"):
            continue
        module = walk.deck.module_under(moment.contacts[0].well[0]) if moment.contacts and moment.contacts[0].well else None
        if module in waiting:
            yield Finding(
                rule=RULE, severity="warning", where=moment.at(moment.contacts[0]), observed=f"{waiting.pop(module):g} °C set and not waited for",
                limit="the temperature reached before pipetting", mend="Wait first (await_temperature, wait_for_temperature, or set_temperature, which waits).",
            )  # fmt: skip
