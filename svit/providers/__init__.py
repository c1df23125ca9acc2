"""Whoever writes the answers, each in a module of its own behind the seam of `base`."""
