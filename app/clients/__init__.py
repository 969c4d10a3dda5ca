"""Servers beside the database: thin, configured in one place. None of them is called inside a transaction."""
