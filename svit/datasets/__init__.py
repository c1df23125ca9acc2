"""Instruction data that exists, whoever made it: read, judged against the annotations, and imported."""
