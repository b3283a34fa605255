"""Distances between pictures as a trained network sees them."""
