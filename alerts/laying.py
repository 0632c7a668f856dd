"""A rule laid upon the district: all the watches that it comes to. Pure."""

from dataclasses import dataclass

from alerts.rule import Device, Place, Watch, covers, device_watch, watch
from alerts.rule_settings import RuleSettings


@dataclass(frozen=True, slots=True)
class Ground:
    """What there is to watch: every series, every device."""

    places: tuple[Place, ...]
    devices: tuple[Device, ...] = ()


def lay(rule_id: int, version: int, rule: RuleSettings, ground: Ground) -> list[Watch]:
    """One watch a series or device that the rule covers, and that has what it asks for."""
    if rule.when == "offline":
        laid = [device_watch(rule_id, version, rule, device) for device in ground.devices]
    else:
        places = [place for place in ground.places if covers(rule, place)]
        laid = [watch(rule_id, version, rule, place) for place in places]
    return [one for one in laid if one]
