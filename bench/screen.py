"""What the measurements of screens ask of a page in Chromium."""

import time

from playwright.sync_api import CDPSession, Page


def wait(page: Page, condition: str, within_s: float = 60) -> None:
    """As wait_for_function, which the pages' content policy forbids."""
    end = time.monotonic() + within_s
    while not page.evaluate(condition):
        if time.monotonic() > end:
            raise TimeoutError(f"waited {within_s} s in vain: {condition}")
        time.sleep(0.02)


def state(tools: CDPSession) -> dict[str, float]:
    """The metrics of the page after garbage collection, by Chromium's names."""
    for _ in range(3):
        tools.send("HeapProfiler.collectGarbage")
        time.sleep(0.3)
    metrics = tools.send("Performance.getMetrics")["metrics"]
    return {each["name"]: each["value"] for each in metrics}


def heap_mb(found: dict[str, float]) -> float:
    return round(found["JSHeapUsedSize"] / 1e6, 2)
