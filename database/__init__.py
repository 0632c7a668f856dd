"""The ground: connections, migrations, roles; TimescaleDB or plain PostgreSQL. No domain word here."""
