"""Breakpoints and categories of the Chinese AQI: the tables of HJ 633, and nothing else.

Breakpoints: HJ 633-2026 table 3 and HJ 633-2012 table 1. Categories, colours and advice: HJ
633-2026. The Chinese wording is the standard's; the English is ours.
"""

from dataclasses import dataclass

HJ633_2026, HJ633_2012 = "HJ 633-2026", "HJ 633-2012"

# Concentrations at which the IAQI has these values. µg/m³, CO in mg/m³.
IAQI = (0, 50, 100, 150, 200, 300, 400, 500)

_SINCE_2012: dict[str, tuple[int, ...]] = {
    "SO2_24H": (0, 50, 150, 475, 800, 1600, 2100, 2620),
    "SO2_1H": (0, 150, 500, 650, 800),
    "NO2_24H": (0, 40, 80, 180, 280, 565, 750, 940),
    "NO2_1H": (0, 100, 200, 700, 1200, 2340, 3090, 3840),
    "CO_24H": (0, 2, 4, 14, 24, 36, 48, 60),
    "CO_1H": (0, 5, 10, 35, 60, 90, 120, 150),
    "O3_8H": (0, 100, 160, 215, 265, 800),
    "O3_1H": (0, 160, 200, 300, 400, 800, 1000, 1200),
}

BREAKPOINTS: dict[str, dict[str, tuple[int, ...]]] = {
    HJ633_2026: {
        **_SINCE_2012,
        "PM10_24H": (0, 50, 120, 250, 350, 420, 500, 600),
        "PM25_24H": (0, 35, 60, 115, 150, 250, 350, 500),
    },
    HJ633_2012: {
        **_SINCE_2012,
        "PM10_24H": (0, 50, 150, 250, 350, 420, 500, 600),
        "PM25_24H": (0, 35, 75, 115, 150, 250, 350, 500),
    },
}

# The IAQI above the last breakpoint, where that is not 500: HJ 633-2026 table 3, notes. Under the
# edition of 2012 these two are not computed there (None): the 24 h or 1 h value serves instead.
CAPS: dict[str, dict[str, int | None]] = {
    HJ633_2026: {"SO2_1H": 200, "O3_8H": 300},
    HJ633_2012: {"SO2_1H": None, "O3_8H": None},
}


@dataclass(frozen=True, slots=True)
class Category:
    """One of the six. to: highest AQI (None: open). effect and advice: (Chinese, English)."""

    number: int
    to: int | None
    level: tuple[str, str]
    name: tuple[str, str]
    rgb: tuple[int, int, int]
    effect: tuple[str, str]
    advice: tuple[str, str]


CATEGORIES = (
    Category(
        1,
        50,
        ("一级", "Level 1"),
        ("优", "Excellent"),
        (0, 228, 0),
        (
            "空气质量令人满意，基本无空气污染",
            "Air quality is satisfying; there is practically no pollution.",
        ),
        ("各类人群可正常活动", "Everybody can be active as usual."),
    ),
    Category(
        2,
        100,
        ("二级", "Level 2"),
        ("良", "Good"),
        (255, 255, 0),
        (
            "空气质量可接受，但某些污染物可能对极少数异常敏感人群健康有较弱影响",
            (
                "Air quality is acceptable; some pollutants may slightly affect the health "
                "of the very few people who are unusually sensitive."
            ),
        ),
        (
            "极少数异常敏感人群应减少户外活动",
            "The very few people who are unusually sensitive should spend less time outdoors.",
        ),
    ),
    Category(
        3,
        150,
        ("三级", "Level 3"),
        ("轻度污染", "Light pollution"),
        (255, 126, 0),
        (
            "敏感人群症状有轻度加剧，健康人群出现刺激症状",
            "Symptoms of sensitive people become slightly worse; healthy people feel irritation.",
        ),
        (
            "青少年儿童、老年人及心血管系统疾病、呼吸系统疾病患者应减少长时间、高强度的户外锻炼",
            (
                "Children, adolescents, older people and people with heart, vascular or "
                "respiratory disease should cut down long or strenuous exercise outdoors."
            ),
        ),
    ),
    Category(
        4,
        200,
        ("四级", "Level 4"),
        ("中度污染", "Moderate pollution"),
        (255, 0, 0),
        (
            "进一步加剧敏感人群症状，可能对健康人群心血管系统、呼吸系统有影响",
            (
                "Symptoms of sensitive people become worse still; heart, vessels and airways "
                "of healthy people may be affected."
            ),
        ),
        (
            (
                "青少年儿童、老年人及心血管系统疾病、呼吸系统疾病患者避免长时间、高强度的户外锻炼，一般人群适量减少户外运动"
            ),
            (
                "Children, adolescents, older people and people with heart, vascular or "
                "respiratory disease should avoid long or strenuous exercise outdoors; "
                "everybody else should do somewhat less sport outdoors."
            ),
        ),
    ),
    Category(
        5,
        300,
        ("五级", "Level 5"),
        ("重度污染", "Heavy pollution"),
        (153, 0, 76),
        (
            "心血管系统和呼吸系统患者症状显著加剧，运动耐受力降低，健康人群普遍出现症状",
            (
                "Symptoms of people with heart, vascular or respiratory disease become "
                "markedly worse and they tolerate less exertion; symptoms are common among "
                "healthy people."
            ),
        ),
        (
            (
                "青少年儿童、老年人和心血管系统疾病、呼吸系统疾病患者应停留在室内，停止户外运动，一般人群减少户外运动"
            ),
            (
                "Children, adolescents, older people and people with heart, vascular or "
                "respiratory disease should stay indoors and stop sport outdoors; everybody "
                "else should do less."
            ),
        ),
    ),
    Category(
        6,
        None,
        ("六级", "Level 6"),
        ("严重污染", "Severe pollution"),
        (126, 0, 35),
        (
            "健康人群运动耐受力降低，有明显强烈症状，提前出现某些疾病",
            (
                "Healthy people tolerate less exertion and have strong, clear symptoms; some "
                "diseases set in early."
            ),
        ),
        (
            "青少年儿童、老年人和病人应当留在室内，避免体力消耗，一般人群应避免户外活动",
            (
                "Children, adolescents, older people and the ill should stay indoors and "
                "avoid exertion; everybody else should avoid being active outdoors."
            ),
        ),
    ),
)
