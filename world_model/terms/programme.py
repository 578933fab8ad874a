"""A space's factors and constraints as a mixed-integer programme: whether any point meets them all, and the one nearest to a wish.

Everything but functions is said exactly: levels and steps as whole numbers, `either 0 or at least`, counts of parts, exclusions and
conditional factors by indicators, and products through piecewise bounds on logarithms that are refined where they are loose. A
programme without a solution proves that no point of the space meets its constraints. Solved by HiGHS (Huangfu & Hall 2018).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from world_model.terms.cardinality import Cardinality, minimum_of
from world_model.terms.condition import SAME, Condition
from world_model.terms.constraint import Constraint
from world_model.terms.constraints import Linear
from world_model.terms.derived import Derived
from world_model.terms.exclusion import Exclude
from world_model.terms.factors import Categorical, Continuous, Factor
from world_model.terms.mixture import Mixture
from world_model.terms.product import Product
from world_model.terms.quiet import quiet_output
from world_model.terms.steps_of import places_of

if TYPE_CHECKING:
    import numpy as np

_MOST_LISTED = 256  # values of a stepped factor that get an indicator each
_MARGIN = 1e-5  # of a range: what strictly more or less means in a programme
_TIME_LIMIT_S = 5.0
_REFINEMENTS = 30
_LOG_OF_NOTHING = -40.0
_NEARLY_NOTHING = 1e-6  # of a factor's largest value: below this a logarithm is only known to be small


@dataclass
class Sum:
    """A linear form of the programme's variables."""

    weights: dict[int, float] = field(default_factory=dict)
    constant: float = 0.0

    def plus(self, other: Sum, times: float = 1.0) -> Sum:
        """This and a multiple of another."""
        weights = dict(self.weights)
        for variable, weight in other.weights.items():
            weights[variable] = weights.get(variable, 0.0) + times * weight
        return Sum(weights, self.constant + times * other.constant)


@dataclass(frozen=True)
class Answer:
    """`values` holds numbers for numeric factors and, for factors with levels, all levels that are as good; None without a solution.

    `proven` is False where time ran out or a product could not be settled: then nothing is known.
    """

    values: dict[str, Any] | None
    proven: bool


class Programme:
    """The factors that some constraints concern, and these constraints.

    Args:
        factors: all factors of the space.
        derived: what follows from them; sums and means are followed, other formulas only where they stand alone.
        constraints: functions of the user's own are left out, for nothing is known of them.
    """

    def __init__(self, factors: Sequence[Factor], constraints: Iterable[Constraint], *, derived: Sequence[Derived] = ()) -> None:
        self.factors = {factor.name: factor for factor in factors}
        self.derived = {word.name: word for word in derived}
        self.constraints = tuple(constraints)
        self.is_whole = True  # False where a constraint could not be said
        self._points: dict[str, list[float]] = {}

    def solve(self, *, toward: Mapping[str, Any] | None = None, along: Mapping[str, float] | None = None) -> Answer:
        """A point that meets the constraints.

        Args:
            toward: values by factor; the nearest point is sought, each factor counted by its range.
            along: coefficients by factor; the point with the least sum is sought.
        """
        for _ in range(_REFINEMENTS):
            built = _Built(self)
            cost = built.cost(toward=toward or {}, along=along or {})
            solution = built.solved(cost)
            if solution is None or isinstance(solution, bool):
                return Answer(values=None, proven=solution is None)
            values = built.read(solution)
            if not built.loosest(values, self._points):
                return Answer(values=values, proven=True)
        return Answer(values=None, proven=False)


