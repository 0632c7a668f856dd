"""Who comes in, and what they may: accounts, sign-in, roles, departments, the gate."""
