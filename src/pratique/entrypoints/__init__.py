"""How requests come in: the command line, HTTP, the demo. Each parses, calls a room, and shows the answer."""
