"""The commands of `flask laurel`."""

from datetime import timedelta

import click
from flask.cli import AppGroup

from app.errors import AppError, explain
from app.extensions import current_config
from app.middleware.auth_jwt import issue_access_token
from app.services import demo_service, user_service, verify_service

ROLES = ("player", "developer", "publisher", "moderator", "support", "admin", "system")
MAX_TTL_SECONDS = 30 * 24 * 3600

laurel_cli = AppGroup("laurel", help="Operate Laurel.")


@laurel_cli.command("token")
@click.option("--user", "username", required=True, help="The account that the token speaks for.")
@click.option("--role", "roles", multiple=True, type=click.Choice(ROLES), help="Repeatable; default: the user's own.")
@click.option("--ttl", type=click.IntRange(1, MAX_TTL_SECONDS), default=3600, show_default=True, help="Seconds.")
def print_token(username: str, roles: tuple[str, ...], ttl: int) -> None:
    """Print an access token for curl."""
    try:
        user = user_service.get_user_by_username(username)
    except AppError as error:
        raise click.ClickException(str(error)) from error
    click.echo(issue_access_token(user.id, roles or user.roles, timedelta(seconds=ttl)))


@laurel_cli.command("demo")
@click.option("--force", is_flag=True, help="Also on a server that `make run` did not start.")
def create_demo_data(force: bool) -> None:
    """Create the demo users and the open match 987654321 of `demo`."""
    if not (force or current_config().EMBEDDED):
        raise click.ClickException("These accounts are for trying things out; --force creates them here all the same.")
    try:
        created = demo_service.create_demo_data()
    except AppError as error:
        raise click.ClickException(str(error)) from error
    click.echo("\n".join(created) or "Everything is there already.")


@laurel_cli.command("verify")
def verify() -> None:
    """Compare progress, daily statistics and leaderboards with the matches they come from; exit 1 on any drift."""
    count = 0
    try:
        for drift in verify_service.find_drift():
            count += 1
            difference = ", ".join(f"{name} {value:+d}" for name, value in drift.difference.items() if value)
            click.echo(f"{drift.table} user {drift.user_id} {drift.row}: {difference}")
    except AppError as error:
        raise click.ClickException(explain(error)) from error
    if count:
        raise click.ClickException(f"{count} rows differ from their sources.")
    click.echo("No drift.")
