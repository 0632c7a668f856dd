"""What is odd in a batch, walked reading by reading: repeats, late ones, what vetting refuses."""

from collections.abc import Mapping, Sequence

from config import did_you_mean
from ingest.batch import Arrived, Letter, Problem, SeriesRow
from ingest.columns import Columns
from ingest.context import Context
from sensors.directory import Directory
from sensors.quality import SeriesMemory, vet
from sensors.reading import BadPayload, Observation


def vet_singly(
    letters: Sequence[Letter], odd: Columns, rows: Mapping[int, SeriesRow], context: Context
) -> tuple[list[Arrived], dict[int, SeriesMemory]]:
    """Observations, in event order, become readings; what vetting refuses becomes a problem."""
    arrived: list[Arrived] = []
    memories = {number: row.memory for number, row in rows.items()}
    for letter, seen in _in_event_order(letters, odd, context.directory):
        info = context.directory.series.get((seen.station, seen.metric))
        if info is None:
            letter.refuse(_unmeasured(seen, context.directory))
            continue
        memory = memories[info.series_id]
        try:
            reading, memory = vet(seen, letter.received_at, info, memory, context.clock)
        except BadPayload as error:
            letter.refuse(Problem(error.code, str(error)))
            continue
        memories[info.series_id] = memory
        arrived.append(Arrived(reading, letter))
    return arrived, memories


def _in_event_order(
    letters: Sequence[Letter], odd: Columns, directory: Directory
) -> list[tuple[Letter, Observation]]:
    """Event order, and what is of the same moment in order of arrival."""
    found: list[tuple[int, Observation]] = [
        (number, seen) for number, letter in enumerate(letters) for seen in letter.observations
    ]
    found += odd.observations(directory)
    found.sort(key=lambda one: one[0])
    pairs = [(letters[number], seen) for number, seen in found]
    return sorted(pairs, key=lambda pair: pair[1].moment(pair[0].received_at))


def _unmeasured(seen: Observation, directory: Directory) -> Problem:
    known = sorted(metric for code, metric in directory.series if code == seen.station)
    remedy = did_you_mean(seen.metric, known) if known else "it measures nothing"
    return Problem("not_measured_here", f"{seen.station} has no {seen.metric}; {remedy}")
