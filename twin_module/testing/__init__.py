"""Shipped test equipment: a fake homeserver, real twins in the test process, a person at a twin."""
