"""The front: takes TLS and HTTP on one port for all twins, and passes requests on to their sockets."""
