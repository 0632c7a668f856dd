"""What the checks find wrong with a rule, in the reader's language. Pure.

The checks speak English, as of the file; each template here is a msgid of the catalogue. What fits
none stays as it is: readable, never an error.
"""

import re
from collections.abc import Mapping
from functools import cache

from alerts.grade import GRADES
from alerts.rule_editing import OTHER_KIND
from dashboard.text import text
from dashboard.wording import word

# The first that fits counts. An ellipsis stands for whatever stands there.
TEMPLATES = (
    "field required",
    "input should be a valid number…",
    "input should be a valid integer…",
    "input should be greater than or equal to {least}",
    "input should be greater than {least}",
    "input should be less than or equal to {most}",
    "string should match pattern…",
    "string should have at least {least} character…",
    "unknown key; {many}",
    "unknown station; did you mean '{one}'?",
    "unknown station; known are {many}",
    "does not measure {metric}; it has {many}",
    "no station of this kind measures {metric}, so the rule could never fire",
    "no covered station has such a limit of {metric}; did you mean '{one}'?",
    "no covered station has such a limit of {metric}; …",
    "no covered station has a `device`, so nobody could be known to be offline",
    "grades must rise from blue to red: {low} is {less}, {high} is {more}",
    "grades must fall from blue to red: {low} is {less}, {high} is {more}",
    "must be smaller than the gap between {low} ({less}) and {high} ({more}), which is {gap}",
    "can never be reached: the instruments report … from {low} to {high}; …",
    "can never be reached: no group has more than {most} of these sensors; look at `per`",
    "wrong unit '{unit}' for {metric}; the catalogue says '{right}'",
    "covers nothing; give a `kind` of station, or `stations`",
    "`when: …` needs `unit`, the unit of its limits",
    "`when: …` needs `metric`, what it …",
    "`when: …` needs `grades`, such as …",
    "`when: outside` needs `low` and `high`, such as …",
    "`when: …` needs `patience_s` and `grade`",
    "`when: no_data` needs `patience_s` or `patience_intervals`, one of them",
    "`when: rate` needs `window_s`, and nothing else has one",
    "`when: deviation` needs `usual`, and nothing else has one",
    "`usual: neighbours` needs `within_km`, and nothing else has it",
    "`when: …` needs `of`, a list of conditions",
    "`when: …` needs `grade`",
    "`when: all` needs two conditions at least",
    "a rule keeps its code: {code}; make a new rule for another one",
    OTHER_KIND,
)


def said(problem: str) -> dict[str, str]:
    """{"zh": ..., "en": ...}"""
    for template, pattern in _patterns():
        if found := pattern.fullmatch(problem):
            return {"zh": text("zh")(template, **_words(found.groupdict())), "en": problem}
    return {"zh": problem, "en": problem}


def _words(values: Mapping[str, str]) -> dict[str, str]:
    """Grades by their names."""
    return {key: word(value, "zh") if value in GRADES else value for key, value in values.items()}


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
