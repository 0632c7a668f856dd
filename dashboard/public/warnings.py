"""Warnings in force: open public alerts, those of one rule and grade together. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from dashboard.public.look import Look, Value, by_grade
from dashboard.public.store import Alert
from dashboard.shapes import StationRow
from dashboard.wording import name


@dataclass(frozen=True, slots=True)
class Item:
    """One station under a warning. value: the newest of the series, so when it was checked."""

    station: StationRow
    alert: Alert
    value: Value

    def name(self, lang: str) -> str:
        return self.station.name_zh if lang == "zh" else self.station.name_en


@dataclass(frozen=True, slots=True)
class Notice:
    grade: str
    items: tuple[Item, ...]

    @property
    def key(self) -> str:
        return self.items[0].alert.id

    @property
    def origins(self) -> list[Value]:
        return [item.value for item in self.items]

    def title(self, lang: str) -> str:
        """What, and where while there is one place to name."""
        label = name(dict(self.items[0].alert.label), lang)
        if len(self.items) > 1:
            return label
        station = self.items[0].name(lang)
        return f"{station}，{label}" if lang == "zh" else f"{station}, {label}"

    def advice(self, lang: str) -> str:
        return name(dict(self.items[0].alert.advice), lang)


def warnings(look: Look, near: Iterable[StationRow]) -> list[Notice]:
    """Worst first; of equal grade the nearest first (near: stations by distance)."""
    rank = {station.code: index for index, station in enumerate(near)}
    groups: dict[tuple[str, str, str], list[Item]] = {}
    for alert in by_grade(look.city.alerts):
        station = look.stations.get(alert.station)
        if station is None:
            continue
        key = (alert.grade, str(sorted(alert.label.items())), str(sorted(alert.advice.items())))
        value = look.value(alert.station, alert.metric)
        groups.setdefault(key, []).append(Item(station, alert, value))
    found = [
        Notice(key[0], tuple(sorted(items, key=lambda i: rank.get(i.station.code, 0))))
        for key, items in groups.items()
    ]
    grades = ("red", "orange", "yellow", "blue")
    return sorted(
        found, key=lambda w: (grades.index(w.grade), rank.get(w.items[0].station.code, 0))
    )
