"""The dataset card of an export, and what it tells."""
