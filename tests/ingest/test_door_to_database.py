"""The whole way: a station that knows only TCP, the gateway, the broker, ingest, the database."""

from datetime import datetime, timedelta

import pytest

from database.pool import connect
from sensors.decoders.crc16 import modbus
from sensors.decoders.frames import BEIJING
from sensors.decoders.hj212_frame import framed
from tests.ingest.devices import Device, RunningGateway
from tests.servers.waiting import until

COMMON = {"zh": "站（示例）", "en": "Sample", "lon": 121.8, "lat": 29.9, "department": "water"}
SENSORS = {
    "departments": [{"code": "water", "zh": "水利局", "en": "Water"}],
    "stations": [
        {
            **COMMON,
            "code": "A-01",
            "kind": "air",
            "interval_s": 60,
            "metrics": ["pm25_ugm3"],
            "hj212": {"mn": "ZX00001", "units": {"a34004": "ug/m3"}},
        },
        {
            **COMMON,
            "code": "H-01",
            "kind": "reservoir",
            "interval_s": 300,
            "metrics": ["level_m"],
            "sl651": {"address": "0011223344"},
        },
    ],
}
VALUES = """
select st.code, s.metric, r.value, r.observed_at
  from reading r join series s on s.id = r.series_id join station st on st.id = s.station_id
 where s.metric in ('pm25_ugm3', 'level_m') order by st.code
"""
LEDGER = """
select feed, sum(received)::int, sum(stored)::int, sum(duplicate)::int, sum(quarantined)::int
  from ledger where feed in ('hj212', 'sl651') group by feed order by feed
"""


def dust(at: datetime, pm25: int, mn: str = "ZX00001") -> bytes:
    head = f"QN={at:%Y%m%d%H%M%S}000;ST=22;CN=2011;PW=123456;MN={mn};Flag=5"
    area = f"DataTime={at:%Y%m%d%H%M%S};a34004-Rtd={pm25},a34004-Flag=N"
    return framed(f"{head};CP=&&{area}&&".encode(), "standard")


def dust_confirmed(at: datetime, mn: str = "ZX00001") -> bytes:
    head = f"QN={at:%Y%m%d%H%M%S}000;ST=91;CN=9014;PW=123456;MN={mn};Flag=4"
    return framed(f"{head};CP=&&&&".encode(), "standard")


def level(at: datetime, cm: int) -> bytes:
    body = f"0034{at:%y%m%d%H%M%S}F1F10011223344" + f"48F0F0{at:%y%m%d%H%M}3922{cm:08d}"
    size = len(body) // 2
    data = bytes.fromhex(f"7E7E05001122334403E832{size:04X}02{body}03")
    return data + modbus(data).to_bytes(2)


@pytest.fixture
def site(tmp_path, database, mosquitto, process):
    """The gateway and ingest, from one config.yaml."""
    gateway = RunningGateway(
        tmp_path, mosquitto, process, sensors=SENSORS, database={"dsn": database.dsn}
    )
    process("ingest", "--config", str(gateway.path)).wait_for("connected as dongtai-ingest,")
    return gateway


@pytest.fixture
def ask(database):
    conn = connect(database, None, application="test")

    def query(statement):
        with conn.cursor() as cursor:
            cursor.execute(statement)
            rows = cursor.fetchall()
        conn.rollback()
        return rows

    yield query
    conn.close()


def test_what_a_station_sends_by_tcp_is_in_the_database_and_every_frame_accounted_for(site, ask):
    now = datetime.now(BEIJING).replace(second=0, microsecond=0) - timedelta(minutes=1)
    with Device(site.hj212) as logger, Device(site.sl651) as gauge:
        for frame, answer in [
            (dust(now, 25), dust_confirmed(now)),
            (dust(now, 25), dust_confirmed(now)),  # its confirmation got lost on the way
            (dust(now, 30, mn="NEW-1"), dust_confirmed(now, mn="NEW-1")),
        ]:
            logger.send(frame)
            assert logger.hear(len(answer)) == answer
        logger.send(dust(now, 25).replace(b"Rtd=25", b"Rtd=99"))
        gauge.send(level(now, 1049))
        assert len(gauge.hear(25)) == 25
        expected = [("hj212", 4, 1, 1, 2), ("sl651", 1, 1, 0, 0)]
        until(lambda: ask(LEDGER) == expected, "five frames in the ledger")
        assert logger.silent(seconds=0.2)
    assert ask(VALUES) == [
        ("A-01", "pm25_ugm3", 25.0, now),
        ("H-01", "level_m", 10.49, now),
    ]
    assert ask("select code from quarantine order by id") == [("unknown_station",), ("bad_crc",)]
