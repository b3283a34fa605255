"""What the denoiser is told in training: one module a kind of condition, read from any data."""
