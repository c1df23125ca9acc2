"""Questions and their answers, by what they ask for."""
