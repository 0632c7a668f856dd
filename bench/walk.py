"""The walk alone, without a broker: messages of a batch into the database, with rules and ledger.

What the pipeline can do before MQTT takes its share; raw COPY of the same readings is the limit.
"""

import io
import itertools
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alerts.judging import Judge
from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from bench.figure import Figure
from bench.site import METRICS as MEASURED
from database.migrate import migrate
from database.pool import Connection, connect
from database.settings import DatabaseSettings
from demo.postgres import embedded_postgres_server
from ingest.context import Context
from ingest.message import Message
from ingest.pipeline import walk
from ingest.settings import IngestSettings
from sensors.catalogue import METRICS
from sensors.settings import ClockSettings, SensorsSettings
from sensors.store import load_directory, sync

STATIONS, PER_STATION = 250, len(MEASURED)  # 5,000 series
BATCH, BATCHES = 2000, 15
TURNS, RULES_SHARE = 5, 0.15


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="dongtai-bench-") as folder:
        Path(folder).chmod(0o755)
        with embedded_postgres_server(Path(folder) / "postgres") as dsn:
            settings = DatabaseSettings(dsn=dsn)
            with closing(connect(settings, None, application="bench")) as owner:
                migrate(owner)
                context = prepare(owner)
            with closing(connect(settings, "ingest", application="bench")) as conn:
                yield from figures(conn, context)


def figures(conn: Connection, context: Context) -> Iterator[Figure]:
    limit = raw_copy(conn, 200_000)
    yield Figure("raw COPY of readings, text", round(limit), "readings/s")
    yield Figure("the walk, one reading a message", round(walked(conn, context, 1)), "messages/s")
    rate = walked(conn, context, PER_STATION)
    yield Figure(
        "the walk, 20 readings a message",
        round(rate),
        "readings/s",
        round(limit / 2),
        rate >= limit / 2,
    )

    share = rules_share(conn, context)
    yield Figure(
        "200 rules, share of the walk's processor time, 20 readings a message",
        round(share, 3),
        "of 1",
        RULES_SHARE,
        share <= RULES_SHARE,
    )


def rules_share(conn: Connection, context: Context) -> float:
    """Of the ingest's processor at full rate: in turn with rules and without, the best of each.

    At the pace of real devices the whole ingest takes too little of a core to be told apart. The
    first batch of a turn is not counted: what came without the rules has to be read back once.
    """
    contexts = {"with": context, "without": replace(context, judge=Judge({}, (), {}))}
    took: dict[str, list[float]] = {name: [] for name in contexts}
    for _ in range(TURNS):
        for name, one in contexts.items():
            prepared = [batch(PER_STATION) for _ in range(5)]
            walk(conn, one, batch(PER_STATION), datetime.now(UTC))
            begun = time.process_time()
            for messages in prepared:
                walk(conn, one, messages, datetime.now(UTC))
            took[name].append(time.process_time() - begun)
    return 1 - min(took["without"]) / min(took["with"])


def rule(n: int) -> dict[str, Any]:
    """Of twenty: fourteen single limits, two means, two rates, an `outside`, a `2 of 3 sensors`."""
    metric = METRICS[MEASURED[n % PER_STATION]]
    limit, named = metric.high - 1e-6 * n, {"metric": metric.code, "kind": "gas"}
    asked = named | {"unit": metric.unit}
    kinds: dict[int, dict[str, Any]] = {
        14: asked | {"when": "above", "mean_over_s": 3600, "grades": {"red": limit}},
        15: asked | {"when": "above", "mean_over_s": 600, "grades": {"red": limit}},
        16: asked | {"when": "rate", "window_s": 600, "grades": {"red": 1e6}},
        17: asked | {"when": "rate", "window_s": 1800, "grades": {"red": 1e6 + n}},
        18: asked | {"when": "outside", "low": {"red": metric.low}, "high": {"red": limit}},
        19: {
            "when": "at_least",
            "per": "rule",
            "grades": {"red": 2},
            "of": [asked | {"when": "above", "limit": limit}],
        },
    }
    said = kinds.get(n // 10, asked | {"when": "above", "grades": {"red": limit}})
    return {"code": f"RULE-{n}", "label": {"zh": "规则", "en": "Rule"}} | said


def prepare(owner: Connection) -> Context:
    """5,000 series under 200 rules, none of which fires."""
    now = datetime.now(UTC)
    stations = [
        {
            "code": f"S-{n:03}",
            "kind": "gas",
            "zh": "示例",
            "en": "sample",
            "lon": 121.8,
            "lat": 29.9,
            "department": "one",
            "interval_s": 1,
            "metrics": list(MEASURED),
        }
        for n in range(STATIONS)
    ]
    sync(
        owner,
        SensorsSettings.model_validate(
            {"departments": [{"code": "one", "zh": "一", "en": "One"}], "stations": stations}
        ),
        now,
    )
    rules = [rule(n) for n in range(200)]
    seed(owner, AlertsSettings.model_validate({"rules": rules}), now)
    owner.commit()
    return Context(
        settings=IngestSettings(),
        clock=ClockSettings(),
        directory=load_directory(owner),
        judge=Judge.load(owner),
        client_id="bench",
    )


_packets = itertools.count(1)
_moments = itertools.count(0)


def walked(conn: Connection, context: Context, per_message: int) -> float:
    """Readings a second through the walk."""
    batches = [batch(per_message) for _ in range(BATCHES)]
    begun = time.perf_counter()
    for messages in batches:
        walk(conn, context, messages, datetime.now(UTC))
    return BATCH * BATCHES * per_message / (time.perf_counter() - begun)


def batch(per_message: int) -> list[Message]:
    at = datetime.now(UTC)
    found = []
    for _ in range(BATCH):
        number = next(_moments)
        moment = at - timedelta(hours=20) + timedelta(milliseconds=100 * number)
        values = dict.fromkeys(MEASURED[:per_message], 5 + number % 7)
        body = json.dumps({"t": moment.isoformat(), "v": values}).encode()
        topic = f"dongtai/v1/obs/S-{number % STATIONS:03}"
        found.append(Message(topic, body, at, next(_packets) % 65_535, dup=False, epoch=1, qos=1))
    return found


def raw_copy(conn: Connection, count: int) -> float:
    """Readings a second that the server takes by COPY, with nothing else done to them."""
    with conn.cursor() as cursor:
        cursor.execute("select min(id) from series")
        ((series,),) = cursor.fetchall()
        lines = "".join(
            f"{series}\t1990-01-01T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}.{n // 86400}Z"
            f"\t{n % 50}\t0\t0\t2026-01-01T00:00:00Z\t\\N\n"
            for n in range(count)
        )
        begun = time.perf_counter()
        cursor.copy_expert(
            "copy reading (series_id, observed_at, value, quality, origin, received_at,"
            " original_at) from stdin",
            io.StringIO(lines),
        )
        conn.commit()
    return count / (time.perf_counter() - begun)
