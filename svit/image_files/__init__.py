"""Picture files and their geometry: which file a record names, its size, and the frames that trainers make of it."""
