"""What must be said beside a footprint: each caveat a typed value with its sentence.

`grave` ones say that the picture itself must not be trusted somewhere; the others say what it
rests on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from gis.plume.dispersion import REFERENCE_M
from gis.plume.footprint import CALM_MS, Footprint
from gis.plume.release import Known, Release
from gis.plume.stability import Stability
from gis.plume.wind import STALE_AFTER_S, Wind
from sensors.chemicals.substances import Behaviour

NEAR_M, DENSE_NEAR_M = 100.0, 500.0
FAR_WIND_M = 10_000.0


@dataclass(frozen=True)
class Text:
    zh: str
    en: str


class Doubt(StrEnum):
    NO_WIND = "no_wind"
    NO_LIMIT = "no_limit"
    CALM = "calm"
    NEAR_CALM = "near_calm"
    TURNING = "turning_wind"
    DENSE = "dense_gas"
    COLD = "cold_mist"
    LIGHT = "light_gas"
    GAS = "gas_assumed"
    NEAR = "near_field"
    FAR = "beyond_10_km"
    OLD_WIND = "old_wind"
    FAR_WIND = "far_wind"
    SPREAD_ASSUMED = "spread_assumed"
    CLOUD = "cloud_not_known"
    RATE_ASSUMED = "amount_assumed"
    RATE_FITTED = "amount_fitted"
    SHORT = "short_release"
    RAISED = "raised_release"
    LIMITS = "limits_unconfirmed"
    GROUND = "flat_ground"
    AVERAGE = "averaging_time"


@dataclass(frozen=True)
class Caveat:
    doubt: Doubt
    grave: bool
    text: Text


def caveats(
    release: Release,
    wind: Wind | None,
    stability: Stability,
    found: Footprint,
    wind_age_s: float | None = None,
) -> tuple[Caveat, ...]:
    """All that must be said, the grave ones first. wind_age_s: of the newest wind reading."""
    said = [*_of_wind(wind, stability, wind_age_s), *_of_gas(release), *_of_range(found)]
    said += [*_of_unknowns(release, wind, found), *_of_amount(release), *_of_limits(found)]
    said += _always()
    return tuple(sorted(said, key=lambda each: not each.grave))


def _of_wind(wind: Wind | None, stability: Stability, age_s: float | None) -> Iterator[Caveat]:
    if wind is None:
        yield _grave(
            Doubt.NO_WIND,
            "附近没有可用的风，不画下风向范围。",
            "No usable wind nearby: no downwind zone is drawn.",
        )
        return
    yield from _of_direction(wind)
    if age_s is not None and age_s > STALE_AFTER_S:
        minutes = round(age_s / 60)
        yield _grave(
            Doubt.OLD_WIND,
            f"风是 {minutes} 分钟前测的。",
            f"The wind was measured {minutes} min ago.",
        )
    if wind.distance_m is not None and wind.distance_m > FAR_WIND_M:
        away = wind.distance_m / 1000
        yield _plain(
            Doubt.FAR_WIND,
            f"测风站在 {away:.0f} km 外，此处的风可能不同。",
            f"The wind station is {away:.0f} km away; the wind here may differ.",
        )
    if wind.spread_deg is None:
        yield _plain(
            Doubt.SPREAD_ASSUMED,
            "风向摆动按稳定度取假定值，不是实测。",
            "The wind's spread is assumed by stability class, not measured.",
        )
    if len(stability.classes) > 1:
        names = ", ".join(stability.classes)
        yield _plain(
            Doubt.CLOUD,
            f"云量未知，稳定度可能是 {names}：取扩散更远的一类，上下限含全部。",
            f"Cloud is not known, the class may be {names}: the one that reaches farther is drawn, "
            "the band covers all.",
        )


def _of_direction(wind: Wind) -> Iterator[Caveat]:
    """Whether the direction can be believed; not in a calm, nor where it turns."""
    if wind.speed_ms < CALM_MS:
        yield _grave(
            Doubt.CALM,
            f"风速 {wind.speed_ms:.1f} m/s，低于 1.5 m/s：风向不可信，按四周画圆。",
            f"Wind {wind.speed_ms:.1f} m/s, below 1.5 m/s: do not trust a direction; "
            "a circle is drawn.",
        )
    elif wind.turning:
        yield _grave(
            Doubt.TURNING,
            "风向在十分钟内转向，平均风向不可信：按四周画圆。",
            "The wind has turned about within ten minutes: do not trust a mean direction; "
            "a circle is drawn.",
        )
    elif wind.speed_low_ms < CALM_MS:
        yield _grave(
            Doubt.NEAR_CALM,
            f"风速可低至 {wind.speed_low_ms:.1f} m/s，近于静风：风向可能不可信，四周都要防。",
            f"The wind may fall to {wind.speed_low_ms:.1f} m/s, close to a calm: "
            "do not rely on its direction, the gas may go to any side.",
        )


def _of_gas(release: Release) -> Iterator[Caveat]:
    behaviour, zh = release.substance.behaviour, release.substance.zh
    en = release.substance.en[:1].upper() + release.substance.en[1:]
    if behaviour == Behaviour.DENSE:
        yield _grave(
            Doubt.DENSE,
            f"{zh}比空气重，先贴地向四周和低处扩散：{DENSE_NEAR_M:.0f} m 内不可信，"
            "上风向也可能有。",
            f"{en} is heavier than air and first spreads low, to all sides: do not trust this "
            f"within {DENSE_NEAR_M:.0f} m; it may lie upwind too.",
        )
    elif behaviour == Behaviour.COLD:
        yield _grave(
            Doubt.COLD,
            f"{zh}带压泄漏成冷雾，比空气重：{DENSE_NEAR_M:.0f} m 内不可信，上风向也可能有。",
            f"{en} let out under pressure is a cold mist, heavier than air: do not trust this "
            f"within {DENSE_NEAR_M:.0f} m; it may lie upwind too.",
        )
    elif behaviour == Behaviour.LIGHT:
        yield _plain(
            Doubt.LIGHT,
            f"{zh}比空气轻，会上升：地面范围偏大。",
            f"{en} is lighter than air and rises: the zone at the ground is too large.",
        )


def _of_unknowns(release: Release, wind: Wind | None, found: Footprint) -> Iterator[Caveat]:
    """Which gas, and from which concentration on."""
    gas = release.substance
    if release.others:
        zh = "、".join(each.zh for each in release.others)
        en = ", ".join(each.en for each in release.others)
        yield _grave(
            Doubt.GAS,
            f"假定是{gas.zh}；也可能是{zh}。",
            f"The gas is assumed to be {gas.en}; it may be {en} as well.",
        )
    if wind is not None and not found.zones:
        yield _grave(
            Doubt.NO_LIMIT,
            f"{gas.zh}没有已知限值，不画范围。",
            f"No limit of {gas.en} is known: no zone is drawn.",
        )


def _of_range(found: Footprint) -> Iterator[Caveat]:
    small = [zone for zone in found.zones if 0 < zone.reach_m < NEAR_M]
    if small:
        names = ", ".join(zone.limit.name for zone in small)
        yield _grave(
            Doubt.NEAR,
            f"{names}：100 m 以内，模型在此不成立。",
            f"{names}: within 100 m, where the model does not hold.",
        )
    cut = [zone for zone in found.zones if zone.more]
    if cut:
        names = ", ".join(zone.limit.name for zone in cut)
        yield _grave(
            Doubt.FAR,
            f"{names} 超出 10 km：系数只到 10 km，图在此截断。",
            f"{names} goes on beyond 10 km, where the coefficients end: the drawing is cut there.",
        )


def _of_amount(release: Release) -> Iterator[Caveat]:
    if release.known == Known.ASSUMED:
        yield _plain(
            Doubt.RATE_ASSUMED,
            "泄漏量是假定的，不是实测。",
            "The amount let out is assumed, not measured.",
        )
    if release.known == Known.FITTED:
        who = ", ".join(release.sensors)
        yield _plain(
            Doubt.RATE_FITTED,
            f"泄漏量由 {who} 的读数反推，可能是 {release.low:.1f} 至 {release.high:.1f} 倍。",
            f"The amount is worked back from {who}; it may be {release.low:.1f} to "
            f"{release.high:.1f} times as much.",
        )
    if release.mass_kg is not None or release.duration_s is not None:
        yield _plain(
            Doubt.SHORT,
            "短时泄漏：画的是云团经过时的最大浓度，限值却按更长的时间平均，范围偏大。",
            "A short release: drawn is the greatest concentration as the cloud passes, while the "
            "limits are means over a longer time; the zones are too large rather than too small.",
        )
    if release.height_m > REFERENCE_M:
        yield _plain(
            Doubt.RAISED,
            f"在 {release.height_m:.0f} m 高处释放，地面浓度从一段距离外才开始；楼房和下洗不计。",
            f"Let out at {release.height_m:.0f} m: the ground is touched only from a distance; "
            "buildings and downwash are left out.",
        )


def _of_limits(found: Footprint) -> Iterator[Caveat]:
    open_ = [zone.limit.name for zone in found.zones if not zone.limit.confirmed]
    if open_:
        names = ", ".join(open_)
        yield _plain(Doubt.LIMITS, f"限值未经核实：{names}。", f"Limits not confirmed: {names}.")


def _always() -> Iterator[Caveat]:
    yield _plain(
        Doubt.GROUND,
        "平坦地面：山、楼房、海陆风都不在模型里。",
        "Flat ground: hills, buildings and the sea breeze are not in the model.",
    )
    yield _plain(
        Doubt.AVERAGE,
        "浓度是约 10 分钟平均，瞬时可达数倍。",
        "Concentrations are means over about 10 minutes; moments may be several times as high.",
    )


def _grave(doubt: Doubt, zh: str, en: str) -> Caveat:
    return Caveat(doubt, True, Text(zh, en))


def _plain(doubt: Doubt, zh: str, en: str) -> Caveat:
    return Caveat(doubt, False, Text(zh, en))
