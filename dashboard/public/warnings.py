"""Warnings in force: open public alerts, those of one rule and grade together. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dashboard.public.look import Look, Value, by_grade
from dashboard.public.places import plain_name
from dashboard.public.store import Alert, Limit
from dashboard.shapes import StationRow
from dashboard.text import text
from dashboard.wording import mean_words, name

MOST_LINES = 2


@dataclass(frozen=True, slots=True)
class Item:
    """One station under a warning. value: the newest of the series, so when it was checked.

    limit: that of the alert by its value; None where the rule has a figure of its own.
    """

    station: StationRow
    alert: Alert
    value: Value
    limit: Limit | None = None

    def name(self, lang: str) -> str:
        return plain_name(self.station.name_zh if lang == "zh" else self.station.name_en)

    def mean_limit(self, lang: str) -> str:
        """The mean that the limit is for, where that is more than one reading: `1 h mean`."""
        length_s = (self.limit and self.limit.mean_over_s) or 0
        return "" if length_s <= self.station.interval_s else mean_words(length_s, lang)

    def limit_word(self, lang: str) -> str:
        """Before the limit's figure: one that bounds from below, as a pH's, says so."""
        lower = self.limit is not None and self.limit.side == "lower"
        return text(lang)(", lower limit") if lower else text(lang)(", limit")

    @property
    def origin(self) -> int:
        return self.alert.origin

    @property
    def original_at(self) -> datetime | None:
        return self.value.original_at

    @property
    def real(self) -> bool:
        """Raised by a live reading, or live by now: then it is never called a sample."""
        live_now = self.value.at is not None and not self.value.origin
        return not self.alert.origin or live_now


@dataclass(frozen=True, slots=True)
class Notice:
    """real: whether anything live stands behind it. items: the nearest first."""

    grade: str
    real: bool
    items: tuple[Item, ...]

    @property
    def key(self) -> str:
        return self.items[0].alert.id

    @property
    def shown(self) -> tuple[Item, ...]:
        return self.items[:MOST_LINES]

    @property
    def more(self) -> int:
        return len(self.items) - len(self.shown)

    @property
    def origins(self) -> list[Value]:
        return [item.value for item in self.items]

    def title(self, lang: str) -> str:
        """What, and where while there is one place to name."""
        label = name(dict(self.items[0].alert.label), lang)
        if len(self.items) > 1:
            return label
        station = self.items[0].name(lang)
        if lang == "zh":
            return f"{station}，{label}"
        return f"{station}, {_inside(label)}"

    def advice(self, lang: str) -> str:
        return name(dict(self.items[0].alert.advice), lang)


def _inside(label: str) -> str:
    """Small first letter in the middle of a line; `PM2.5 high` and `I` stay."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def warnings(look: Look, near: Iterable[StationRow]) -> list[Notice]:
    """Worst first; of equal grade the nearest first (near: stations by distance)."""
    limits = {(x.station, x.metric, x.value): x for x in look.city.limits}
    rank = {station.code: index for index, station in enumerate(near)}
    groups: dict[tuple[str, bool, str, str], list[Item]] = {}
    for alert in by_grade(look.city.alerts):
        station = look.stations.get(alert.station)
        if station is None:
            continue
        limit = limits.get((alert.station, alert.metric, alert.limit or 0.0))
        item = Item(station, alert, look.value(alert.station, alert.metric), limit)
        words = str(sorted(alert.label.items())), str(sorted(alert.advice.items()))
        # What is real and what is not never stand in one notice.
        groups.setdefault((alert.grade, item.real, *words), []).append(item)
    found = [
        Notice(key[0], key[1], tuple(sorted(items, key=lambda i: rank.get(i.station.code, 0))))
        for key, items in groups.items()
    ]
    grades = ("red", "orange", "yellow", "blue")
    return sorted(
        found,
        key=lambda w: (grades.index(w.grade), not w.real, rank.get(w.items[0].station.code, 0)),
    )
