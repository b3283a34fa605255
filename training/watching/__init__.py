"""The reader's side of a run folder: states, curves and commands. Without torch, and never in the writer's way."""
