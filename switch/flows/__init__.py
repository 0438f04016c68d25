"""The flows that direct calls: queue, echo, tone, dial."""
