"""What no recording has, made up and marked so: pure functions of time, with seeded noise."""

import math
import random

from demo.settings import DemoSettings, FloodSettings, LeakSettings, SilentSettings

# Quiet air at a fence: (usual value, spread), in the metric's unit.
_QUIET = {
    "nh3_ppm": (0.8, 0.15),
    "cl2_ppm": (0.03, 0.01),
    "h2s_ppm": (0.12, 0.03),
    "lel_pct": (1.0, 0.4),
}
# How much of a leak each detector around the plant sees: two of three agree.
_SHARE = {"plant": 0.6, "first": 1.0, "second": 0.12, "third": 0.88}
_LEAK_RISE_S, _LEAK_HOLD_S, _LEAK_DECAY_S = 60.0, 60.0, 45.0
_FLOOD_RISE_S, _FLOOD_HOLD_S, _FLOOD_FALL_S = 300.0, 300.0, 300.0


def noise(seed: int, key: str, step: int) -> float:
    """A draw from the standard normal distribution: the same for the same arguments."""
    return random.Random(f"{seed}:{key}:{step}").gauss(0, 1)  # noqa: S311 - a simulator's noise


def quiet_gas(metric: str, draw: float) -> float:
    """Background of a gas detector, never below zero."""
    usual, spread = _QUIET[metric]
    return round(max(0.0, usual + spread * draw), 2)


def leak(since_start_s: float, settings: LeakSettings) -> float:
    """How far the leak is, 0 (none) to 1 (full): rises in a minute, holds, thins out."""
    phase = _phase(since_start_s, settings.first_s, settings.every_s)
    if phase is None:
        return 0.0
    if phase < _LEAK_RISE_S:
        return phase / _LEAK_RISE_S
    after = phase - _LEAK_RISE_S - _LEAK_HOLD_S
    return 1.0 if after <= 0 else math.exp(-after / _LEAK_DECAY_S)


def ammonia(since_start_s: float, share: float, draw: float, settings: LeakSettings) -> float:
    """NH3 in ppm at a detector that sees `share` of the leak."""
    full = leak(since_start_s, settings) * share * settings.peak_ppm
    return round(quiet_gas("nh3_ppm", draw) + full * (1 + 0.01 * draw), 1)


def share_of(order: int | None) -> float:
    """The share of a leak seen by the plant itself (None) or its n-th detector from 0."""
    if order is None:
        return _SHARE["plant"]
    return list(_SHARE.values())[1:][order % 3]


def flood_level(since_start_s: float, draw: float, settings: FloodSettings) -> float:
    """Level in m of a reservoir that rises, holds and is drawn down, with waves of some mm."""
    phase = _phase(since_start_s, settings.first_s, settings.every_s)
    part = 0.0 if phase is None else _crest(phase)
    return round(settings.base_m + part * (settings.peak_m - settings.base_m) + 0.004 * draw, 3)


def tank_level(epoch_s: float, key: str, seed: int) -> float:
    """Per cent; each tank is filled and drawn in its own rhythm of 20 to 60 minutes."""
    own = random.Random(f"{seed}:{key}")  # noqa: S311 - a simulator's noise
    period, shift = own.uniform(1200, 3600), own.random()
    middle = own.uniform(40, 62)
    # A triangle: pumps fill and draw at an even rate.
    height = abs(2 * ((epoch_s / period + shift) % 1) - 1)
    return round(middle + 30 * height, 1)


def ammonia_nitrogen(epoch_s: float, key: str, seed: int, draw: float) -> float:
    """NH3-N of an outfall, mg/L: a daily swing about the plant's own mean."""
    mean = random.Random(f"{seed}:{key}").uniform(1.5, 3.5)  # noqa: S311 - a simulator's noise
    swing = 0.8 * math.sin(2 * math.pi * epoch_s / 86400)
    return round(max(0.0, mean + swing + 0.1 * draw), 2)


def silent(since_start_s: float, settings: SilentSettings) -> bool:
    """Whether the failing devices are dead at this moment."""
    phase = _phase(since_start_s, settings.first_s, settings.every_s)
    return phase is not None and phase < settings.for_s


def value(
    metric: str,
    station: str,
    detector: int | None,
    step: int,
    moment: tuple[float, float],
    settings: DemoSettings,
) -> float:
    """The simulated reading of a series. moment: (seconds since the start, epoch seconds).

    detector: the station's place among the detectors of the leaking plant; None: the plant itself
    or a station that the leak does not reach.
    """
    since_s, epoch_s = moment
    key = f"{station}/{metric}"
    draw = noise(settings.seed, key, step)
    if metric == "level_m":
        return flood_level(since_s, draw, settings.flood)
    if metric == "tank_level_pct":
        return tank_level(epoch_s, key, settings.seed)
    if metric == "nh3n_mgl":
        return ammonia_nitrogen(epoch_s, key, settings.seed, draw)
    if metric == "nh3_ppm" and (detector is not None or station == settings.leak.plant):
        return ammonia(since_s, share_of(detector), draw, settings.leak)
    return quiet_gas(metric, draw)


def _phase(since_start_s: float, first_s: float, every_s: float) -> float | None:
    """Seconds into the present round, None before the first."""
    return None if since_start_s < first_s else (since_start_s - first_s) % every_s


def _crest(phase: float) -> float:
    """0 to 1: up, held, down."""
    if phase < _FLOOD_RISE_S:
        return phase / _FLOOD_RISE_S
    after = phase - _FLOOD_RISE_S - _FLOOD_HOLD_S
    return 1.0 if after <= 0 else max(0.0, 1 - after / _FLOOD_FALL_S)
