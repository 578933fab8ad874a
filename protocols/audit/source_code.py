"""What can be told without running a file: that it is a protocol, and what it imports and calls that a protocol has no need of."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..finding import Finding

RULE = "reaches out"
UNREADABLE = "unreadable file"
# what a protocol may use without a word: the API, what comes with it, and the parts of Python that only compute
HARMLESS = frozenset(
    ["opentrons", "opentrons_shared_data", "__future__", "abc", "array", "bisect", "calendar", "collections", "contextlib", "copy", "csv", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "hashlib", "heapq", "io", "itertools", "json", "logging", "math", "numbers", "numpy", "operator", "pandas", "pprint", "random", "re", "statistics", "string", "textwrap", "time", "types", "typing", "typing_extensions", "uuid", "warnings"]
)  # fmt: skip
_CALLS = frozenset({"eval", "exec", "compile", "__import__", "open", "input", "breakpoint"})


def code_findings(text: str) -> tuple[Finding, ...]:
    """Static findings; a file with errors of syntax gives one."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as fault:
        line = getattr(fault, "lineno", None)
        return (
            Finding(rule=UNREADABLE, severity="error", where=f"line {line}" if line else "whole file", observed=f"{type(fault).__name__}: {getattr(fault, 'msg', fault)}", limit="a Python file", mend="Mend the line."),
        )  # fmt: skip
    return tuple(_found(tree))


def _found(tree: ast.Module) -> Iterator[Finding]:
    if not any(isinstance(node, ast.FunctionDef) and node.name == "run" for node in ast.walk(tree)) and not _imports_run(tree):
        yield Finding(
            rule=UNREADABLE, severity="error", where="whole file", observed="no function run", limit="def run(protocol): …", mend="A protocol's steps stand in its function run.",
        )  # fmt: skip
    for node in ast.walk(tree):
        line = f"line {getattr(node, 'lineno', '?')}"
        for name in _imported(node):
            if name.split(".")[0] not in HARMLESS:
                yield Finding(
                    rule=RULE, severity="warning", where=line, observed=f"import {name}", limit="imports of opentrons and of what only computes",
                    mend="A robot may not have it; a protocol has no need of it.",
                )  # fmt: skip
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALLS:
            yield Finding(
                rule=RULE, severity="warning", where=line, observed=f"a call of {node.func.id}()", limit="calls of the protocol API",
                mend="Put the data into the file, or use a CSV run-time parameter.",
            )  # fmt: skip


def _imports_run(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.Assign) and any(isinstance(target, ast.Name) and target.id == "run" for target in node.targets) for node in tree.body)


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module] if node.module and not node.level else ["." + (node.module or "")]
    return []
