"""What technicians may write in `tower.yaml`, and what it becomes."""

import re
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from controller.config.findings import Finding
from controller.config.load import parse
from controller.config.timezones import farther_than_swapped, near_time_zone
from controller.config.tower import Discovery, MqttSettings, Tower
from controller.gateways import GATEWAYS
from controller.gateways.wled import Wled
from controller.lighting.color import Color

Found = Callable[..., tuple[Finding, ...]]
SHIPPED = Path(__file__).parents[2] / "config"
TOWER = (SHIPPED / "tower.yaml").read_text(encoding="utf-8")
SCHEDULE = (SHIPPED / "schedule.yaml").read_bytes()
PLACE = "site: {name: T, latitude: 56.9, longitude: 14.6, time_zone: Europe/Stockholm}"


def _tower(text: str, directory: Path = Path("/etc/watertower")) -> Tower:
    return parse(text.encode(), SCHEDULE, directory).tower


def _mqtt(keys: str) -> MqttSettings:
    return _tower(TOWER.replace("  broker: embedded ", keys + "\n  # ")).mqtt


@pytest.mark.parametrize(
    ("written", "brokers"),
    [
        ("embedded", ("embedded",)),
        ("mqtt://broker.local", ("mqtt://broker.local",)),
        ("mqtts://10.0.0.2:8883", ("mqtts://10.0.0.2:8883",)),
        ("mqtt://[fe80::1]:1883", ("mqtt://[fe80::1]:1883",)),
        ("[mqtt://a, mqtts://b]", ("mqtt://a", "mqtts://b")),
    ],
)
def test_the_broker_is_one_or_several(written: str, brokers: tuple[str, ...]) -> None:
    """Our own, an address, or a list of addresses."""
    mqtt = _mqtt(f"  broker: {written}" if written[1] != "f" else f'  broker: "{written}"')
    assert mqtt.broker == brokers
    assert mqtt.is_embedded is (written == "embedded")


@pytest.mark.parametrize(
    "written",
    ["http://x", "mqtt://", "mqtt://a b", "mqtt://x?y", "mqtt://x:0", "mqtt://[x"],
)
def test_what_is_no_address_of_a_broker_is_refused(written: str, findings: Found) -> None:
    """With the three forms to choose from."""
    found = findings(tower=TOWER.replace("broker: embedded", f'broker: "{written}"'))
    assert [finding.code for finding in found] == ["TWL-S091"]


def test_files_are_named_beside_the_two_files() -> None:
    """Relative to the folder of tower.yaml; an absolute path stays."""
    mqtt = _mqtt("  username: a\n  password_file: secret\n  ca_file: /etc/ssl/ca.pem\n  broker: mqtts://broker.local")
    assert mqtt.password_file == Path("/etc/watertower/secret")
    assert mqtt.ca_file == Path("/etc/ssl/ca.pem")


@pytest.mark.parametrize("listen", ["127.0.0.1:1883", "localhost:18830", '"[::1]:1883"'])
def test_the_embedded_broker_may_listen_on_this_machine(listen: str) -> None:
    """Without users."""
    assert _mqtt(f"  broker: embedded\n  listen: {listen}").listen == listen.strip('"')


def test_the_embedded_broker_may_listen_beyond_with_users() -> None:
    """With a file of them."""
    assert _mqtt("  broker: embedded\n  users_file: users\n  listen: 0.0.0.0:1883").users_file is not None


@pytest.mark.parametrize(
    "listen", ["localhost", "0.0.0.0:0", "0.0.0.0:65536", "broker.local:1883", "::1:1883", "1.2.3.4:x"]
)
def test_what_is_no_address_to_listen_on_is_refused(listen: str, findings: Found) -> None:
    """An IP address or localhost, and a port."""
    found = findings(tower=TOWER.replace("broker: embedded", f'broker: embedded\n  listen: "{listen}"'))
    assert [finding.code for finding in found] == ["TWL-S097"]


def test_the_place_is_what_the_schedule_needs() -> None:
    """Degrees and the time zone of its clocks."""
    place = _tower(TOWER).site.place
    assert (place.latitude, place.longitude, place.time_zone) == (56.899, 14.556, ZoneInfo("Europe/Stockholm"))


@pytest.mark.parametrize(
    ("latitude", "longitude", "time_zone"),
    [
        ("-33.87", "151.2", "Australia/Sydney"),
        ("0", "0", "UTC"),
        ("67.85", "20.22", "Europe/Stockholm"),
        ("-54.8", "-68.3", "America/Argentina/Ushuaia"),
        ("90", "-180", "Etc/GMT+1"),
        ("71.1", "-8.2", "Arctic/Longyearbyen"),
    ],
)
def test_any_place_on_earth_can_be_named(latitude: str, longitude: str, time_zone: str, findings: Found) -> None:
    """None of them is taken for swapped."""
    place = f"latitude: {latitude}\n  longitude: {longitude}\n  time_zone: {time_zone}"
    assert findings(tower=TOWER.replace(TOWER[TOWER.index("latitude") : TOWER.index("  language")], place + "\n")) == ()


