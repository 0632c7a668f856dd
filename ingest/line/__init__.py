"""The line to the broker: TLS, accounts, topic rights, and what can be seen of its settings."""
