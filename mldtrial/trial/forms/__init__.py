"""Forms: they check the shape of what was typed; the services decide whether it is right."""