@pytest.mark.parametrize(
    ("key", "figure", "code"),
    [("latitude", "90.5", "TWL-S080"), ("longitude", "180.5", "TWL-S081")],
)
def test_a_place_beyond_the_earth_is_a_mistake(key: str, figure: str, code: str, findings: Found) -> None:
    """By half a degree."""
    tower = re.sub(rf"{key}: \S+", f"{key}: {figure}", TOWER)
    assert [finding.code for finding in findings(tower=tower)] == [code]


def test_a_zone_has_one_meter(findings: Found) -> None:
    """Of two nobody knows which is right."""
    meter = "{zone: ZONE, topic: plug/power, lit_above: 20, dark_below: 5}"
    two = f"measured: [{meter.replace('ZONE', 'bowl')}, {meter.replace('ZONE', 'OTHER')}]\n"
    assert [finding.code for finding in findings(tower=TOWER + two.replace("OTHER", "bowl"))] == ["TWL-S323"]
    assert findings(tower=TOWER + two.replace("OTHER", "shaft")) == ()


def test_swapped_figures_are_noticed_by_their_time_zone() -> None:
    """Far from its city as written, near when swapped."""
    assert farther_than_swapped("Europe/Stockholm", 14.556, 56.899)
    assert farther_than_swapped("America/New_York", -74.0, 40.7)
    assert not farther_than_swapped("Europe/Stockholm", 56.899, 14.556)
    assert not farther_than_swapped("Pacific/Auckland", -36.8, 174.8)
    assert not farther_than_swapped("UTC", 14.556, 56.899)
    assert not farther_than_swapped("Africa/Cairo", 31.2, 30.0)  # in the delta of the Nile


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Stockholm", "Europe/Stockholm"),
        ("europe/stockholm", "Europe/Stockholm"),
        ("Europe\\Stockholm", "Europe/Stockholm"),
        ("Sverige", "Europe/Stockholm"),
        ("Europa/Stockholm", "Europe/Stockholm"),
        ("new york", "America/New_York"),
        ("Narnia", None),
        ("", None),
    ],
)
def test_a_time_zone_is_found_by_what_people_call_it(written: str, meant: str | None) -> None:
    """By city, by country, by spelling."""
    assert near_time_zone(written) == meant


def test_the_palette_holds_colours_of_any_form() -> None:
    """Codes, names and temperatures, by names of one's own."""
    palette = _tower(
        TOWER.replace('orange: "#FF6A00"', "orange: brandgul\n  flag yellow: '#fecc02'\n  warm: 2700 K")
    ).palette
    assert palette["flag yellow"] == Color("#FECC02")
    assert palette["warm"].kelvin == 2700


GATEWAY_KEYS = {
    "home-assistant": "command_topic: ha/set, state_topic: ha/state, zone: bowl",
    "zigbee2mqtt": "topic: zigbee2mqtt/tower, zone: bowl",
    "esphome": "topic: tower, light: lamp, zone: bowl",
    "wled": "topic: wled/tower, channels: rgbw, zone: bowl",
    "tasmota": "topic: tower, channels: '4', zone: bowl",
    "shelly-gen1": "device: shellyrgbw2-AABBCC, zone: bowl",
    "shelly-gen2": "topic: tower, component: rgbw:0, zone: bowl",
    "dmx": "output: simulated, fixtures: [{name: a, zone: bowl, profile: rgb, address: 1}]",
    "dmx-channels": "map_topic: dmx/set, base: 0, fixtures: [{name: a, zone: bowl, profile: rgb, address: 1}]",
}


@pytest.mark.parametrize("kind", GATEWAYS)
def test_a_gateway_of_every_kind_can_be_written(kind: str) -> None:
    """Numbers and lists arrive as text and become what the kind needs."""
    tower = _tower(TOWER + f"  - {{name: other, kind: {kind}, {GATEWAY_KEYS[kind]}}}\n")
    assert type(tower.gateways[1]) is GATEWAYS[kind]
    assert tower.gateways[1].zone_names == ("bowl",)


