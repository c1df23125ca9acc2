"""Into trainers' hands: one file for each trainer's format, and the way from a run to its records."""
