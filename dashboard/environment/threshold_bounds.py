"""The limits of one series, from the rules upon it and the marks of its station or permit. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.condition_settings import CHANGES
from alerts.grade import GRADES
from alerts.rule import Watch
from alerts.times import BEIJING
from dashboard.environment.thresholds import Bound
from sensors.limits import in_force

_BY_LIMIT = ("above", "below", "outside")


@dataclass(frozen=True, slots=True)
class Mark:
    """A limit of a station, permit or standard as it is kept; season: MM-DD, both inclusive."""

    value: float
    sign: int
    label: tuple[str, str]
    mean_s: int | None
    source: str
    season_from: str | None
    season_to: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Said:
    """beside: rules that ask something that is not compared with these: code, version, what."""

    bounds: tuple[Bound, ...]
    beside: tuple[tuple[str, int, str], ...]

    @property
    def lengths(self) -> set[int]:
        """Over which times means are needed, s."""
        return {bound.mean_s for bound in self.bounds if bound.mean_s is not None}


def bounds_of(
    watches: Sequence[Watch],
    marks: Sequence[Mark],
    labels: Mapping[str, tuple[str, str]],
    interval_s: float,
    at: datetime,
) -> Said:
    """In force at a moment. labels: of rules, for limits that have no name of their own.

    A mean over no more than a reporting interval is the reading itself.
    """
    judged = [bound for one in watches for bound in _of_rule(one, labels, interval_s, at)]
    known = {(b.value, b.sign, b.mean_s) for b in judged}
    by_name = in_force(marks, at.astimezone(BEIJING).date())
    named = [
        Bound(m.value, m.sign, m.label, _longer(m.mean_s, interval_s), source=m.source)
        for m in by_name.values()
    ]
    beside = tuple(
        (w.code, w.version, w.how or w.when) for w in watches if w.how or w.when in CHANGES
    )
    extra = [b for b in named if (b.value, b.sign, b.mean_s) not in known]
    return Said(tuple(_ordered([*judged, *extra])), beside)


def _of_rule(
    watch: Watch, labels: Mapping[str, tuple[str, str]], interval_s: float, at: datetime
) -> Iterable[Bound]:
    if watch.when not in _BY_LIMIT:
        return
    signal = watch.signal
    mean_s = round(signal.span.total_seconds()) if signal else None
    for rank, grade in enumerate(GRADES):
        for limit in watch.limits_at(rank, at):
            label = (limit.zh, limit.en) if limit.zh else labels.get(watch.code, (watch.code,) * 2)
            yield Bound(
                limit.value,
                limit.sign,
                (label[0], label[1]),
                _longer(mean_s, interval_s),
                watch.code,
                watch.version,
                grade,
            )


def _longer(mean_s: int | None, interval_s: float) -> int | None:
    return mean_s if mean_s is not None and mean_s > interval_s else None


def _ordered(bounds: Iterable[Bound]) -> list[Bound]:
    return sorted(bounds, key=lambda b: (b.mean_s or 0, b.sign, b.value, b.rule or ""))
