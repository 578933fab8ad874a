"""JSON Schemas of both documents, for editors that complete and check TOML."""

from __future__ import annotations

from typing import Any

from world_model.terms.campaign_doc import CampaignDoc
from world_model.terms.lab_profile import LabProfile


def campaign_schema() -> dict[str, Any]:
    """What campaign.toml may hold, as JSON Schema."""
    schema = CampaignDoc.model_json_schema()
    categorical = schema["$defs"]["Categorical"]
    # the reader of files takes a CSV's name here, and the levels from it
    told = categorical["properties"]["descriptors"]
    told["anyOf"] = [{"type": "string", "description": "CSV whose first column holds the levels"}, *told["anyOf"]]
    categorical["required"] = [key for key in categorical["required"] if key != "levels"]
    return schema


def lab_schema() -> dict[str, Any]:
    """What lab.toml may hold, as JSON Schema."""
    return LabProfile.model_json_schema()
