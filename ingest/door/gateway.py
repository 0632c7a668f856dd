"""python -m ingest gateway: the TCP door for stations that speak HJ 212 or SL 651 and not MQTT.

It needs the broker only: no database. What it publishes walks the same way as what comes by MQTT.
"""

import argparse
import asyncio
import logging
import resource
import sys
from collections.abc import Sequence

import config
from database.stopping import Stopping
from ingest.door.dialogue import Hj212Dialogue, Sl651Dialogue
from ingest.door.outlet import Outlet
from ingest.door.sockets import Door
from ingest.settings import GatewaySettings, IngestSettings
from sensors.protocols import Hj212
from sensors.settings import SensorsSettings

log = logging.getLogger(__name__)

_TALLY_S = 60.0
_LEAVE_S = 5.0
_OTHER_FILES = 64


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m ingest gateway", description=__doc__)
    config.add_argument(parser)
    settings = config.load_or_exit(parser.parse_args(arguments).config)
    gateway = settings.section(IngestSettings).gateway
    if gateway.hj212 is None and gateway.sl651 is None:
        print(
            "ingest gateway: nowhere to listen; set ingest.gateway.hj212 or "
            "ingest.gateway.sl651 in config.yaml, such as {port: 21200}",
            file=sys.stderr,
        )
        return 2
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        _allow_files(gateway.max_connections + _OTHER_FILES)
        asyncio.run(_run(settings.section(IngestSettings), _devices(settings)))
    except (OSError, ValueError) as error:
        print(f"ingest gateway: {error}", file=sys.stderr)
        return 1
    return 0


def _devices(settings: config.Config) -> dict[str, Hj212]:
    stations = settings.section(SensorsSettings).stations
    return {station.hj212.mn: station.hj212 for station in stations if station.hj212}


def _allow_files(count: int) -> None:
    """Each connection is an open file. Raises ValueError where the system allows too few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        if hard != resource.RLIM_INFINITY and hard < count:
            raise ValueError(
                f"the system allows this process {hard} open files, and ingest.gateway."
                f"max_connections needs {count}; lower it, or raise the limit (LimitNOFILE=)"
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


async def _run(ingest: IngestSettings, devices: dict[str, Hj212]) -> None:
    asked, gateway = Stopping().listen(), ingest.gateway
    outlet = Outlet(ingest.broker, gateway.client_id, gateway.hold)
    door = Door(gateway, ingest.root, outlet)
    await _open(door, gateway, devices)
    outlet.start()
    while not await asyncio.to_thread(asked.wait, _TALLY_S):
        log.info("gateway: %s", door.tally())
    log.info("gateway: asked to stop; %s", door.tally())
    await door.close(_LEAVE_S)


async def _open(door: Door, gateway: GatewaySettings, devices: dict[str, Hj212]) -> None:
    if gateway.hj212 is not None:
        await door.open(gateway.hj212, lambda: Hj212Dialogue(devices))
        log.info("listening for HJ 212 on %s:%s", gateway.hj212.host, gateway.hj212.port)
    if gateway.sl651 is not None:
        await door.open(gateway.sl651, lambda: Sl651Dialogue(stay=gateway.sl651_stay))
        log.info("listening for SL 651 on %s:%s", gateway.sl651.host, gateway.sl651.port)
