"""Who takes part: one file for each, all with the same methods."""
