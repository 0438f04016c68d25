"""Who wants to be told of something (RFC 6665) or of what became of a REFER (RFC 3515): our side."""
