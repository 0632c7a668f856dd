"""What config.yaml says reaches the database once, with its history."""

from datetime import UTC, datetime

import config
from sensors.settings import SensorsSettings
from sensors.store import load_directory, sync

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def test_the_shipped_configuration_is_stored_and_found_again(owner):
    settings = config.load().section(SensorsSettings)
    written = sync(owner, settings, NOW)
    assert len(written.opened) > 100
    assert sync(owner, settings, NOW).opened == ()
    directory = load_directory(owner)
    assert directory.stations.keys() == {s.code for s in settings.stations}
