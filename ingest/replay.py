"""python -m ingest replay: quarantined messages walk the pipeline again, after the fix."""

from collections import Counter
from datetime import UTC, datetime

from database.pool import Connection
from ingest import pipeline, store
from ingest.context import Context


def run(conn: Connection, context: Context, code: str | None) -> int:
    """Replay what is kept whole, oldest first, and print what became of it. Exit status."""
    outcomes: Counter[str] = Counter()
    after = 0
    while waiting := store.waiting_quarantine(conn, code, after):
        for number, message in waiting:
            after = number
            letter = pipeline.walk_again(conn, context, message, datetime.now(UTC))
            if not letter.problems:
                store.mark_replayed(conn, number, letter.outcome.word)
            conn.commit()
            outcomes[letter.outcome.word] += 1
    print(", ".join(f"{n} {word}" for word, n in sorted(outcomes.items())) or "nothing to replay")
    return 0
