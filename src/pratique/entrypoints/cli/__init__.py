"""The command line: one module per subcommand; `main` finds them (its docstring says how to add one).

In: arguments. Out: an answer on standard output or in a file, and an exit code. Does not know how anything is done:
`pratique.wiring` picks the parts.
"""
