"""Servers are found in the order of the specification, and nobody is led where they must not go."""

import pytest
from synapse.http.federation.well_known_resolver import WELL_KNOWN_MAX_SIZE

from tests.host.doctor_scene import NOT_FOUND, PUBLIC, Scene, asker, page, redirect
from twin_module.host.doctor.asking import Asker
from twin_module.host.doctor.naming import LARGEST_WELL_KNOWN, Route, find_route, parse_name
from twin_module.host.doctor.world import NoAnswer, Service

HOST = "example.org"
FILE = f"https://{HOST}/.well-known/matrix/server"
NEW, OLD = "_matrix-fed._tcp", "_matrix._tcp"


def way(scene: Scene, name: str) -> tuple[str, str, list[tuple[str, int]]]:
    route = find_route(asker(scene), name)
    return route.host, route.netloc, [(each.host, each.port) for each in route.targets]


def route_of(scene: Scene, name: str = HOST) -> Route:
    return find_route(asker(scene), name)


def delegating(server: object, **more: object) -> Scene:
    return Scene(
        names={HOST: [PUBLIC], "mx.example.org": ["93.184.215.15"]},
        pages={FILE: page({"m.server": server})},
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("name", "host", "port"),
    [
        ("93.184.215.14", "93.184.215.14", 8448),
        ("93.184.215.14:123", "93.184.215.14", 123),
        ("[2606:2800::1]", "2606:2800::1", 8448),
        ("[2606:2800::1]:123", "2606:2800::1", 123),
    ],
)
def test_an_ip_address_is_taken_as_it_is(name: str, host: str, port: int) -> None:
    scene = Scene()
    assert way(scene, name) == (host, name, [(host, port)])
    assert scene.asked == []


def test_a_port_in_the_name_is_taken_as_it_is() -> None:
    scene = delegating("mx.example.org:1", records={f"{NEW}.{HOST}": [Service(0, 0, 1, "other")]})
    assert way(scene, f"{HOST}:444") == (HOST, f"{HOST}:444", [(HOST, 444)])
    assert scene.asked == []


def test_a_delegate_with_a_port_is_asked_for_by_its_own_name() -> None:
    scene = delegating(
        "mx.example.org:443", records={f"{NEW}.mx.example.org": [Service(0, 0, 1, "x")]}
    )
    assert way(scene, HOST) == ("mx.example.org", "mx.example.org:443", [("mx.example.org", 443)])


def test_a_delegate_that_is_an_ip_address_has_the_port_of_federation() -> None:
    assert way(delegating("[2606::1]"), HOST) == ("2606::1", "[2606::1]", [("2606::1", 8448)])


@pytest.mark.parametrize("service", [NEW, OLD])
def test_a_delegate_without_a_port_may_have_a_record(service: str) -> None:
    records = {f"{service}.mx.example.org": [Service(0, 0, 99, "deep.example.org")]}
    scene = delegating("mx.example.org", records=records)
    scene.names["deep.example.org"] = [PUBLIC]
    # The certificate is the delegate's, wherever the record leads.
    assert way(scene, HOST) == ("mx.example.org", "mx.example.org", [("deep.example.org", 99)])
    assert route_of(scene).by_old_record == (service == OLD)


def test_a_delegate_without_port_and_record_has_the_port_of_federation() -> None:
    mx = "mx.example.org"
    assert way(delegating(mx), HOST) == (mx, mx, [(mx, 8448)])


def test_the_new_record_goes_before_the_old_one() -> None:
    records = {
        f"{NEW}.{HOST}": [Service(0, 0, 1, "new")],
        f"{OLD}.{HOST}": [Service(0, 0, 2, "old")],
    }
    assert way(Scene(records=records), HOST) == (HOST, HOST, [("new", 1)])


def test_a_record_that_says_there_is_no_service_is_none() -> None:
    records = {f"{NEW}.{HOST}": [Service(0, 0, 0, "")]}
    assert way(Scene(records=records), HOST) == (HOST, HOST, [(HOST, 8448)])


