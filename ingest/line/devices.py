"""Which device may speak for which station: checked here, and written down for the broker."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from config import Mistake, did_you_mean, entries
from ingest.settings import DeviceSettings
from sensors.decoders.decoded import Decoded, bounded, name_shown
from sensors.reading import BadPayload

OwnStations = Mapping[str, frozenset[str]]
# The ingest's own account where `ingest.broker.user` names none.
OWN_ACCOUNT = "dongtai-ingest"
_WHERE = ("ingest", "devices")


class AnyStation(Protocol):
    """A station of config.yaml, or of the directory."""

    @property
    def code(self) -> str: ...
    @property
    def device(self) -> str | None: ...


def own_stations(
    devices: Sequence[DeviceSettings], stations: Iterable[AnyStation]
) -> dict[str, frozenset[str]]:
    """Device → the stations it speaks for; empty where no device is configured."""
    hung: dict[str, set[str]] = {}
    for station in stations if devices else ():
        hung.setdefault(station.code, set()).add(station.code)
        if station.device:
            hung.setdefault(station.device, set()).add(station.code)
    return {
        device.name: frozenset(device.stations or hung.get(device.name, ())) for device in devices
    }


def only_own(decoded: Decoded, sender: str, own: OwnStations) -> Decoded:
    """What a device may say: a frame names its station itself, whoever it comes from.

    A sender that is no configured device (our TCP door, an MN) may speak for all: the broker's
    topic rights say who may publish under its name.
    """
    stations = own.get(sender)
    if stations is None or all(seen.station in stations for seen in decoded.observations):
        return decoded
    others = sorted({seen.station for seen in decoded.observations} - stations)
    lies = [
        BadPayload(
            "not_its_own",
            f"device {name_shown(sender)} speaks for station {name_shown(code)}, not its own",
        )
        for code in others
    ]
    kept = tuple(seen for seen in decoded.observations if seen.station in stations)
    return Decoded(kept, (*decoded.problems, *bounded(lies)))


def check(raw: Mapping[str, Any]) -> list[Mistake]:
    """What one entry of `ingest.devices` cannot show."""
    return [*_names(raw), *_stations(raw)]


def _names(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    taken = {_own_account(raw): "the ingest's own account"}
    for index, entry in entries(raw, *_WHERE):
        name, where = str(entry.get("name")), (*_WHERE, index, "name")
        if name in taken:
            yield Mistake(where, name, f"this name is {taken[name]}; give the device another one")
        taken[name] = "another device's"


def _stations(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    known, hung = set(), set()
    for _, station in entries(raw, "sensors", "stations"):
        known.add(str(station.get("code")))
        hung |= {str(station.get("code")), str(station.get("device"))}
    for index, entry in entries(raw, *_WHERE):
        named = entry.get("stations")
        for number, code in enumerate(named if isinstance(named, list) else ()):
            if str(code) not in known:
                problem = f"unknown station; {did_you_mean(code, known)}"
                yield Mistake((*_WHERE, index, "stations", number), code, problem)
        if not named and (name := str(entry.get("name"))) not in hung:
            problem = "no station has it as its `device` or bears its name; name its stations"
            yield Mistake((*_WHERE, index, "name"), name, problem)


def _own_account(raw: Mapping[str, Any]) -> str:
    found: Any = raw
    for key in ("ingest", "broker", "user"):
        found = found.get(key) if isinstance(found, dict) else None
    return str(found) if found else OWN_ACCOUNT
