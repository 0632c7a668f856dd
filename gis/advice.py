"""Sentences of an assessment in both languages: the headline, and what to do, most urgent first.

Figures are rounded as they deserve: people to two digits, distances to 0.1 km, times to minutes.
What is to be strong stands between double asterisks.
"""

from collections.abc import Iterator, Sequence

from gis import figures
from gis.exposure.count import Exposure, Found, People
from gis.figures import kilometres, minutes, reached, remaining_s
from gis.plume.footprint import LEAST_MS, Footprint, Zone
from gis.plume.honesty import NEAR_M, Text
from gis.plume.isolation import Isolation
from gis.plume.release import Release
from gis.weather import Weather
from sensors.chemicals.substances import Behaviour

Parts = Sequence[tuple[Zone, str, Exposure]]
SHELTER_S = 600.0  # where gas comes sooner nobody gets away on foot: indoors

_GRADES = {
    "red": Text("红色区", "red"),
    "orange": Text("橙色区", "orange"),
    "yellow": Text("黄色区", "yellow"),
}
_THINGS = {
    "school": Text("学校", "school"),
    "hospital": Text("医院", "hospital"),
    "care": Text("养老院", "care home"),
    "shelter": Text("避难点", "shelter"),
}
_POINTS = (
    Text("北", "north"), Text("东北", "northeast"), Text("东", "east"), Text("东南", "southeast"),
    Text("南", "south"), Text("西南", "southwest"), Text("西", "west"), Text("西北", "northwest"),
)  # fmt: skip


def headline(found: Footprint, parts: Parts, elapsed_s: float | None = None) -> Text:
    """Who is in the zone of level 2 (else the widest reached), how far it goes and how soon.

    elapsed_s: how long the release has gone on; None: not known, as if it began now.
    """
    if found.shape == "nothing":
        return Text(
            "没有可用的风或限值，**画不出影响范围**。",
            "No usable wind or no limits: **no zone can be drawn**.",
        )
    there = _reached(parts)
    if not there:
        return Text(
            "地面浓度**到不了任何限值**。", "At the ground **no limit is reached**."
        )  # fmt: skip
    part = next((each for each in there if each[1] == "orange"), there[-1])
    zone, grade, exposure = part
    who, reach = _who(exposure), _reach(zone, found, elapsed_s)
    name = _GRADES[grade]
    return Text(
        f"{name.zh}（{zone.limit.name}）内{who.zh}；{reach.zh}。",
        f"Inside the {name.en} zone ({zone.limit.name}): {who.en}. {reach.en}.",
    )


def _reached(parts: Parts) -> Parts:
    """A limit that is nowhere reached has a zone too, of reach 0."""
    return [part for part in parts if part[0].reach_m > 0]


def _who(exposure: Exposure) -> Text:
    counted = _people(exposure.people)
    zh, en = [counted.zh], [counted.en]
    if exposure.facilities is None:
        zh.append("没有设施图层")
        en.append("no facility layer")
    else:
        for kind in ("school", "hospital", "care"):
            count = len(exposure.facilities.get(kind, ()))
            if count:
                zh.append(f"{_THINGS[kind].zh} {count} 所")
                en.append(f"{count} {_THINGS[kind].en}{'s' if count > 1 else ''}")
    return Text("、".join(zh), ", ".join(en))


def _people(people: People | None) -> Text:
    """A grid with holes, or one that ends in the zone, says how many there are at least."""
    if people is None:
        return Text("人数未知", "people not known")
    count = figures.people(people.count)
    if people.least:
        return Text(f"至少 **{count} 人**", f"at least **{count} people**")
    return Text(f"约 **{count} 人**", f"about **{count} people**")


