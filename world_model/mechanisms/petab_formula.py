"""Formulas of PEtab observables as numbers over arrays: parsed by libSBML, walked node by node; nothing is run as code."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from world_model.terms.errors import NextwellError

Arrays = Mapping[str, Any]  # symbol → a number, or `t` numbers
_Function = Callable[..., Any]

_CONSTANTS = {"AST_CONSTANT_E": np.e, "AST_CONSTANT_PI": np.pi, "AST_CONSTANT_TRUE": True, "AST_CONSTANT_FALSE": False}


@dataclass(frozen=True)
class Formula:
    """One formula.

    Attributes:
        text: as it stands in the table.
        symbols: every name in it, time apart.
    """

    text: str
    symbols: frozenset[str]
    _value: Callable[[Arrays], Any]

    @classmethod
    def parse(cls, text: str, *, where: str) -> Formula:
        """A formula in PEtab's notation (`log` is the natural logarithm).

        Raises:
            NextwellError: it can't be parsed, or holds a function that is not known here.
        """
        import libsbml

        settings = libsbml.L3ParserSettings()
        settings.setParseLog(libsbml.L3P_PARSE_LOG_AS_LN)
        node = libsbml.parseL3FormulaWithSettings(str(text), settings)
        if node is None:
            said = " ".join(libsbml.getLastParseL3Error().split())
            raise NextwellError(f"{where}: expected a formula, found {text!r}: {said}.")
        names: set[str] = set()
        value = _built(node, names, _functions(), where=f"{where}, formula {text!r}")
        return cls(text=str(text), symbols=frozenset(names), _value=value)

    def placeholders(self, observable: str) -> list[str]:
        """`observableParameter1_…` of an observable's formula, in order."""
        pattern = re.compile(rf"observableParameter(\d+)_{re.escape(observable)}")
        found = {int(told.group(1)): symbol for symbol in self.symbols if (told := pattern.fullmatch(symbol))}
        return [found[rank] for rank in sorted(found)]

    def at(self, values: Arrays) -> Any:
        """Its value; arrays broadcast.

        Args:
            values: every symbol, and `time` where the formula reads the time.
        """
        with np.errstate(all="ignore"):
            return self._value(values)


def _functions() -> dict[int, _Function]:
    """What libSBML's node types mean."""
    import libsbml as s

    return {
        s.AST_PLUS: lambda *a: reduce(np.add, a, 0.0), s.AST_TIMES: lambda *a: reduce(np.multiply, a, 1.0),
        s.AST_MINUS: lambda *a: -a[0] if len(a) == 1 else a[0] - a[1], s.AST_DIVIDE: np.divide, s.AST_POWER: np.power, s.AST_FUNCTION_POWER: np.power,
        s.AST_FUNCTION_EXP: np.exp, s.AST_FUNCTION_LN: np.log, s.AST_FUNCTION_LOG: lambda base, x: np.log(x) / np.log(base),
        s.AST_FUNCTION_ROOT: lambda degree, x: np.power(x, 1.0 / degree), s.AST_FUNCTION_ABS: np.abs, s.AST_FUNCTION_FLOOR: np.floor,
        s.AST_FUNCTION_CEILING: np.ceil, s.AST_FUNCTION_SIN: np.sin, s.AST_FUNCTION_COS: np.cos, s.AST_FUNCTION_TAN: np.tan,
        s.AST_FUNCTION_TANH: np.tanh, s.AST_FUNCTION_MIN: lambda *a: reduce(np.minimum, a), s.AST_FUNCTION_MAX: lambda *a: reduce(np.maximum, a),
        s.AST_RELATIONAL_LT: np.less, s.AST_RELATIONAL_LEQ: np.less_equal, s.AST_RELATIONAL_GT: np.greater, s.AST_RELATIONAL_GEQ: np.greater_equal,
        s.AST_RELATIONAL_EQ: np.equal, s.AST_RELATIONAL_NEQ: np.not_equal, s.AST_LOGICAL_NOT: np.logical_not,
        s.AST_LOGICAL_AND: lambda *a: reduce(np.logical_and, a), s.AST_LOGICAL_OR: lambda *a: reduce(np.logical_or, a), s.AST_FUNCTION_PIECEWISE: _piecewise,
    }  # fmt: skip


def _piecewise(*parts: Any) -> Any:
    """`value, condition, value, condition, …, otherwise`."""
    answer = parts[-1] if len(parts) % 2 else np.nan
    for value, condition in reversed(list(zip(parts[0::2], parts[1::2], strict=False))):
        answer = np.where(condition, value, answer)
    return answer


def _built(node: Any, names: set[str], known: Mapping[int, _Function], *, where: str) -> Callable[[Arrays], Any]:
    """What a node is worth, as a function of the symbols' values; every name met is added to `names`."""
    import libsbml as s

    kind = node.getType()
    if kind == s.AST_NAME_TIME:
        return lambda values: values["time"]
    if kind == s.AST_NAME:
        name = str(node.getName())
        if name != "time":
            names.add(name)
        return lambda values: values[name]
    constants = {getattr(s, told): value for told, value in _CONSTANTS.items()}
    if kind in constants or node.isNumber():
        number = constants[kind] if kind in constants else float(node.getValue())
        return lambda values: number
    if kind not in known:
        raise NextwellError(f"{where}: expected arithmetic, powers, logarithms, comparisons and piecewise, found {node.getName() or kind!r}.")
    function = known[kind]
    parts = [_built(node.getChild(i), names, known, where=where) for i in range(node.getNumChildren())]
    return lambda values: function(*(part(values) for part in parts))