class _Built:
    """One programme with the present breakpoints of logarithms."""

    def __init__(self, told: Programme) -> None:
        self.told = told
        self.low: list[float] = []
        self.high: list[float] = []
        self.whole: list[int] = []
        self.rows: list[tuple[Sum, float, float]] = []
        self.values: dict[str, Sum] = {}
        self.listed: dict[str, list[tuple[float, int]]] = {}
        self.classes: dict[str, dict[tuple[bool, ...], int]] = {}
        self.truths: dict[tuple[str, str], Sum] = {}
        self.logs: dict[str, Sum] = {}
        self.active: dict[str, Sum] = {}
        for constraint in told.constraints:
            self._state(constraint)
        for name in list(self.values) + list(self.classes):
            self._presence(name)

    # --- variables ---

    def variable(self, low: float, high: float, *, whole: bool = False) -> int:
        self.low.append(low)
        self.high.append(high)
        self.whole.append(int(whole))
        return len(self.low) - 1

    def row(self, form: Sum, low: float, high: float) -> None:
        self.rows.append((form, low, high))

    def value(self, name: str) -> Sum:
        """A numeric factor's value."""
        if name not in self.values:
            factor = self.told.factors[name]
            free = self._free_value(factor)
            if factor.only_if:
                low, high = factor.bounds  # type: ignore[union-attr]
                stand_in = float(factor.stand_in)
                least, most = min(low, stand_in), max(high, stand_in)
                own = Sum({self.variable(0.0, 1.0): most - least}, least)
                self.values[name] = own
                active, span = self.presence(name), (most - least) or 1.0
                apart = own.plus(free, -1.0)
                self.row(apart.plus(active, span), -_INF, span)  # |value - free| ≤ span · (1 - active)
                self.row(apart.plus(active, -span), -span, _INF)
                self.row(own.plus(active, -span), -_INF, stand_in)  # |value - stand-in| ≤ span · active
                self.row(own.plus(active, span), stand_in, _INF)
            else:
                self.values[name] = free
        return self.values[name]

    def _free_value(self, factor: Factor) -> Sum:
        low, high = factor.bounds  # type: ignore[union-attr]
        if isinstance(factor, Continuous):
            own = Sum({self.variable(0.0, 1.0): high - low}, low)
            if factor.zero_or_at_least is not None:
                present = Sum({self.variable(0.0, 1.0, whole=True): 1.0})
                self.row(own.plus(present, -high), -_INF, 0.0)
                self.row(own.plus(present, -factor.zero_or_at_least), 0.0, _INF)
            return own
        places = places_of(factor)
        if places.step is not None and factor.name not in self._in_products():
            return Sum({self.variable(0.0, places.count - 1, whole=True): places.step}, low)
        if places.count > _MOST_LISTED:
            self.told.is_whole = False
            return Sum({self.variable(0.0, 1.0): high - low}, low)
        chosen = [(value, self.variable(0.0, 1.0, whole=True)) for value in places.values()]
        self.row(Sum({variable: 1.0 for _, variable in chosen}), 1.0, 1.0)
        self.listed[factor.name] = chosen
        return Sum({variable: value for value, variable in chosen})

    def _in_products(self) -> set[str]:
        return {name for constraint in self.told.constraints for product in products_of(constraint, self.told.derived) for name in product.powers}

    def level(self, name: str, wanted: Condition) -> Sum:
        """1 where a factor with levels has one of these."""
        factor = self.told.factors[name]
        assert isinstance(factor, Categorical)
        if name not in self.classes:
            asked = self._conditions_on(name)
            kinds = {tuple(level in condition.levels for condition in asked) for level in factor.levels}
            self.classes[name] = {kind: self.variable(0.0, 1.0, whole=True) for kind in sorted(kinds)}
            self.row(Sum(dict.fromkeys(self.classes[name].values(), 1.0)), 1.0, 1.0)
            if factor.only_if:
                stand_in = self.classes[name][tuple(factor.stand_in in condition.levels for condition in asked)]
                self.row(Sum({stand_in: 1.0}).plus(self.presence(name)), 1.0, _INF)
        at = self._conditions_on(name).index(wanted)
        return Sum({variable: 1.0 for kind, variable in self.classes[name].items() if kind[at]})

    def _conditions_on(self, name: str) -> list[Condition]:
        asked = [c.when[name] for c in self.told.constraints if isinstance(c, Exclude) and name in c.when]
        asked += [factor.only_if[name] for factor in self.told.factors.values() if factor.only_if and name in factor.only_if]
        return list(dict.fromkeys(asked))

    # --- conditions ---

    def truth(self, name: str, condition: Condition) -> Sum:
        """1 where a condition holds, 0 where it fails."""
        key = (name, condition.model_dump_json())
        if key not in self.truths:
            factor = self.told.factors.get(name)
            if isinstance(factor, Categorical):
                self.truths[key] = self.level(name, condition)
            elif condition.values:
                self.truths[key] = Sum()
                for value in condition.values:
                    self.truths[key] = self.truths[key].plus(self._within(name, value, value, strict=(False, False)))
            else:
                strict = (condition.above is not None, condition.below is not None)
                self.truths[key] = self._within(name, condition.low, condition.high, strict=strict)
        return self.truths[key]

    def _within(self, name: str, low: float | None, high: float | None, *, strict: tuple[bool, bool]) -> Sum:
        """1 where a value lies between two ends, 0 where it lies below or above."""
        own, (least, most) = self.value(name), self._ends(name)
        held = Sum({self.variable(0.0, 1.0, whole=True): 1.0})
        every = held
        span = 2.0 * (most - least) + 1.0
        if low is not None:
            under = Sum({self.variable(0.0, 1.0, whole=True): 1.0})
            every = every.plus(under)
            last_below, first_in = self._around(name, low, belongs_above=not strict[0])
            self.row(own.plus(held, -span), first_in - span, _INF)
            self.row(own.plus(under, span), -_INF, last_below + span)
        if high is not None:
            over = Sum({self.variable(0.0, 1.0, whole=True): 1.0})
            every = every.plus(over)
            last_in, first_above = self._around(name, high, belongs_above=strict[1])
            self.row(own.plus(held, span), -_INF, last_in + span)
            self.row(own.plus(over, -span), first_above - span, _INF)
        self.row(every, 1.0, 1.0)
        return held

    def _around(self, name: str, end: float, *, belongs_above: bool) -> tuple[float, float]:
        """The last value on the lower side of an end and the first one on the upper side."""
        factor, (least, most) = self.told.factors[name], self._ends(name)
        slack = SAME * max(abs(end), 1e-3)
        if isinstance(factor, Continuous):
            margin = _MARGIN * (factor.high - factor.low)
            return (end - margin, end) if belongs_above else (end, end + margin)
        values = {*places_of(factor).values(), *([float(factor.stand_in)] if factor.only_if else [])}
        lower = [value for value in values if (value < end - slack if belongs_above else value <= end + slack)]
        upper = [value for value in values if value not in lower]
        # no value on a side: one that the factor can't reach
        return max(lower, default=least - 0.5), min(upper, default=most + 0.5)

    def _ends(self, name: str) -> tuple[float, float]:
        factor = self.told.factors[name]
        low, high = factor.bounds  # type: ignore[union-attr]
        return (min(low, float(factor.stand_in)), max(high, float(factor.stand_in))) if factor.only_if else (low, high)

    def presence(self, name: str) -> Sum:
        """1 where a conditional factor exists."""
        if name not in self.active:
            factor = self.told.factors[name]
            needs = factor.only_if or {}
            own = Sum({self.variable(0.0, 1.0, whole=True): 1.0})
            self.active[name] = own
            held = [self.truth(needed, condition) for needed, condition in needs.items()]
            held += [self.presence(needed) for needed in needs if self.told.factors[needed].only_if]
            total = Sum()
            for one in held:
                self.row(own.plus(one, -1.0), -_INF, 0.0)  # it exists only where each holds
                total = total.plus(one)
            self.row(own.plus(total, -1.0), 1.0 - len(held), _INF)  # and does where all hold
        return self.active[name]

    def _presence(self, name: str) -> None:
        if self.told.factors[name].only_if:
            self.presence(name)

    # --- constraints ---

    def _state(self, constraint: Constraint) -> None:
        match constraint:
            case Mixture():
                self._state(constraint.whole)
                if constraint.parts is not None:
                    self._state(constraint.parts)
            case Cardinality():
                self._parts(constraint)
            case Exclude():
                if any(name in self.told.derived for name in constraint.when):
                    self.told.is_whole = False
                    return
                held = Sum()
                for name, condition in constraint.when.items():
                    held = held.plus(self.truth(name, condition))
                self.row(held, -_INF, len(constraint.when) - 1.0)
            case Product() | Linear():
                products = products_of(constraint, self.told.derived)
                for product in products:
                    self._product(product)
                if not products and isinstance(constraint, Linear):
                    self._linear(constraint)
                elif not products:
                    self.told.is_whole = False
            case _:
                self.told.is_whole = False

    def _linear(self, constraint: Linear) -> None:
        told = plain(constraint, self.told.derived, self.told.factors)
        if told is None:
            self.told.is_whole = False
            return
        total = Sum()
        for name, weight in told.terms.items():
            total = total.plus(self.value(name), weight / constraint.size)
        bound = told.bound / constraint.size
        self.row(total, -_INF if told.at_most is not None else bound, _INF if told.at_least is not None else bound)

    def _parts(self, constraint: Cardinality) -> None:
        count = Sum()
        for name in constraint.of:
            high = self._ends(name)[1]
            least = max(minimum_of(constraint.minimum, name), self._least_above_nothing(name) if constraint.at_least else 0.0)
            present = Sum({self.variable(0.0, 1.0, whole=True): 1.0})
            self.row(self.value(name).plus(present, -high), -_INF, 0.0)
            self.row(self.value(name).plus(present, -least), 0.0, _INF)
            count = count.plus(present)
        self.row(count, float(constraint.at_least or 0), float(len(constraint.of) if constraint.at_most is None else constraint.at_most))

    def _least_above_nothing(self, name: str) -> float:
        factor = self.told.factors[name]
        if isinstance(factor, Continuous):
            return factor.zero_or_at_least or _MARGIN * factor.high
        return min((value for value in places_of(factor).values() if value > 0), default=0.0)

    def _product(self, product: Product) -> None:
        import math

        total = Sum()
        for name, power in product.powers.items():
            total = total.plus(self.log(name), power)
        bound = math.log(product.bound)
        self.row(total, -_INF if product.at_most is not None else bound, _INF if product.at_least is not None else bound)

    def log(self, name: str) -> Sum:
        """The logarithm of a value, exact on listed values; between breakpoints it lies under its tangents and above its chord."""
        if name not in self.logs:
            import math

            own, (low, high) = self.value(name), self._ends(name)
            if name in self.listed and not self.told.factors[name].only_if:
                self.logs[name] = Sum({v: math.log(value) if value > 0 else _LOG_OF_NOTHING for value, v in self.listed[name]})
                return self.logs[name]
            floor = max(low, _NEARLY_NOTHING * high)
            points = sorted({floor, high, *(p for p in self.told._points.get(name, _spaced(floor, high)) if floor < p < high)})
            logs, amounts, chosen = Sum(), Sum(), Sum()
            # amounts are counted in the right ends of their segments, so that no coefficient is large
            if low < floor:
                within, amount = self.variable(0.0, 1.0, whole=True), self.variable(0.0, 1.0)
                log = self.variable(_LOG_OF_NOTHING, max(math.log(floor), 0.0))
                self.row(Sum({amount: 1.0, within: -1.0}), -_INF, 0.0)
                self.row(Sum({log: 1.0, within: -_LOG_OF_NOTHING}), 0.0, _INF)
                self.row(Sum({log: 1.0, within: -math.log(floor)}), -_INF, 0.0)
                logs, amounts, chosen = logs.plus(Sum({log: 1.0})), amounts.plus(Sum({amount: floor / high})), chosen.plus(Sum({within: 1.0}))
            for left, right in pairwise(points):
                within, amount = self.variable(0.0, 1.0, whole=True), self.variable(0.0, 1.0)
                log = self.variable(min(math.log(left), 0.0), max(math.log(right), 0.0))
                rise = math.log(right) - math.log(left)
                slope = rise / (1.0 - left / right)
                self.row(Sum({amount: 1.0, within: -left / right}), 0.0, _INF)
                self.row(Sum({amount: 1.0, within: -1.0}), -_INF, 0.0)
                self.row(Sum({log: 1.0, amount: -slope, within: slope - math.log(right)}), 0.0, _INF)
                for at in (left, right):
                    self.row(Sum({log: 1.0, amount: -right / at, within: 1.0 - math.log(at)}), -_INF, 0.0)
                logs, amounts, chosen = logs.plus(Sum({log: 1.0})), amounts.plus(Sum({amount: right / high})), chosen.plus(Sum({within: 1.0}))
            self.row(chosen, 1.0, 1.0)
            self.row(amounts.plus(own, -1.0 / high), 0.0, 0.0)
            self.logs[name] = logs
        return self.logs[name]

    # --- solving ---

    def cost(self, *, toward: Mapping[str, Any], along: Mapping[str, float]) -> Sum:
        """What is minimised."""
        total = Sum()
        for name, weight in along.items():
            total = total.plus(self.value(name), weight)
        for name in list(self.values):
            if name in toward:
                low, high = self._ends(name)
                off = self.variable(0.0, 1e6)
                share = 1.0 / ((high - low) or 1.0)
                apart = Sum(constant=-float(toward[name])).plus(self.values[name])
                self.row(Sum({off: 1.0}).plus(apart, -share), 0.0, _INF)
                self.row(Sum({off: 1.0}).plus(apart, share), 0.0, _INF)
                total = total.plus(Sum({off: 1.0}))
        for name, kinds in self.classes.items():
            if name in toward:
                own = tuple(toward[name] in condition.levels for condition in self._conditions_on(name))
                total = total.plus(Sum({kinds[own]: -1.0}, 1.0))
        return total

    def solved(self, cost: Sum) -> np.ndarray | bool | None:
        """The variables; None where no solution exists, False where time ran out."""
        import numpy as np
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_matrix

        if not self.low:
            return np.zeros(0)
        cells = [(i, variable, weight) for i, (form, _, _) in enumerate(self.rows) for variable, weight in form.weights.items()]
        at, variables, weights = zip(*cells, strict=True) if cells else ((), (), ())
        matrix = csr_matrix((weights, (at, variables)), shape=(len(self.rows), len(self.low)))
        low = np.array([low - form.constant for form, low, _ in self.rows])
        high = np.array([high - form.constant for form, _, high in self.rows])
        asked = np.zeros(len(self.low))
        asked[list(cost.weights)] = list(cost.weights.values())
        limits, whole = LinearConstraint(matrix, low, high), np.array(self.whole)
        with quiet_output() if self.logs else nullcontext():
            found = milp(asked, constraints=limits, bounds=Bounds(self.low, self.high), integrality=whole, options={"time_limit": _TIME_LIMIT_S})
        if found.status == 2:
            return None
        if found.x is None:
            return False
        if whole.any():
            # whole numbers come within 1e-6 of one: with these fixed, the rest is exact
            least, most = np.where(whole, np.rint(found.x), self.low), np.where(whole, np.rint(found.x), self.high)
            again = milp(asked, constraints=limits, bounds=Bounds(least, most), options={"time_limit": _TIME_LIMIT_S})
            if again.x is not None:
                return np.where(whole, np.rint(found.x), again.x)
        return np.asarray(found.x)

    def read(self, solution: np.ndarray) -> dict[str, Any]:
        """The values of the factors."""
        told: dict[str, Any] = {}
        for name, form in self.values.items():
            number = form.constant + sum(weight * float(solution[variable]) for variable, weight in form.weights.items())
            factor = self.told.factors[name]
            is_absent = name in self.active and solution[next(iter(self.active[name].weights))] < 0.5
            if is_absent:
                told[name] = float(factor.stand_in)
            elif isinstance(factor, Continuous):
                told[name] = min(max(number, factor.low), factor.high)
                if factor.zero_or_at_least is not None and told[name] < factor.zero_or_at_least:
                    told[name] = 0.0 if told[name] < 0.5 * factor.zero_or_at_least else factor.zero_or_at_least
                elif factor.low == 0 and abs(told[name]) < 1e-9 * factor.high:
                    told[name] = 0.0
            else:
                told[name] = places_of(factor).nearest(number)
        for name, kinds in self.classes.items():
            factor = self.told.factors[name]
            assert isinstance(factor, Categorical)
            asked = self._conditions_on(name)
            chosen = next(kind for kind, variable in kinds.items() if solution[variable] > 0.5)
            is_absent = name in self.active and solution[next(iter(self.active[name].weights))] < 0.5
            told[name] = (factor.stand_in,) if is_absent else tuple(
                level for level in factor.levels if tuple(level in condition.levels for condition in asked) == chosen
            )  # fmt: skip
        return told

    def loosest(self, values: Mapping[str, Any], points: dict[str, list[float]]) -> bool:
        """Put breakpoints where a product that the programme holds met is not; True where any was put."""
        import numpy as np

        put = False
        for constraint in self.told.constraints:
            for product in products_of(constraint, self.told.derived):
                if product.violation({name: np.array([values[name]]) for name in product.powers})[0] == 0:
                    continue
                for name in product.powers:
                    if name in self.listed and not self.told.factors[name].only_if:
                        continue
                    low, high = self._ends(name)
                    known = points.setdefault(name, list(_spaced(max(low, _NEARLY_NOTHING * high), high)))
                    if values[name] > 0 and min((abs(values[name] - p) for p in (*known, low, high)), default=1.0) > 1e-12 * high:
                        known.append(float(values[name]))
                        put = True
                if not put:
                    # every breakpoint is exact and yet it is off by the solver's rounding: between the neighbours
                    for name in product.powers:
                        known = points.get(name) or list(_spaced(max(self._ends(name)[0], _NEARLY_NOTHING * self._ends(name)[1]), self._ends(name)[1]))
                        low, high = self._ends(name)
                        around = sorted({max(low, _NEARLY_NOTHING * high), high, *known})
                        gaps = [(right - left, 0.5 * (left + right)) for left, right in pairwise(around) if left <= values[name] <= right]
                        if name not in self.listed and gaps and max(gaps)[0] > 1e-9 * high:
                            points.setdefault(name, known).append(max(gaps)[1])
                            put = True
        return put


