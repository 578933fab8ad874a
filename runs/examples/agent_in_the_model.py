"""An agent that is trained inside a learned model and scored outside of it, in the simulated lab that the model learned from.

    python runs/examples/agent_in_the_model.py

Forty-eight cultures are measured in the simulated microplate lab. A world model learns from them. A policy with twelve numbers decides the medium
at the start and, having seen the culture grow for three hours, how much inducer it gets and when. The cross-entropy method trains it inside the
model, each episode in another hypothesis of the world; the lab says what it is worth. What was earned inside less what is earned outside is the
price of believing a model: print it, always.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run as a script, from anywhere

from planner.pool import draw_feasible
from world_model.encoding import Encoder
from world_model.environment import ExperimentEnvironment, Task
from world_model.fit import WorldModel, fit_world_model
from world_model.labs.microplate.lab import MicroplateLab
from world_model.one_world import LabWorlds, ModelWorlds
from world_model.terms.factors import Continuous, Discrete
from world_model.terms.goals import Goal, Measurement
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

HOURS = tuple(float(hour) for hour in range(13))
SPACE = SearchSpace(
    factors=(
        Continuous(name="glucose", unit="mM", low=2, high=60),
        Continuous(name="ammonium", unit="mM", low=2, high=60),
        Continuous(name="iptg", unit="mM", low=0.005, high=1, scale="log", acts="dose", at="induction"),
        Discrete(name="induction", unit="h", values=(3, 4, 6, 8), acts="time"),
    )
)
MEASURED = (Measurement(name="OD600", unit="OD600", at_h=HOURS), Measurement(name="GFP", unit="RFU", at_h=HOURS))
GOAL = Goal(readout="GFP")
N_MEASURED, NOISE = 48, 0.04

Policy = Callable[[dict[str, np.ndarray]], np.ndarray]


@dataclass(frozen=True)
class Trained:
    """The policy's numbers, and the mean return of the best fifth at each step of the training."""

    weights: np.ndarray
    progress: list[float]


def learn(lab: MicroplateLab, *, seed: int) -> WorldModel:
    """Measure some cultures, evenly over the space, and learn from them."""
    encoder = Encoder(SPACE)
    rows = encoder.settings(draw_feasible(encoder, N_MEASURED, seed=seed))
    truth = lab.truth(rows, MEASURED)
    values = truth * (1 + NOISE * np.random.default_rng(seed).standard_normal(truth.shape))
    data = Dataset(
        ids=tuple(f"C{i:02d}" for i in range(N_MEASURED)), settings={name: np.array([row[name] for row in rows]) for name in SPACE.names},
        roles=("candidate",) * N_MEASURED, blocks=("1",) * N_MEASURED, times_h=np.array(HOURS), variables=("OD600", "GFP"), values=values,
        flags=np.zeros(values.shape, int),
    )  # fmt: skip
    return fit_world_model(SPACE, data, seed=seed, goals=(GOAL,))


def policy(weights: np.ndarray, typical: np.ndarray) -> Policy:
    """Twelve numbers: a bias for each factor, and how the last readings (relative to typical ones) move each of them."""
    bias, slope = weights[:4], weights[4:].reshape(4, 2)

    def decide(seen: dict[str, np.ndarray]) -> np.ndarray:
        surprise = np.where(seen["read"] == 1, seen["readings"] / typical - 1, 0.0)
        action: np.ndarray = 1 / (1 + np.exp(-(bias + slope @ np.clip(surprise, -2, 2))))
        return action

    return decide


def play(env: ExperimentEnvironment, decide: Policy, *, seed: int) -> float:
    """The return of one episode, in RFU."""
    seen, _ = env.reset(seed=seed)
    total, ended = 0.0, False
    while not ended:
        seen, reward, ended, _, _ = env.step(decide(seen))
        total += reward
    return total


def train(env: ExperimentEnvironment, typical: np.ndarray, *, steps: int, population: int, seed: int) -> Trained:
    """Cross-entropy method: draw policies, keep the best fifth, move there (Rubinstein & Kroese 2004). Every policy of a step meets the same worlds."""
    source, progress = np.random.default_rng(seed), []
    mean, sd = np.zeros(12), np.full(12, 1.5)
    for step in range(steps):
        tried = mean + sd * source.standard_normal((population, 12))
        earned = np.array([np.mean([play(env, policy(w, typical), seed=1000 * step + world) for world in range(2)]) for w in tried])
        best = tried[np.argsort(earned)[-max(population // 5, 2) :]]
        mean, sd = best.mean(axis=0), best.std(axis=0) + 0.3 * 0.8**step
        progress.append(float(np.sort(earned)[-max(population // 5, 2) :].mean()))
    return Trained(weights=mean, progress=progress)


def main(*, steps: int = 10, population: int = 15, episodes: int = 12, seed: int = 1) -> dict[str, float]:
    """Train inside, score outside; returns what it prints, in RFU."""
    torch.set_num_threads(1)
    lab = MicroplateLab(space=SPACE)
    world = learn(lab, seed=seed)
    task, worlds = Task.of(world, GOAL), ModelWorlds(world)
    inside = ExperimentEnvironment(worlds, task, actions="unit")
    outside = ExperimentEnvironment(LabWorlds(lab, MEASURED, worlds.noise), task, actions="unit")
    typical = world.training.values[:, list(HOURS).index(3.0)].nanmean(dim=0).numpy()
    trained = train(inside, typical, steps=steps, population=population, seed=seed)
    agent, source = policy(trained.weights, typical), np.random.default_rng(seed)

    def at_random(_seen: dict[str, np.ndarray]) -> np.ndarray:
        action: np.ndarray = source.random(len(SPACE.factors))
        return action

    told = {
        "inside": float(np.mean([play(inside, agent, seed=10_000 + i) for i in range(episodes)])),
        "outside": float(np.mean([play(outside, agent, seed=20_000 + i) for i in range(episodes)])),
        "random outside": float(np.mean([play(outside, at_random, seed=30_000 + i) for i in range(episodes)])),
        "best measured": float(world.training.values[:, -1, 1].max()),
    }
    told["gap"] = told["inside"] - told["outside"]
    print(f"{N_MEASURED} measured cultures, the best of them {told['best measured']:,.0f} RFU; model: {world.verdict.picked}")  # noqa: T201
    print(f"trained inside, in {steps} steps of {population} policies: best fifth from {trained.progress[0]:,.0f} to {trained.progress[-1]:,.0f} RFU")  # noqa: T201
    print(f"agent inside the model     {told['inside']:>10,.0f} RFU, mean of {episodes} hypotheses (a simulator result)")  # noqa: T201
    print(f"agent outside, in the lab  {told['outside']:>10,.0f} RFU")  # noqa: T201
    print(f"gap, inside less outside   {told['gap']:>10,.0f} RFU")  # noqa: T201
    print(f"random outside             {told['random outside']:>10,.0f} RFU")  # noqa: T201
    return told


if __name__ == "__main__":
    main()
