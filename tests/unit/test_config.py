import re
from pathlib import Path

import pytest

from config import ROOT, Config, ConfigError

KEY = "0123456789abcdefghijklmnopqrstuv"
COMPOSE_ONLY = {"MYSQL_PASSWORD"}
GOOD = {
    "SQLALCHEMY_DATABASE_URI": "mysql+pymysql://laurel:secret@db:3306/laurel",
    "JWT_SECRET_KEY": KEY,
}


def test_every_variable_is_described_in_the_example() -> None:
    example = (ROOT / ".env.example").read_text()
    assert set(re.findall(r"^#? ?([A-Z_]+)=", example, re.MULTILINE)) == {*Config.model_fields, *COMPOSE_ONLY}


def test_the_example_is_a_configuration_once_its_secrets_are_set() -> None:
    values = dict(re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert Config.from_mapping({**values, "JWT_SECRET_KEY": KEY}).PORT == 5000


def test_every_bad_variable_is_named_at_once_without_its_value() -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_mapping(
            {**GOOD, "PORT": "70000", "LOG_FORMAT": "xml", "SQLALCHEMY_DATABASE_URI": "postgresql://u:pw@h/d"}
        )
    message = str(caught.value)
    assert all(name in message for name in ("PORT", "LOG_FORMAT", "SQLALCHEMY_DATABASE_URI"))
    assert "pw" not in message


@pytest.mark.parametrize("key", ["", "short", "change-me", "k" * 48, "changeme" * 6])
def test_a_missing_or_weak_key_stops_a_start(key: str) -> None:
    with pytest.raises(ConfigError, match="JWT_SECRET_KEY"):
        Config.from_mapping({**GOOD, "JWT_SECRET_KEY": key})


def test_a_debug_start_may_go_without_a_key() -> None:
    config = Config.from_mapping({**GOOD, "JWT_SECRET_KEY": "", "DEBUG": "1"})
    assert len(config.jwt_secret_key) >= 32


def test_the_debug_key_is_refused_elsewhere() -> None:
    key = Config.from_mapping({**GOOD, "JWT_SECRET_KEY": "", "DEBUG": "1"}).jwt_secret_key
    with pytest.raises(ConfigError, match="JWT_SECRET_KEY"):
        Config.from_mapping({**GOOD, "JWT_SECRET_KEY": key})


def test_the_settings_of_make_run_count_only_for_its_own_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = "mysql+pymysql://laurel@localhost/laurel?unix_socket=/x"
    (tmp_path / "embedded.env").write_text(f"SQLALCHEMY_DATABASE_URI='{own}'\nJWT_SECRET_KEY='{KEY}'\nEMBEDDED='1'\n")
    monkeypatch.setenv("LAUREL_VAR", str(tmp_path))
    monkeypatch.delenv("SQLALCHEMY_DATABASE_URI", raising=False)
    monkeypatch.delenv("JWT_SECRET_KEY", raising=False)
    embedded = Config.load()
    assert (own, True) == (embedded.SQLALCHEMY_DATABASE_URI, embedded.EMBEDDED)

    monkeypatch.setenv("SQLALCHEMY_DATABASE_URI", GOOD["SQLALCHEMY_DATABASE_URI"])
    monkeypatch.setenv("JWT_SECRET_KEY", KEY[::-1])
    other = Config.load()
    assert (False, KEY[::-1]) == (other.EMBEDDED, other.JWT_SECRET_KEY)
