"""Whether work on a message grows no worse than in proportion to it, in time and in memory.

Measured against itself: CPU time of this thread for inputs of doubling size, and the peak that
tracemalloc sees. How fast the machine is does not matter, nor what else runs on it.
"""

import gc
import time
import tracemalloc
from collections.abc import Callable
from itertools import islice

SIZES = tuple(2**n for n in range(10, 21))  # 1 KiB … 1 MiB, the largest message that is read
# What is quicker than this for the largest message may grow as it likes.
_LEAST_S = 0.001
# Quadratic work is 16 times as dear a byte, four doublings on: then there is no need to go further.
_DOUBLINGS, _WORSE = 4, 8
_TRIES = 6
_MEASURED_BYTES = 2**16
# JSON's `[],` is an empty list for three bytes, which takes 64.
_BYTES_A_BYTE = 64
_BYTES_ALWAYS = 3_000_000

Work = Callable[[bytes], object]
Make = Callable[[int], bytes]


def grows_in_proportion(work: Work, make: Make, sizes: tuple[int, ...] = SIZES) -> None:
    """make: an input of about so many bytes. Ends at the first size that is too dear."""
    rest = iter(sizes)
    least = 0.0  # seconds a byte
    for size in rest:
        data = make(size)
        if cpu_s(work, data) > _LEAST_S:
            least = min(cpu_s(work, data) for _ in range(3)) / len(data)
            break
    for size in islice(rest, _DOUBLINGS):
        data = make(size)
        took = cpu_s(work, data)
        for _ in range(_TRIES):
            if took > _WORSE * least * len(data):
                took = min(took, cpu_s(work, data))
        dearer = took / len(data) / least
        assert dearer <= _WORSE, (
            f"{len(data):,} bytes take {took:.3f} s, {dearer:.0f} times as long a byte as fewer: "
            f"{data[:200]!r}"
        )


def memory_is_bounded(work: Work, make: Make) -> None:
    """At most a small multiple of the input, and what a program takes anyway."""
    data = make(_MEASURED_BYTES)
    work(data)  # what is cached once does not count
    tracemalloc.start()
    try:
        work(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    allowed = _BYTES_ALWAYS + _BYTES_A_BYTE * len(data)
    assert peak <= allowed, f"{len(data):,} bytes take {peak:,} bytes of memory: {data[:200]!r}"


def cpu_s(work: Work, data: bytes) -> float:
    """Without the collector, which goes through what other tests have left."""
    gc.disable()
    try:
        begun = time.thread_time()
        work(data)
        return time.thread_time() - begun
    finally:
        gc.enable()
