"""The replay on the desk: its banner and its time line; assets/replay/bar.mjs fills them."""

from dash import html

from dashboard.pages.layout import Say, aria, data, icon_button


def banner(say: Say) -> html.Section:
    """What nobody can overlook while the past is shown: the word, the moment, the way back."""
    known = html.Div(
        [
            html.Button(say("Known then"), id="past-then", type="button", className="switch"),
            html.Button(say("Known now"), id="past-now", type="button", className="switch"),
        ],
        className="switches past-known",
        role="group",
        **aria(label=say("What is shown")),
    )
    back = html.Button(
        [html.Span(say("Back to live")), html.Kbd("L", **aria(hidden="true"))],
        id="past-back",
        type="button",
        className="button past-back",
    )
    return html.Section(
        [
            html.Span(className="past-icon", **data(icon="i-replay")),
            html.Span([html.B(say("REPLAY")), html.Span(say("not live"))], className="past-word"),
            html.Time(id="past-clock"),
            html.Span(id="past-date"),
            known,
            html.Span(id="past-said", role="status"),
            html.Span(className="spring"),
            html.Button(id="past-live", type="button", className="past-live", hidden=True),
            html.Span(id="past-words", className="spoken", role="alert"),
            icon_button("past-copy", "i-share", say("Copy the link to this moment")),
            back,
        ],
        id="past",
        className="past",
        hidden=True,
        **aria(label=say("Replay")),
    )


def keys(say: Say) -> html.Div:
    """The keys of the replay, in place of the desk's."""
    shown = (
        ((say("Space"),), "play"),
        ((",", "."), "step"),
        (("[", "]"), "alert"),
        (("L",), "live"),
    )
    return html.Div(
        [html.Span([*(html.Kbd(key) for key in of), say(label)]) for of, label in shown],
        className="keys past-keys",
    )


def strip(say: Say) -> html.Section:
    """Play and step, the line with its alerts, speed and stretch. The script makes line and day."""
    run = html.Div(
        [
            html.Button(id="strip-play", type="button", className="strip-play"),
            html.Div(
                [html.B(id="strip-word"), html.Span(id="strip-hint", className="secondary")],
                className="strip-state",
            ),
            html.Div(
                [
                    _jump("strip-before", "i-before", say("Alert before ([)")),
                    _jump("strip-back", "i-left", say("Step back (,)")),
                    _jump("strip-on", "i-right", say("Step on (.)")),
                    _jump("strip-after", "i-after", say("Next alert (])")),
                ],
                className="strip-jumps",
                role="group",
                **aria(label=say("Steps and alerts")),
            ),
        ],
        className="strip-run",
    )
    stretch = html.Div(
        [
            html.Button(say("24 h"), id="strip-day", type="button", className="strip-choice"),
            html.Button(say("7 days"), id="strip-week", type="button", className="strip-choice"),
            html.Span(id="strip-dates"),
        ],
        className="strip-stretch",
        role="group",
        **aria(label=say("Time range")),
    )
    speeds = html.Div(
        id="strip-speeds", className="strip-speeds", role="group", **aria(label=say("Speed"))
    )
    return html.Section(
        [
            run,
            html.Div(
                [html.Div(id="strip-line"), html.Span(id="strip-left", className="strip-left")],
                className="strip-line",
            ),
            html.Div([speeds, stretch], className="strip-set"),
        ],
        id="strip",
        className="strip",
        **aria(label=say("Time line")),
    )


def _jump(name: str, icon: str, label: str) -> html.Button:
    return icon_button(name, icon, label, "strip-jump")