def test_two_gateways_of_a_vendor_with_topics_of_their_own_are_fine() -> None:
    """Only a topic that both command is a mistake."""
    tower = _tower(
        TOWER
        + "  - {name: a, kind: wled, topic: wled/a, zone: bowl}\n  - {name: b, kind: wled, topic: wled/b, zone: bowl}\n"
    )
    assert [gateway.zone for gateway in tower.gateways[1:] if isinstance(gateway, Wled)] == ["bowl", "bowl"]


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ("{kind: sacn, to: multicast}", "{kind: sacn, to: multicast}", True),
        ("{kind: sacn, to: multicast}", "{kind: sacn, to: 10.0.0.5}", False),
        ("{kind: artnet, to: 10.0.0.5}", "{kind: artnet, to: 10.0.0.5}", True),
        ("{kind: artnet, to: 10.0.0.5}", "{kind: artnet, to: 10.0.0.5, sub_net: 1}", False),
        ("simulated", "simulated", False),
        ("{kind: enttec-usb-pro, port: /dev/ttyUSB0}", "{kind: enttec-usb-pro, port: /dev/ttyUSB0}", False),
    ],
)
def test_two_gateways_may_not_feed_the_same_lamps(first: str, second: str, clash: bool, findings: Found) -> None:
    """The same universe to the same place; ports of two machines may have the same name."""
    text = TOWER.replace("output: simulated ", f"output: {first} ")
    text += (
        f"  - {{name: b, kind: dmx, output: {second}, fixtures: [{{name: x, zone: bowl, profile: rgb, address: 1}}]}}\n"
    )
    assert [finding.code for finding in findings(tower=text)] == ["TWL-S087"] * clash


def test_lamps_are_found_behind_an_entry_that_is_no_gateway(findings: Found) -> None:
    """Two that overlap are reported at the address of the second, wherever its gateway is in the list."""
    written = TOWER.replace("gateways:\n", "gateways:\n  - entrance\n").replace("address: 5", "address: 2")
    sources = {finding.code: finding.source for finding in findings(tower=written)}
    assert set(sources) == {"TWL-S053", "TWL-F101"}
    assert "bowl-south" in sources["TWL-F101"]


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("Mast", "mast"),
        ("mast.1", "mast-1"),
        ("mast/1", "mast-1"),
        ("mastenåäö", "mastenaao"),
        ('"mast 1"', "mast-1"),
        ("m" * 65, "m" * 64),
    ],
)
def test_a_name_in_topics_has_small_letters_digits_and_two_signs(name: str, suggestion: str, findings: Found) -> None:
    """Of a gateway and of a zone: up to 64 characters of a to z, 0 to 9, `_` and `-`; the mistake suggests one."""
    for written in (
        TOWER.replace("name: mast", f"name: {name}"),
        TOWER.replace("bowl", "shaft").replace("zones: [shaft, shaft]", f"zones: [shaft, {name}]"),
    ):
        found = [each for each in findings(tower=written) if each.code == "TWL-S060"]
        assert [each.event.fields["suggestion"] for each in found] == [suggestion]


@pytest.mark.parametrize("name", ["m", "mast_2-b", "0", "m" * 64])
def test_a_name_in_topics_may_be_long(name: str) -> None:
    """To the last character that fits."""
    tower = _tower(TOWER.replace("name: mast", f"name: {name}").replace("bowl", name))
    assert (tower.gateways[0].name, tower.zones) == (name, (name, "shaft"))


def test_zones_in_a_gateway_that_has_one_are_no_word_of_the_outermost_level(findings: Found) -> None:
    """Where the file names its zones already, they were not meant to be named there."""
    written = TOWER.replace("gateways:\n", "gateways:\n  - {name: e, kind: wled, topic: wled/e, zones: bowl}\n")
    assert {finding.code for finding in findings(tower=written)} == {"TWL-S010", "TWL-S014"}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (None, None),
        ("off", None),
        ("nej", None),
        ("on", Discovery()),
        ("ja", Discovery()),
        ("{}", Discovery()),
        ("{control: no}", Discovery(control=False)),
        ("{control: nej, discovery_prefix: hass}", Discovery(control=False, discovery_prefix="hass")),
        ("{control: På}", Discovery()),
    ],
)
def test_home_assistant_gets_the_site_if_the_file_enables_it(written: str | None, meant: Discovery | None) -> None:
    """Not without a word; with one of either language, or with keys."""
    assert _tower(TOWER + (f"home_assistant: {written}\n" if written else "")).home_assistant == meant


@pytest.mark.parametrize(
    "written", ["maybe", "{control: sometimes}", "{prefix: homeassistant}", "{discovery_prefix: a/+}", "[on]", ""]
)
def test_what_cannot_be_sent_to_home_assistant_is_a_finding(written: str, findings: Found) -> None:
    """At its place in the file."""
    found = findings(tower=f"{TOWER}home_assistant: {written}\n")
    assert len(found) == 1
    assert found[0].place is not None
    assert found[0].place.line == TOWER.count("\n") + 1
