"""Processes and configuration: from facts about a machine to running twins."""
