"""One module per command: `run` is the Typer function, `NAME` its name, `EXAMPLES` the end of its help."""
