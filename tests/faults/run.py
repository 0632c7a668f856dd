"""A scenario with the site that it needs."""

import random
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.faults.scenarios import Scenario
from tests.faults.site import Site
from tests.faults.special import (
    device_ahead,
    full_disk,
    our_clock_jumps,
    outage_found_afterwards,
    outage_still_high,
    small_disk,
)
from tests.faults.verdict import Verdict

SPECIAL: tuple[Scenario, ...] = (
    full_disk,
    outage_still_high,
    outage_found_afterwards,
    device_ahead,
    our_clock_jumps,
)


def run(scenario: Scenario, chance: random.Random, times: int) -> Verdict:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dongtai-faults-")))
        if scenario is full_disk:
            (folder / "postgres").mkdir()
            stack.enter_context(small_disk(folder / "postgres"))
        site = Site(folder, fake_clock=scenario is our_clock_jumps)
        stack.enter_context(site)
        try:
            return scenario(site, chance, times)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{site.last_words()}") from error
