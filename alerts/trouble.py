"""What is wrong with ourselves, as alerts by the clock: one for each name, so that none hides
another; raised where it is new, ended where it is right again or gone. Never commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.built_in import DUTY, JUDGE, TELLING
from alerts.grade import Grade
from alerts.ids import new_id
from alerts.reason import Reason
from alerts.record import save
from alerts.rule import Watch
from alerts.rule_history import NEWEST_VERSION
from alerts.state import Judgement, OpenAlert, Transition
from alerts.steps import by_the_clock
from alerts.times import rfc3339
from database.pool import Connection

_OPEN = """
select a.subject, a.id, a.grade, a.peak_grade, a.began_at, a.raised_at from alert a
  join rule r on r.id = a.rule_id
 where r.code = %(code)s and a.ended_at is null
 order by a.subject
"""
_RULE = f"""
select r.id, v.version, v.definition ->> 'grade' from rule r join {NEWEST_VERSION} v on true
 where r.code = %(code)s
"""  # noqa: S608 - of constants
# By rule: what its subjects are called before `/` and the name; why it begins; why it ends.
_WORDS = {
    JUDGE: ("judge", "unjudged", "judged_again"),
    TELLING: ("telling", "telling_fails", "telling_works"),
    DUTY: ("duty", "nobody_on_duty", "somebody_on_duty"),
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with one thing of ours: a receiver, a duty, a station whose data nobody judges.

    since: from when on (or, of a gap in the rota, when it begins).
    """

    name: str
    since: datetime
    why: str


def keep_alerts(
    conn: Connection, code: str, troubles: Sequence[Trouble], at: datetime
) -> list[Transition]:
    """One alert for each name: raised where it is new, ended where it is right or gone."""
    with conn.cursor() as cursor:
        cursor.execute(_OPEN, {"code": code})
        opened = {row[0]: row[1:] for row in cursor}
        wrong = {f"{_WORDS[code][0]}/{one.name}": one for one in troubles}
        if opened.keys() == wrong.keys():
            return []
        cursor.execute(_RULE, {"code": code})
        rule = cursor.fetchone()
    if rule is None:
        return []  # not seeded yet
    number, version, grade = rule

    def watch(subject: str) -> Watch:
        return Watch(number, version, code, when="ingest", subject=subject, grade=grade)

    steps = [ended(watch(key), row, at) for key, row in opened.items() if key not in wrong]
    steps += [raised(watch(key), one, at) for key, one in wrong.items() if key not in opened]
    save(conn, Judgement({}, steps), {}, {}, at)
    return steps


def raised(watch: Watch, trouble: Trouble, at: datetime) -> Transition:
    grade: Grade = watch.grade
    alert = OpenAlert(new_id(at), grade, grade, min(at, trouble.since), at, grade)
    said = {"name": trouble.name, "since": rfc3339(trouble.since), "why": trouble.why[:300]}
    reason = Reason(_WORDS[watch.code][1], {"troubles": [said]})
    return by_the_clock(watch, alert, "raised", reason, at)


def ended(watch: Watch, row: tuple[Any, ...], at: datetime) -> Transition:
    number, grade, peak_grade, began_at, raised_at = row
    alert = OpenAlert(number, grade, peak_grade, began_at, raised_at, grade)
    name = watch.subject.partition("/")[2]
    reason = Reason(_WORDS[watch.code][2], {"name": name})
    return by_the_clock(watch, alert, "ended", reason, at)
