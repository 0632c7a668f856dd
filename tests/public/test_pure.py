"""The page's thoughts as plain functions: ages, fills, rain, places, posters, days."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.public.bars import Past, chart, hour_label, past
from dashboard.public.documents import document
from dashboard.public.look import Look
from dashboard.public.page import page
from dashboard.public.places import Place, matches, places, plain_name, short_name, town
from dashboard.public.poster import RATIO, apart, box_around, place_percent
from dashboard.public.render import NOT_REAL, not_real
from dashboard.public.store import Alert, City, Hour, HourMean, Limit, Picture
from dashboard.public.water import reservoir, trend
from dashboard.public.weather import rain_1h, rain_word, wind_word
from dashboard.shapes import LatestRow, StationRow
from dashboard.text import catalogue
from dashboard.wording import DISTRICT_TIME
from sensors.catalogue import AIR_METRICS
from sensors.discharge.permits import Side
from sensors.reading import Origin

NOW = datetime(2026, 11, 21, 19, 14, tzinfo=UTC)
LONS, LATS = st.floats(121.6, 122.2), st.floats(29.6, 30.1)


@dataclass(frozen=True)
class Shown:
    origin: int
    original_at: datetime | None


def station(code: str, kind: str, lon: float = 121.8, lat: float = 29.9) -> StationRow:
    return StationRow(code, kind, f"{code}站", f"{code} station", lon, lat, 60)


def row(
    code: str, metric: str, value: float | None, *, ago_s: float = 10, quality: int = 0
) -> LatestRow:
    at = NOW - timedelta(seconds=ago_s)
    return LatestRow(code, metric, 60, at, value, quality, 0, at, None)


def look(*rows: LatestRow, **more: object) -> Look:
    kinds = {"level_m": "reservoir", "rain_mm": "weather", "wind_speed_ms": "weather"}
    stations = {r.station: station(r.station, kinds.get(r.metric, "air")) for r in rows}
    return Look(City(NOW, tuple(stations.values()), tuple(rows), **more), NOW)


def alert(grade: str, metric: str, code: str = "G-1") -> Alert:
    return Alert("x", code, metric, grade, True, NOW, NOW, None, 9.0, 5.0, 0, NOW, "r", 1, {}, {})


@given(st.floats(0, 1e6), st.sampled_from([0, 1, 2, 3, 4]))
def test_only_a_young_usable_value_is_current(ago_s: float, quality: int) -> None:
    value = look(row("A-1", "pm25_ugm3", 40.0, ago_s=ago_s, quality=quality)).value(
        "A-1", "pm25_ugm3"
    )
    assert value.current == (ago_s <= 300 and quality in (0, 4))


def test_stale_air_has_no_index_and_is_never_the_worst() -> None:
    old = [row("A-1", m, 900.0, ago_s=4000) for m in AIR_METRICS]
    new = [row("A-2", m, 10.0) for m in AIR_METRICS]
    shown = page(look(*old, *new), Past(), lang="en")
    assert shown.air is not None
    assert shown.air.station.code == "A-2"
    assert {r.station.code: r.aqi for r in shown.rows}["A-1"] is None
    assert shown.silent == 1


def test_a_red_gas_warning_is_named_beside_the_air() -> None:
    seen = look(row("A-1", "pm25_ugm3", 40.0), alerts=(alert("red", "nh3_ppm"),))
    assert page(seen, Past(), lang="zh").gases == ("氨",)
    calm = look(row("A-1", "pm25_ugm3", 40.0), alerts=(alert("orange", "nh3_ppm"),))
    assert page(calm, Past(), lang="zh").gases == ()


def test_a_reservoir_without_curve_or_limit_has_no_share() -> None:
    seen = look(row("R-1", "level_m", 20.0))
    found = reservoir(seen, seen.city.stations[0])
    assert (found.full, found.flood_share, found.storage_m3) == (None, None, None)


def test_a_reservoir_is_measured_by_its_curve_at_the_normal_pool() -> None:
    limits = tuple(
        Limit("R-1", "level_m", name, value, {}, "", None, None)
        for name, value in (("normal_pool", 30.0), ("flood_limit", 25.0))
    )
    curves = {"R-1": ((10.0, 0.0), (30.0, 1000.0), (35.0, 2000.0))}
    seen = look(row("R-1", "level_m", 20.0), limits=limits, curves=curves)
    found = reservoir(seen, seen.city.stations[0])
    assert (found.full, found.flood_share, found.storage_m3) == (0.5, 0.75, 500.0)
    assert found.above_m == -5.0
    beyond = look(row("R-1", "level_m", 36.0), limits=limits, curves=curves)
    assert reservoir(beyond, beyond.city.stations[0]).full is None, "outside the table: unknown"


@pytest.mark.parametrize(
    ("last", "minutes", "said"),
    [(20.5, 60, "rising"), (19.5, 60, "falling"), (20.01, 60, "steady"), (25.0, 10, None)],
)
def test_a_trend_needs_time_and_size(last: float, minutes: int, said: str | None) -> None:
    first_at = NOW - timedelta(minutes=minutes)
    hour = Hour("R-1", "level_m", 60, 0.0, first_at, 20.0, NOW, last)
    seen = look(row("R-1", "level_m", last), hours=(hour,))
    assert trend(seen, seen.value("R-1", "level_m")) == said


def test_an_hour_of_rain_with_holes_is_not_a_sum() -> None:
    for count, mm in ((60, 21.5), (45, 21.5), (44, None)):
        hour = Hour("W-1", "rain_mm", count, 21.5, NOW, 0.0, NOW, 0.0)
        seen = look(row("W-1", "rain_mm", 0.4), hours=(hour,))
        assert rain_1h(seen, seen.value("W-1", "rain_mm")) == mm


def test_rain_and_wind_have_the_words_of_their_standards() -> None:
    words = [rain_word(mm) for mm in (0, 0.1, 1.5, 1.6, 6.9, 7, 14.9, 15, 39.9, 40, 50)]
    said = "no rain,light rain,light rain,moderate rain,moderate rain,heavy rain,heavy rain,"
    said += "rainstorm,rainstorm,heavy rainstorm,extreme rainstorm"
    assert words == said.split(",")
    for degrees, point in ((0, "N"), (359, "N"), (22, "NNE"), (180, "S"), (281, "W")):
        seen = look(row("W-1", "wind_speed_ms", 3.0), row("W-1", "wind_dir_deg", degrees))
        assert (
            wind_word(seen.value("W-1", "wind_dir_deg"), seen.value("W-1", "wind_speed_ms"))
            == point
        )


def hour_means(start: datetime, count: int, mean: float = 30.0) -> list[HourMean]:
    return [
        HourMean("A-1", m, start + timedelta(hours=h), mean, 12)
        for m in AIR_METRICS
        for h in range(count)
    ]


INTERVALS = {("A-1", m): 300 for m in AIR_METRICS}


def test_days_need_twenty_hours_and_a_dash_stays_a_dash() -> None:
    first, second = (datetime(2026, 11, day, tzinfo=DISTRICT_TIME) for day in (20, 21))
    found = past(hour_means(first, 24) + hour_means(second, 19), INTERVALS)
    assert [value is not None for _, value in found.days["A-1"]] == [True, False]
    often = dict.fromkeys(INTERVALS, 60)
    assert past(hour_means(first, 24), often) == Past(), "12 of 60 readings are no hour"
    shown = chart(found, "A-1", 52, NOW, "en")
    assert shown is not None
    assert shown.unit == "day"
    assert [b.label for b in shown.bars] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "now"]
    assert [b.aqi is not None for b in shown.bars] == [False] * 4 + [True, False, True]


def test_without_a_day_the_last_six_hours_stand_named_by_their_ends() -> None:
    two_before = datetime(2026, 11, 22, 1, tzinfo=DISTRICT_TIME)  # now is 03:14
    found = past(hour_means(two_before, 2), INTERVALS)
    shown = chart(found, "A-1", None, NOW, "zh")
    assert shown is not None
    assert shown.unit == "hour"
    assert [b.label for b in shown.bars] == [
        "22 时",
        "23 时",
        "0 时",
        "1 时",
        "2 时",
        "3 时",
        "现在",
    ]
    assert [b.aqi is not None for b in shown.bars] == [False] * 4 + [True, True, False]
    assert chart(found, "A-2", 52, NOW, "zh") is None
    assert chart(found, "A-1", 52, NOW + timedelta(hours=6), "zh") is None, "all of it is over"


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_hour_is_named_alike_in_both_languages(at: datetime) -> None:
    assert int(hour_label(at, "zh").removesuffix(" 时")) == int(hour_label(at, "en")[:2])


@given(st.lists(st.sampled_from(list(Origin)), max_size=4))
def test_only_what_is_nowhere_live_is_called_not_real(kinds: list[Origin]) -> None:
    said = not_real([Shown(kind, None) for kind in kinds], "en", NOT_REAL)
    assert bool(said) == (bool(kinds) and Origin.LIVE not in kinds)
    assert not said or said.endswith("not a real emergency")
    assert len(set(kinds)) != 1 or not said or kinds[0].word in said.lower()


@pytest.mark.parametrize(
    ("raised", "newest", "real"),
    [(0, 0, True), (0, 2, True), (2, 0, True), (2, 2, False), (1, 1, False), (3, None, False)],
)
def test_a_warning_is_a_sample_only_while_nothing_live_is_in_it(
    raised: int, newest: int | None, real: bool
) -> None:
    values = [] if newest is None else [replace(row("G-1", "nh3_ppm", 9.0), origin=newest)]
    city = City(
        NOW,
        (station("G-1", "gas"),),
        tuple(values),
        alerts=(replace(alert("red", "nh3_ppm"), origin=raised),),
    )
    assert [w.real for w in page(Look(city, NOW), Past(), lang="en").warnings] == [real]


def test_real_and_sample_warnings_never_share_a_notice_and_the_real_one_is_first() -> None:
    one, two = row("G-1", "nh3_ppm", 9.0), replace(row("G-2", "nh3_ppm", 9.0), origin=2)
    alerts = tuple(
        replace(alert("red", "nh3_ppm", code), id=code, origin=origin)
        for code, origin in (("G-2", 2), ("G-1", 0))
    )
    found = page(look(one, two, alerts=alerts), Past(), lang="en").warnings
    assert [(w.real, [i.station.code for i in w.items]) for w in found] == [
        (True, ["G-1"]),
        (False, ["G-2"]),
    ]


def test_a_warning_of_many_stations_lists_two_and_counts_the_rest() -> None:
    rows = [row(f"G-{i}", "nh3_ppm", 9.0) for i in range(5)]
    alerts = tuple(replace(alert("red", "nh3_ppm", r.station), id=r.station) for r in rows)
    (notice,) = page(look(*rows, alerts=alerts), Past(), lang="en").warnings
    assert (len(notice.shown), notice.more) == (2, 3)


def test_a_limit_for_a_mean_says_so_beside_the_reading() -> None:
    """By what it says of itself, not by its name."""
    label = {"zh": "1 小时预警", "en": "1 h warning"}
    for mean_s, said in ((3600, "1 h mean"), (None, ""), (86400, "24 h mean"), (60, "")):
        limit = Limit("A-1", "pm25_ugm3", "x", 5.0, label, "", None, None, mean_s)
        seen = look(
            row("A-1", "pm25_ugm3", 9.0),
            alerts=(alert("yellow", "pm25_ugm3", "A-1"),),
            limits=(limit,),
        )
        (notice,) = page(seen, Past(), lang="en").warnings
        assert notice.items[0].mean_limit("en") == said


@pytest.mark.parametrize(
    ("lang", "side", "said"),
    [("en", "lower", ", lower limit"), ("en", "upper", ", limit"), ("zh", "lower", "，下限"),
     ("zh", "upper", "，限值")],
)  # fmt: skip
def test_a_limit_that_bounds_from_below_says_so(lang: str, side: Side, said: str) -> None:
    label = {"zh": "限值", "en": "limit"}
    limit = Limit("W-1", "ph", "x", 5.0, label, "", None, None, None, side)
    seen = look(row("W-1", "ph", 4.0), alerts=(alert("yellow", "ph", "W-1"),), limits=(limit,))
    (notice,) = page(seen, Past(), lang=lang).warnings
    assert notice.items[0].limit_word(lang) == said


def test_a_place_has_what_is_near_it_first_but_a_warned_reservoir_before() -> None:
    levels = [row(code, "level_m", 20.0) for code in ("R-1", "R-2", "R-3")]
    seen = look(*levels, alerts=(alert("orange", "level_m", "R-3"),))
    places_ = {"R-1": 121.9, "R-2": 121.81, "R-3": 122.1}
    stations = tuple(station(code, "reservoir", lon) for code, lon in places_.items())
    seen = Look(replace(seen.city, stations=stations), NOW)
    here = Place("x", "town", "霞浦", "Xiapu", 121.8, 29.9)
    shown = page(seen, Past(), lang="zh", place=here)
    assert [r.station.code for r in shown.reservoirs] == ["R-3", "R-2", "R-1"]


def test_the_first_picture_is_near_the_warning_and_never_a_stale_one() -> None:
    def city(old: str, grade_at: str) -> list[str]:
        lons = {"C-1": 121.80, "C-2": 121.90, "R-1": 121.81, "R-2": 121.91}
        stations = tuple(
            station(code, "camera" if code[0] == "C" else "reservoir", lon)
            for code, lon in lons.items()
        )
        pictures = tuple(
            Picture(i, code, NOW - timedelta(hours=code == old), 8, 6, 0, None, NOW)
            for i, code in enumerate(("C-1", "C-2"))
        )
        rows = tuple(row(code, "level_m", 20.0) for code in ("R-1", "R-2"))
        alerts = (alert("red", "level_m", grade_at),)
        seen = Look(City(NOW, stations, rows, alerts, pictures=pictures), NOW)
        return [shot.station.code for shot in page(seen, Past(), lang="zh").pictures]

    assert city("", "R-1") == ["C-1", "C-2"]
    assert city("", "R-2") == ["C-2", "C-1"]
    assert city("C-2", "R-2") == ["C-1", "C-2"]


def test_names_lose_their_sample_mark_only_where_the_head_has_it() -> None:
    assert plain_name("柴桥水库（示例）") == "柴桥水库"
    assert plain_name("Plant 7 N (sample)") == "Plant 7 N"
    assert short_name("Chaiqiao East res. (sample)") == "Chaiqiao East"
    code = replace(station("A-1", "air"), name_en="Xinqi (sample)")
    seen = Look(City(NOW, (code,), (row("A-1", "pm25_ugm3", 40.0),)), NOW)
    assert page(seen, Past(), lang="en").sample, "live values of a sample station"


@given(st.lists(st.tuples(LONS, LATS), min_size=1))
def test_a_poster_holds_all_its_points_in_its_shape(points: list[tuple[float, float]]) -> None:
    box = box_around(points)
    assert box is not None
    for lon, lat in points:
        x, y = place_percent(box, lon, lat)
        assert 0 <= x <= 100
        assert 0 <= y <= 100
    assert RATIO > 1


@given(st.lists(st.tuples(LONS, LATS), min_size=1, max_size=40))
def test_thinning_keeps_the_first_and_loses_nobody_twice(points: list[tuple[float, float]]) -> None:
    stations = [station(f"S-{i}", "air", *point) for i, point in enumerate(points)]
    box = box_around(points)
    assert box is not None
    kept = [s.code for s, _ in apart(box, [(s, True) for s in stations])]
    assert kept[0] == "S-0"
    assert len(set(kept)) == len(kept)


def test_places_are_found_by_name_pinyin_initials_and_code() -> None:
    known = places([station("R-02", "reservoir")], [town("霞浦", "Xiapu", 121.87, 29.9)])
    assert list(known) == ["xiapu", "R-02"]
    for words in ("霞浦", "xia", "xp", "XIAPU"):
        assert matches(known["xiapu"], words)
    assert matches(known["R-02"], "r-02")
    assert matches(Place("G-31", "gas", "7 号厂北", "Plant 7 N", 0, 0), "7号厂北")
    assert not matches(Place("x", "town", "霞浦", "Xiapu", 0, 0), "daqi")


def test_a_reservoir_stands_before_its_camera() -> None:
    assert list(places([station("C-02", "camera"), station("R-02", "reservoir")])) == [
        "R-02",
        "C-02",
    ]


def test_a_document_is_known_by_its_content() -> None:
    one, two, three = document(b"a", "x"), document(b"a", "x"), document(b"b", "x")
    assert one == two
    assert one.etag != three.etag


def test_every_label_of_the_page_has_its_chinese() -> None:
    import re
    from pathlib import Path

    from dashboard.public import render, weather

    known = catalogue("zh")
    folder = Path(render.__file__).parent
    labels = {
        *render.NOT_REAL.values(),
        *render.NOT_NOW.values(),
        *render.SCRIPT_WORDS,
        *weather._POINTS,
        *(word for _, word in weather._RAIN),
    }
    for path in (*folder.glob("*.py"), *folder.glob("templates/*.html")):
        labels |= set(re.findall(r'\bt\(\s*"([^"]+)"', path.read_text("utf-8")))
    assert len(labels) > 100
    assert labels - set(known) == set()


def test_the_scripts_say_only_words_that_the_page_gives_them() -> None:
    import re
    from pathlib import Path

    from dashboard.public import render

    for path in (Path(render.__file__).parent / "assets").glob("*.js"):
        said = re.findall(r'\bsay\("([^"]+)"', path.read_text("utf-8"))
        assert said
        assert set(said) <= set(render.SCRIPT_WORDS), path.name
