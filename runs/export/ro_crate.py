"""RO-Crate 1.1 metadata of a folder (https://w3id.org/ro/crate/1.1): what the files are, and what made them from what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from ..journal.canonical import sha256_of

if TYPE_CHECKING:
    from .synthetic_folder import Made

_FORMATS = {".csv": "text/csv", ".parquet": "application/vnd.apache.parquet", ".json": "application/json", ".md": "text/markdown"}
_ABOUT = {
    "README": "the data set's card", "experiments": "settings, one row an experiment", "readings": "values, one row a reading",
    "schema": "JSON Schema of the rows", "provenance": "hashes, seeds and versions",
}  # fmt: skip


def ro_crate(made: Made, files: Mapping[str, bytes], *, day: date) -> dict[str, Any]:
    """JSON-LD."""
    model, measured, action, software = "#model", "#measured-data", "#synthesis", "#nextwell"
    parts = [
        {
            "@id": name, "@type": "File", "name": name, "description": _ABOUT.get(name.split(".")[0], name), "encodingFormat": _FORMATS["." + name.rsplit(".", 1)[1]],
            "contentSize": str(len(content)), "sha256": sha256_of(content),
        }
        for name, content in files.items()
    ]  # fmt: skip
    return {
        "@context": ["https://w3id.org/ro/crate/1.1/context", {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}],
        "@graph": [
            {
                "@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": "./"}, "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
            },
            {
                "@id": "./", "@type": "Dataset", "name": f"Synthetic data of {made.campaign}",
                "description": f"Synthetic: simulator result. {len(made.drawn)} experiments made by a model of {made.system}; no measurements.",
                "datePublished": day.isoformat(), "license": made.licence, "keywords": "synthetic data, simulator result",
                "hasPart": [{"@id": part["@id"]} for part in parts], "mentions": [{"@id": action}],
            },
            *parts,
            {
                "@id": action, "@type": "CreateAction", "name": "nextwell synthesize", "endTime": day.isoformat(), "instrument": {"@id": software},
                "object": [{"@id": model}, {"@id": measured}], "result": [{"@id": part["@id"]} for part in parts],
            },
            {"@id": software, "@type": "SoftwareApplication", "name": "nextwell", "softwareVersion": made.version},
            {"@id": model, "@type": "CreativeWork", "name": f"world model: {made.world.verdict.picked}", "sha256": made.model_sha256},
            {"@id": measured, "@type": "CreativeWork", "name": f"{made.n_real} measured experiments of {made.campaign} (not included)", "sha256": made.data_sha256},
        ],
    }  # fmt: skip
