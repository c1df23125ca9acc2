"""Questions and their answers, one module for each thing that they ask about."""
