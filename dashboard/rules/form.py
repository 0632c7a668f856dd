"""What the form for a rule is made of: the fields of its model, each with words and place. Pure.

The fields come from `alerts.rule_settings.RuleSettings`: one that is new there shows in the form
without a word here, under its own name; the tables below say how it is called and where it belongs.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from alerts.classes import CLASSES
from alerts.rule_settings import RuleSettings
from dashboard.text import LANGUAGES, text
from sensors.catalogue import METRICS
from sensors.settings import Names

# field: group, label, hint. Groups in the order of the form; fields in that of this table.
FIELDS: Mapping[str, tuple[str, str, str]] = {
    "code": ("what", "Code", "For life: letters, digits, - _ .; a retired one is not used again"),
    "label": ("what", "Name of the alert", "What people read first, in messages too"),
    "when": ("what", "Condition", "What has to be so"),
    "metric": ("where", "Metric", "What is judged"),
    "kind": ("where", "All stations of a kind", "Also those that come later"),
    "stations": ("where", "Stations", "Besides those of the kind"),
    "usual": ("limits", "Compared with", "The usual of the month, or stations around"),
    "within_km": ("limits", "Within (km)", "Of stations around: 10 unless it is said"),
    "least": (
        *("limits", "Neighbours known"),
        "Of stations around: with fewer nothing is judged; 3 unless it is said",
    ),
    "unit": ("limits", "Unit", "The metric's own: a guard against mg for µg"),
    "direction": ("limits", "Direction", "Rise, fall or either"),
    "window_s": ("limits", "Measured over", "The change over so long; limits are per hour"),
    "mean_over_s": ("limits", "Mean over", "The running mean is compared, not each reading"),
    "grades": (
        *("limits", "Limits"),
        "A number, or a limit of the station by its name; of sensors at once: how many",
    ),
    "limit": ("limits", "Limit", "A number, or the name of a limit of the station"),
    "low": ("limits", "Lower limits", "Below it the grade begins"),
    "high": ("limits", "Upper limits", "Above it the grade begins"),
    "seasons": ("limits", "Other limits in a season", "They take the place of those above"),
    "season_from": ("limits", "From", "Month and day, 05-01"),
    "season_to": ("limits", "To", "The last day, inclusive"),
    "of": ("limits", "Conditions", "What is put together"),
    "per": ("limits", "Put together for", "One alert for each of these"),
    "grade": ("limits", "Grade", "How grave it is"),
    "patience_s": ("limits", "Patience", "Silence that long is an alert"),
    "patience_intervals": ("limits", "Patience in intervals", "Instead: so many of each series"),
    "dead_band": ("calm", "Dead-band", "It clears only so far back, in the limits' unit"),
    "on_delay_s": ("calm", "On-delay", "Must stay beyond so long"),
    "off_delay_s": ("calm", "Off-delay", "Must stay back so long"),
    "needs": ("calm", "Readings", "Whether a suspect one is judged too"),
    "without": ("calm", "But not those marked", "Readings with these marks are not judged"),
    "latched": ("calm", "Latched", "Stays active until a person resets it"),
    "fresh_s": ("calm", "Told while fresh", "Older news is recorded, not told"),
    "cause": ("meaning", "Usual cause", "What lies behind it"),
    "consequence": ("meaning", "If nobody acts", "What happens then"),
    "action": ("meaning", "What to do", "For the duty officer"),
    "call": ("meaning", "Whom to call", "People and numbers, in order"),
    "public": ("meaning", "On the public page", "At stations that are public"),
    "advice": ("meaning", "Advice to the public", "What people should do"),
}
GROUPS = {
    "what": "What",
    "where": "Where",
    "limits": "Limits",
    "calm": "Quiet",
    "meaning": "Meaning",
    "more": "More",
}
CHOICES = {
    "above": "above a limit",
    "below": "below a limit",
    "outside": "outside two limits",
    "rate": "changes too fast",
    "deviation": "unlike the usual",
    "no_data": "no data",
    "offline": "device offline",
    "all": "all of several conditions",
    "any": "one of several conditions",
    "at_least": "so many sensors at once",
    "good": "only good ones",
    "up": "rise",
    "down": "fall",
    "either": "rise or fall",
    "month": "the usual of the month",
    "neighbours": "the stations around",
    "station": "each station",
    "plant": "each plant",
    "rule": "all together",
}
# A word that means another thing in one field than elsewhere.
CHOICES_OF = {("needs", "any"): "suspect ones too"}

_PLACES = {"metric", "kind", "stations"}
_LASTING = {"unit", "dead_band", "on_delay_s", "off_delay_s", "needs", "without"}
_ALWAYS = {"code", "label", "when", "latched", "fresh_s", "public"} | {
    *("cause", "consequence", "action", "call", "advice")
}
# What each condition has; a field in none of them is shown with all.
HAS: Mapping[str, set[str]] = {
    "above": _PLACES | _LASTING | {"grades", "limit", "seasons", "mean_over_s"},
    "below": _PLACES | _LASTING | {"grades", "limit", "seasons", "mean_over_s"},
    "outside": _PLACES | _LASTING | {"low", "high", "mean_over_s"},
    "rate": _PLACES | _LASTING | {"grades", "limit", "seasons", "window_s", "direction"},
    "deviation": _PLACES
    | _LASTING
    | {"grades", "seasons", "direction", "usual", "within_km", "least"},
    "no_data": _PLACES | {"grade", "patience_s", "patience_intervals"},
    "offline": {"kind", "stations", "grade", "patience_s"},
    "all": {"of", "per", "grade"},
    "any": {"of", "per", "grade"},
    "at_least": {"of", "per", "grades"},
}
# A field that belongs only where another one has this value.
BESIDE = {"within_km": {"usual": "neighbours"}, "least": {"usual": "neighbours"}}
_BOUNDS = {Ge: "min", Gt: "min", Le: "max", Lt: "max"}


def form() -> dict[str, Any]:
    """The form as a document: groups, fields, and what can be chosen."""
    return {
        "groups": [{"code": code, "label": _both(label)} for code, label in GROUPS.items()],
        "fields": fields_of(RuleSettings),
        "metrics": [
            {"code": m.code, "zh": m.zh, "en": m.en, "unit": m.unit} for m in METRICS.values()
        ],
        "classes": {
            metric: [{"name": name, "zh": zh, "en": en} for name, (_, zh, en) in named.items()]
            for metric, named in CLASSES.items()
        },
    }


def fields_of(model: type[BaseModel]) -> list[dict[str, Any]]:
    """The fields of a model, in the order of the form; those without a place come last."""
    order = {name: number for number, name in enumerate(FIELDS)}
    names = sorted(model.model_fields, key=lambda name: order.get(name, len(order)))
    return [_field(name, model.model_fields[name]) for name in names]


def _field(name: str, info: FieldInfo) -> dict[str, Any]:
    group, label, hint = FIELDS.get(name, ("more", name, info.description or ""))
    default = None if info.is_required() else info.get_default(call_default_factory=True)
    return {
        "name": name,
        "group": group,
        "label": _both(label),
        "hint": _both(hint),
        "required": info.is_required(),
        "default": _plain(default),
        "for": sorted(when for when, has in HAS.items() if name in has) if _belongs(name) else None,
        "beside": BESIDE.get(name),
        **_type(name, info),
    }


def _belongs(name: str) -> bool:
    return name not in _ALWAYS and any(name in has for has in HAS.values())


def _type(name: str, info: FieldInfo) -> dict[str, Any]:
    """How it is entered: `type`, and what goes with it."""
    if name in _BY_NAME:
        return {"type": _BY_NAME[name], **_bounds(info)}
    inner = [part for part in get_args(info.annotation) if part is not type(None)]
    annotation = inner[0] if len(inner) == 1 and type(None) in get_args(info.annotation) else None
    return _of_annotation(name, annotation or info.annotation) | _bounds(info)


def _of_annotation(name: str, annotation: Any) -> dict[str, Any]:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return {"type": "choice", "choices": _choices(name, parts)}
    if annotation is bool:
        return {"type": "flag"}
    if annotation in (int, float):
        return {"type": "seconds" if name.endswith("_s") else "number"}
    if annotation is Names:
        return {"type": "names"}
    if origin is tuple and parts:
        return _of_several(name, parts[0])
    return {"type": "text"} if annotation is str else {"type": "json"}


def _of_several(name: str, part: Any) -> dict[str, Any]:
    if get_origin(part) is Literal:
        return {"type": "several", "choices": _choices(name, get_args(part))}
    if isinstance(part, type) and issubclass(part, BaseModel):
        return {"type": "list", "fields": fields_of(part)}
    return {"type": "json"}


_BY_NAME = {
    "code": "code",
    "metric": "metric",
    "kind": "kind",
    "stations": "stations",
    "grade": "grade",
    "grades": "grades",
    "low": "grades",
    "high": "grades",
    "limit": "limit",
    "unit": "unit",
    "season_from": "text",
    "season_to": "text",
}


def _choices(name: str, codes: Iterable[str]) -> list[dict[str, Any]]:
    return [
        {"code": code, "label": _both(CHOICES_OF.get((name, code), CHOICES.get(code, "")))}
        for code in codes
    ]


def _bounds(info: FieldInfo) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for rule in info.metadata:
        for kind, key in _BOUNDS.items():
            if isinstance(rule, kind):
                found[key] = getattr(rule, kind.__name__.lower())
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return list(value) if isinstance(value, tuple) else value


def _both(msgid: str) -> dict[str, str]:
    """An empty label: the code's own word is used (dashboard/wording.py)."""
    return {lang: text(lang)(msgid) if msgid else "" for lang in LANGUAGES}
