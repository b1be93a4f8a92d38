"""A shard: a process with several twins of one trust domain, each loaded and put to sleep by itself."""
