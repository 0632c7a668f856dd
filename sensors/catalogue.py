"""The metrics: each one's unit, physical range, precision and names, said once.

low and high are what a common instrument for this metric can report at all: a value outside is
IMPOSSIBLE (an error code, a wrong unit), not merely alarming. A station's sensor may narrow them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """digits: decimals shown. circular: a direction in degrees, averaged by sine and cosine."""

    code: str
    unit: str
    low: float
    high: float
    digits: int
    zh: str
    en: str
    circular: bool = False


def _table(*rows: Metric) -> dict[str, Metric]:
    return {metric.code: metric for metric in rows}


# The names that code must know; everything else is looked up.
LEVEL, STORAGE, AQI, TANK_LEVEL = "level_m", "storage_m3", "aqi", "tank_level_pct"
LEL = "lel_pct"  # of whatever flammable gas, per cent of its lower explosive limit
INFLOW, OUTFLOW, TO_LIMIT = "inflow_m3s", "outflow_m3s", "to_limit_h"
HAZARD = "hazard_grade"  # of a plant, from what its tanks hold now: 1 (gravest) to 4; 5: none
# The six of HJ 633-2026, in the order of its table 3.
AIR_METRICS = ("so2_ugm3", "no2_ugm3", "co_mgm3", "o3_ugm3", "pm10_ugm3", "pm25_ugm3")
DERIVED_FROM = {STORAGE: (LEVEL,), AQI: AIR_METRICS}
# Computed beside the flow, from hours of readings (ingest/upkeep/foresight.py).
FORESEEN_FROM = {INFLOW: (LEVEL,), TO_LIMIT: (LEVEL,)}
# Computed beside the flow, from what a plant's tanks hold (ingest/upkeep/hazard.py).
ASSESSED_FROM = {HAZARD: (TANK_LEVEL,)}

METRICS = _table(
    # Water
    Metric("level_m", "m", -50, 9000, 2, "水位", "Level"),
    Metric("storage_m3", "m³", 0, 5e10, 0, "库容", "Storage"),
    Metric("inflow_m3s", "m³/s", -1e4, 1e5, 1, "入库流量", "Inflow"),
    Metric("to_limit_h", "h", 0, 1000, 1, "距下一限值", "Time to the next limit"),
    Metric("outflow_m3s", "m³/s", 0, 1e5, 1, "出库流量", "Outflow"),
    Metric("flow_m3s", "m³/s", 0, 1e5, 3, "流量", "Flow"),
    Metric("tide_m", "m", -20, 20, 2, "潮位", "Tide"),
    Metric("rain_mm", "mm", 0, 500, 1, "雨量", "Rain"),
    Metric("water_temp_c", "°C", -5, 60, 1, "水温", "Water temperature"),
    # Air
    Metric("pm25_ugm3", "µg/m³", 0, 5000, 0, "PM2.5", "PM2.5"),
    Metric("pm10_ugm3", "µg/m³", 0, 10000, 0, "PM10", "PM10"),
    Metric("so2_ugm3", "µg/m³", 0, 10000, 0, "二氧化硫", "SO₂"),
    Metric("no2_ugm3", "µg/m³", 0, 10000, 0, "二氧化氮", "NO₂"),
    Metric("co_mgm3", "mg/m³", 0, 500, 1, "一氧化碳", "CO"),
    Metric("o3_ugm3", "µg/m³", 0, 5000, 0, "臭氧", "O₃"),
    Metric("aqi", "", 0, 500, 0, "AQI", "AQI"),
    # Weather
    Metric("wind_speed_ms", "m/s", 0, 100, 1, "风速", "Wind speed"),
    Metric("wind_dir_deg", "°", 0, 360, 0, "风向", "Wind direction", circular=True),
    Metric("temp_c", "°C", -60, 70, 1, "气温", "Temperature"),
    Metric("dew_point_c", "°C", -80, 60, 1, "露点", "Dew point"),
    Metric("humidity_pct", "%", 0, 100, 0, "相对湿度", "Humidity"),
    Metric("pressure_hpa", "hPa", 500, 1100, 1, "气压", "Pressure"),
    # Hazardous chemicals
    Metric("nh3_ppm", "ppm", 0, 10000, 1, "氨", "NH₃"),
    Metric("cl2_ppm", "ppm", 0, 1000, 2, "氯", "Cl₂"),
    Metric("h2s_ppm", "ppm", 0, 1000, 1, "硫化氢", "H₂S"),
    Metric("benzene_ppm", "ppm", 0, 5000, 4, "苯", "Benzene"),
    Metric("lel_pct", "%LEL", 0, 100, 0, "可燃气", "Flammable gas"),
    Metric("hcl_ppm", "ppm", 0, 1000, 1, "氯化氢", "HCl"),
    Metric("voc_ppm", "ppm", 0, 20000, 1, "挥发性有机物", "VOC"),
    Metric("nmhc_mgm3", "mg/m³", 0, 20000, 2, "非甲烷总烃", "NMHC"),
    Metric("o2_pct", "%", 0, 100, 1, "氧含量", "Oxygen"),
    Metric("tank_level_pct", "%", 0, 110, 1, "储罐液位", "Tank level"),
    Metric("tank_pressure_kpa", "kPa", -100, 50000, 1, "储罐压力", "Tank pressure"),
    Metric("tank_temp_c", "°C", -200, 500, 1, "储罐温度", "Tank temperature"),
    Metric(
        "hazard_grade", "", 1, 5, 0, "重大危险源等级（5：不构成）", "Major hazard grade (5: none)"
    ),
    # Discharge
    Metric("cod_mgl", "mg/L", 0, 20000, 1, "化学需氧量", "COD"),
    Metric("nh3n_mgl", "mg/L", 0, 2000, 2, "氨氮", "NH₃-N"),
    Metric("ph", "pH", 0, 14, 2, "pH", "pH"),
    Metric("bod_mgl", "mg/L", 0, 10000, 1, "生化需氧量", "BOD"),
    Metric("ss_mgl", "mg/L", 0, 20000, 1, "悬浮物", "Suspended solids"),
    Metric("tp_mgl", "mg/L", 0, 500, 3, "总磷", "Total phosphorus"),
    Metric("tn_mgl", "mg/L", 0, 2000, 2, "总氮", "Total nitrogen"),
    Metric("zinc_mgl", "mg/L", 0, 1000, 3, "锌", "Zinc"),
    Metric("do_mgl", "mg/L", 0, 60, 2, "溶解氧", "Dissolved oxygen"),
    Metric("conductivity_uscm", "µS/cm", 0, 200000, 0, "电导率", "Conductivity"),
    Metric("turbidity_ntu", "NTU", 0, 10000, 1, "浊度", "Turbidity"),
    Metric("stack_so2_mgm3", "mg/m³", 0, 20000, 1, "烟气二氧化硫", "Stack SO₂"),
    Metric("stack_nox_mgm3", "mg/m³", 0, 20000, 1, "烟气氮氧化物", "Stack NOₓ"),
    Metric("stack_co_mgm3", "mg/m³", 0, 20000, 1, "烟气一氧化碳", "Stack CO"),
    Metric("stack_dust_mgm3", "mg/m³", 0, 20000, 1, "烟尘", "Stack dust"),
    Metric("stack_o2_pct", "%", 0, 25, 1, "烟气含氧量", "Stack O₂"),
    Metric("stack_temp_c", "°C", -50, 1500, 0, "烟气温度", "Stack temperature"),
    # The devices themselves
    Metric("battery_v", "V", 0, 60, 2, "电池电压", "Battery"),
)
