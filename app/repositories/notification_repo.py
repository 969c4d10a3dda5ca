"""notifications: a user's inbox, `PRIMARY KEY (user_id, id)`; a subject of a kind comes into it once."""

import json
from collections.abc import Sequence

from app.canonical_json import canonical_json
from app.rules.notification_rules import Notice
from app.transaction import Transaction


def insert(tx: Transaction, notices: Sequence[Notice]) -> None:
    """Put notices into inboxes; one that is there already stays as it is."""
    tx.execute(
        """
        INSERT INTO notifications (user_id, kind, subject, title, payload_json, created_at)
        SELECT n.user_id, n.kind, n.subject, n.title, n.payload, :now
        FROM JSON_TABLE(:notices, '$[*]' COLUMNS (
            user_id BIGINT PATH '$[0]',
            kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$[1]',
            subject VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$[2]',
            title VARCHAR(200) PATH '$[3]',
            payload TEXT PATH '$[4]'
        )) AS n
        ON DUPLICATE KEY UPDATE kind = VALUES(kind)
        """,
        {
            "notices": json.dumps(
                [
                    [notice.user_id, notice.kind, notice.subject, notice.title, canonical_json(notice.payload)]
                    for notice in notices
                ]
            ),
            "now": tx.now,
        },
    )
