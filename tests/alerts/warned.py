"""Warnings for tests: a content that may go out, and the way through both people."""

from datetime import datetime, timedelta

from alerts.warnings import life
from alerts.warnings.content import Area, Both, Content
from alerts.warnings.settings import WarningSettings
from alerts.warnings.store import Person, Warning  # noqa: A004 - the word of the field
from dashboard.door.accounts import create_account
from database.pool import Connection

SETTINGS = WarningSettings()
RING = ((121.8, 29.86), (121.9, 29.86), (121.9, 29.9), (121.8, 29.86))
# A tag is refused; what a browser would make one of, though it is none, is text and stays text.
EVIL = "\"><img src=x onerror='alert(1)'>"
SLY = "\"'><img src=x onerror=alert(1) {{7*7}} ]] &amp; <script"


def content(now: datetime, **more: object) -> Content:
    both = {
        "event": Both(zh="氨泄漏", en="Ammonia leak"),
        "headline": Both(zh="请留在室内", en="Stay indoors"),
        "description": Both(zh="附近工厂氨泄漏。", en="Ammonia leaks from a plant."),
        "instruction": Both(zh="关好门窗。", en="Close windows."),
        "area": Area(names=Both(zh="霞浦", en="Xiapu"), polygons=(RING,)),
        "expires": now + timedelta(hours=2),
        "response": ("Shelter",),
        "category": ("CBRNE",),
    }
    return Content.model_validate({"status": "Exercise", "grade": "red"} | both | more)


def two(conn: Connection, *names: str) -> list[Person]:
    """People with accounts."""
    return [Person(create_account(conn, name, "duty", "correct-horse"), name) for name in names]


def publish(conn: Connection, people: list[Person], said: Content, now: datetime) -> Warning:
    """Written by the first, approved by the second; the caller commits."""
    return approved(conn, life.draft(conn, people[0], said, now), people, now)


def approved(conn: Connection, draft: Warning, people: list[Person], now: datetime) -> Warning:
    sent_up = life.submit(conn, draft.id, people[0], draft.version, now, SETTINGS)
    return life.approve(conn, draft.id, people[1], sent_up.version, now, SETTINGS)
