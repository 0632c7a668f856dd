"""Rules as the API shows them, as a form asks for them, and what is wrong with one."""
