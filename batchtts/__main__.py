"""`python -m batchtts` is `batchtts`."""

from batchtts.cli import main

main()
