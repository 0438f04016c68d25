"""The SIP messages of the last calls: kept, drawn, filtered, captured, copied to Homer."""
