"""Losses of both stages, one idea a file."""
