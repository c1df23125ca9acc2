"""`python -m svit`."""

from svit.cli import main

main()
