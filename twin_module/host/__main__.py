"""Runs the command `twin` as `python -m twin_module.host`."""

from twin_module.host.cli import main

main()
