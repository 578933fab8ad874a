"""A mechanism with wrong constants: what a run costs is the wrapped mechanism's."""

from __future__ import annotations

from runs.bench.believed import Believed
from world_model.mechanisms.estimate import Budget
from world_model.mechanisms.mechanism import MechanismParameter


class Slow:
    name, parameters = "slow", (MechanismParameter(name="k", value=2.0),)

    def cost_ms(self, rows, until_h):
        return 4.0 * len(rows) * until_h / 100

    def simulate(self, rows, times_h, variables, *, scaled=None):
        raise NotImplementedError


def test_a_believed_mechanism_costs_what_the_wrapped_one_does():
    believed = Believed(mechanism=Slow(), wrong={"k": 1.5})
    assert believed.cost_ms([{}], 50.0) == 2.0
    assert Budget(seconds=5.0).meter(believed, [{}], 50.0).simulations == Budget(seconds=5.0).meter(Slow(), [{}], 50.0).simulations == 2500
