"""Endpoints that speak OpenAI's API: their addresses, keys, connections, retries, and all spellings of errors."""
