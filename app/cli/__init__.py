"""`flask laurel ...`: what an operator does from a shell."""

from flask import Flask

from app.cli.laurel import laurel_cli


def register_cli(app: Flask) -> None:
    """Add `laurel` to the `flask` command."""
    app.cli.add_command(laurel_cli)
