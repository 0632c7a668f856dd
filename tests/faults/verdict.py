"""What a scenario came to: the publisher's own log against everything that the site kept."""

import json
from dataclasses import dataclass, fields

from tests.faults.publisher import Log
from tests.faults.site import Site
from tests.servers.waiting import until

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
    alerts = "select from alert a join rule r on r.id = a.rule_id and r.code = 'GAS'"
    until(
        lambda: site.rows(f"{alerts} where a.state = 'ended'") >= sum(expected.values()),
        "every alert to end",
        seconds=30,
    )
    until(lambda: _untold(site) == 0, "everything to be told", seconds=60)
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
        alerts_expected=sum(expected.values()),
        alerts=_right_alerts(site, expected),
        untold=_untold(site),
        told_twice=len(told) - len(set(told)),
    )


def _stored(site: Site) -> dict[tuple[str, int], float]:
    rows = site.ask(
        "select s.code, round(extract(epoch from r.observed_at) * 1000)::bigint, r.value"
        " from reading r join series q on q.id = r.series_id join station s on s.id = q.station_id"
    )
    return {(code, at): value for code, at, value in rows}


def _right_alerts(site: Site, expected: dict[str, int]) -> int:
    """How many alerts were raised once and ended once; those beyond the expected count against."""
    rows = site.ask(
        "select s.code, array_agg(t.kind order by t.seq) from alert a"
        " join rule r on r.id = a.rule_id and r.code = 'GAS'"
        " join station s on s.id = a.station_id"
        " join alert_transition t on t.alert_id = a.id group by s.code, a.id"
    )
    right = [code for code, kinds in rows if kinds == ["raised", "ended"]]
    wrong = len(rows) - len(right)
    return sum(right.count(code) for code in expected) - wrong


def _untold(site: Site) -> int:
    """Steps that people were to be told of and that have not reached the far end."""
    return site.rows(
        "select from outbox left join message using (transition_id) where delivered_at is null"
    )
