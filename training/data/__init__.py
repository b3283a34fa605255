"""What a run learns from: sources of items, their integrity, cuts and flips, order, and cached latents."""
