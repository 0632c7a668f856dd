"""What nobody judges, as the alert SYSTEM-JUDGE: a missed alert must not be a line in a log alone.

A series whose reading the judge failed upon, until a newer reading of it has been judged or nobody
measures it any more; a rule that this version of the program cannot read, until it can or is
retired. Never commits.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from psycopg2.extras import execute_values

from alerts.built_in import JUDGE
from alerts.state import Transition
from alerts.trouble import Trouble, keep_alerts
from database import query
from database.pool import Connection

_NOTE = """
insert into unjudged (series_id, newest_at, error)
select n.series_id, greatest(n.observed_at, s.observed_at), n.error
  from (values %s) n (series_id, observed_at, error)
  left join series_state s on s.series_id = n.series_id
    on conflict (series_id) do update
   set newest_at = excluded.newest_at, error = excluded.error,
       since = case when unjudged.newest_at
                         >= (select s.observed_at from series_state s
                              where s.series_id = unjudged.series_id)
                    then unjudged.since else excluded.since end
"""
_NOTE_TEMPLATE = "(%s::integer, %s::timestamptz, %s)"
_STATIONS = """
select s.code, min(u.since), (array_agg(u.error order by u.since))[1] from unjudged u
  join series q on q.id = u.series_id
  join station s on s.id = q.station_id
  join series_state n on n.series_id = u.series_id
  join sensor o on o.series_id = u.series_id and o.valid_to is null
 where u.newest_at >= n.observed_at
 group by s.code order by s.code
"""
_RULES = """
select r.code, max(v.created_at) from rule r join rule_version v on v.rule_id = r.id
 where r.id = any(%s) group by r.code order by r.code
"""


def note(conn: Connection, readings: Iterable[tuple[int, datetime]], error: Exception) -> None:
    """Remember the series of these readings (series_id, observed_at): they were not judged."""
    newest: dict[int, datetime] = {}
    for series_id, observed_at in readings:
        newest[series_id] = max(observed_at, newest.get(series_id, observed_at))
    text = f"{type(error).__name__}: {error}".replace("\0", "")[:300]
    said = text.encode(errors="replace").decode()  # PostgreSQL keeps no half of a pair
    with conn.cursor() as cursor:
        rows = [(*one, said) for one in sorted(newest.items())]
        execute_values(cursor, _NOTE, rows, _NOTE_TEMPLATE)


def check(conn: Connection, unreadable: Collection[int]) -> list[Transition]:
    """Raise what is not judged and end what is again; the caller commits.

    unreadable: the numbers of the rules that cannot be read.
    """
    with conn.cursor() as cursor:
        cursor.execute(_STATIONS)
        troubles = [Trouble(*row) for row in cursor]
        cursor.execute(_RULES, (sorted(unreadable),))
        troubles += [Trouble(f"rule/{code}", at, "cannot be read") for code, at in cursor]
    return keep_alerts(conn, JUDGE, troubles, query.now(conn))
