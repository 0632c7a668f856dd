"""HJ 212-2017 and HJ/T 212-2005: frames of data loggers become observations.

Commands 2011 (real-time: Rtd) and 2051, 2061, 2031 (minute, hour, day: Avg, timed by the beginning
of the period, as the standard labels them). A factor's own SampleTime goes before the frame's
DataTime: an analyser's last value, sent again each minute, is as old as its sample. Min, Max, Cou
and the converted values (Zs…) are not stored. Times are Beijing time.

HJ 212-2025 (unconfirmed: no copy of the text was at hand): its frames look the same and are read
the same; an encrypted data area (SM4) is refused and kept.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from sensors.decoders.decoded import Decoded, shown
from sensors.decoders.frames import BEIJING, Problems, agreed, read_frames
from sensors.decoders.hj212_frame import Frame, check, frames
from sensors.directory import Directory, Hj212Device
from sensors.hj212_factors import MARKS, Factor, convert, factor_of, units_of
from sensors.reading import BadPayload, Observation, Quality

_VALUES = {"2011": ("Rtd", "Avg"), "2051": ("Avg",), "2061": ("Avg",), "2031": ("Avg",)}
# Answers, heartbeats (9015: of 2025, unconfirmed) and a clock's question: no data in them.
_WITHOUT_DATA = frozenset(("9011", "9012", "9013", "9014", "9015", "1013"))
_ABOUT_FRAME = frozenset(("DataTime", "PolId", "BeginTime", "EndTime"))
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})")
_TIME = re.compile(r"[0-9]{14}")


@dataclass(slots=True)
class _Group:
    """What a frame says of one moment: factor → its fields (Rtd, Avg, Flag, …)."""

    time: str | None = None
    factors: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def add(self, factor: str, name: str, value: str) -> None:
        """A field that comes again begins the factor anew: two values must not become one."""
        entries = self.factors.setdefault(factor, [{}])
        if name in entries[-1]:
            entries.append({})
        entries[-1][name] = value


def decode(payload: bytes, directory: Directory) -> Decoded:
    """Read the frames of a message, of any stations. Raises BadPayload if it holds none."""
    return read_frames(
        frames(payload), lambda frame, problems: _observations(frame, directory.by_mn, problems)
    )


def _observations(
    frame: Frame, devices: Mapping[str, Hj212Device], problems: Problems
) -> list[Observation]:
    device = devices.get(frame.mn)
    check(frame, device.settings.crc if device else "standard")
    if device is None:
        remedy = "add it as hj212.mn to its station in config.yaml, then replay"
        raise BadPayload("unknown_station", f"unknown HJ 212 device MN {shown(frame.mn)}; {remedy}")
    if frame.command in device.settings.ignores or frame.command in _WITHOUT_DATA:
        return []
    if frame.command != device.settings.stores:
        raise BadPayload("not_stored", _not_stored(frame, device))
    seen = [
        observation
        for group in _groups(frame, device, problems)
        for observation in _of_group(group, frame.command, device, problems)
    ]
    return agreed(seen, problems)


def _not_stored(frame: Frame, device: Hj212Device) -> str:
    where = f"{device.station}: CN {shown(frame.command)}"
    if frame.command not in _VALUES:
        return (
            f"{where} holds no readings that are stored here; add it to hj212.ignores if not wanted"
        )
    return (
        f"{where} is not what this station stores (hj212.stores: {device.settings.stores}); "
        "change that, or add it to hj212.ignores"
    )


def _groups(frame: Frame, device: Hj212Device, problems: Problems) -> list[_Group]:
    """The data area by moments; a frame has one as a rule, and a new DataTime begins another."""
    groups = [_Group()]
    for name, value in frame.values:
        factor, dash, of = name.rpartition("-")
        if name == "DataTime":
            if groups[-1].time is not None or groups[-1].factors:
                groups.append(_Group())
            groups[-1].time = value
        elif dash and factor not in device.settings.ignores:
            groups[-1].add(factor, of, value)
        elif not dash and name not in _ABOUT_FRAME and name not in device.settings.ignores:
            sentence = f"{device.station}: {shown(name)} is no field of a factor"
            problems.append(BadPayload("unknown_field", sentence))
    return groups


def _of_group(
    group: _Group, command: str, device: Hj212Device, problems: Problems
) -> Iterator[Observation]:
    for code, entries in group.factors.items():
        for fields in entries:
            try:
                yield _observation(code, fields, group.time, command, device, problems)
            except BadPayload as problem:
                problems.append(problem)


def _observation(
    code: str,
    fields: Mapping[str, str],
    time: str | None,
    command: str,
    device: Hj212Device,
    problems: Problems,
) -> Observation:
    where = f"{device.station}: {shown(code)}"
    factor = factor_of(code, device.metrics)
    if factor is None:
        remedy = "no metric of the catalogue; add it to hj212.ignores if not wanted"
        raise BadPayload("unknown_factor", f"{where} is {remedy}")
    quality = _quality(fields.get("Flag"), where, problems)
    text = next((fields[name] for name in _VALUES[command] if name in fields), None)
    observed_at = _utc(fields.get("SampleTime", time), where)
    if text is None and not quality & Quality.MISSING:
        wanted = " or ".join(_VALUES[command])
        raise BadPayload("no_value", f"{where} has no {wanted}: {shown(', '.join(fields))}")
    value = None
    if text and not quality & Quality.MISSING:
        value = _value(text, code, factor, device, where)
    if value is None:
        quality |= Quality.MISSING
    return Observation(device.station, factor.metric, observed_at, value, quality)


def _quality(mark: str | None, where: str, problems: Problems) -> Quality:
    """A mark that is not understood makes its value suspect: it is not "normal"."""
    if mark is None or mark.upper() in MARKS:
        return MARKS[mark.upper()] if mark else Quality.GOOD
    sentence = f"{where} has the mark {shown(mark)}; expected one of {', '.join(MARKS)}"
    problems.append(BadPayload("bad_quality", sentence))
    return Quality.DEVICE


def _value(text: str, code: str, factor: Factor, device: Hj212Device, where: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise BadPayload("not_a_number", f"{where} is not a number: {shown(text)}")
    unit = device.settings.units.get(code, factor.unit)
    if unit is None:
        sentence = f"{where}: in which unit does this device send it? Say so in hj212.units"
        raise BadPayload("unit_unknown", f"{sentence} ({', '.join(units_of(code))}), then replay")
    return convert(Decimal(text), unit, factor.metric)


def _utc(text: str | None, where: str) -> datetime:
    if text is None:
        raise BadPayload("no_time", f"{where}: the frame has no DataTime")
    if _TIME.fullmatch(text):
        parts = (int(text[:4]), *(int(text[at : at + 2]) for at in range(4, 14, 2)))
        try:
            return datetime(*parts, tzinfo=BEIJING).astimezone(UTC)  # type: ignore[misc,arg-type]  # six numbers
        except (ValueError, OverflowError):
            pass
    raise BadPayload("bad_time", f"{where}: {shown(text)} is no time; expected YYYYMMDDhhmmss")
