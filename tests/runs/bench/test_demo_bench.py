"""The bench's arithmetic, on runs written by hand."""

from __future__ import annotations

from types import SimpleNamespace

from runs.bench.demo import _checks, _summary

PROBLEM = SimpleNamespace(name="made up", goal=SimpleNamespace(sign=1.0))


def run(auto: float, random: float, after: int | None) -> dict:
    return {"auto best": auto, "random best": random, "auto reached after": after, "budget": 40, "auto cpu s": 1.0}


def test_wins_ties_and_the_median_share_are_counted():
    # shares 4/40, 12/40, 20/40, never: the median of four is the mean of 12/40 and 20/40
    told = _summary(PROBLEM, [run(3, 1, 4), run(3, 2, 12), run(2, 2, 20), run(1, 2, None)], "auto")
    assert (told["better than random"], told["equal"]) == (2, 1)
    assert told["share of budget to random's best, median"] == 0.4


def test_a_median_that_was_never_reached_is_said_and_fails_its_check():
    told = _summary(PROBLEM, [run(1, 2, None), run(1, 2, None), run(3, 2, 4)], "auto")
    assert told["share of budget to random's best, median"] == "not reached"
    wins, share = _checks(PROBLEM, told, 3)
    assert not wins["ok"] and wins["goal"] == ">= 3 of 3" and not share["ok"]


def test_minimising_turns_better_round():
    told = _summary(SimpleNamespace(name="m", goal=SimpleNamespace(sign=-1.0)), [run(1, 2, 3)], "auto")
    assert told["better than random"] == 1
