"""News into the database: by COPY, and one by one where it is stored already.

A reading newer than the live end of its series is not stored as a rule. Where somebody put it
there all the same (a history loaded by hand, a live end that was reset), it is news to the rules:
it has been judged, and only its row is compared.
"""

from collections.abc import Sequence

import numpy as np
from psycopg2.errors import UniqueViolation

from database.pool import Connection
from database.touched import touch
from ingest import store
from ingest.batch import Arrived, Letter, settle
from ingest.columns import Columns, us
from sensors.directory import Directory
from sensors.marks import show_marks

SAVEPOINT = "savepoint news"
ROLL_BACK = "rollback to savepoint news"


def append(
    conn: Connection, columns: Columns, letters: Sequence[Letter], directory: Directory
) -> None:
    """Append readings; one stored already with another value is revised, the older one kept."""
    if not len(columns):
        return
    with conn.cursor() as cursor:
        cursor.execute(SAVEPOINT)
        try:
            store.copy_readings(conn, columns)
        except UniqueViolation:
            cursor.execute(ROLL_BACK)
            _append_singly(conn, columns, letters, directory)


def _append_singly(
    conn: Connection, columns: Columns, letters: Sequence[Letter], directory: Directory
) -> None:
    readings = list(columns.readings(directory))
    topics = [letters[n].message.topic if n >= 0 else "ingest" for n in columns.letter.tolist()]
    stored = store.stored_readings(conn, [(one.series_id, one.observed_at) for one in readings])
    known = {(series, us(at)) for series, at in stored}
    keys = zip(columns.series.tolist(), columns.at.tolist(), strict=True)
    store.copy_readings(conn, columns.take(np.array([key not in known for key in keys])))
    items = [Arrived(one, None) for one in readings if (one.series_id, one.observed_at) in stored]
    by = {id(one): topic for one, topic in zip(readings, topics, strict=True)}
    revised = settle(items, stored).revisions
    for item in revised:
        store.keep_revision(conn, item.reading, by[id(item.reading)])
        store.replace_reading(conn, item.reading)
    keys_revised = [(item.reading.series_id, item.reading.observed_at) for item in revised]
    touch(conn, [(at, at) for _, at in keys_revised])
    show_marks(conn, keys_revised)
