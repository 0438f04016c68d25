"""A subscription as one table, from the notifier's side (RFC 6665 section 4.2). A REFER makes one too.

A row reads (state, input): (next state, actions). A row without actions that stays where it is says that the
input is expected there and means nothing.
"""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a subscription is."""

    ASKED = "asked"
    """The application owes the answer to the SUBSCRIBE or REFER."""
    QUIET = "quiet"
    TELLING = "telling"
    """A NOTIFY is under way. The next one waits for its answer, so that none overtakes another."""
    LEAVING = "leaving"
    """As TELLING, and the subscriber has taken his leave."""
    OWING = "owing"
    """The subscriber has taken his leave, or asked once only: the application owes the last NOTIFY."""
    ENDING = "ending"
    """The last NOTIFY is under way."""
    ENDED = "ended"


class Input(StrEnum):
    """What can happen to a subscription."""

    ACCEPT = "accept"
    FETCH = "fetch"
    """Accepted, for the one NOTIFY that was asked for (section 4.4.3)."""
    MUTE = "accept mutely"
    """A REFER whose sender does not want to be told (RFC 4488)."""
    REFUSE = "refuse"
    UNANSWERED = "unanswered"
    """The application did not answer in 64*T1."""
    RENEW = "SUBSCRIBE"
    UNSUBSCRIBE = "SUBSCRIBE for 0 s"
    NOTIFY = "notify"
    DONE = "2xx"
    FAILED = "failure"
    """The subscriber does not have this subscription any more, or is not there (section 4.2.2)."""
    EXPIRED = "expired"
    END = "end"


class Action(StrEnum):
    """What a row does."""

    SEND_ANSWER = "send 2xx"
    SEND_REFUSAL = "send refusal"
    GONE = "answer 481"
    START_EXPIRY = "start expired"
    STOP_EXPIRY = "stop expired"
    SEND_NOTIFY = "send NOTIFY"
    SEND_LAST = "send last NOTIFY"
    REPORT_RENEWAL = "report renewal"
    REPORT_TOLD = "report told"
    REPORT_END = "report end"


Table = dict[tuple[State, Input], tuple[State, tuple[Action, ...]]]

(ASKED, QUIET, TELLING, LEAVING, OWING, ENDING, ENDED) = State
(ACCEPT, FETCH, MUTE, REFUSE, UNANSWERED, RENEW, UNSUBSCRIBE, NOTIFY, DONE, FAILED, EXPIRED, END) = Input
(
    SEND_ANSWER, SEND_REFUSAL, GONE, START_EXPIRY, STOP_EXPIRY, SEND_NOTIFY, SEND_LAST, REPORT_RENEWAL,
    REPORT_TOLD, REPORT_END,
) = Action  # fmt: skip

SUBSCRIPTION: Final[Table] = {
    (ASKED,   ACCEPT):      (QUIET,   (SEND_ANSWER, START_EXPIRY)),
    (ASKED,   FETCH):       (OWING,   (SEND_ANSWER,)),
    (ASKED,   MUTE):        (ENDED,   (SEND_ANSWER,)),
    (ASKED,   REFUSE):      (ENDED,   (SEND_REFUSAL,)),
    (ASKED,   UNANSWERED):  (ENDED,   (REPORT_END,)),
    (QUIET,   NOTIFY):      (TELLING, (SEND_NOTIFY,)),
    (QUIET,   RENEW):       (QUIET,   (STOP_EXPIRY, SEND_ANSWER, START_EXPIRY, REPORT_RENEWAL)),
    (QUIET,   UNSUBSCRIBE): (OWING,   (STOP_EXPIRY, SEND_ANSWER, REPORT_RENEWAL)),
    (QUIET,   EXPIRED):     (ENDING,  (SEND_LAST, REPORT_END)),
    (QUIET,   END):         (ENDING,  (STOP_EXPIRY, SEND_LAST)),
    (TELLING, DONE):        (QUIET,   (REPORT_TOLD,)),
    (TELLING, FAILED):      (ENDED,   (STOP_EXPIRY, REPORT_END)),
    (TELLING, RENEW):       (TELLING, (STOP_EXPIRY, SEND_ANSWER, START_EXPIRY, REPORT_RENEWAL)),
    (TELLING, UNSUBSCRIBE): (LEAVING, (STOP_EXPIRY, SEND_ANSWER, REPORT_RENEWAL)),
    (TELLING, EXPIRED):     (ENDING,  (SEND_LAST, REPORT_END)),
    (TELLING, END):         (ENDING,  (STOP_EXPIRY, SEND_LAST)),
    (LEAVING, DONE):        (OWING,   (REPORT_TOLD,)),
    (LEAVING, FAILED):      (ENDED,   (REPORT_END,)),
    (LEAVING, RENEW):       (LEAVING, (GONE,)),
    (LEAVING, UNSUBSCRIBE): (LEAVING, (GONE,)),
    (LEAVING, END):         (ENDING,  (SEND_LAST,)),
    (OWING,   NOTIFY):      (ENDING,  (SEND_LAST,)),
    (OWING,   RENEW):       (OWING,   (GONE,)),
    (OWING,   UNSUBSCRIBE): (OWING,   (GONE,)),
    (OWING,   END):         (ENDING,  (SEND_LAST,)),
    (ENDING,  RENEW):       (ENDING,  (GONE,)),
    (ENDING,  UNSUBSCRIBE): (ENDING,  (GONE,)),
    (ENDING,  DONE):        (ENDED,   ()),
    (ENDING,  FAILED):      (ENDED,   ()),
}  # fmt: skip
