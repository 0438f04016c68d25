"""Events for programs elsewhere: signed, one after the other, kept on disk until they are taken."""
