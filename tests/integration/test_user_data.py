"""Export and erasure: everything about a user, and nothing personal afterwards."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, inspect, text

from app.middleware import revocations
from app.repositories.export_repo import NOT_EXPORTED, SECTIONS, SECTIONS_OF_CHARACTERS, Section
from app.services import job_service, user_data_service
from app.services.verify_service import find_drift
from app.workers.jobs import JOBS
from tests.support.players import finish_body, unique_name

Sql = Callable[..., list[Any]]


@pytest.fixture(autouse=True)
def always_polled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revocations, "POLL_SECONDS", 0.0)


class Person:
    """A user with everything that a user can have stored about him."""

    def __init__(self, client: FlaskClient) -> None:
        self.name = f"Person_{unique_name()}"
        self.email = f"mail.{unique_name()}@example.com"
        self.display_name = f"Shown {unique_name()}"
        self.device = f"device-{unique_name()}"
        self.client = client
        token = client.post("/api/v1/auth/device", json={"device_id": self.device}).get_json()["data"]["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}
        link = {"username": self.name, "email": self.email, "password": "correct horse"}
        self.id: int = client.post("/api/v1/users/me/link", json=link, headers=self.headers).get_json()["data"]["id"]
        client.patch(
            "/api/v1/users/me",
            json={"display_name": self.display_name, "time_zone": "Europe/Moscow"},
            headers=self.headers,
        )
        client.post("/api/v1/auth/login", json={"username": self.name, "password": "wrong"})
        self.match_id = self.start()
        body = finish_body(self.match_id, durationSeconds=1)
        assert client.post("/match/finish", json=body, headers=self.headers).status_code == 200
        client.post("/match/finish", json=finish_body(self.start(), score=2**62), headers=self.headers)
        self.character_name = f"Hero {unique_name()}"
        character = client.post("/api/v1/characters", json={"name": self.character_name}, headers=self.headers)
        self.character_id: int = character.get_json()["data"]["id"]
        self.told = f"told {unique_name()}"
        for _ in range(2):
            self.tell(self.told)

    def tell(self, text: str) -> None:
        event = {"event_type": "login", "details": {"note": text}}
        assert self.client.post("/api/v1/event/", json=event, headers=self.headers).status_code == 201

    def start(self) -> int:
        headers = {**self.headers, "Idempotency-Key": unique_name()}
        return int(self.client.post("/match/start", json={}, headers=headers).get_json()["data"]["matchId"])

    @property
    def strings(self) -> list[str]:
        return [self.name, self.email, self.display_name, self.device, self.character_name, self.told]


def test_every_table_about_users_is_exported_or_says_why_not(sql: Sql) -> None:
    tables = {
        row[0]
        for row in sql(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = DATABASE()"
            " AND column_name IN ('user_id', 'character_id', 'actor_id', 'subject_id', 'created_by', 'username',"
            " 'address')"
        )
    }
    exported = {section.table for section in (*SECTIONS, *SECTIONS_OF_CHARACTERS)}
    assert exported | set(NOT_EXPORTED) == tables
    assert not exported & set(NOT_EXPORTED)


def test_the_export_holds_everything(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_data_service, "ROWS_AT_ONCE", 1)
    person = Person(client)
    with client.get("/api/v1/users/me/export", headers=person.headers) as answer:
        assert (answer.status_code, answer.content_type) == (200, "application/json")
        assert answer.content_length == len(answer.get_data())
        body = json.loads(answer.get_data())
    data = body["data"]
    assert body["ok"] is True
    assert (data["user"]["username"], data["user"]["email"]) == (person.name, person.email)
    assert set(data) == {"user", *(section.table for section in (*SECTIONS, *SECTIONS_OF_CHARACTERS))}
    assert [character["name"] for character in data["characters"]] == [person.character_name]
    assert [match["status"] for match in data["matches"]] == ["finished", "started"]
    assert data["matches"][0]["finished_at"].endswith("Z")
    assert data["game_events"][0]["payload"]["matchId"] == person.match_id
    assert [event["payload"] for event in data["game_events"][1:]] == [{"note": person.told}] * 2
    assert [len(data[table]) for table in ("player_progress", "statistics_daily", "leaderboard_scores")] == [1, 1, 1]
    assert [len(data[table]) for table in ("match_reviews", "user_devices", "token_families")] == [1, 1, 1]


def test_erasure_leaves_no_personal_string_in_any_table(
    app: Flask, client: FlaskClient, engine: Engine, sql: Sql
) -> None:
    person = Person(client)
    assert grep(engine, person.strings) != []
    answer = client.delete("/api/v1/users/me", headers=person.headers)
    assert (answer.status_code, answer.get_json()["data"]) == (200, {"id": person.id, "status": "erased"})
    assert grep(engine, person.strings) == []
    for table in ("user_passwords", "user_devices", "token_families", "idempotency_keys"):
        assert sql(f"SELECT COUNT(*) FROM {table} WHERE user_id = :id", id=person.id)[0][0] == 0
    with app.app_context():
        assert [drift for drift in find_drift() if drift.user_id == person.id] == []


def test_a_fault_in_the_middle_of_an_export_is_a_fault_and_not_half_a_file(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = Person(client)
    monkeypatch.setattr(
        user_data_service, "SECTIONS", (*SECTIONS, Section("nowhere", "SELECT 1 AS position FROM nowhere"))
    )
    assert client.get("/api/v1/users/me/export", headers=person.headers).status_code == 500


def test_what_a_process_still_writes_after_an_erasure_is_forgotten_later(
    app: Flask, client: FlaskClient, engine: Engine, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token is trusted for some seconds, and a history may be longer than what an erasure forgets at once."""
    monkeypatch.setattr(user_data_service, "EVENTS_AT_ONCE", 1)
    person = Person(client)
    assert client.delete("/api/v1/users/me", headers=person.headers).status_code == 200
    sql("UPDATE characters SET name = :name WHERE id = :id", id=person.character_id, name=person.name)
    assert grep(engine, person.strings) == ["characters.name", "game_events.payload_json"]
    ((job_id,),) = sql("SELECT MAX(id) FROM jobs WHERE kind = 'forget_texts'")
    with app.app_context():
        assert job_service.run_job(job_id, JOBS).done == 0
        with time_machine.travel(user_data_service.REVOKED_EVERYWHERE):
            assert job_service.run_job(job_id, JOBS).done > 1
    assert grep(engine, person.strings) == []


