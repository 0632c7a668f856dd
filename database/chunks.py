"""How much time a chunk of readings holds: as much as fits into a quarter of the server's memory.

A chunk that is written or asked should stay in memory with its index. PostgreSQL does not tell its
machine's memory; shared_buffers is by custom a quarter of it.
"""

from datetime import datetime, timedelta

from database.ground import extension_schema
from database.pool import Connection

# Of the hours that are over: the present one is not full.
RATE = """
select coalesce(sum(readings), 0)::float8 / 24 from ledger
 where hour >= date_trunc('hour', %(now)s::timestamptz) - interval '24 hours'
   and hour < date_trunc('hour', %(now)s::timestamptz)"""
QUARTER = "select pg_size_bytes(current_setting('shared_buffers'))"
INTERVAL = """
select time_interval from timescaledb_information.dimensions
 where hypertable_schema = 'dongtai' and hypertable_name = 'reading'"""
_SET = "set_chunk_time_interval('dongtai.reading', %s::interval)"

# Uncompressed, with its index, as measured (docs/database.md).
BYTES_A_READING = 100
_HOUR = timedelta(hours=1)
# Divisors of a day or a week, so that chunks of one size follow those of another without a gap.
STEPS = tuple(n * _HOUR for n in (1, 2, 4, 6, 12, 24, 2 * 24, 7 * 24))


def recommended(readings_an_hour: float, quarter_bytes: int) -> timedelta:
    """The longest step whose chunk fits; an hour at least, a week at most. Pure."""
    room = quarter_bytes / BYTES_A_READING
    fitting = [step for step in STEPS if readings_an_hour * (step / _HOUR) <= room]
    return fitting[-1] if fitting else STEPS[0]


def misfit(conn: Connection, now: datetime) -> tuple[timedelta, timedelta] | None:
    """(what it is, what is right) where a chunk does not fit, or is a quarter of what would.

    A rate that goes to and fro by less does not move it. None on plain PostgreSQL, and where
    nothing has come for a day: then nothing is known.
    """
    if extension_schema(conn) is None:
        return None
    with conn.cursor() as cursor:
        cursor.execute(RATE, {"now": now})
        (rate,) = cursor.fetchone() or (0.0,)
        cursor.execute(QUARTER)
        (quarter,) = cursor.fetchone() or (0,)
        cursor.execute(INTERVAL)
        (present,) = cursor.fetchone() or (STEPS[-1],)
    right = recommended(rate, quarter)
    off = present > right or present * 4 <= right
    return (present, right) if rate and off else None


def settle(conn: Connection, now: datetime) -> timedelta | None:
    """Give new chunks, and only these, the right length; returns it where it was another."""
    found = misfit(conn, now)
    if found is None:
        return None
    with conn.cursor() as cursor:
        cursor.execute(f'select "{extension_schema(conn)}".{_SET}', (found[1],))
    return found[1]
