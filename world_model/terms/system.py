"""What is known of a system before any data: its variables and which may cause which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator, model_validator

from world_model.terms.errors import nearest
from world_model.terms.units import check_unit
from world_model.terms.word import Name, Word

if TYPE_CHECKING:
    import networkx


class Variable(Word):
    """One quantity of a system."""

    name: Name
    role: Literal["input", "state", "observable", "context"]
    unit: str = ""
    low: float | None = None
    high: float | None = None
    scale: Literal["linear", "log"] = "linear"
    level: Literal["molecule", "cell", "tissue", "patient", "instrument"] = "cell"

    @field_validator("unit")
    @classmethod
    def _known_unit(cls, unit: str) -> str:
        return check_unit(unit)

    @model_validator(mode="after")
    def _ordered(self) -> Variable:
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"expected low < high, found low = {self.low:g}, high = {self.high:g}")
        return self


class System(Word):
    """Variables and cause edges; `never` holds edges known to be absent."""

    name: Name
    variables: tuple[Variable, ...] = Field(min_length=1)
    causes: tuple[tuple[Name, Name], ...] = ()
    never: tuple[tuple[Name, Name], ...] = ()

    @model_validator(mode="after")
    def _edges_join_variables(self) -> System:
        names = [variable.name for variable in self.variables]
        if len(set(names)) != len(names):
            raise ValueError(f"expected each variable once, found twice: {sorted({n for n in names if names.count(n) > 1})}")
        for edge in (*self.causes, *self.never):
            for end in edge:
                if end not in names:
                    raise ValueError(f"expected an edge between variables, found {end!r}. {nearest(end, names)}")
        both = set(self.causes) & set(self.never)
        if both:
            raise ValueError(f"expected an edge to be a cause or known to be absent, found both: {sorted(both)}")
        return self

    def graph(self) -> networkx.DiGraph:
        """The cause graph; each node carries its `Variable`."""
        import networkx

        graph = networkx.DiGraph()
        graph.add_nodes_from((variable.name, {"variable": variable}) for variable in self.variables)
        graph.add_edges_from(self.causes)
        return graph
