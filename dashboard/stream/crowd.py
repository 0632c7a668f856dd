"""Many alerts at once: how many of them a screen is given, and what is said of the rest. Pure.

No viewer is sent ten thousand alerts: the gravest come whole, all of them are counted.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from dashboard.shapes import GRADES

MOST_TOLD = 400  # open alerts that a viewer starts with
MOST_AT_ONCE = 100  # in one event
PLACES = ("waiting", "taken", "returned", "aside")
MOST_NAMED = 5  # groups and kinds in the line of a flood

Json = dict[str, Any]


def urgency(alert: Json) -> tuple[bool, int, bool, str]:
    """Sorts the most urgent last: what burns, by grade, then whether it is nobody's, the newest."""
    grade = alert.get("grade")
    rank = len(GRADES) - GRADES.index(grade) if grade in GRADES else 0
    burns = place_of(alert) in ("waiting", "taken")
    return burns, rank, not is_taken(alert), str(alert.get("raised_at") or alert["began_at"])


def most_urgent(alerts: Iterable[Json], most: int) -> list[Json]:
    """The `most` most urgent ones, the most urgent first."""
    return sorted(alerts, key=urgency, reverse=True)[:most]


def tally(alerts: Iterable[Json]) -> dict[str, dict[str, int]]:
    """Of standing alerts, by grade: how many there are in each place of the list."""
    counted = Counter((alert["grade"], place_of(alert)) for alert in alerts)
    return {grade: {place: counted[grade, place] for place in PLACES} for grade in GRADES}


def what_matters(alerts: Iterable[Json]) -> Json:
    """Of open alerts: the gravest groups, the newest first, and the most frequent kinds."""
    found = list(alerts)
    groups: dict[str, list[Json]] = {}
    for alert in found:
        group = str((alert.get("group") or {}).get("id", alert["id"]))
        groups.setdefault(group, []).append(alert)
    firsts = {group: max(some, key=urgency) for group, some in groups.items()}
    gravest = sorted(firsts, key=lambda group: urgency(firsts[group]), reverse=True)[:MOST_NAMED]
    kinds: dict[str, list[Json]] = {}
    for alert in found:
        kinds.setdefault(str(alert.get("rule")), []).append(alert)
    most = sorted(kinds.values(), key=len, reverse=True)[:MOST_NAMED]
    return {
        "groups": [
            {
                "id": group,
                "alert": firsts[group]["id"],
                "grade": firsts[group]["grade"],
                "place": (firsts[group].get("group") or {}).get("place"),
                "station": firsts[group]["station"],
                "metric": firsts[group].get("metric"),
                "label": firsts[group].get("label"),
                "count": len(groups[group]),
            }
            for group in gravest
        ],
        "kinds": [{"label": some[0].get("label"), "count": len(some)} for some in most],
    }


def place_of(alert: Json) -> str:
    """Where the list has it: it waits for somebody, is taken, is over unseen, or is set aside."""
    if alert.get("muted"):
        return "aside"
    if alert.get("state") == "returned":
        return "returned"
    return "taken" if is_taken(alert) else "waiting"


def is_taken(alert: Json) -> bool:
    return alert.get("acknowledged_at") is not None
