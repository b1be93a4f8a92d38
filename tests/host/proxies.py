"""The reverse proxies of Debian, each with the configuration that is shipped for it.

In it, only addresses, paths, certificates and the user are replaced by those of a test.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from pwd import getpwuid

import pytest

from tests.host.certificates import write_certificate
from twin_module.testing.twins import free_port

ROOT = Path(__file__).parents[2]
DOMAIN = "twins.example.org"


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a proxy of a test listens and looks."""

    folder: Path
    """Everything of this proxy, the data folder of a host included."""
    tls_port: int = field(default_factory=free_port)
    plain_port: int = field(default_factory=free_port)
    inner_port: int = field(default_factory=free_port)

    @property
    def run(self) -> Path:
        """The folder of sockets."""
        return self.folder / "data/run"

    def shipped(self, name: str, replaced: Mapping[str, str]) -> str:
        """Return a configuration with some of its text replaced; each has to be there."""
        text = (ROOT / "config" / name).read_text()
        for old, new in {**replaced, "/var/lib/twin": str(self.folder / "data")}.items():
            assert old in text, f"{name} has no {old}"
            text = text.replace(old, new)
        return text

    def written(self, name: str, text: str) -> Path:
        """Write a file beside the data folder."""
        path = self.folder / name
        path.write_text(text)
        return path


@dataclass(frozen=True, slots=True)
class Kind:
    """One program, and how it is started."""

    program: str
    package: str
    """Debian's."""
    command: Callable[[str, Setting], list[str]]
    """From where the program is and the setting, writes its configuration."""
    authority: str
    """The certificate to trust, in its folder."""
    lowers_names: bool = True
    knows_before_asking: bool = True
    """Whether it looks for the socket before it answers what needs no twin."""


def nginx(program: str, setting: Setting) -> list[str]:
    """Include the shipped file in a main one, as Debian's does."""
    certificate, key = make_certificate(setting.folder)
    folder = setting.folder
    replaced = {
        "listen 80 default_server": f"listen 127.0.0.1:{setting.plain_port} default_server",
        "    listen [::]:80 default_server;\n": "",
        "listen 443 ssl": f"listen 127.0.0.1:{setting.tls_port} ssl",
        "    listen [::]:443 ssl http2 default_server;\n": "",
        f"/etc/letsencrypt/live/{DOMAIN}/fullchain.pem": str(certificate),
        f"/etc/letsencrypt/live/{DOMAIN}/privkey.pem": str(key),
    }
    twins = setting.written("twins.conf", setting.shipped("nginx.conf", replaced))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    # Only root may have its workers run as somebody else, and is told off for saying so otherwise.
    user = "user root;\n" if os.geteuid() == 0 else ""
    main = setting.written(
        "nginx.conf",
        f"{user}daemon off;\nerror_log stderr;\npid {folder}/nginx.pid;\n"
        f"events {{}}\nhttp {{\ngzip on;\n{paths}\ninclude {twins};\n}}\n",
    )
    return [program, "-p", str(folder), "-c", str(main)]


def caddy(program: str, setting: Setting) -> list[str]:
    """Let it get its certificates, on demand, from its own authority instead of a public one."""
    replaced = {
        "\temail hostmaster@example.org\n": (
            f"\tlocal_certs\n\tskip_install_trust\n"
            f"\thttps_port {setting.tls_port}\n\thttp_port {setting.plain_port}\n"
            "\tdefault_bind 127.0.0.1\n"
        ),
        "127.0.0.1:8449": f"127.0.0.1:{setting.inner_port}",
        "/var/lib/caddy": str(setting.folder),
    }
    path = setting.written("Caddyfile", setting.shipped("Caddyfile", replaced))
    return [program, "run", "--config", str(path), "--adapter", "caddyfile"]


def haproxy(program: str, setting: Setting) -> list[str]:
    """Make the list of twins as the head of the shipped file says."""
    certificate, key = make_certificate(setting.folder)
    certificates = setting.folder / "certs"
    certificates.mkdir()
    (certificates / "twins.pem").write_text(certificate.read_text() + key.read_text())
    me = getpwuid(os.geteuid())
    replaced = {
        "bind :80 v4v6": f"bind 127.0.0.1:{setting.plain_port}",
        "bind :443 v4v6": f"bind 127.0.0.1:{setting.tls_port}",
        "/etc/haproxy/certs/": str(certificates),
        "/etc/haproxy/twins.cfg": str(setting.folder / "twins.cfg"),
        "user haproxy\n": f"user {me.pw_name}\n",
        "    group haproxy\n": "",
    }
    path = setting.written("haproxy.cfg", setting.shipped("haproxy.cfg", replaced))
    lines = path.read_text().splitlines()
    first = next(at for at, line in enumerate(lines) if line.startswith("#        for socket in"))
    making = "\n".join(line.removeprefix("#") for line in lines[first : first + 4])
    subprocess.run(["/bin/sh", "-euc", making], check=True)
    # Something else that the same HAProxy does, by whatever name: no name of a twin.
    other = setting.written(
        "other.cfg", "backend keeper from http\n  http-request deny status 500\n"
    )
    files = (path, setting.folder / "twins.cfg", other)
    return [program, "-db", *(part for each in files for part in ("-f", str(each)))]


KINDS = {
    "nginx": Kind("nginx", "nginx-light", nginx, "tls.pem", knows_before_asking=False),
    "caddy": Kind(
        "caddy", "caddy", caddy, "caddy/pki/authorities/local/root.crt", lowers_names=False
    ),
    "haproxy": Kind("haproxy", "haproxy", haproxy, "tls.pem"),
}


@contextmanager
def running(kind: Kind, setting: Setting) -> Iterator[subprocess.Popen[bytes]]:
    """Run a proxy until the end of the block; it may not yet listen when the block begins."""
    # Debian has some of them where only root looks.
    program = shutil.which(kind.program, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip(f"no {kind.program}: install it (on Debian: apt install {kind.package})")
    command = kind.command(program, setting)
    own = {name: str(setting.folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    with (setting.folder / "output").open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **own}
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for all names of the domain, and its key."""
    return write_certificate(folder / "tls", f"*.{DOMAIN}")
