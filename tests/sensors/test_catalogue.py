"""The catalogue names every metric of the design, with unit, range and both languages."""

import pytest

from sensors.catalogue import DERIVED_FROM, FORESEEN_FROM, METRICS

# DESIGN.md section 3.
DESIGN = (
    "level_m",
    "storage_m3",
    "inflow_m3s",
    "rain_mm",
    "pm25_ugm3",
    "pm10_ugm3",
    "so2_ugm3",
    "no2_ugm3",
    "co_mgm3",
    "o3_ugm3",
    "aqi",
    "wind_speed_ms",
    "wind_dir_deg",
    "temp_c",
    "nh3_ppm",
    "cl2_ppm",
    "h2s_ppm",
    "benzene_ppm",
    "lel_pct",
    "cod_mgl",
    "nh3n_mgl",
    "ph",
    "flow_m3s",
    "stack_so2_mgm3",
    "stack_nox_mgm3",
)
# How a unit is written at the end of a metric's name.
UNITS = {
    "m": "m",
    "m3": "m³",
    "m3s": "m³/s",
    "h": "h",
    "mm": "mm",
    "ugm3": "µg/m³",
    "mgm3": "mg/m³",
    "ms": "m/s",
    "deg": "°",
    "c": "°C",
    "pct": "%",
    "hpa": "hPa",
    "kpa": "kPa",
    "ppm": "ppm",
    "mgl": "mg/L",
    "uscm": "µS/cm",
    "ntu": "NTU",
    "v": "V",
}
WITHOUT_UNIT = {"aqi": "", "ph": "pH", "canary": "", "lel_pct": "%LEL", "hazard_grade": ""}


@pytest.mark.parametrize("code", DESIGN)
def test_the_metrics_of_the_design_are_there(code):
    assert code in METRICS


@pytest.mark.parametrize("code", METRICS)
def test_the_name_says_the_unit(code):
    unit = METRICS[code].unit
    assert unit == (WITHOUT_UNIT[code] if code in WITHOUT_UNIT else UNITS[code.rsplit("_", 1)[1]])


@pytest.mark.parametrize("code", METRICS)
def test_every_metric_has_a_range_and_a_name_in_both_languages(code):
    metric = METRICS[code]
    assert metric.code == code
    assert metric.low < metric.high
    assert metric.zh
    assert metric.en
    assert 0 <= metric.digits <= 4


def test_no_two_metrics_have_the_same_name():
    for names in ([m.zh for m in METRICS.values()], [m.en for m in METRICS.values()]):
        assert len(set(names)) == len(names)


def test_what_is_derived_and_from_what_are_metrics():
    for metric, inputs in (DERIVED_FROM | FORESEEN_FROM).items():
        assert {metric, *inputs} <= METRICS.keys()
