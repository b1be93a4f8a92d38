"""The page that the twin delivers to its owner's browser, and what serves it."""
