"""Latent Loom: the app, or one of its commands for a terminal (`python main.py --help`)."""

from __future__ import annotations

import sys

from app.commands.command_line import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
