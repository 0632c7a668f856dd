"""What a scenario came to: the publisher's own log against everything that the site kept."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields

from tests.faults.publisher import Episode, Log
from tests.faults.site import Site
from tests.servers.waiting import until

ALERTS = """
select s.code, (extract(epoch from a.began_at) * 1000)::bigint,
       (extract(epoch from a.ended_at) * 1000)::bigint,
       array_agg(t.kind order by t.seq) filter (where t.kind not in ('announced', 'noted'))
  from alert a
  join rule r on r.id = a.rule_id and r.code = 'GAS'
  join station s on s.id = a.station_id
  join alert_transition t on t.alert_id = a.id
 group by s.code, a.id
"""
# Readings between two episodes that came before the second had begun to come.
IN_TIME = """
with told as (
    select s.code, (extract(epoch from r.observed_at) * 1000)::bigint as at, r.received_at
      from reading r join series q on q.id = r.series_id join station s on s.id = q.station_id)
select count(*) from told
 where code = %s and at > %s and at < %s
   and received_at < (select min(received_at) from told where code = %s and at >= %s)
"""
_OUTCOMES = ("stored", "duplicate", "revised", "quarantined")


@dataclass(frozen=True)
class Verdict:
    """Counts of readings, of messages in the ledger, of alerts. told_twice is allowed, and said."""

    scenario: str
    faults: int
    published: int
    stored: int
    lost: int
    doubled: int
    ledger_gap: int
    alerts_expected: int
    alerts: int
    untold: int
    told_twice: int

    @property
    def good(self) -> bool:
        wrong = (self.lost, self.doubled, self.ledger_gap, self.untold)
        return not any(wrong) and self.alerts == self.alerts_expected

    @classmethod
    def heading(cls) -> str:
        return " | ".join(field.name.replace("_", " ") for field in fields(cls)) + " | verdict"

    def __str__(self) -> str:
        values = [str(getattr(self, field.name)) for field in fields(self)]
        return " | ".join([*values, "good" if self.good else "BAD"])


def judge(name: str, faults: int, site: Site, log: Log) -> Verdict:
    """Wait until the site has everything that the publisher was confirmed, and compare."""
    until(lambda: site.stored() >= len(log.readings), f"{len(log.readings)} readings", seconds=120)
    expected = log.episodes()
    until(
        lambda: right_alerts(site, expected) == len(expected),
        "every alert to be as expected",
        every=0.5,
        seconds=120,
    )
    until(lambda: _untold(site) == 0, "everything to be told", seconds=120)
    stored = _stored(site)
    sums = ", ".join(f"sum({name})" for name in ("received", *_OUTCOMES))
    ((received, *outcomes),) = site.ask(f"select {sums} from ledger where feed = 'obs'")
    told = [json.loads(r.body)["transition"] for r in site.webhook.requests]
    return Verdict(
        scenario=name,
        faults=faults,
        published=len(log.readings),
        stored=len(stored),
        lost=sum(stored.get(key) != value for key, value in log.readings.items()),
        doubled=len(stored.keys() - log.readings.keys()) + int(outcomes[2]),
        ledger_gap=int(received - sum(outcomes)),
        alerts_expected=len(expected),
        alerts=right_alerts(site, expected),
        untold=_untold(site),
        told_twice=len(told) - len(set(told)),
    )


def _stored(site: Site) -> dict[tuple[str, int], float]:
    rows = site.ask(
        "select s.code, round(extract(epoch from r.observed_at) * 1000)::bigint, r.value"
        " from reading r join series q on q.id = r.series_id join station s on s.id = q.station_id"
    )
    return {(code, at): value for code, at, value in rows}


def right_alerts(site: Site, expected: Sequence[Episode]) -> int:
    """How many episodes have one alert, raised and ended once; alerts that are wrong count against.

    One alert may stand for several episodes only if what lay between them came late: the broker was
    killed before it had written it, and the publisher said it again.
    """
    rows = site.ask(ALERTS)
    right = [
        (code, began, ended)
        for code, began, ended, kinds in rows
        if kinds == ["raised", "ended"]
        and any(_overlap((code, began, ended), episode) for episode in expected)
    ]
    alone = [e for e in expected if sum(_overlap(alert, e) for alert in right) == 1]
    merged = [alert for alert in right if not _divided(site, alert, expected)]
    return len(alone) - (len(rows) - len(right)) - len(merged)


def _overlap(one: Episode, other: Episode) -> bool:
    return one[0] == other[0] and one[1] <= other[2] and other[1] <= one[2]


def _divided(site: Site, alert: Episode, expected: Sequence[Episode]) -> bool:
    """Whether all that lay between the episodes of one alert came after what followed it."""
    inside = sorted(episode for episode in expected if _overlap(alert, episode))
    return all(
        site.ask(IN_TIME, station, ended, begun, station, begun) == [(0,)]
        for (station, _, ended), (_, begun, _) in itertools.pairwise(inside)
    )


def _untold(site: Site) -> int:
    """Steps that people were to be told of and that have not reached the far end."""
    return site.rows(
        "select from outbox left join message using (transition_id) where delivered_at is null"
    )
