"""`tutor serve`: the chat in the browser and the HTTP API, on one port."""

from __future__ import annotations

from typing import Annotated

import typer

from tutor.commands.options import Json
from tutor.commands.start import opened, settings_of, waiting

NAME = "serve"
EXAMPLES = """\b
Examples:
  tutor serve
  tutor serve --port 8000 --open
  tutor serve --host 0.0.0.0 --no-ui
  curl -s localhost:7860/ask -H 'content-type: application/json' -d '{"question": "Is Python enough?"}'
"""


def run(
    ctx: typer.Context,
    host: Annotated[
        str | None,
        typer.Option(metavar="HOST", help="Address to serve on (default: TUTOR_HOST or 127.0.0.1)."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT", min=0, max=65535, help="Port (default: TUTOR_PORT or 7860); 0 picks a free one."
        ),
    ] = None,
    no_ui: Annotated[bool, typer.Option("--no-ui", help="Serve the HTTP API alone.")] = False,
    open_: Annotated[bool, typer.Option("--open", help="Open the browser when ready.")] = False,
    json: Json = False,
) -> None:
    """Serve the chat and the HTTP API; ingests the corpus first if there is no index.

    Prints the address when it answers; with --json as {"url"}. Ctrl-C ends it.
    """
    settings = settings_of(ctx, host=host, port=port)
    from tutor.api.server import listen, serve

    listen(settings.host, settings.port).close()  # a taken port is said at once, not after loading the model

    def announce(url: str) -> None:
        if json:
            from tutor.commands.batch import print_json

            print_json({"url": url})
        else:
            typer.echo(f"Roadmap Tutor is at {url}  (Ctrl-C ends it)")
        if open_:
            typer.launch(url)

    with opened(settings) as tutor:
        with waiting("Starting the server …"):
            from tutor.api.app import create_app

            app = create_app(settings, tutor=tutor)
            if not no_ui:
                from tutor_ui.app import mount

                app = mount(app, settings)
        serve(app, settings.host, settings.port, on_ready=announce)
