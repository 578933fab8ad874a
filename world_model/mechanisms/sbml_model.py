"""An SBML document read and made ready: constants of reactions get names, expressions become readable, ramps get slopes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from world_model.terms.errors import MechanismError, nearest

InitialAssignments = Literal["recomputed", "kept"]


def extra(module: str, *, package: str) -> Any:
    """A package of the extra `sbml`.

    Raises:
        MechanismError: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as fault:
        raise MechanismError(f"Expected {package} to read SBML, found none. Install the extra: pip install 'nextwell[sbml]'.") from fault


@dataclass(frozen=True)
class SbmlModel:
    """A document that can be run, and what its symbols are.

    Attributes:
        origin: where it came from, for messages.
        text: the document, ready to be compiled.
        parameters: global constants that can be set, those of reactions among them as `reaction_constant`.
        ruled: symbols that a rule determines.
        floating, boundary: species.
        assigned: species whose starting amount is computed from other symbols.
        jumps: it has events, pieces or steps (floor, ceiling), or calls the time.
    """

    origin: str
    text: str
    parameters: tuple[str, ...]
    ruled: tuple[str, ...]
    floating: tuple[str, ...]
    boundary: tuple[str, ...]
    assigned: tuple[str, ...]
    compartments: tuple[str, ...]
    jumps: bool = False

    @property
    def symbols(self) -> tuple[str, ...]:
        """Everything that can be read."""
        return (*self.floating, *self.boundary, *self.parameters, *self.ruled, *self.compartments)

    def refuse_unknown(self, symbol: str, known: Collection[str], *, what: str, where: str) -> None:
        """Raises MechanismError where a symbol is not among those that are known."""
        if symbol in known:
            return
        if symbol in self.ruled:
            raise MechanismError(f"{where}: expected {what} of {self.origin}, found {symbol!r}, which a rule of the model determines.")
        if symbol in self.symbols:
            other = "a species" if symbol in (*self.floating, *self.boundary) else "a constant"
            raise MechanismError(f"{where}: expected {what} of {self.origin}, found {symbol!r}, {other}. {nearest(symbol, known)}")
        raise MechanismError(f"{where}: expected {what} of {self.origin}, found {symbol!r}. {nearest(symbol, known)}")


def slope_of(symbol: str) -> str:
    """The constant that says how fast a ramped symbol moves, in the model's unit of time."""
    return f"nextwell_slope_{symbol}"


def read_text(source: Path | str) -> tuple[str, str]:
    """The text of a file, or a text as it is, and what to call it in messages.

    Raises:
        MechanismError: no such file, or one that is no text.
    """
    if isinstance(source, str):
        return source, "the SBML text"
    if not source.is_file():
        near = sorted(path.name for path in source.parent.glob("*.xml")) if source.parent.is_dir() else []
        raise MechanismError(f"Expected an SBML file at {source}, found none. {nearest(source.name, near)}".strip())
    try:
        return source.read_text(encoding="utf-8"), source.name
    except (OSError, UnicodeDecodeError) as fault:
        raise MechanismError(f"Expected an SBML file at {source}, found one that can't be read as text: {fault}") from fault


def read_model(
    source: Path | str, *, ramped: Collection[str] = (), expressions: Mapping[str, str] | None = None, initial_assignments: InitialAssignments = "recomputed"
) -> SbmlModel:
    """A model from a file or a text.

    Args:
        ramped: constants and boundary species that are moved linearly over time.
        expressions: name → formula of the model's symbols; each becomes a symbol that can be read.
        initial_assignments: `recomputed`: constants that are computed from other constants follow when these are changed.

    Raises:
        MechanismError: it is not SBML with kinetics, or a formula or symbol is wrong.
    """
    sbml = extra("libsbml", package="python-libsbml")
    text, origin = read_text(source)
    document = sbml.readSBMLFromString(text)
    model = document.getModel()
    if model is None:
        told = document.getError(0).getShortMessage() if document.getNumErrors() else "no model in it"
        raise MechanismError(f"Expected SBML in {origin}, found something else: {told}.")
    if not model.getNumReactions() and not model.getNumRules():
        raise MechanismError(f"Expected a model with reactions or rules in {origin}, found none: nothing moves in it.")
    _promote(sbml, document)
    if initial_assignments == "recomputed":
        _assign_constants(sbml, model)
    ruled = {model.getRule(i).getVariable() for i in range(model.getNumRules()) if not model.getRule(i).isAlgebraic()}
    rates = {model.getRule(i).getVariable() for i in range(model.getNumRules()) if model.getRule(i).isRate()}
    parameters = [model.getParameter(i).getId() for i in range(model.getNumParameters())]
    species = [model.getSpecies(i) for i in range(model.getNumSpecies())]
    found = SbmlModel(
        origin=origin, text="", parameters=tuple(name for name in parameters if name not in ruled - rates), ruled=tuple(sorted(ruled - rates)),
        floating=tuple(s.getId() for s in species if not s.getBoundaryCondition() and s.getId() not in ruled - rates),
        boundary=tuple(s.getId() for s in species if s.getBoundaryCondition() and s.getId() not in ruled - rates),
        assigned=tuple(s.getId() for s in species if model.getInitialAssignment(s.getId()) is not None),
        compartments=tuple(model.getCompartment(i).getId() for i in range(model.getNumCompartments())),
        jumps=model.getNumEvents() > 0 or any(_jumps(sbml, math) for math in _moving(model)),
    )  # fmt: skip
    for symbol in sorted(ramped):
        found.refuse_unknown(symbol, (*found.parameters, *found.boundary), what="a constant or boundary species to be ramped", where=symbol)
        if symbol in rates:
            raise MechanismError(f"{symbol}: expected a constant of {origin} to be ramped, found one that moves by a rule of the model.")
        _ramp(sbml, model, symbol)
    for name, formula in (expressions or {}).items():
        _express(sbml, model, name, formula, found=found)
    written = sbml.writeSBMLToString(document)
    return SbmlModel(**{**{key: getattr(found, key) for key in found.__dataclass_fields__}, "text": written})


