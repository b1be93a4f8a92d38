"""The files of the twin's page, as a browser gets them."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from twin_module.rest.cookie import PAGE
from twin_module.testing.person import TWIN, Answer, request
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import Twin, TwinNetwork, person_at

INDEX: Final = b"<!doctype html><title>Twin</title>"
SCRIPT: Final = b"document.title = 'Twin'\n" * 50
SECRET: Final = b"nobody may read this"
BROTLI: Final = b"what brotli makes of "
"""Nothing here reads it, so it may be anything that can be told apart."""

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types twin-worker"
)
ALWAYS: Final = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "vary": "Accept-Encoding",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex",
}

pytestmark = pytest.mark.usefixtures("nothing_raised")


def write(path: Path, content: bytes) -> None:
    """Write a file as the build does, with its compressed forms."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(content))
    path.with_name(f"{path.name}.br").write_bytes(BROTLI + path.name.encode())


@pytest.fixture(scope="module")
def twin(reactor_thread: ReactorThread, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """A twin with a short address for its page."""
    folder = tmp_path_factory.mktemp("pages")
    with TwinNetwork(reactor_thread, folder) as network:
        twin = network.start("alice", module={"home_path": "/twin"})
        person_at(twin)
        yield twin


def serve_from(twin: Twin, folder: Path) -> None:
    """Have a running twin serve a page that lies in another folder than the built one."""
    resource: Any = twin.homeserver._module_web_resources[PAGE]
    resource._view._built = folder


@pytest.fixture
def built(twin: Twin, tmp_path: Path) -> Path:
    """A small page that is built, and something beside it that is not of it."""
    folder = tmp_path / "built"
    write(folder / "index.html", INDEX)
    write(folder / "worker.js", b"// no cache\n")
    write(folder / "assets" / "page-3xY_z-9.js", SCRIPT)
    write(folder / "manifest.webmanifest", b"{}")
    write(folder / "icon.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "icon.png").write_bytes(b"\x89PNG")
    (folder / ".hidden").write_bytes(SECRET)
    (folder / "assets" / "deeper").mkdir()
    (folder / "assets" / "deeper" / "still.js").write_bytes(SECRET)
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "built.new").mkdir()
    (tmp_path / "built.new" / "secret").write_bytes(SECRET)
    serve_from(twin, folder)
    return folder


ASSET: Final = "assets/page-3xY_z-9.js"


def get(twin: Twin, path: str = "", method: str = "GET", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return request(twin.url, method, f"{PAGE}/{path}", headers=named)


# What is served


@pytest.mark.parametrize(
    ("path", "kind", "content"),
    [
        ("", "text/html; charset=utf-8", INDEX),
        ("index.html", "text/html; charset=utf-8", INDEX),
        (ASSET, "text/javascript; charset=utf-8", SCRIPT),
        ("worker.js", "text/javascript; charset=utf-8", b"// no cache\n"),
        ("icon.png", "image/png", b"\x89PNG"),
        ("icon.svg", "image/svg+xml; charset=utf-8", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ],
)
def test_each_file_has_its_type(
    path: str, kind: str, content: bytes, twin: Twin, built: Path
) -> None:
    answer = get(twin, path)
    assert (answer.status, answer.body) == (200, content)
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-length"] == str(len(content))
    assert "content-encoding" not in answer.headers


def test_the_manifest_has_its_type(twin: Twin, built: Path) -> None:
    answer = get(twin, "manifest.webmanifest")
    assert answer.headers["content-type"] == "application/manifest+json; charset=utf-8"


@pytest.mark.parametrize(
    "view",
    [
        "tasks",
        "c/!room:example.org/docs/uid",
        "c/%21room/docs/%C3%A4%20%2F",
        "assets",
        "v1x",
        "a//b",
    ],
)
def test_every_other_address_is_a_view_of_the_page(view: str, twin: Twin, built: Path) -> None:
    answer = get(twin, view)
    assert (answer.status, answer.body) == (200, INDEX)
    assert answer.headers["cache-control"] == "no-cache"


def test_the_page_hides_nothing_of_the_api(twin: Twin, built: Path) -> None:
    assert request(twin.url, "GET", f"{TWIN}/card").ok()["owner"] == twin.owner
    for path in (TWIN, f"{TWIN}/", f"{TWIN}/nothing"):
        answer = request(twin.url, "GET", path)
        assert (answer.status, answer.body["errcode"]) == (404, "M_UNRECOGNIZED")


@pytest.mark.parametrize("path", ["assets/", "assets/gone-1234.js", "assets/deeper/still.js"])
def test_an_asset_that_is_not_there_is_not_found(path: str, twin: Twin, built: Path) -> None:
    answer = get(twin, path)
    assert (answer.status, answer.body) == (404, b"")
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "..%2fsecret",
        "%2e%2e/secret",
        "%2e%2e%2fsecret",
        "assets/../../secret",
        "assets/..%2f..%2fsecret",
        "assets/%2e%2e/%2e%2e/secret",
        "..%5csecret",
        "../built.new/secret",
        "/secret",
        "%2fetc%2fpasswd",
        "//etc/passwd",
        ".hidden",
        "%2ehidden",
        "assets/..",
        "index.html%00",
        "secret%0a",
        "%ff%fe",
    ],
)
def test_nothing_but_the_files_of_the_page_is_served(path: str, twin: Twin, built: Path) -> None:
    answer = get(twin, path)
    assert (answer.status, answer.body) in ((200, INDEX), (404, b""))


def test_a_page_is_only_read(twin: Twin, built: Path) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = get(twin, "", method)
        assert answer.status == 405
        assert INDEX not in answer.body
    assert (built / "index.html").read_bytes() == INDEX


# Headers


@pytest.mark.parametrize(
    ("path", "cache"),
    [
        ("", "no-cache"),
        ("tasks", "no-cache"),
        ("worker.js", "no-cache"),
        ("assets/gone.js", "no-cache"),
        (ASSET, "public, max-age=31536000, immutable"),
    ],
)
def test_every_answer_says_what_a_browser_may_do_with_it(
    path: str, cache: str, twin: Twin, built: Path
) -> None:
    headers = get(twin, path).headers
    assert {name: headers.get(name) for name in ALWAYS} == ALWAYS
    assert headers["cache-control"] == cache
    assert "set-cookie" not in headers
    assert not [name for name in headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("", None),
        ("br", "br"),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("GZIP , BR;q=0.5", "br"),
        ("br;q=0, gzip", "gzip"),
        ("br; q=0.000, gzip;q=0.001", "gzip"),
        ("br;Q=0.0,gzip;q=0", None),
        ("br;q=0.1", "br"),
        ("identity", None),
        ("deflate, zstd", None),
        ("*", None),
        ("xbr, gzipped, gzip-br", None),
        ("\xff, ;;=,,", None),
    ],
)
def test_a_browser_gets_the_best_form_that_it_takes(
    accepted: str, encoding: str | None, twin: Twin, built: Path
) -> None:
    answer = get(twin, ASSET, accept_encoding=accepted)
    assert answer.status == 200
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    suffix = {"br": ".br", "gzip": ".gz", None: ""}[encoding]
    assert answer.body == (built / f"{ASSET}{suffix}").read_bytes()
    if encoding == "gzip":
        assert gzip.decompress(answer.body) == SCRIPT


