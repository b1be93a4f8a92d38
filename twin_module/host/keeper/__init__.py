"""The parent of all processes of a host: it holds the sockets of sleeping twins and decides who is awake."""
