"""The constraints that a file may hold, and those that a program may."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Discriminator, Tag

from world_model.terms.cardinality import Cardinality
from world_model.terms.constraints import Linear
from world_model.terms.custom import IN_A_PROGRAM, Custom
from world_model.terms.exclusion import Exclude
from world_model.terms.mixture import Mixture
from world_model.terms.product import Product


@dataclass(frozen=True)
class KindHints:
    """What a reader of files tells people about kinds.

    Attributes:
        default: the kind of a table that names none but has the key `default_if`.
        refused: kind → why no file may hold it, and what to do instead.
    """

    default: str
    default_if: str
    refused: dict[str, str] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.default, self.default_if))


def kind_of(given: Any) -> str:
    """The kind as written; a constraint without one is linear, as all once were."""
    return str(given.get("kind", "linear") if isinstance(given, dict) else getattr(given, "kind", "linear"))


_EXPECTED = "expected kind = 'linear', 'exclude', 'product', 'cardinality' or 'mixture', found another. " + IN_A_PROGRAM
ToldConstraint = Annotated[
    Annotated[Linear, Tag("linear")] | Annotated[Exclude, Tag("exclude")] | Annotated[Product, Tag("product")]
    | Annotated[Cardinality, Tag("cardinality")] | Annotated[Mixture, Tag("mixture")],
    Discriminator(kind_of, custom_error_type="constraint_kind", custom_error_message=_EXPECTED),
    KindHints(default="linear", default_if="terms", refused={"custom": IN_A_PROGRAM})
]  # fmt: skip
AnyConstraint = Annotated[
    Annotated[Linear, Tag("linear")] | Annotated[Exclude, Tag("exclude")] | Annotated[Product, Tag("product")]
    | Annotated[Cardinality, Tag("cardinality")] | Annotated[Mixture, Tag("mixture")] | Annotated[Custom, Tag("custom")],
    Discriminator(kind_of),
]  # fmt: skip
