"""Why a message lies in quarantine, by code: its name, and what it means and what helps.

The text of the single message, with its figures and names, stands beside it in English: it is data.
A code that is not here is shown as it is.
"""

# code -> name, sentence
KEPT: dict[str, tuple[str, str]] = {
    "unknown_station": (
        "Unknown station",
        (
            "Nobody of this name is set up here. Correct the sender, or add it to the "
            "configuration and replay."
        ),
    ),
    "not_its_own": (
        "Not its own station",
        (
            "A device spoke for a station that hangs on another device. Check the wiring in "
            "the configuration, and who holds its password."
        ),
    ),
    "not_json": (
        "Not JSON",
        "The message cannot be read as JSON text. The device or its gateway writes it wrongly.",
    ),
    "not_a_number": (
        "Not a number",
        "A value is text or something else where a number is expected.",
    ),
    "not_finite": (
        "Not a finite number",
        "A value is infinite, or too great to be measured.",
    ),
    "not_measured_here": (
        "Not measured there",
        (
            "The station is not set up to measure this. Add the sensor to the configuration, "
            "then replay."
        ),
    ),
    "unknown_metric": (
        "Unknown metric",
        "The name of the quantity is not in the catalogue: perhaps misspelt.",
    ),
    "unknown_field": (
        "Unknown field",
        "The message has a field that means nothing here.",
    ),
    "bad_unit": (
        "Wrong unit",
        "The unit is not one that can be converted to the metric's own.",
    ),
    "wrong_shape": (
        "Wrong shape",
        "It is JSON, but not built as an observation is.",
    ),
    "ragged": (
        "Row of another length",
        "The row has more or fewer cells than the head of the table.",
    ),
    "bad_time": (
        "Bad time",
        "The time cannot be read, or is no moment of the calendar.",
    ),
    "no_time": (
        "No time",
        "The message must carry its time of observation, and has none.",
    ),
    "no_zone": (
        "Time without a zone",
        "The time does not say its zone, so nobody knows which moment is meant. Add +08:00 or Z.",
    ),
    "clock_ahead": (
        "Clock ahead",
        "The device's clock is ahead of ours by more than is allowed. Set its clock.",
    ),
    "clock_behind": (
        "Clock far behind",
        "The time lies so far back that the device's clock must be wrong.",
    ),
    "live_window": (
        "Too young for an import",
        "So young a reading belongs to the live line; an import brings what is older.",
    ),
    "retained": (
        "Retained without a time",
        "The broker had kept this message, and it carries no time: it may be of any age.",
    ),
    "topic": (
        "Topic names nobody",
        "The topic does not say which station or device is meant.",
    ),
    "too_large": (
        "Too large",
        "The message is larger than is read at once.",
    ),
    "too_deep": (
        "Nested too deep",
        "The JSON is nested deeper than any observation needs.",
    ),
    "too_many": (
        "Too many values",
        "The message holds more values than are taken at once.",
    ),
    "internal": (
        "Defect of ours",
        (
            "Our own program failed on this message. Nothing is wrong with the device: "
            "report it, and replay after the repair."
        ),
    ),
    "no_decoder": (
        "No decoder",
        "No decoder reads this kind of message yet. It is kept until one does.",
    ),
    "bad_crc": (
        "Checksum wrong",
        (
            "The checksum does not fit the frame: it was damaged on the line, or the device "
            "counts wrongly."
        ),
    ),
    "bad_frame": (
        "Broken frame",
        "The frame is not built as its standard says.",
    ),
    "bad_length": (
        "Wrong length",
        "The frame's length is not the one that it states.",
    ),
    "truncated": (
        "Cut short",
        "The frame ends before all of it has come.",
    ),
    "no_frame": (
        "No frame found",
        "There is no frame in it, or more than one where one was expected.",
    ),
    "divided": (
        "Divided frame",
        "The report is divided over several frames, which are not put together here.",
    ),
    "ascii_coding": (
        "ASCII coding",
        "The frame is in the ASCII coding of SL 651, of which not all is read.",
    ),
    "unit_unknown": (
        "Unit not known",
        (
            "The unit of this device's values is not stated. Write it into the "
            "configuration, then replay."
        ),
    ),
    "unknown_factor": (
        "Unknown factor",
        "The frame has a pollutant code that is not set up. Map or ignore it in the configuration.",
    ),
    "unknown_element": (
        "Unknown element",
        "The frame has an element that is not set up. Map or ignore it in the configuration.",
    ),
    "bad_quality": (
        "Unknown quality mark",
        "The quality mark means nothing here, so the value cannot be trusted or doubted.",
    ),
    "bad_origin": (
        "Unknown origin",
        "It does not say in known words whether it is live, recorded or simulated.",
    ),
    "bad_status": (
        "Unreadable status",
        "A device's status is online or offline; this is neither.",
    ),
    "empty": (
        "Empty message",
        "The message holds nothing at all, or no value.",
    ),
    "no_value": (
        "No value",
        "The value that was asked for is not in the frame.",
    ),
    "derived_metric": (
        "Computed here",
        "This quantity is computed here and not taken from a device.",
    ),
    "contradiction": (
        "Contradicts itself",
        (
            "The frame says two different things of the same quantity. Ignore one source in "
            "the configuration."
        ),
    ),
    "cut_off": (
        "Cut off",
        "The picture has no end: its sending was broken off.",
    ),
    "downlink": (
        "Sent to a device",
        "The frame goes from a centre to a device; reports of devices are expected.",
    ),
    "not_stored": (
        "Nothing to store",
        "The frame is right, but is of a kind whose values are not stored here.",
    ),
    "base_unknown": (
        "Base level not known",
        (
            "The level is relative, and the base of this gauge is not set up. Write it into "
            "the configuration, then replay."
        ),
    ),
    "rain_unknown": (
        "Rain not understood",
        "It is not clear over which time the rain was counted.",
    ),
    "damaged_picture": (
        "Damaged picture",
        "The file of the picture contradicts itself or is broken.",
    ),
    "unreadable_picture": (
        "Unreadable picture",
        "The picture cannot be decoded.",
    ),
    "not_a_picture": (
        "Not a picture",
        "What came is neither JPEG nor PNG.",
    ),
    "not_a_camera": (
        "Not a camera",
        "The station that sent a picture is not set up as a camera.",
    ),
    "not_only_a_picture": (
        "More than a picture",
        "Something else hangs on the picture's end; it is not shown to anybody.",
    ),
    "no_pixels": (
        "Picture without pixels",
        "The picture is without width or height.",
    ),
    "too_many_pixels": (
        "Picture too large",
        "The picture has more pixels than are decoded here.",
    ),
    "too_many_scans": (
        "Picture with too many scans",
        "The JPEG has more scans than an honest camera writes.",
    ),
    "not_a_canary": (
        "Not our canary",
        "Somebody else sent to the topic of our own canary.",
    ),
}
