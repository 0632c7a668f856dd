from hypothesis import given
from hypothesis import strategies as st

from demo import simulate
from demo.settings import DemoSettings, FloodSettings, LeakSettings, SilentSettings

LEAK, FLOOD, SILENT = LeakSettings(), FloodSettings(), SilentSettings()
SECONDS = st.floats(0, 100_000)
DRAWS = st.floats(-4, 4)


def test_a_newcomer_sees_the_first_leak_pass_its_limits_within_forty_seconds() -> None:
    assert max(simulate.ammonia(s, 1.0, 0, LEAK) for s in range(10)) < 5
    assert simulate.ammonia(25, 1.0, 0, LEAK) > 30  # AEGL-1
    assert simulate.ammonia(70, 1.0, 0, LEAK) > 160  # AEGL-2
    assert simulate.ammonia(LEAK.every_s - 5, 1.0, 0, LEAK) < 5


@given(SECONDS)
def test_leaks_come_back_in_their_rhythm(since: float) -> None:
    again = simulate.leak(since + LEAK.first_s + LEAK.every_s, LEAK)
    assert abs(again - simulate.leak(since + LEAK.first_s, LEAK)) < 1e-6


def test_two_of_three_detectors_agree_about_a_leak() -> None:
    peaks = [simulate.ammonia(100, simulate.share_of(order), 0, LEAK) for order in range(3)]
    assert [peak > 160 for peak in peaks] == [True, False, True]


@given(SECONDS, DRAWS)
def test_the_flood_stays_between_its_levels(since: float, draw: float) -> None:
    level = simulate.flood_level(since, draw, FLOOD)
    assert FLOOD.base_m - 0.02 <= level <= FLOOD.peak_m + 0.02


def test_the_flood_passes_the_limit_within_minutes_at_a_believable_rate() -> None:
    levels = [simulate.flood_level(s, 0, FLOOD) for s in range(1200)]
    assert next(s for s, level in enumerate(levels) if level > 23.5) < 300
    assert max(b - a for a, b in zip(levels, levels[60:], strict=False)) < 0.5  # m in one minute


@given(st.floats(0, 2e9), st.sampled_from(["P-01", "P-02", "P-19"]))
def test_tanks_are_neither_empty_nor_over_full(epoch: float, key: str) -> None:
    assert 30 <= simulate.tank_level(epoch, key, 1) <= 95


@given(st.sampled_from(["nh3_ppm", "cl2_ppm", "h2s_ppm", "lel_pct"]), DRAWS)
def test_quiet_air_is_never_negative_and_under_every_limit(metric: str, draw: float) -> None:
    assert (
        0
        <= simulate.quiet_gas(metric, draw)
        < {"nh3_ppm": 30, "cl2_ppm": 0.5, "h2s_ppm": 0.51, "lel_pct": 25}[metric]
    )


@given(SECONDS, st.integers(0, 10**6))
def test_the_same_moment_gives_the_same_value(since: float, step: int) -> None:
    def once() -> float:
        return simulate.value(
            "nh3_ppm", "G-31", 0, step, (since, since + 1e9), settings=DemoSettings(seed=7)
        )

    assert once() == once()


def test_silence_begins_and_ends() -> None:
    first, last = SILENT.first_s, SILENT.first_s + SILENT.for_s
    assert [simulate.silent(s, SILENT) for s in (0, first - 1, first, last - 1, last)] == [
        False,
        False,
        True,
        True,
        False,
    ]
