"""An alert's life after ISA-18.2: taken, shelved, suppressed, sealed (docs/alert_life.md)."""
