"""Bad bodies: one clear error that names every bad field, and nothing written."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.players import Player, finish_body, open_match

Sql = Callable[..., list[Any]]
JSON = "application/json"


@pytest.fixture
def refused(app: Flask, client: FlaskClient, player: Player, sql: Sql) -> Callable[..., Any]:
    """Post a raw body to /match/finish; check that it is refused and that the match is untouched."""
    match_id = open_match(app, player)

    def post(raw: bytes | str, content_type: str = JSON) -> Any:
        if isinstance(raw, str):
            raw = raw.replace("MATCH_ID", str(match_id)).encode()
        answer = client.post("/match/finish", data=raw, content_type=content_type, headers=player.headers)
        assert sql("SELECT status FROM matches WHERE id = :id", id=match_id)[0].status == "started"
        assert sql("SELECT COUNT(*) FROM game_events WHERE user_id = :id", id=player.id)[0][0] == 0
        error = answer.get_json()["error"]
        assert error["requestId"] == answer.headers["X-Request-Id"]
        return answer.status_code, error["code"], error.get("details")

    return post


def body(**result: str) -> str:
    """A body with raw JSON texts for some of the result's fields."""
    fields = {"isWin": "true", "score": "1", "durationSeconds": "1", "waveReached": "1", **result}
    inner = ", ".join(f'"{name}": {text}' for name, text in fields.items() if text)
    return f'{{"matchId": MATCH_ID, "result": {{{inner}}}}}'


NUMBER = "int >= 0 required"


@pytest.mark.parametrize(
    ("raw", "details"),
    [
        (b"not json", {"body": "malformed JSON"}),
        (b'{"matchId": 1', {"body": "malformed JSON"}),
        (b"\xff\xfe{}", {"body": "malformed JSON"}),
        (b'{"matchId": 1, "result": "\\ud800"}', {"body": "malformed JSON"}),
        (b"[]", {"body": "JSON object expected"}),
        (b"null", {"body": "JSON object expected"}),
        (b"7", {"body": "JSON object expected"}),
        (b"", {"matchId": "int >= 1 required", "result": "object required"}),
        (b"{}", {"matchId": "int >= 1 required", "result": "object required"}),
        (b'{"matchId": "1", "result": []}', {"matchId": "int >= 1 required", "result": "object required"}),
        (
            '{"matchId": -1, "result": {}, "extra": 1}',
            {
                "matchId": "int >= 1 required",
                "extra": "unknown field",
                "result.isWin": "bool required",
                "result.score": NUMBER,
                "result.durationSeconds": NUMBER,
                "result.waveReached": NUMBER,
            },
        ),
        (body(score="true"), {"result.score": NUMBER}),
        (body(score="1.0"), {"result.score": NUMBER}),
        (body(score='"12"'), {"result.score": NUMBER}),
        (body(score="null"), {"result.score": NUMBER}),
        (body(score="-1"), {"result.score": NUMBER}),
        (body(score="1e400"), {"result.score": NUMBER}),
        (body(score="NaN"), {"result.score": NUMBER}),
        (body(score="-Infinity"), {"result.score": NUMBER}),
        (body(score=""), {"result.score": NUMBER}),
        (body(score=str(2**63)), {"result.score": f"int <= {2**63 - 1} required"}),
        (body(waveReached=str(2**31)), {"result.waveReached": f"int <= {2**31 - 1} required"}),
        (body(durationSeconds=str(10**60)), {"result.durationSeconds": f"int <= {2**31 - 1} required"}),
        (body(isWin="1"), {"result.isWin": "bool required"}),
        (body(isWin='"true"'), {"result.isWin": "bool required"}),
        (body(surprise="1"), {"result.surprise": "unknown field"}),
    ],
)
def test_every_bad_field_is_named(refused: Callable[..., Any], raw: bytes | str, details: dict[str, str]) -> None:
    assert refused(raw) == (400, "VALIDATION_ERROR", details)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("depth", [33, 3000, 100_000])
def test_deep_nesting_is_400(refused: Callable[..., Any], opening: bytes, depth: int) -> None:
    assert refused(opening * depth) == (400, "VALIDATION_ERROR", {"body": "nested deeper than 32 levels"})


def test_brackets_in_strings_do_not_nest(refused: Callable[..., Any]) -> None:
    raw = json.dumps({"matchId": "[{" * 100 + '\\"[', "result": {}})
    assert set(refused(raw)[2]) >= {"matchId", "result.score"}


@pytest.mark.timeout(10)
def test_a_hostile_text_is_measured_in_linear_time(refused: Callable[..., Any]) -> None:
    hostile = b"[" * 33 + b'"' + b'\\"' * 400_000
    assert refused(hostile)[:2] == (400, "VALIDATION_ERROR")


def test_ten_megabytes_are_413(refused: Callable[..., Any]) -> None:
    assert refused(b'{"a": "' + b"x" * 10_000_000 + b'"}')[:2] == (413, "PAYLOAD_TOO_LARGE")


def test_a_body_at_the_limit_is_read_and_one_byte_more_is_not(refused: Callable[..., Any]) -> None:
    raw = b'{"a": "' + b"x" * (1_000_000 - 9) + b'"}'
    assert len(raw) == 1_000_000
    assert refused(raw)[2]["a"] == "unknown field"
    assert refused(raw + b" ")[:2] == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/xml"])
def test_a_body_that_is_not_declared_as_json_is_415(refused: Callable[..., Any], content_type: str) -> None:
    assert refused(body(), content_type)[:2] == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_json_with_a_charset_or_a_suffix_is_json(app: Flask, client: FlaskClient, player: Player) -> None:
    for content_type in ("application/json; charset=utf-8", "application/vnd.game+json"):
        raw = json.dumps(finish_body(open_match(app, player)))
        answer = client.post("/match/finish", data=raw, content_type=content_type, headers=player.headers)
        assert answer.status_code == 200


def test_another_event_with_a_match_is_400(client: FlaskClient, player: Player) -> None:
    answer = client.post("/event", json={"eventType": "login", **finish_body(1)}, headers=player.headers)
    assert answer.get_json()["error"]["details"] == {"matchId": "unknown field", "result": "unknown field"}


@pytest.mark.parametrize("mode", ["", "A", "x" * 33, "a b", "ы", "a\n", 1, True])
def test_a_bad_mode_is_400(client: FlaskClient, player: Player, mode: object) -> None:
    answer = client.post("/match/start", json={"mode": mode}, headers=player.headers)
    assert (answer.status_code, set(answer.get_json()["error"]["details"])) == (400, {"mode"})


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("number", [2**63, 2**63 + 10, 10**19 - 1, 10**19, 10**40])
def test_a_number_that_no_column_holds_has_no_route_whatever_the_method(
    client: FlaskClient, admin: Player, method: str, number: int
) -> None:
    answer = client.open(f"/api/v1/admin/achievement-types/{number}", method=method, headers=admin.headers)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "number", ["0", "00987654321", str(2**63 - 1), "9" * 18, "8" + "9" * 18, "9223372036854775799"]
)
def test_every_number_that_a_column_holds_has_one(client: FlaskClient, admin: Player, number: str) -> None:
    answer = client.get(f"/api/v1/admin/achievement-types/{number}", headers=admin.headers)
    assert answer.get_json()["error"]["code"] == "ACHIEVEMENT_TYPE_NOT_FOUND"
