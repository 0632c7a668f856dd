"""python -m tests.faults [--times N] [--seed S] [scenario ...]: breaks a site, prints a table."""

import argparse
import random
import sys
import time

from tests.faults.run import SPECIAL, run
from tests.faults.scenarios import SCENARIOS
from tests.faults.verdict import Verdict


def main() -> int:
    known = {scenario.__name__: scenario for scenario in (*SCENARIOS, *SPECIAL)}
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--times", type=int, default=25, help="faults of each scenario")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="repeats a run")
    parser.add_argument("names", nargs="*", metavar=" | ".join(known), help="all where none")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}\n{Verdict.heading()}", flush=True)
    verdicts = []
    for name in arguments.names or known:
        verdicts.append(
            run(known[name], random.Random(f"{arguments.seed} {name}"), arguments.times)
        )
        print(verdicts[-1], flush=True)
    print(f"{sum(one.faults for one in verdicts)} faults")
    return 0 if all(one.good for one in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
