"""SL 651-2014: frames of hydrological telemetry stations become observations.

Read: functions 30, 32, 33, 34, 37, 3A, 44, 46 (test, timed, extra and hourly report, answers, pump
and status) in HEX/BCD coding. Kept in quarantine: reports with a time step (31, 38), pictures and
other divided reports, manual input, answers about the configuration. Times are Beijing time.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sensors.decoders.decoded import Decoded, shown
from sensors.decoders.frames import BEIJING, Problems, agreed, read_frames
from sensors.decoders.sl651_frame import Element, Frame, elements, frames, malformed, number, report
from sensors.directory import Directory, Sl651Device
from sensors.reading import BadPayload, Observation, Quality

# Elements whose unit in table C.1 is the metric's own; the first that is measured there.
METRICS = {
    "02": ("temp_c",),
    "03": ("water_temp_c",),
    "08": ("pressure_hpa",),
    "18": ("humidity_pct",),
    "27": ("flow_m3s",),
    "30": ("outflow_m3s",),
    "35": ("wind_speed_ms",),
    "38": ("battery_v",),
    "39": ("level_m", "tide_m"),  # river level, tide
    "3B": ("level_m",),  # level above a dam or gate
    "46": ("ph",),
    "47": ("do_mgl",),
    "48": ("conductivity_uscm",),
    "49": ("turbidity_ntu",),
    "4C": ("nh3n_mgl",),
    "4D": ("tp_mgl",),
    "4E": ("tn_mgl",),
    "51": ("zinc_mgl",),
}
# All that tell of rain: spans, sums since some beginning, and the twelve of an hour.
RAIN = frozenset(("1A", "1B", "1C", "1D", "1E", "1F", *map(str, range(20, 27)), "F4"))
_WITH_ELEMENTS = frozenset(("30", "32", "33", "34", "37", "3A", "44", "46"))
# Keep-alive and confirmations: nothing in them to store.
_WITHOUT_DATA = frozenset(("2F", "45", "47", "48", "49", "4A", "51"))
_FIVE_MINUTES = timedelta(minutes=5)


def decode(payload: bytes, directory: Directory) -> Decoded:
    """Read the frames of a message, of any stations. Raises BadPayload if it holds none."""
    return read_frames(
        frames(payload),
        lambda frame, problems: _observations(frame, directory.by_address, problems),
    )


def _observations(
    frame: Frame, devices: Mapping[str, Sl651Device], problems: Problems
) -> list[Observation]:
    device = devices.get(frame.station)
    if device is None:
        remedy = "add it as sl651.address to its station in config.yaml, then replay"
        sentence = f"unknown SL 651 station address {frame.station}; {remedy}"
        raise BadPayload("unknown_station", sentence)
    if frame.function in _WITHOUT_DATA:
        return []
    _refuse_unread(frame, device)
    said = report(frame)
    if said.station not in (None, frame.station):
        raise malformed(frame, f"its body is of another station, {said.station}")
    found = list(elements(frame, said.rest))
    single = [e for e in found if e.code not in ("F4", "F5")]
    spread = [e for e in found if e.code in ("F4", "F5")]
    points = agreed(_read(single, device, problems), problems)
    known = {(point.metric, point.observed_at) for point in points}
    series = agreed(_read(spread, device, problems), problems)
    return points + [one for one in series if (one.metric, one.observed_at) not in known]


def _refuse_unread(frame: Frame, device: Sl651Device) -> None:
    if frame.packet and frame.packet[0] != 1:
        total, number_ = frame.packet
        sentence = f"{device.station}: packet {number_} of {total}, function {frame.function}"
        raise BadPayload("divided", f"{sentence}; divided reports are not put together here")
    if frame.function not in _WITH_ELEMENTS:
        sentence = f"{device.station}: what function {frame.function} sends is not stored here"
        raise BadPayload("not_stored", sentence)


def _read(found: list[Element], device: Sl651Device, problems: Problems) -> Iterator[Observation]:
    for element in found:
        if element.code in device.settings.ignores:
            continue
        try:
            yield from _of_element(element, device)
        except BadPayload as problem:
            problems.append(problem)


def _of_element(element: Element, device: Sl651Device) -> Iterator[Observation]:
    where = f"{device.station}: element {element.code}"
    if element.code in RAIN and element.code != device.settings.rain:
        if device.settings.rain is None:
            sentence = f"{where}: say in sl651.rain which element is this station's rain_mm"
            raise BadPayload("rain_unknown", sentence)
        return
    at = _utc(element.time, where)
    if element.code == "F4":
        values = [None if byte == 0xFF else byte / 10 for byte in element.data]
        yield from _spread(values, "rain_mm", at, device)
    elif element.code == "F5":
        yield from _spread(_levels(element.data, device, where), "level_m", at, device)
    else:
        metric = _metric(element, device, where)
        try:
            value = number(element)
        except ValueError as error:
            sentence = f"{where} is not a number in BCD: {shown(element.data.hex())}"
            raise BadPayload("not_a_number", sentence) from error
        yield _observation(device, metric, at, None if value is None else float(value))


def _metric(element: Element, device: Sl651Device, where: str) -> str:
    if element.code == device.settings.rain:
        return "rain_mm"
    metrics = METRICS.get(element.code)
    if metrics is None:
        remedy = "no metric of the catalogue; add it to sl651.ignores if not wanted"
        raise BadPayload("unknown_element", f"{where} is {remedy}")
    return next((metric for metric in metrics if metric in device.metrics), metrics[0])


def _levels(data: bytes, device: Sl651Device, where: str) -> list[float | None]:
    """Levels every 5 minutes, two bytes each, in cm above the station's base; FFFF: none."""
    base = device.settings.base_m
    if base is None:
        sentence = f"{where} counts from the station's base; set sl651.base_m, or ignore it"
        raise BadPayload("base_unknown", sentence)
    pairs = [int.from_bytes(data[at : at + 2]) for at in range(0, len(data) - 1, 2)]
    return [None if cm == 0xFFFF else float(Decimal(str(base)) + Decimal(cm) / 100) for cm in pairs]


def _spread(
    values: list[float | None], metric: str, begin: datetime, device: Sl651Device
) -> Iterator[Observation]:
    """Values of every 5 minutes, the first at the observation time."""
    for index, value in enumerate(values):
        yield _observation(device, metric, begin + index * _FIVE_MINUTES, value)


def _observation(
    device: Sl651Device, metric: str, at: datetime, value: float | None
) -> Observation:
    quality = Quality.MISSING if value is None else Quality.GOOD
    return Observation(device.station, metric, at, value, quality)


def _utc(time: str | None, where: str) -> datetime:
    """YYMMDDHHmm of this century, Beijing time."""
    if time is None:
        raise BadPayload("no_time", f"{where} comes before any observation time")
    try:
        parts = [int(time[at : at + 2]) for at in range(0, 10, 2)]
        return datetime(2000 + parts[0], *parts[1:], tzinfo=BEIJING).astimezone(UTC)  # type: ignore[misc,arg-type]  # five numbers
    except ValueError as error:
        raise BadPayload("bad_time", f"{where}: {shown(time)} is no time; YYMMDDHHmm") from error
