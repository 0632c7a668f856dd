"""Footprints of leaks: computed by the leading process as soon as a sensor speaks, and kept.

At once when a sensor goes over its limit, when another joins or the worst reading passes an AEGL,
and each minute with the wind of that minute. What nobody kept could not be replayed afterwards.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import psycopg2

from alerts import footprint_store as store
from alerts.footprint_store import Standing
from database import query
from database.heartbeat import wake
from database.pool import Connection
from gis import store as places
from gis.assessment import Ground, assess, limits_for
from gis.assessment_json import Json, to_json
from gis.exposure.surroundings import bare, open_surroundings
from gis.layers import BadLayer
from gis.leaks import Leak, leaks
from gis.scene import NoScene, scene_of
from gis.settings import GisSettings

log = logging.getLogger("alerts")

ANEW_AFTER = timedelta(minutes=1)
_PRUNE_S, _PRUNE_BATCH = 3600.0, 500


def keep_up(
    conn: Connection,
    settings: GisSettings,
    folder: Path,
    keep_days: int,
    wait: Callable[[], bool],
) -> None:
    """Keep the footprints up with the leaks until `wait` says to stop; commits.

    wait: returns when there may be new readings, or after a tick.
    """
    ground, pruned = open_ground(settings, folder), -_PRUNE_S
    while not wait():
        if time.monotonic() - pruned >= _PRUNE_S:
            pruned = time.monotonic()
            store.prune(conn, keep_days, _PRUNE_BATCH)
            conn.commit()
        if refresh(conn, ground, query.now(conn)):
            wake(conn)
        conn.commit()


def open_ground(settings: GisSettings, folder: Path) -> Ground:
    """What footprints are held against. Unusable files must not leave a gas without a footprint."""
    try:
        return Ground(open_surroundings(settings, folder), settings.plume)
    except BadLayer as error:
        log.error("footprints will not say who lies in them: %s", error)  # noqa: TRY400 - a sentence
        return Ground(bare(settings), settings.plume)


def refresh(conn: Connection, ground: Ground, now: datetime) -> bool:
    """Make the footprints that stand those of the leaks there are; whether any changed.

    The caller commits.
    """
    found = {(leak.place, leak.metric): leak for leak in leaks(store.gases(conn), now)}
    before = store.standing(conn)
    over = [each for key, each in before.items() if key not in found]
    for each in over:
        store.end(conn, each, now)
    due = [leak for key, leak in found.items() if is_due(leak, before.get(key), now)]
    for leak in due:
        _compute(conn, ground, leak, before.get((leak.place, leak.metric)), now)
    return bool(over or due)


def is_due(leak: Leak, standing: Standing | None, now: datetime) -> bool:
    """Whether what stands no longer says how things are, or has stood for a minute."""
    if standing is None or now - standing.computed_at >= ANEW_AFTER:
        return True
    return leak.level != standing.level or not set(leak.sensors) <= set(standing.sensors)


def _compute(
    conn: Connection, ground: Ground, leak: Leak, before: Standing | None, now: datetime
) -> None:
    if before is not None:
        store.end(conn, before, now)
    began = before.began_at if before else now
    store.put(conn, leak, began, now, document_of(conn, ground, leak, began, now))


def document_of(
    conn: Connection, ground: Ground, leak: Leak, began_at: datetime, now: datetime
) -> Json:
    """What is known of a leak begun so long ago; where that is nothing, it says so for a minute.

    A defect of ours at one leak must not cost the footprint of another.
    """
    try:
        return _drawn(conn, ground, leak, began_at, now)
    except NoScene as error:
        log.warning("no footprint for %s at %s: %s", leak.metric, leak.place, error)
        return {"shape": "nothing", "why": str(error)}
    except psycopg2.Error:
        raise
    except Exception:
        log.exception("no footprint for %s at %s: a defect of ours", leak.metric, leak.place)
        return {"shape": "nothing", "why": "internal"}


def _drawn(conn: Connection, ground: Ground, leak: Leak, began_at: datetime, now: datetime) -> Json:
    scene = scene_of(conn, leak.worst, leak.metric, ground, now)
    here = replace(ground, plants=places.plants(conn))
    limits = limits_for(scene.release.substance, ground.settings.minutes)
    gone_s = (now - began_at).total_seconds()
    return to_json(assess(scene.release, scene.weather, here, limits, gone_s), scene.incident)
