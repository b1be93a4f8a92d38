"""Backups of a twin: encrypted for its owner, incremental, checked; and a twin made of one again."""
