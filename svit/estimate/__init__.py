"""What a run will ask, take and cost, before its first request."""