def _reach(zone: Zone, found: Footprint, elapsed_s: float | None) -> Text:
    distance = kilometres(zone.reach_m, more=zone.more)
    if found.shape == "circle":
        return Text(
            f"风向不可信，四周 **{distance}**",
            f"No direction to trust: **{distance}** to all sides",
        )
    if reached(zone.arrival_s, elapsed_s):
        return Text(
            f"下风向 **{distance}**，**可能已到边缘**",
            f"It reaches **{distance}** downwind, **it may be at the edge already**",
        )
    left = minutes(remaining_s(zone.arrival_s, elapsed_s))
    return Text(
        f"下风向 **{distance}**，约 **{left} 分钟**到边缘",
        f"It reaches **{distance}** downwind, the edge in about **{left} min**",
    )


def advice(
    release: Release,
    weather: Weather,
    found: Footprint,
    parts: Parts,
    isolated: Isolation | None,
    elapsed_s: float | None = None,
) -> tuple[Text, ...]:
    """Most urgent first: keep out, warn, approach; the first places the gas will come to.

    low: a gas that creeps along the ground, above which an upper floor is safer.
    """
    low = release.substance.behaviour in (Behaviour.DENSE, Behaviour.COLD)
    there = _reached(parts)
    return (
        *_keep_out(isolated, there, found),
        *_no_spark(there),
        *(
            each
            for zone, grade, _ in there
            if grade == "orange"
            for each in _leave_or_stay(zone, found, elapsed_s, low=low)
        ),
        *(_warn(zone) for zone, grade, _ in there if grade == "yellow"),
        *_approach(weather, found),
        *_first_reached(there, elapsed_s),
        *_domino(there),
    )


def _keep_out(isolated: Isolation | None, there: Parts, found: Footprint) -> Iterator[Text]:
    """The guide's circle and the zone of danger to life, the larger one first.

    Where the model's is larger the guide's holds for the other sides only; a circle has none.
    """
    grave = [zone for zone, grade, _ in there if grade == "red"]
    reach = max((zone.reach_m for zone in grave), default=0.0)
    danger = [_danger(zone, found) for zone in grave]
    if isolated is None:
        yield from danger
    elif isolated.isolate_m >= reach:
        yield from (_isolate(isolated), *danger)
    else:
        yield from danger
        if found.shape != "circle":
            yield _isolate(isolated, other=True)


def _danger(zone: Zone, found: Footprint) -> Text:
    distance = _within(zone.reach_m, more=zone.more)
    zh, en = ("四周", "to all sides") if found.shape == "circle" else ("下风向", "downwind")
    return Text(
        f"{zh} {distance} 内可致命：任何人不得入内，救援须戴正压式空气呼吸器。",
        f"Within {distance} {en} there is danger to life: keep everybody out, "
        "rescuers in breathing apparatus.",
    )


def _no_spark(there: Parts) -> Iterator[Text]:
    """As far as the widest limit that is a share of the lower explosive limit."""
    burning = [zone for zone, _, _ in there if zone.limit.name.startswith("LEL")]
    if burning:
        widest = max(burning, key=lambda zone: zone.reach_m)
        distance = _within(widest.reach_m, more=widest.more)
        yield Text(
            f"{distance} 内可能着火爆炸：熄火，不开关电器，车辆不得进入。",
            f"Within {distance} the gas may burn or explode: flames out, no switches, no engines.",
        )


def _isolate(isolated: Isolation, *, other: bool = False) -> Text:
    metres = f"{isolated.isolate_m:.0f} m"
    partial_zh = "（仅小瓶或吨瓶；槽车更远，数据未得）" if isolated.partial else ""
    partial_en = (
        " (small or ton cylinders only; a tanker needs more, figure not found)"
        if isolated.partial
        else ""
    )
    if other:
        return Text(
            f"其余各方向至少隔离 {metres}{partial_zh}。",
            f"Isolate at least {metres} to the other sides{partial_en}.",
        )
    return Text(
        f"先隔离四周 {metres}{partial_zh}。",
        f"First isolate {metres} to all sides{partial_en}.",
    )


def _within(metres: float, *, more: bool = False) -> str:
    """As a limit to keep to: "within < 100 m" is no order."""
    return kilometres(metres, more=more).removeprefix("< ")


