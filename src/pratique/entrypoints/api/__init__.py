"""HTTP: what registries tell us, and whether we are well. Parses a request, starts a journey, answers."""
