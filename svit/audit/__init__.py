"""The judge over data that exists already: ours, SVIT's and LLaVA's, with the annotations or by its text alone.

`splitting` and `reading` cut a file into records, `forms` knows their shapes, `judging` finds what is wrong with one,
`tally` adds up, `auditing` takes a file through all of it and writes what is left.
"""

from svit.audit.auditing import audit

__all__ = ["audit"]
