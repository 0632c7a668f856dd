"""What the drawer's chart reads: a day of one series and its limits. Never commits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dashboard import marks_store
from dashboard.environment.hour_quality import LATE_INTERVALS, LATE_LEAST_S
from dashboard.figures.axes import DAY
from dashboard.figures.limits import LimitLine
from dashboard.figures.marks import Stretch, shown
from dashboard.figures.points import Point
from dashboard.text import DEFAULT
from dashboard.wording import mean_words
from database.pool import Connection
from sensors.catalogue import DERIVED_FROM, STORAGE
from sensors.reading import Quality

MARK_FLAGS = ("marked_invalid", "marked_valid")

_SERIES = """
select q.id, n.interval_s
  from series q
  join station s on s.id = q.station_id
  join sensor n on n.series_id = q.id and n.valid_to is null
 where s.code = %s and q.metric = %s
"""
_DAY = """
select observed_at, value, quality, received_at
  from reading
 where series_id = %s and observed_at > %s and observed_at <= %s
 order by observed_at
"""
# As they had arrived by a moment: one that was corrected since as it was then, one that lay in
# quarantine from when it walked again.
_ARRIVED = """
(select observed_at, value, quality, received_at from {table} r
 where series_id = %(series)s and observed_at > %(since)s and observed_at <= %(until)s
   and received_at <= %(known)s {held}
   and not exists (select from quarantine k where k.received_at = r.received_at
                                              and k.replayed_at > %(known)s))"""
_DAY_KNOWN = f"""
{_ARRIVED.format(table="reading", held="")}
 union all
{_ARRIVED.format(table="reading_revision", held="and replaced_at > %(known)s")}
 order by 1"""
_OLDER = "select exists (select from reading where series_id = %s and observed_at <= %s)"
# Limits in force on the day, with the grade of the open alert that stands on one.
_LIMITS = """
select l.value, l.label_zh, l.label_en, min(a.grade), l.mean_over_s
  from limit_value l
  left join alert a on a.series_id = l.series_id and a.limit_value = l.value
   and case when %(past)s then a.raised_at <= %(now)s and coalesce(a.ended_at > %(now)s, true)
            else a.ended_at is null end
 where l.series_id = %(series)s and l.valid_from <= %(now)s
   and (l.valid_to is null or l.valid_to > %(now)s)
   and (l.season_from is null
        or case when l.season_from <= l.season_to
                then %(day)s between l.season_from and l.season_to
                else %(day)s >= l.season_from or %(day)s <= l.season_to end)
 group by l.value, l.label_zh, l.label_en, l.mean_over_s
"""
_INITIALS = """
select s.code, v.name_zh
  from station s join station_version v on v.station_id = s.id and v.valid_to is null
"""


@dataclass(frozen=True, slots=True)
class Day:
    """older: the series has readings from before these 24 h. stretches: marks, oldest first."""

    points: tuple[Point, ...]
    limits: tuple[LimitLine, ...]
    interval_s: float
    older: bool = True
    stretches: tuple[Stretch, ...] = ()


def read_day(
    conn: Connection,
    station: str,
    metric: str,
    now: datetime,
    lang: str = DEFAULT,
    *,
    past: bool = False,
    known: datetime | None = None,
    length: timedelta = DAY,
) -> Day | None:
    """The 24 h (or `length`) up to `now`, in time order; None where there is no such series.

    `now` in the district's zone: its month and day choose the season's limits. past: it is a
    moment of the past. known: only what had arrived, and what people had said, by then.
    """
    with conn.cursor() as cursor:
        cursor.execute(_SERIES, (station, metric))
        found = cursor.fetchone()
        if found is None:
            return None
        series, interval_s = found
        if known is None:
            cursor.execute(_DAY, (series, now - length, now))
        else:
            span = {"series": series, "since": now - length, "until": now, "known": known}
            cursor.execute(_DAY_KNOWN, span)
        points = tuple(_point(*row, interval_s=interval_s) for row in cursor.fetchall())
        cursor.execute(_OLDER, (series, now - length))
        (older,) = cursor.fetchone() or (True,)
        cursor.execute(_LIMITS, {"series": series, "now": now, "day": f"{now:%m-%d}", "past": past})
        limits = tuple(
            LimitLine(value, zh if lang == "zh" else en, grade, _mean(mean_s, interval_s, lang))
            for value, zh, en, grade, mean_s in cursor.fetchall()
        )
    stretches = _stretches(conn, station, metric, (now - length, now), known)
    return Day(
        _as_marked(points, stretches, known), limits, float(interval_s), bool(older), stretches
    )


def _as_marked(
    points: tuple[Point, ...], stretches: Sequence[Stretch], known: datetime | None
) -> tuple[Point, ...]:
    """Points with the marks that held by `known`: stored readings show those of later, too."""
    if known is None:
        return points
    return tuple(_marked(point, stretches) for point in points)


def _marked(point: Point, stretches: Sequence[Stretch]) -> Point:
    said = [
        one.verdict
        for one in stretches
        if one.since <= point.at and not (one.until and one.until <= point.at)
    ]
    named = tuple(flag for flag in point.flags if flag not in MARK_FLAGS)
    if said and point.value is not None:
        named = (*named, f"marked_{said[-1]}")
    word = point.quality if point.value is None else "suspect" if named else "good"
    return replace(point, quality=word, flags=named)


def _mean(mean_s: int | None, interval_s: float, lang: str) -> str:
    return "" if mean_s is None or mean_s <= interval_s else mean_words(mean_s, lang)


def station_names(conn: Connection) -> dict[str, str]:
    """Code -> Chinese name of every station."""
    with conn.cursor() as cursor:
        cursor.execute(_INITIALS)
        return {str(code): str(name) for code, name in cursor.fetchall()}


def _point(
    at: datetime, value: float | None, quality: int, received_at: datetime, *, interval_s: float
) -> Point:
    late = received_at - at > timedelta(seconds=max(LATE_LEAST_S, LATE_INTERVALS * interval_s))
    flags = Quality(quality)
    return Point(at, value, flags.word, late, flags.flags)


def _stretches(
    conn: Connection,
    station: str,
    metric: str,
    over: tuple[datetime, datetime],
    known: datetime | None,
) -> tuple[Stretch, ...]:
    """Marks that hold, in the order they were made; of storage also what makes its level invalid.

    The latter last: they count whatever was said of the storage itself.
    """
    sources = DERIVED_FROM[STORAGE] if metric == STORAGE else ()
    since, until = over
    found = marks_store.listed(conn, station, [metric, *sources], since=since, until=until)
    held = [mark for mark in reversed(found) if _holds(mark, known)]
    own = [_stretch(mark) for mark in held if mark.metric == metric]
    above = shown([_stretch(mark) for mark in held if mark.metric != metric], since, until)
    return (*own, *(one for one in above if one.verdict == "invalid"))


def _holds(mark: marks_store.Mark, known: datetime | None) -> bool:
    """Whether it holds, or held at a moment of the past."""
    if known is None:
        return mark.withdrawn is None
    taken_back = mark.withdrawn is not None and mark.withdrawn.made_at <= known
    return mark.made_at <= known and not taken_back


def _stretch(mark: marks_store.Mark) -> Stretch:
    return Stretch(mark.since, mark.until, mark.verdict, mark.who, mark.reason)
