"""A run: its folder, its journal, what is asked next, what becomes of a reply, and the shards that are published."""
