"""`python -m pellucid`: the command line."""

from pellucid.first.cli import main

main(prog_name="pellucid")
