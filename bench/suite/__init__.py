"""The benchmark: the same work at a twin, at plain Synapse, and at what people would take instead.

`./scripts/bench` runs it; docs/performance.md says what is measured, how, and how to read it.
"""