def _promote(sbml: Any, document: Any) -> None:
    properties = sbml.ConversionProperties()
    properties.addOption("promoteLocalParameters", True)
    document.convert(properties)


def _assign_constants(sbml: Any, model: Any) -> None:
    """An initial assignment of a constant from constants alone says the same at all times, so it becomes a rule, which follows changes."""
    fixed = {model.getParameter(i).getId() for i in range(model.getNumParameters()) if model.getParameter(i).getConstant()}
    fixed |= {model.getCompartment(i).getId() for i in range(model.getNumCompartments()) if model.getCompartment(i).getConstant()}
    for i in reversed(range(model.getNumInitialAssignments())):
        told = model.getInitialAssignment(i)
        symbol = told.getSymbol()
        parameter = model.getParameter(symbol)
        if parameter is None or symbol not in fixed or not told.isSetMath():
            continue
        if not _symbols(told.getMath()) <= fixed or _calls_time(sbml, told.getMath()):
            continue
        math = told.getMath().deepCopy()
        model.removeInitialAssignment(i)
        parameter.setConstant(False)
        rule = model.createAssignmentRule()
        rule.setVariable(symbol)
        rule.setMath(math)


def _symbols(node: Any) -> set[str]:
    own = {node.getName()} if node.isName() and node.getName() else set()
    return own.union(*(_symbols(node.getChild(i)) for i in range(node.getNumChildren())))


def _calls_time(sbml: Any, node: Any) -> bool:
    return node.getType() == sbml.AST_NAME_TIME or any(_calls_time(sbml, node.getChild(i)) for i in range(node.getNumChildren()))


def _moving(model: Any) -> Iterator[Any]:
    """Formulas that act while it runs."""
    for i in range(model.getNumRules()):
        yield model.getRule(i).getMath()
    for i in range(model.getNumReactions()):
        law = model.getReaction(i).getKineticLaw()
        yield law.getMath() if law is not None else None
    for i in range(model.getNumFunctionDefinitions()):
        yield model.getFunctionDefinition(i).getMath()


def _jumps(sbml: Any, node: Any) -> bool:
    if node is None:
        return False
    steps = {sbml.AST_FUNCTION_PIECEWISE, sbml.AST_FUNCTION_FLOOR, sbml.AST_FUNCTION_CEILING, sbml.AST_NAME_TIME}
    return node.getType() in steps or any(_jumps(sbml, node.getChild(i)) for i in range(node.getNumChildren()))


def _ramp(sbml: Any, model: Any, symbol: str) -> None:
    element = model.getParameter(symbol) or model.getSpecies(symbol)
    element.setConstant(False)
    slope = model.createParameter()
    slope.setId(slope_of(symbol))
    slope.setConstant(False)
    slope.setValue(0.0)
    rule = model.createRateRule()
    rule.setVariable(symbol)
    rule.setMath(sbml.parseL3Formula(slope_of(symbol)))


def _express(sbml: Any, model: Any, name: str, formula: str, *, found: SbmlModel) -> None:
    math = sbml.parseL3Formula(formula)
    if math is None:
        raise MechanismError(f"Expected an expression of the ids of {found.origin}, found {formula!r}: {sbml.getLastParseL3Error().strip()}")
    for symbol in sorted(_symbols(math)):
        found.refuse_unknown(symbol, found.symbols, what=f"ids in {formula!r}", where="observables")
    parameter = model.createParameter()
    parameter.setId(name)
    parameter.setConstant(False)
    rule = model.createAssignmentRule()
    rule.setVariable(name)
    rule.setMath(math)
