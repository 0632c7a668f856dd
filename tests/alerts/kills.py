"""python -m tests.alerts.kills [--kills N] [--under-way N]: SIGKILL of `alerts`, counted.

Two receivers take what a killed process sent: one each message by itself, one digests. Transitions
are topped up after each kill, so that always as many are under way.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from database.migrate import migrate
from database.pool import Connection, connect
from database.settings import DatabaseSettings
from demo.postgres import embedded_postgres_server
from tests.servers.program import Program, python
from tests.servers.waiting import until
from tests.servers.webhook import Webhook

CONFIG = """\
database: {{dsn: "{dsn}"}}
alerts:
  receivers:
    - {{name: single, type: webhook, url: "{single}"}}
    - {{name: digest, type: webhook, url: "{digest}", per_minute: 120, burst: 3}}
  clock: {{tick_s: 0.2, heartbeat_s: 86400, retry_first_s: 0.1}}
"""
_RULE = """
with r as (insert into rule (code) values ('KILLS') on conflict (code) do nothing returning id)
insert into rule_version (rule_id, version, definition, author, reason)
select id, 1, '{"code": "KILLS", "label": {"zh": "试", "en": "Trial"}}', 'a person', 'kills' from r
"""
_PUT = """
with n as (select md5(random()::text || g) as id from generate_series(1, %(count)s) g),
a as (insert into alert (id, rule_id, rule_version, subject, grade, peak_grade, state, began_at,
                         raised_at, reason)
      select n.id, r.id, 1, n.id, 'orange', 'orange', 'active', now(), now(), '{"code": "x"}'
        from n, rule r where r.code = 'KILLS' returning id),
t as (insert into alert_transition (alert_id, seq, kind, at, recorded_at, grade, reason)
      select id, 1, 'raised', now(), now(), 'orange', '{"code": "x"}' from a returning id)
insert into outbox (transition_id) select id from t
"""
# Routed and not yet delivered by both, or not routed yet.
_UNDER_WAY = """
select (select count(*) from outbox where routed_at is null)
     + (select count(distinct transition_id) from message where delivered_at is null)
"""
_BEAT = """
insert into heartbeat (process, at, up_since, detail)
values ('ingest', now() + interval '20 days', now(),
        jsonb_build_object('connected_since', now(), 'caught_up_at', now() + interval '20 days'))
on conflict (process) do nothing
"""


@dataclass(frozen=True)
class Count:
    """What one receiver got. again: transitions that came more than once."""

    receiver: str
    transitions: int
    missing: int
    sendings: int
    again: int

    def __str__(self) -> str:
        return (
            f"| {self.receiver} | {self.transitions} | {self.missing} | {self.sendings} "
            f"| {self.again} |"
        )


def run(
    database: DatabaseSettings, folder: Path, kills: int, under_way: int, chance: random.Random
) -> list[Count]:
    """Kill the process again and again, let the last one finish, and count at the far ends."""
    ends = {"single": Webhook(), "digest": Webhook()}
    owner = connect(database, None, application="test")
    try:
        _write(owner, _RULE)
        _write(owner, _BEAT)
        config = folder / "config.yaml"
        urls = {name: end.url for name, end in ends.items()}
        config.write_text(CONFIG.format(dsn=database.dsn, **urls), "utf-8")
        for number in range(kills):
            _top_up(owner, under_way)
            program = python("alerts", folder / f"{number}.log", "--config", str(config)).start()
            if number % 4:  # the others are killed wherever they are in their start
                _work(program, ends["single"], chance.randint(0, 80))
            else:
                time.sleep(chance.uniform(0.2, 3))
            program.kill()
        program = python("alerts", folder / "last.log", "--config", str(config)).start()
        until(lambda: _one(owner, _UNDER_WAY) == 0, "the rest to be delivered", seconds=1200)
        program.stop()
        expected = _rows(owner, "select transition_id from outbox")
        return [_count(name, end, set(expected)) for name, end in ends.items()]
    finally:
        owner.close()
        for end in ends.values():
            end.close()


def _work(program: Program, end: Webhook, messages: int) -> None:
    """Until the process has sent so many."""
    enough = len(end.requests) + messages
    program.wait_for("leading", seconds=120)
    until(lambda: len(end.requests) >= enough, f"{messages} messages", seconds=120, every=0.003)


def _count(name: str, end: Webhook, expected: set[int]) -> Count:
    got = Counter(number for request in end.requests for number in _transitions(request.body))
    again = sum(1 for count in got.values() if count > 1)
    return Count(name, len(expected), len(expected - got.keys()), len(end.requests), again)


def _transitions(body: bytes) -> Iterator[int]:
    document = json.loads(body)
    for one in document.get("messages", [document]):
        if one.get("transition") is not None:
            yield one["transition"]


def _top_up(owner: Connection, under_way: int) -> None:
    """So that as many transitions wait as there were to be."""
    missing = under_way - _one(owner, _UNDER_WAY)
    if missing > 0:
        _write(owner, _PUT, count=missing)


def _one(conn: Connection, statement: str) -> int:
    return _rows(conn, statement)[0]


def _rows(conn: Connection, statement: str) -> list[int]:
    with conn.cursor() as cursor:
        cursor.execute(statement)
        found = [int(row[0]) for row in cursor.fetchall()]
    conn.commit()
    return found


def _write(conn: Connection, statement: str, **parameters: int) -> None:
    with conn.cursor() as cursor:
        cursor.execute(statement, parameters or None)
    conn.commit()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.alerts.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--under-way", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1, help="repeats a run")
    asked = parser.parse_args()
    began = time.monotonic()
    with TemporaryDirectory(prefix="dongtai-test-") as name:
        folder = Path(name)
        with embedded_postgres_server(folder / "postgres") as dsn:
            database = DatabaseSettings(dsn=dsn)
            conn = connect(database, None, application="test")
            migrate(conn)
            conn.close()
            counts = run(database, folder, asked.kills, asked.under_way, random.Random(asked.seed))
    print("| receiver | transitions | missing | sendings | came twice |\n|---|---|---|---|---|")
    for count in counts:
        print(count)
    print(f"{asked.kills} kills, seed {asked.seed}, {time.monotonic() - began:.0f} s")
    return 1 if any(count.missing for count in counts) else 0


if __name__ == "__main__":
    sys.exit(main())
