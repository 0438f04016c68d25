"""Names of what an endpoint holds, as its application knows them. None is ever used again."""

from typing import NewType

SessionId = NewType("SessionId", int)
"""One INVITE usage (RFC 5057), from the INVITE to the end of its BYE."""
RequestId = NewType("RequestId", int)
"""One request outside of any dialog that we sent."""
TransactionId = NewType("TransactionId", int)
"""One request outside of any dialog that the application has to answer."""
SubscriptionId = NewType("SubscriptionId", int)
"""One subscription (RFC 6665), from the SUBSCRIBE or REFER to its last NOTIFY."""
