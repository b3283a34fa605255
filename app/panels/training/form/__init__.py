"""The guided form for a new run: fields made from the configuration, and the same as TOML."""