_INF = float("inf")


def _spaced(low: float, high: float) -> list[float]:
    import numpy as np

    return [float(value) for value in np.geomspace(low, high, 6)[1:-1]]


def products_of(constraint: Constraint, derived: Mapping[str, Derived]) -> list[Product]:
    """A product, also where it is written as a bound on a derived product or ratio alone."""
    if isinstance(constraint, Product):
        return [constraint] if not any(name in derived for name in constraint.powers) else []
    if isinstance(constraint, Linear) and len(constraint.terms) == 1:
        (name, weight), = constraint.terms.items()
        word = derived.get(name)
        if word is not None and word.formula == "product" and weight > 0 and constraint.bound > 0:
            side = "at_most" if constraint.at_most is not None else "at_least" if constraint.at_least is not None else "equals"
            return [Product.model_validate({"powers": dict.fromkeys(word.of, 1.0), side: constraint.bound / weight})]
    return []


def plain(constraint: Linear, derived: Mapping[str, Derived], factors: Mapping[str, Factor]) -> Linear | None:
    """A linear constraint on factors alone: derived sums and means written out, a ratio alone multiplied out; None where it is none."""
    if not any(name in derived for name in constraint.terms):
        return constraint
    side = "at_most" if constraint.at_most is not None else "at_least" if constraint.at_least is not None else "equals"
    if len(constraint.terms) == 1:
        (name, weight), = constraint.terms.items()
        word = derived[name]
        if word.formula == "ratio" and factors[word.of[1]].bounds[0] > 0:  # type: ignore[union-attr]
            # acid / base ≤ 3 is acid - 3 base ≤ 0 while base is above 0
            return Linear.model_validate({"terms": {word.of[0]: weight, word.of[1]: -constraint.bound}, side: 0.0, "why": constraint.why})
        if word.formula == "weighted_mean":
            own_terms = {part: weight * own - constraint.bound for part, own in zip(word.of, word.weights or (), strict=True)}
            return Linear.model_validate({"terms": own_terms, side: 0.0, "why": constraint.why}) if any(own_terms.values()) else None
    terms: dict[str, float] = {}
    for name, weight in constraint.terms.items():
        told = derived[name].coefficients if name in derived else {name: 1.0}
        if told is None:
            return None
        for part, own in told.items():
            terms[part] = terms.get(part, 0.0) + weight * own
    if not any(terms.values()):
        return None
    return Linear.model_validate({"terms": terms, side: constraint.bound, "why": constraint.why})


__all__ = ["Answer", "Programme", "plain", "products_of"]