def test_a_file_without_a_compressed_form_is_sent_as_it_is(twin: Twin, built: Path) -> None:
    answer = get(twin, "icon.png", accept_encoding="br, gzip")
    assert answer.body == b"\x89PNG"
    assert "content-encoding" not in answer.headers


def test_what_a_browser_has_is_not_sent_again(twin: Twin, built: Path) -> None:
    tag = get(twin, "").headers["etag"]
    again = get(twin, "", if_none_match=tag)
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == tag
    assert {name: again.headers.get(name) for name in ALWAYS} == ALWAYS
    assert get(twin, "", "HEAD", if_none_match=tag).status == 304
    write(built / "index.html", INDEX + b"<p>New")
    new = get(twin, "", if_none_match=tag)
    assert (new.status, new.body) == (200, INDEX + b"<p>New")
    assert new.headers["etag"] != tag


def test_each_form_has_a_tag_of_its_own(twin: Twin, built: Path) -> None:
    tags = {get(twin, ASSET, accept_encoding=each).headers["etag"] for each in ("", "br", "gzip")}
    assert len(tags) == 3


@pytest.mark.parametrize("path", ["", "tasks", ASSET, "assets/gone.js"])
def test_a_head_request_gets_the_same_without_the_content(
    path: str, twin: Twin, built: Path
) -> None:
    head, whole = get(twin, path, "HEAD"), get(twin, path)
    assert (head.status, head.body) == (whole.status, b"")
    same = {name: value for name, value in whole.headers.items() if name != "date"}
    assert {name: value for name, value in head.headers.items() if name != "date"} == same


# Ways to it


@pytest.mark.parametrize("path", ["/twin", "/twin/", "/twin?a=b", "/twin/anything", PAGE])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_short_addresses_lead_to_the_page(path: str, method: str, twin: Twin, built: Path) -> None:
    answer = request(twin.url, method, path)
    assert answer.status == 302
    assert answer.headers["location"] == f"{PAGE}/"


def test_without_the_option_there_is_no_short_address(alices_twin: Twin) -> None:
    assert request(alices_twin.url, "GET", "/twin").status == 404


@pytest.mark.parametrize("path", ["", "tasks", "index.html"])
def test_a_page_that_is_not_built_says_what_to_do(path: str, twin: Twin, tmp_path: Path) -> None:
    serve_from(twin, tmp_path / "nowhere")
    answer = get(twin, path, accept_encoding="br, gzip")
    assert answer.status == 503
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
    [line] = [each for each in answer.body.decode().splitlines() if "Node.js" in each]
    assert "install" in line
    assert "scripts/up" in line
    assert get(twin, ASSET).status == 404


def test_a_page_that_is_built_meanwhile_is_served_without_a_restart(
    twin: Twin, tmp_path: Path
) -> None:
    serve_from(twin, tmp_path / "later")
    assert get(twin).status == 503
    write(tmp_path / "later" / "index.html", INDEX)
    assert get(twin).body == INDEX
