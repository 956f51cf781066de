"""`python -m runstream_server server DIR`: the server without the SDK's commands."""

from runstream_server.command import main

if __name__ == "__main__":
    main(prog_name="runstream_server")
