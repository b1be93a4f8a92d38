"""The pure heart: what events, capabilities, rights and errors are. Imports no server, clock or randomness."""
