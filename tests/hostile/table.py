"""All rows of the suite."""

from . import answers, refusals, transients

ROWS = [*refusals.ROWS, *transients.ROWS, *answers.ROWS]
