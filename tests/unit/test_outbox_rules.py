from collections import Counter

from app.rules.outbox_rules import SHARDS, shard_of


def test_the_shard_of_a_key_is_the_same_in_every_process_and_release() -> None:
    assert [shard_of("1"), shard_of("15"), shard_of("987654321")] == [55, 46, 1]


def test_keys_spread_over_all_shards() -> None:
    counts = Counter(shard_of(str(user_id)) for user_id in range(64_000))
    assert set(counts) == set(range(SHARDS))
    assert max(counts.values()) < 1_500
