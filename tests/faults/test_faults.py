"""The faults in the size of continuous integration: 200 kills and more, and the special ones."""

import random

import pytest

from tests.faults import scenarios, special
from tests.faults.run import run

SEED = 20261125
KILLS = {
    scenarios.kill_ingest: 60,
    scenarios.kill_alerts: 40,
    scenarios.kill_database: 20,
    scenarios.kill_backends: 20,
    scenarios.kill_broker: 20,
    scenarios.kill_anything: 40,
}
OTHERS = {
    scenarios.restart_servers: 6,
    scenarios.cut_lines: 15,
    special.full_disk: 2,
    special.outage_still_high: 1,
    special.outage_found_afterwards: 1,
    special.device_ahead: 20,
    special.our_clock_jumps: 4,
}


def test_there_are_two_hundred_kills():
    assert sum(KILLS.values()) >= 200


@pytest.mark.timeout(2400)  # the longest takes a minute and a half by itself
@pytest.mark.parametrize(("scenario", "times"), [*KILLS.items(), *OTHERS.items()])
def test_nothing_is_lost_doubled_or_untold(scenario, times):
    verdict = run(scenario, random.Random(f"{SEED} {scenario.__name__}"), times)
    assert verdict.good, str(verdict)
