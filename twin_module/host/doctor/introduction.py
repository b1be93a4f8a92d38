"""A TLS handshake that is carried through with whomever, to see what is wrong with it.

The standard library tells why it trusts a server not, but not what the server sent. pyOpenSSL, through
which Synapse speaks TLS as well, tells both.
"""

import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from OpenSSL import SSL, crypto
from service_identity import CertificateError, VerificationError
from service_identity.pyopenssl import verify_hostname, verify_ip_address

from twin_module.host.doctor.asking import is_address
from twin_module.host.doctor.world import Handshake, NoAnswer

CHUNK: Final = 16 * 1024
MOST_BYTES: Final = 256 * 1024
"""What a server may send before the handshake is over."""


def introduce(
    stream: socket.socket,
    name: str,
    authorities: Sequence[Path],
    seconds_left: Callable[[], float],
) -> Handshake:
    """Shake hands over a connection.

    Args:
        stream: a connection that is open; it stays open.
        name: the host name or IP address that the certificate has to be for.
        authorities: files of certificates to trust instead of the system's.
        seconds_left: how long it may take from now on; TimeoutError ends it.

    Raises:
        NoAnswer: the other side does not speak TLS.
        OSError: the connection ends, or it takes too long.
    """
    faults: list[int] = []
    tls = SSL.Connection(_context(authorities, faults), None)
    is_ip = is_address(name)
    if not is_ip:
        tls.set_tlsext_host_name(name.encode())
    tls.set_connect_state()
    _shake(tls, stream, seconds_left)
    try:
        chain = tls.get_peer_cert_chain(as_cryptography=True) or []
        name_fits = _fits(tls, name, is_ip)
    except ValueError:
        raise NoAnswer("garbled", "its certificate can't be read") from None
    if not chain:
        raise NoAnswer("garbled", "it shows no certificate")
    version = tls.get_protocol_version_name()
    return Handshake(version, tuple(chain), tuple(dict.fromkeys(faults)), name_fits)


def _fits(tls: SSL.Connection, name: str, is_ip: bool) -> bool:
    try:
        (verify_ip_address if is_ip else verify_hostname)(tls, name)
    except (VerificationError, CertificateError):
        return False
    return True


def _context(authorities: Sequence[Path], faults: list[int]) -> SSL.Context:
    def note(_: SSL.Connection, __: crypto.X509, fault: int, ___: int, good: int) -> bool:
        if not good:
            faults.append(fault)
        return True

    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    try:
        for each in authorities:
            context.load_verify_locations(str(each))
    except SSL.Error:
        raise NoAnswer("certificate", f"{each} holds no certificates") from None
    if not authorities:
        context.set_default_verify_paths()
    context.set_verify(SSL.VERIFY_PEER, note)
    return context


def _shake(tls: SSL.Connection, stream: socket.socket, seconds_left: Callable[[], float]) -> None:
    received = 0
    while True:
        try:
            tls.do_handshake()
        except SSL.WantReadError:
            done = False
        except SSL.Error as error:
            _pass_on(tls, stream)
            raise NoAnswer("garbled", f"TLS fails: {_reason(error)}") from None
        else:
            done = True
        _pass_on(tls, stream)
        if done:
            return
        left = seconds_left()
        if left <= 0:
            raise TimeoutError
        stream.settimeout(left)
        data = stream.recv(CHUNK)
        received += len(data)
        if not data:
            raise NoAnswer("garbled", "it closes the connection instead of speaking TLS")
        if received > MOST_BYTES:
            raise NoAnswer("garbled", "it sends too much before TLS begins")
        tls.bio_write(data)


def _pass_on(tls: SSL.Connection, stream: socket.socket) -> None:
    try:
        while data := tls.bio_read(CHUNK):
            stream.sendall(data)
    except SSL.WantReadError:
        pass


def _reason(error: SSL.Error) -> str:
    reasons = error.args[0] if error.args else ()
    said = [str(each[-1]) for each in reasons if isinstance(each, tuple) and each]
    return said[0] if said else "without a reason"
