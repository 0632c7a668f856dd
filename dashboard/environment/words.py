"""Verdicts, reasons and doubts of air and discharge in words: {"zh": ..., "en": ...}. Pure."""

from dashboard.text import LANGUAGES, text
from sensors.discharge.compliance import DAILY_S, LEAST_SHARE, Compliance

Said = dict[str, str]

VERDICTS = {"met": "Met", "exceeded": "Exceeded", "undetermined": "Undetermined"}
_WHY = {
    "above": "beyond the limit in {over} of {valid} valid {unit}",
    "within": "none of {valid} valid {unit} beyond the limit",
    "nothing_due": "the period holds no whole hour or day that the limit is for",
    "no_data": "none of {expected} {unit} has a valid mean",
    "too_little_valid": "only {valid} of {expected} {unit} are valid; {share} % are needed",
    "too_doubtful": "only {sound} of {expected} {unit} are valid without doubtful readings",
    "above_but_doubtful": "beyond the limit in {over} {unit}, all of them by doubtful readings",
    "period_unknown": "a mean over {mean_s} s is not computed here",
}
# Why a mean of air is not valid, and why a report has no AQI.
REASONS = {
    "no_data": "no data",
    "too_few_minutes": "less than 45 minutes",
    "too_few_hours": "too few valid hours",
    "too_few_windows": "too few valid 8 h means",
    "too_few_days": "too few valid days in the year or in a month",
    "too_few_flow_hours": "too few hours with a valid flow",
    "no_flow": "nothing flowed",
    "incomplete": "a pollutant is missing and the rest is not above 100",
}
# What rests on no standard that could be read: said with every answer it touches.
DOUBTS = {
    "valid_hour": "A valid hour has 45 minutes: HJ 75-2017 and HJ 356-2019 from memory",
    "valid_day": "A valid day has 20 valid hours: HJ 75-2017 and HJ 356-2019 from memory",
    "weighting": "Daily means of water weigh by hourly flow, within the hour they are "
    "arithmetic: HJ 356-2019 from memory",
    "capture": "Met needs 75 % of the hours or days: capture rate of HJ 75-2017 from memory",
    "comparison": "Means are compared as they are, not rounded to the digits of the limit",
    "oxygen": "Stack values are taken as reported, not converted to reference oxygen",
    "percentiles": "Percentiles by pollutant and their formula: HJ 663-2013 from memory",
    "multiple": "Exceedance multiple (C − S) / S: HJ 663-2013 from memory",
    "rounding": "Concentrations are rounded before they are compared: HJ 663-2013 from memory",
    "ozone_windows": "8 h means that end at 08:00 to 24:00 belong to a day, 14 of them make it "
    "valid: HJ 663-2013 from memory",
    "particles_hour": "An hour of particles needs 45 minutes as gases do: no rule was found",
    "plan": "A pollutant without a sensor counts as not in the plan (/) and stands in the way of "
    "an AQI: nobody has shown that clause 5.3.2 holds",
    "ozone_2012": "Before March 2026 the 8 h mean of ozone counts in the AQI of an hour",
    "missing_2012": "Before March 2026 missing pollutants are treated as they are since: no rule "
    "of 2012 was found",
    "limits_2012": "Annual limits and class 1 of GB 3095-2012: from memory",
}


def reason_of(found: Compliance) -> Said:
    """Why a verdict is what it is, with its counts."""
    unit = "days" if found.limit.mean_over_s == DAILY_S else "hours"
    values = {
        "over": found.over,
        "valid": found.valid,
        "sound": found.sound,
        "expected": found.expected,
        "share": round(100 * LEAST_SHARE),
        "mean_s": found.limit.mean_over_s,
    }

    def sentence(lang: str) -> str:
        t = text(lang)
        return t(_WHY[found.why], unit=t(unit), **values) + _lacking(found, lang)

    return {lang: sentence(lang) for lang in LANGUAGES}


def _lacking(found: Compliance, lang: str) -> str:
    """Why those without a valid mean have none."""
    if found.lacking is None or found.why == "period_unknown":
        return ""
    t = text(lang)
    if found.why == "no_data":
        return t(": {why}", why=t(REASONS[found.lacking]))
    missing = found.expected - found.valid
    said = "; without a valid mean: {n}, mostly {why}"
    return t(said, n=missing, why=t(REASONS[found.lacking]))


def both(msgid: str) -> Said:
    """A text of the catalogue in both languages."""
    return {lang: text(lang)(msgid) for lang in LANGUAGES}


def doubts(*keys: str) -> list[dict[str, str]]:
    """[{"key", "zh", "en"}] of what is unconfirmed."""
    return [{"key": key} | both(DOUBTS[key]) for key in keys]