def _leave_or_stay(
    zone: Zone, found: Footprint, elapsed_s: float | None, *, low: bool
) -> Iterator[Text]:
    """Indoors as far as the gas comes within the time to shelter, across the wind beyond it.

    What it has covered already counts. Without a direction to trust nobody is sent across it.
    """
    distance = _within(zone.reach_m, more=zone.more)
    up_zh, up_en = ("，上楼", ", go upstairs") if low else ("", "")
    if found.shape == "circle":
        yield Text(
            f"{distance} 内进屋，关门窗和通风{up_zh}；在室外的背离泄漏源撤离。",
            f"Within {distance} indoors, shut windows and ventilation{up_en}; "
            "who is outdoors: away from the source.",
        )
        return
    covered_m = max(found.speed_ms or 0.0, LEAST_MS) * (SHELTER_S + (elapsed_s or 0.0))
    soon = _within(min(covered_m, zone.reach_m), more=zone.more and covered_m >= zone.reach_m)
    yield Text(
        f"{soon} 内来不及撤：进屋，关门窗和通风{up_zh}；再横着风向撤出。",
        f"Within {soon} there is no time to leave: indoors, shut windows and "
        f"ventilation{up_en}; then leave across the wind.",
    )
    if soon != distance:
        yield Text(
            f"{soon} 至 {distance} 横着风向撤离，不能撤的进屋关门窗和通风。",
            f"From {soon} to {distance} evacuate across the wind; who cannot: indoors, windows "
            "and ventilation shut.",
        )


def _warn(zone: Zone) -> Text:
    distance = _within(zone.reach_m, more=zone.more)
    return Text(
        f"{distance} 内通知关窗、少外出，体弱者留在室内。",
        f"Within {distance} warn: windows shut, stay in, above all the frail.",
    )


def _approach(weather: Weather, found: Footprint) -> Iterator[Text]:
    if found.shape == "plume" and weather.wind is not None:
        side = _POINTS[round(weather.wind.from_deg / 45) % 8]
        yield Text(f"从{side.zh}面上风向接近。", f"Approach from upwind, the {side.en}.")
    elif found.shape == "circle":
        yield Text(
            "风向不定：四周都按危险处理，接近前再测风。",
            "The wind has no direction: treat all sides as dangerous, "
            "measure again before going in.",
        )


def _first_reached(there: Parts, elapsed_s: float | None) -> Iterator[Text]:
    """Of the zone of level 2, else the widest: who cannot leave alone, and how soon."""
    inside = [part for part in there if part[1] in ("red", "orange")] or there
    if not inside or inside[-1][2].facilities is None:
        return
    exposed = inside[-1][2].facilities
    who = [each for kind in ("school", "care", "hospital") for each in exposed.get(kind, ())]
    first = sorted(who, key=lambda each: each.distance_m or 0.0)[:3]
    if first:
        yield Text(
            "先通知：" + "，".join(_called(each, elapsed_s).zh for each in first) + "。",
            "Call first: " + ", ".join(_called(each, elapsed_s).en for each in first) + ".",
        )


def _called(each: Found, elapsed_s: float | None) -> Text:
    away = "" if each.distance_m is None else kilometres(each.distance_m)
    if reached(each.arrival_s, elapsed_s):
        return Text(f"{each.zh} {away}，可能已到", f"{each.en} {away}, may be there already")
    left = minutes(remaining_s(each.arrival_s, elapsed_s))
    return Text(
        f"{each.zh} {away}，{left} 分钟",
        f"{each.en} {away}, {left} min",
    )


def _domino(there: Parts) -> Iterator[Text]:
    grave = [part for part in there if part[1] == "red"]
    others = [
        each
        for _, _, exposure in grave
        for each in exposure.plants
        if (each.distance_m or 0.0) > NEAR_M
    ]
    if others:
        yield Text(
            "可能连带：" + "、".join(each.zh for each in others) + "，令其停车警戒。",
            "May be drawn in: "
            + ", ".join(each.en for each in others)
            + "; have them shut down and stand by.",
        )
