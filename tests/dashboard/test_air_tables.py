"""Tables of air: the value beside an index is the one it was made of; days are made once."""

import csv
import io
from datetime import date, timedelta

import pytest

from dashboard.api.air_documents import reports_csv
from dashboard.environment.air_tables import daily_of, exceedances, years
from sensors.air.exceedance import daily_values
from sensors.air.limits import LIMITS
from sensors.air.means import HOUR, hours_of
from sensors.air.reports import daily_report
from sensors.catalogue import AIR_METRICS

OLD = date(2026, 2, 10)  # HJ 633-2012


def hours(first: date, count: int, **values):
    wanted = dict.fromkeys(AIR_METRICS, 1.0) | values
    start = hours_of(first)[0]
    return {m: {start + HOUR * n: v for n in range(24 * count)} for m, v in wanted.items()}


def row(found, lang="en"):
    report = daily_report(found, OLD)
    answer = reports_csv("x", lang, [(OLD.isoformat(), report)], [])
    titles, cells = list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"))))[:2]
    return dict(zip(titles, cells, strict=True))


@pytest.mark.parametrize(
    ("noon", "item", "value", "index"),
    [(None, "O3_8H", 90.0, 45), (300.0, "O3_1H", 300.0, 150)],
)
def test_the_value_beside_an_index_is_the_one_that_gave_it(noon, item, value, index):
    """An hour at 300 and an 8 h mean below: 150 is the hour's index."""
    found = hours(OLD, 1, o3_ugm3=90.0)
    if noon:
        found["o3_ugm3"][hours_of(OLD)[12]] = noon
    said = row(found)
    assert (said["HJ 633 O₃"], float(said["O₃ (µg/m³)"]), int(said["IAQI O₃"])) == (
        item,
        value,
        index,
    )
    assert int(said["AQI"]) == index


def test_daily_values_are_made_once_over_two_editions_and_a_year(monkeypatch):
    made = []

    def counted(metric, *more):
        made.append(metric)
        return daily_values(metric, *more)

    monkeypatch.setattr("dashboard.environment.air_tables.daily_values", counted)
    first = date(2025, 1, 1)
    found = hours(first, 430)
    days = [first + timedelta(days=n) for n in range(430)]
    daily = daily_of(found, days, 2)
    rows = exceedances(found, daily, days, 2)
    assert len({one.figures.limit.edition for one in rows}) == 2
    assert {year.year for _, year in years(daily, days, 2)} == {2025}
    assert sorted(made) == sorted(AIR_METRICS)


@pytest.mark.parametrize("air_class", [1, 2])
def test_the_8_h_limit_of_ozone_is_one_in_all_editions(air_class):
    of = ("o3_ugm3", "8h", air_class)
    found = {x.value for x in LIMITS if (x.pollutant, x.averaging, x.air_class) == of}
    assert len(found) == 1
