"""What the checks find wrong with a rule, in the reader's language. Pure.

The checks speak English, as of the file; each template here is a msgid of the catalogue. What fits
none stays as it is: readable, never an error.
"""

import re
from collections.abc import Mapping
from functools import cache

from alerts.grade import GRADES
from alerts.rule_editing import OTHER_KIND
from dashboard.rules.form import CHOICES, FIELDS
from dashboard.text import text
from dashboard.wording import word

_LONELY = "no covered station has {least} others that measure {metric} within {km} km; "
# The first that fits counts. An ellipsis stands for whatever stands there.
TEMPLATES = (
    "field required",
    "input should be a valid number…",
    "input should be a valid integer…",
    "input should be a valid string",
    "input should be a valid boolean…",
    "input should be a valid dictionary…",
    "input should be a valid list",
    "input should be a valid tuple",
    "input should be a finite number",
    "input should be greater than or equal to {least}",
    "input should be greater than {least}",
    "input should be less than or equal to {most}",
    "input should be {choices}",
    "string should match pattern…",
    "string should have at least {least} character…",
    "string should have at most {most} character…",
    "… should have at least {least} item…",
    "… should have at most {most} item…",
    "unknown key; {many}",
    "unknown metric …; did you mean '{one}'?",
    "unknown metric …; known are {many}",
    "'{day}' is no day; expected MM-DD, such as 07-15",
    "unknown station; did you mean '{one}'?",
    "unknown station; known are {many}",
    "does not measure {metric}; it has {many}",
    "no station of this kind measures {metric}, so the rule could never fire",
    "no covered station has such a limit of {metric}; did you mean '{one}'?",
    "no covered station has such a limit of {metric}; known are {many}",
    "no covered station has such a limit of {metric}; …",
    "no covered station has a `device`, so nobody could be known to be offline",
    "a class of {metric} belongs to `when: above`",
    "a class of {metric} belongs to `when: below`",
    "a limit of the station is no limit of a change: give a number",
    "must be above 0: `direction` says whether a rise or a fall is meant",
    "grades must rise from blue to red: {low} is {less}, {high} is {more}",
    "grades must fall from blue to red: {low} is {less}, {high} is {more}",
    "must be smaller than the gap between {low} ({less}) and {high} ({more}), which is {gap}",
    "{grade} would always be on: its low limit {less} is not below the high one, {more}",
    "{grade} would always be on at {place}: its low limit {less} is not below the high one, {more}",
    "{place} reports {metric} every {interval} s; a rate needs {readings} readings: give {least} …",
    "of no covered station it is known what {metric} usually is: …",
    _LONELY + "{place} has them within {far} km",
    _LONELY + "{place} has {most} at any distance: ask for no more",
    _LONELY + "too few measure it to compare with: `usual: month` asks no others",
    "`usual: neighbours` takes a median, and {metric} is a direction",
    "`within_km` and `least` belong to `usual: neighbours`",
    "can never be reached: the instruments report … from {low} to {high}; …",
    "can never be reached: no group has more than {most} of these sensors; look at `per`",
    "wrong unit '{unit}' for {metric}; the catalogue says '{right}'",
    "covers nothing; give a `kind` of station, or `stations`",
    "codes that begin with {start} are built in; choose another one",
    "two seasons hold on the same day: {one} to {end} and {other} to {last}; …",
    "`when: …` needs `unit`, the unit of its limits",
    "`when: …` needs `metric`, what it …",
    "`when: …` needs `grades`, such as …",
    "`when: outside` needs `low` and `high`, such as …",
    "`when: …` needs `patience_s` and `grade`",
    "`when: offline` is about devices: take `metric` out",
    "`when: no_data` needs `patience_s` or `patience_intervals`, one of them",
    "`when: rate` needs `window_s`, and nothing else has one",
    "`when: deviation` needs `usual`, and nothing else has one",
    "`when: …` needs `of`, a list of conditions",
    "`when: …` needs `grade`",
    "`when: all` needs two conditions at least",
    "`when: at_least` counts sensors; {number} is no whole number",
    "`metric`, `kind`, `stations` belong to the conditions in `of`",
    "`dead_band`, … belong to conditions with limits",
    "`direction` belongs to `when: rate` and `when: deviation`",
    "`mean_over_s` belongs to above, below and outside",
    "`{key}` belong… to `when: {conditions}`",
    "expected a number or the name of a limit, not …",
    "expected why it is changed, 1 to {most} characters",
    "a rule keeps its code: {code}; make a new rule for another one",
    "there is a rule {code} already: reinstate it, or choose another code",
    "there is a rule {code} already: change that",
    "there is no rule '{code}'",
    "{code} is retired; reinstate it, which takes a new text too",
    "{code} is retired already, since {at}",
    "{code} is in force; change it instead",
    "{code} is built in: it can be neither changed nor retired",
    "{code} is now version {version} by {who}; look at it again",
    OTHER_KIND,
)


def said(problem: str) -> dict[str, str]:
    """{"zh": ..., "en": ...}"""
    for template, pattern in _patterns():
        if found := pattern.fullmatch(problem):
            return {"zh": text("zh")(template, **_words(found.groupdict())), "en": problem}
    return {"zh": problem, "en": problem}


def _words(values: Mapping[str, str]) -> dict[str, str]:
    """Grades, conditions and fields by the names that they have on the page."""
    return {key: _word(key, value or "") for key, value in values.items()}


def _word(key: str, value: str) -> str:
    if key == "conditions":
        return "、".join(_of(CHOICES, code) for code in value.split("`, `"))
    if key == "key":
        return _of({name: label for name, (_, label, _) in FIELDS.items()}, value)
    return word(value, "zh") if value in GRADES else value


def _of(labels: Mapping[str, str], code: str) -> str:
    return text("zh")(labels[code]) if code in labels else code


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((template, _pattern(template)) for template in TEMPLATES)


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    made = [
        f"(?P<{part}>.+?)" if number % 2 else re.escape(part).replace("…", ".*")
        for number, part in enumerate(parts)
    ]
    return re.compile("".join(made) + "( at (?P<station>[A-Za-z0-9_.-]+))?", re.DOTALL)
