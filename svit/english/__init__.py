"""English: the lexicon of what pictures show, and the grammar that makes sentences of it."""
