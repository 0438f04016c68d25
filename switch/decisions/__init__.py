"""Outside programs that decide about callers: asked by HTTP, for a moment, and left alone while they fail."""