def test_statistics_of_an_erased_user_show_no_details(client: FlaskClient, admin: Any) -> None:
    person = Person(client)
    assert person.told in client.get(f"/api/v1/stats/{person.id}", headers=person.headers).get_data(as_text=True)
    client.delete("/api/v1/users/me", headers=person.headers)
    assert person.told not in client.get(f"/api/v1/stats/{person.id}", headers=admin.headers).get_data(as_text=True)
    event = {"event_type": "login", "user_id": person.id, "details": {"note": "late"}}
    late = client.post("/api/v1/event/", json=event, headers=admin.headers)
    assert (late.status_code, late.get_json()["error"]["code"]) == (404, "USER_NOT_FOUND")


def test_an_erased_user_is_nobody(app: Flask, client: FlaskClient, admin: Any, sql: Sql) -> None:
    person = Person(client)
    assert client.delete("/api/v1/users/me", headers=person.headers).status_code == 200
    assert client.get("/api/v1/users/me", headers=person.headers).status_code == 401
    assert client.get(f"/api/v1/users/{person.id}", headers=admin.headers).status_code == 404
    found = client.get("/api/v1/admin/users", query_string={"q": "~"}, headers=admin.headers)
    assert found.get_json()["data"]["items"] == []
    assert (
        client.patch(f"/api/v1/admin/users/{person.id}", json={"status": "active"}, headers=admin.headers).status_code
        == 404
    )
    with app.app_context():
        assert user_data_service.erase_user(person.id).status == "erased"
    events = sql(
        "SELECT payload_json FROM outbox WHERE event_key = :key AND event_type = 'user.status_changed'",
        key=str(person.id),
    )
    assert [json.loads(event[0]) for event in events] == [{"user_id": person.id, "status": "erased"}]
    again = client.post("/api/v1/auth/device", json={"device_id": person.device}).get_json()["data"]["access_token"]
    fresh = client.get("/api/v1/users/me", headers={"Authorization": f"Bearer {again}"}).get_json()["data"]
    assert fresh["id"] != person.id
    reborn = {"username": person.name, "email": person.email}
    assert client.post("/api/v1/users/", json=reborn).status_code == 201


def grep(engine: Engine, strings: list[str]) -> list[str]:
    """Every `table.column` of the database that holds one of the strings, in any case."""
    found = []
    with engine.connect() as connection:
        inspector = inspect(connection)
        for table in inspector.get_table_names():
            for column in inspector.get_columns(table):
                if column["type"].python_type in (int, float):
                    continue
                name = column["name"]
                for value in strings:
                    query = text(
                        f"SELECT 1 FROM {table} WHERE LOWER(CONVERT(`{name}` USING utf8mb4)) LIKE :value LIMIT 1"
                    )
                    if connection.execute(query, {"value": f"%{value.lower()}%"}).first():
                        found.append(f"{table}.{name}")
    return found
