"""Which ports the front of a host listens on."""

import errno
import socket
from collections.abc import Iterable
from typing import Final

from twin_module.host.errors import HostError
from twin_module.host.options import Door, HostOptions
from twin_module.host.table import Entry

METRICS: Final = "metrics"
"""What the door's name is at which the host speaks of itself."""
BACKLOG: Final = 512


def doors_of(options: HostOptions, entries: Iterable[Entry]) -> list[Door]:
    """Return the doors of the options, of each twin for trying out, and the one for metrics."""
    doors = list(options.doors)
    for each in entries:
        if each.state == "up" and each.client_port and each.federation_port:
            doors.append(Door(port=each.client_port, tls=False, server_name=each.server_name))
            doors.append(Door(port=each.federation_port, server_name=each.server_name))
    if options.metrics:
        metrics = options.metrics
        doors.append(
            Door(port=metrics.port, address=metrics.address, tls=False, server_name=METRICS)
        )
    return doors


def opened(door: Door) -> socket.socket:
    """Return a socket that listens at a door.

    Raises:
        HostError: somebody else listens there, or we may not.
    """
    family = socket.AF_INET6 if ":" in door.address else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        # Connections of an earlier start that ended a moment ago do not count.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((door.address, door.port))
        listening.listen(BACKLOG)
    except PermissionError:
        listening.close()
        raise HostError(
            f"Port {door.port} may be opened by root alone; start the host as root or with "
            "CAP_NET_BIND_SERVICE, or choose a port from 1024 on."
        ) from None
    except OSError as error:
        listening.close()
        whose = f" of {door.server_name}" if door.server_name else ""
        if error.errno == errno.EADDRINUSE:
            raise HostError(
                f"Port {door.port}{whose} is taken by another program; stop that program. (New twins "
                "for trying out get free ports: choose another folder with --data.)"
            ) from None
        raise HostError(
            f"Port {door.port}{whose} can't be opened at {door.address}: {error.strerror}."
        ) from None
    listening.setblocking(False)
    return listening
