"""Today against the usual: what counts, what is said, and what must not be in it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.public import store
from dashboard.public.bars import Past, chart
from dashboard.public.usual import METRICS, PastDay, Usual, sentence, usual
from database.pool import Connection, connect
from database.settings import DatabaseSettings
from sensors.catalogue import AIR_METRICS
from tests.public import district
from tests.public.conftest import Service
from tests.servers.waiting import until

EVERY = {("R-1", "level_m"): 60, ("W-1", "rain_mm"): 60}


def days(metric: str, values: list[float], *, year: int = 0, station: str = "R-1") -> list[PastDay]:
    """Complete days, the first of them yesterday."""
    count = 1440 if metric == "rain_mm" else 180
    whole = 1 if metric == "rain_mm" else count
    return [
        PastDay(station, metric, year, number, value * whole, count)
        for number, value in enumerate(values, 1)
    ]


@given(st.lists(st.floats(-50, 50), min_size=7, max_size=30))
def test_the_usual_lies_within_what_was_measured(values: list[float]) -> None:
    found = usual(days("level_m", values), EVERY)["R-1", "level_m"]
    assert found.value is not None
    assert min(values) - 1e-9 <= found.value <= max(values) + 1e-9
    assert (found.days, found.years) == (len(values), 0)


@given(st.lists(st.floats(0, 9), max_size=6))
def test_a_short_record_has_no_usual(values: list[float]) -> None:
    found = usual(days("level_m", values), EVERY).get(("R-1", "level_m"), Usual(None, 0))
    assert (found.value, found.days) == (None, len(values))
    assert sentence(found, "level_m", 5.0, "zh") == ""


def test_a_day_with_a_quarter_missing_does_not_count() -> None:
    whole = days("level_m", [20.0] * 9)
    thin = [PastDay(d.station, d.metric, d.year, d.day, 99.0 * 134, 134) for d in whole]
    assert usual(whole[:7] + thin[7:], EVERY)["R-1", "level_m"] == Usual(20.0, 7)


def test_years_are_named_only_where_two_of_them_are_known() -> None:
    recent, one = days("level_m", [30.0] * 30), days("level_m", [20.0] * 31, year=1)
    assert usual([*recent, *one], EVERY)["R-1", "level_m"] == Usual(30.0, 30)
    two = [*one, *days("level_m", [22.0] * 31, year=3)]
    found = usual([*recent, *two], EVERY)["R-1", "level_m"]
    assert found == Usual(21.0, 30, years=2)
    assert "往年" in sentence(found, "level_m", 21.0, "zh")
    assert "往年" not in sentence(Usual(30.0, 30), "level_m", 21.0, "zh")


def test_rain_is_held_against_the_mean_day() -> None:
    dry = [*([0.0] * 9), 30.0]
    last = PastDay("W-1", "rain_mm", 0, 0, 21.0, 1440)
    found = usual([last, *days("rain_mm", dry, station="W-1")], EVERY)["W-1", "rain_mm"]
    assert found == Usual(3.0, 10, 0, 21.0)
    assert sentence(found, "rain_mm", None, "zh").endswith(
        "3.0 mm；截至上一整点的 24 小时 21.0 mm。"
    )


def test_the_aqi_of_other_days_is_made_of_their_concentrations() -> None:
    levels = dict.fromkeys(AIR_METRICS, 10.0) | {"pm25_ugm3": 115.0, "co_mgm3": 0.5}
    found = [day for m, level in levels.items() for day in days(m, [level] * 8, station="A-1")]
    aqi = usual(found, {("A-1", m): 60 for m in levels})["A-1", "aqi"]
    assert aqi == Usual(150.0, 8)
    drawn = chart(Past(usual={("A-1", "aqi"): aqi}), "A-1", 75, datetime.now(UTC), "zh")
    assert drawn is None, "no bars, no line"


@pytest.mark.parametrize(
    ("metric", "known", "now", "said"),
    [
        ("aqi", 58.0, 155.0, "中间值 58；现在是它的 2.7 倍。"),
        ("aqi", 58.0, 61.0, "中间值 58；现在差不多。"),
        ("level_m", 23.12, 23.86, "中间值 23.12 m；现在高 0.74 m。"),
        ("level_m", 23.12, 23.15, "中间值 23.12 m；现在差不多。"),
        ("temp_c", 14.0, 11.8, "中间值 14.0 °C；现在低 2.2 °C。"),
        ("temp_c", 14.0, None, "中间值 14.0 °C。"),
    ],
)
def test_what_is_said_in_plain_words(
    metric: str, known: float, now: float | None, said: str
) -> None:
    assert sentence(Usual(known, 30), metric, now, "zh") == f"过去 30 天同一时段的{said}"


def test_the_page_holds_today_against_the_last_thirty_days(common: Service) -> None:
    said = "过去 30 天同一时段的中间值 23.10 m；现在高 0.76 m。"
    until(lambda: said in common.page("/?lang=zh&place=R-02"), "the usual is read after the rest")
    place = common.page("/?lang=zh&place=R-02")
    assert "现在低 2." in place
    assert "平均每天降雨" in place
    assert "往年" not in place, "there are no earlier years"
    air = common.page("/?lang=zh&place=xiapu")
    assert 'class="usual-line"' in air
    assert "记录还太短" in common.page("/?lang=zh&place=A-09"), "said, not left out"


def test_nothing_within_the_delay_of_a_series_is_in_its_usual(
    city: DatabaseSettings, owner: Connection
) -> None:
    """Two days late, and a private figure in each hour of them."""
    now, private = datetime.now(UTC), district.PRIVATE_VALUE
    late, hidden = timedelta(days=2), "P-late"
    district.station(owner, "W-8", "weather", "迟", "Late", 121.9, 29.9, 600, delay_s=172_800)
    district.station(owner, hidden, "weather", "隐", "Hid", 121.9, 29.9, 600, public=False)

    def shown(back: float) -> float:
        return private if back <= late.total_seconds() else 9.0

    district.series(owner, "W-8", "temp_c", 600, shown, now, days=12)
    district.series(owner, hidden, "temp_c", 600, lambda _back: private, now, days=12)
    owner.commit()
    reader = connect(city, "public_reader", application="test")
    found = store.past_days(reader, list(METRICS))
    reader.close()
    assert not [day for day in found if day.station == hidden]
    told = [day for day in found if day.station == "W-8"]
    assert len(told) >= 8
    assert {round(day.sum / day.count, 6) for day in told} == {9.0}
