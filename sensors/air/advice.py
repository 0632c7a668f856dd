"""What an AQI means for people and what they should do: HJ 633-2026 tables 1 and 2.

The Chinese wording is the standard's; the English is ours. Pairs are (Chinese, English).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sensors.air.aqi_tables import CATEGORIES

Pair = tuple[str, str]
LANGUAGES = ("zh", "en")
# From the category with this number on, those who are more sensitive are named.
_NAMED_FROM = 3


@dataclass(frozen=True, slots=True)
class Health:
    """Table 1 of one category: the effect on health, and the measure that is proposed."""

    effect: Pair
    advice: Pair


# Category number -> its texts.
HEALTH = {
    1: Health(
        (
            "空气质量令人满意，基本无空气污染",
            "Air quality is satisfying; there is practically no pollution.",
        ),
        ("各类人群可正常活动", "Everybody can be active as usual."),
    ),
    2: Health(
        (
            "空气质量可接受，但某些污染物可能对极少数异常敏感人群健康有较弱影响",
            (
                "Air quality is acceptable; some pollutants may slightly affect the health of "
                "the very few people who are unusually sensitive."
            ),
        ),
        (
            "极少数异常敏感人群应减少户外活动",
            "The very few people who are unusually sensitive should spend less time outdoors.",
        ),
    ),
    3: Health(
        (
            "敏感人群症状有轻度加剧，健康人群出现刺激症状",
            ("Symptoms of sensitive people become slightly worse; healthy people feel irritation."),
        ),
        (
            "青少年儿童、老年人及心血管系统疾病、呼吸系统疾病患者应减少长时间、高强度的户外锻炼",
            (
                "Children, adolescents, older people and people with heart, vascular or "
                "respiratory disease should cut down long or strenuous exercise outdoors."
            ),
        ),
    ),
    4: Health(
        (
            "进一步加剧敏感人群症状，可能对健康人群心血管系统、呼吸系统有影响",
            (
                "Symptoms of sensitive people become worse still; heart, vessels and airways of "
                "healthy people may be affected."
            ),
        ),
        (
            "青少年儿童、老年人及心血管系统疾病、呼吸系统疾病患者避免长时间、高强度的户外锻炼，一般人群适量减少户外运动",
            (
                "Children, adolescents, older people and people with heart, vascular or "
                "respiratory disease should avoid long or strenuous exercise outdoors; everybody "
                "else should do somewhat less sport outdoors."
            ),
        ),
    ),
    5: Health(
        (
            "心血管系统和呼吸系统患者症状显著加剧，运动耐受力降低，健康人群普遍出现症状",
            (
                "Symptoms of people with heart, vascular or respiratory disease become markedly "
                "worse and they tolerate less exertion; symptoms are common among healthy people."
            ),
        ),
        (
            "青少年儿童、老年人和心血管系统疾病、呼吸系统疾病患者应停留在室内，停止户外运动，一般人群减少户外运动",
            (
                "Children, adolescents, older people and people with heart, vascular or "
                "respiratory disease should stay indoors and stop sport outdoors; everybody else "
                "should do less."
            ),
        ),
    ),
    6: Health(
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
                "Children, adolescents, older people and the ill should stay indoors and avoid "
                "exertion; everybody else should avoid being active outdoors."
            ),
        ),
    ),
}

_LUNGS = (
    "患有呼吸系统疾病（如哮喘）的人、青少年儿童",
    "people with asthma or other respiratory disease, children, adolescents",
)
_PARTICLES = (
    "患有心血管系统疾病或呼吸系统疾病（如哮喘）的人、青少年儿童、户外活动频繁的人以及老年人",
    (
        "people with heart, vascular or respiratory disease, children, adolescents, people who are "
        "often active outdoors, older people"
    ),
)
# Table 2, by metric.
SENSITIVE: dict[str, Pair] = {
    "so2_ugm3": (
        "患有哮喘的人、青少年儿童以及老年人",
        "people with asthma, children, adolescents, older people",
    ),
    "no2_ugm3": (f"{_LUNGS[0]}以及老年人", f"{_LUNGS[1]}, older people"),
    "co_mgm3": ("患有心血管系统疾病的人", "people with heart or vascular disease"),
    "o3_ugm3": (
        f"{_LUNGS[0]}、户外活动频繁的人以及老年人",
        f"{_LUNGS[1]}, people who are often active outdoors, older people",
    ),
    "pm10_ugm3": _PARTICLES,
    "pm25_ugm3": _PARTICLES,
}


def category_words(lang: str) -> list[str]:
    """The names of the six categories, best first."""
    return [category.name[LANGUAGES.index(lang)] for category in CATEGORIES]


def effect(category: int | None, lang: str) -> str | None:
    """What the air of a category does to health; None for an AQI that is NA."""
    return HEALTH[category].effect[LANGUAGES.index(lang)] if category else None


def advice(category: int | None, lang: str) -> str | None:
    """What to do, as the standard words it; None for an AQI that is NA."""
    return HEALTH[category].advice[LANGUAGES.index(lang)] if category else None


def sensitive(category: int | None, primary: Iterable[str], lang: str) -> str | None:
    """Who is more sensitive to the primary pollutants; from the third category on."""
    if not category or category < _NAMED_FROM:
        return None
    groups = (SENSITIVE[metric][LANGUAGES.index(lang)] for metric in primary)
    return ("；" if lang == "zh" else "; ").join(dict.fromkeys(groups))
