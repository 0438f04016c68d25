"""Why calls went where they went: the journal's past, replayed in a process beside the switch, in words."""
