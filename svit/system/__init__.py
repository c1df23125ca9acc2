"""What operating systems do: files and their locks, signals, the event loop, SQLite files."""
