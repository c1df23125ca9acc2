"""From an `ImageContext` to the text of a request, and how many tokens it has."""