def test_without_file_and_records_it_is_the_name_itself() -> None:
    scene = Scene(names={HOST: [PUBLIC]}, pages={FILE: NOT_FOUND})
    assert way(scene, HOST) == (HOST, HOST, [(HOST, 8448)])


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"<html>", "is no JSON"),
        (b"[" * 60_000, "is larger"),
        (b"[" * 40_000, "is no JSON"),
        (b'{"m.server": "%s"}' % (b"a" * LARGEST_WELL_KNOWN), "is larger"),
        (b'{"m.server": 8448}', "is no JSON with a text"),
        (b'{"m.server": ["a"]}', "is no JSON with a text"),
        (b'["m.server"]', "is no JSON with a text"),
        (b'{"m.server": ""}', "no server name"),
        (b'{"m.server": "a b"}', "no server name"),
        (b'{"m.server": "a:99999"}', "no server name"),
        (b'{"m.server": "a:-1"}', "no server name"),
        (b'{"m.server": "https://a"}', "no server name"),
        (b'{"m.server": "[::1"}', "no server name"),
        (b'{"m.server": "a\\nHost: b"}', "no server name"),
        (b"\xff\xfe", "is no JSON"),
    ],
)
def test_a_file_that_names_nobody_counts_for_nothing(body: bytes, fault: str) -> None:
    scene = Scene(names={HOST: [PUBLIC]}, pages={FILE: page(body)})
    route = route_of(scene)
    assert (route.host, route.targets[0].port) == (HOST, 8448)
    assert route.delegation is not None
    assert fault in (route.delegation.fault or "")


def test_servers_read_as_much_of_the_file_as_we_think() -> None:
    assert WELL_KNOWN_MAX_SIZE == LARGEST_WELL_KNOWN


def test_a_name_without_address_is_said_of_the_target() -> None:
    (target,) = route_of(delegating("nowhere.example.org:443")).targets
    assert target.addresses == ()
    assert target.why is not None


def test_silent_name_servers_are_not_taken_for_an_answer() -> None:
    scene = Scene(records={f"{NEW}.{HOST}": NoAnswer("name", "no name server answers")})
    with pytest.raises(NoAnswer, match="no name server"):
        route_of(scene)


@pytest.mark.parametrize("name", ["", "a b", "a:b", "[::1", "a/b", "a:0"])
def test_what_is_no_server_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_name(name)


def follow(scene: Scene, **rules: object) -> NoAnswer:
    with pytest.raises(NoAnswer) as caught:
        Asker(scene, **{"may_reach": lambda _: True, **rules}).follow(FILE)  # type: ignore[arg-type]
    return caught.value


def test_redirects_are_followed() -> None:
    scene = Scene(names={HOST: [PUBLIC], "www.example.org": [PUBLIC]})
    scene.pages = {
        FILE: redirect("https://www.example.org/x"),
        "https://www.example.org/x": page({}),
    }
    assert asker(scene).follow(FILE).status == 200


def test_relative_redirects_are_followed() -> None:
    scene = Scene(names={HOST: [PUBLIC]})
    scene.pages = {FILE: redirect("/x"), f"https://{HOST}/x": page({})}
    assert asker(scene).follow(FILE).status == 200


def test_redirects_in_a_circle_end() -> None:
    scene = Scene(names={HOST: [PUBLIC]})
    scene.pages = {FILE: redirect("/x"), f"https://{HOST}/x": redirect(FILE)}
    assert "circles" in str(follow(scene))


def test_redirects_without_end_end() -> None:
    scene = Scene(names={HOST: [PUBLIC]}, pages={FILE: redirect("/0")})
    scene.pages |= {f"https://{HOST}/{n}": redirect(f"/{n + 1}") for n in range(50)}
    assert "more than" in str(follow(scene))
    assert len(scene.asked) < 10


@pytest.mark.parametrize(
    "target", ["http://example.org/", "file:///etc/passwd", "gopher://x", "//[", "", "https://a:x/"]
)
def test_redirects_that_lead_out_of_https_are_not_followed(target: str) -> None:
    scene = Scene(names={HOST: [PUBLIC]}, pages={FILE: redirect(target)})
    assert follow(scene).why in ("garbled", "name")
    assert len(scene.asked) == 1


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1"])
def test_redirects_to_private_addresses_are_not_followed(address: str) -> None:
    scene = Scene(
        names={HOST: [PUBLIC], "inside.example.org": [address]},
        pages={FILE: redirect("https://inside.example.org/")},
    )
    assert follow(scene, may_follow=lambda each: each == PUBLIC).why == "private"
    literal = f"[{address}]" if ":" in address else address
    scene.pages[FILE] = redirect(f"https://{literal}/")
    assert follow(scene, may_follow=lambda each: each == PUBLIC).why == "private"
    assert [asked[1] for asked in scene.asked] == [PUBLIC, PUBLIC]


def test_all_that_is_asked_of_one_server_has_one_bound_of_time() -> None:
    scene = Scene(names={HOST: [PUBLIC]}, pages={FILE: redirect("/x")}, slowness=30)
    assert follow(scene).why == "slow"
    assert len(scene.asked) == 1
