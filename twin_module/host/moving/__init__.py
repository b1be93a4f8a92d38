"""A twin that moves to another host: never able to run on both, whatever is cut wherever."""
