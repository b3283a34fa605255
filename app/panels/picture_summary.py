"""What a picture's workflow says in a few lines."""

from __future__ import annotations

import json


def summary(text: str) -> str:
    """What a workflow's text says: title, prompts, seeds."""
    try:
        nodes = json.loads(text)["nodes"]
        settings = [node["settings"] for node in nodes]
        prompts = [str(each["text"])[:120] for each in settings if each.get("text")]
        seeds = [f"Seed {each['seed']}" for each in settings if "seed" in each]
    except (ValueError, KeyError, TypeError, AttributeError):
        return "It carries no workflow."
    return "\n".join([*prompts, *seeds, "Click to look at it, Ctrl-click another one to compare."])
