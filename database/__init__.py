"""The ground: connections, migrations, roles; TimescaleDB or plain PostgreSQL; no domain word."""
