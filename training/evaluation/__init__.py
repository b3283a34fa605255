"""How good a model is, measured on data that it did not learn from, always with the same noise and times."""
