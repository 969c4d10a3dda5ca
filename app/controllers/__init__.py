"""Parsed input in, one service call, JSON out. No SQL, no try/except, no decision about the game."""
