"""The INVITE usage of a dialog (RFC 5057) as one table: the rules of INVITE, 2xx, ACK, CANCEL and BYE that no
transaction owns (RFC 3261 sections 9, 13, 14 and 15), Timer C (section 16.6).

A row reads (state, input): (next state, actions). A row without actions that stays where it is says that
the input is expected there and means nothing. A pair without a row changes nothing and counts as our fault.
"""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a session is. The first seven are a caller's, the next three a callee's."""

    CALLING = "calling"
    PROCEEDING = "proceeding"
    CANCEL_DUE = "cancel due"
    """Cancelled before any provisional response: CANCEL has to wait for one (section 9.1)."""
    CANCELLING = "cancelling"
    DROP_DUE = "drop due"
    """As CANCEL_DUE, and the application has given the session up."""
    DROPPING = "dropping"
    """As CANCELLING, and the application has given the session up."""
    OWING = "owing"
    """Their 2xx made an offer: our ACK waits for the application's answer (section 13.2.1)."""
    INCOMING = "incoming"
    ACCEPTED = "accepted"
    """Our 2xx is repeated until its ACK (section 13.3.1.4)."""
    LEAVING = "leaving"
    """Given up while ACCEPTED: no BYE before the ACK or 64*T1 (section 15)."""
    CONFIRMED = "confirmed"
    REINVITED = "reinvited"
    """The application owes the answer to a re-INVITE (section 14.2)."""
    REANSWERED = "reanswered"
    """Our 2xx to a re-INVITE is repeated until its ACK."""
    ENDING = "ending"
    """Our BYE is under way."""
    ENDED = "ended"


STANDING: Final = (State.CONFIRMED, State.REINVITED, State.REANSWERED)
"""Both sides have a dialog and know it."""


class Input(StrEnum):
    """What can happen to a session: the peer's messages, the application's calls, timers."""

    TRYING = "100"
    PROGRESS = "1xx"
    SUCCESS = "2xx"
    OFFERED = "2xx with offer"
    """Our INVITE made none."""
    AGAIN = "again"
    """A refusal that says what to change: 401, 407, 421, 422."""
    FAILURE = "failure"
    """3xx to 6xx, no response in time, or nothing could be sent."""
    INVITE = "INVITE"
    ACK = "ACK"
    BYE = "BYE"
    CANCELLED = "CANCEL"
    BYE_DONE = "BYE done"
    RING = "ring"
    ACCEPT = "accept"
    REJECT = "reject"
    CANCEL = "cancel"
    HANGUP = "hangup"
    TIMER_C = "C"
    TIMER_CANCEL = "cancelled"
    TIMER_ANSWER = "answer"
    TIMER_ACK = "no ACK"
    EXPIRED = "expired"
    """Nobody has refreshed the session (RFC 4028 section 10)."""
    LOST = "lost"
    """The peer does not have this dialog (section 14.1)."""
    UNACKNOWLEDGED = "no PRACK"
    """Our reliable 1xx was not acknowledged (RFC 3262 section 3)."""


class Action(StrEnum):
    """What a row does."""

    START_C = "start C"
    STOP_C = "stop C"
    START_CANCEL = "start cancelled"
    STOP_CANCEL = "stop cancelled"
    START_ANSWER = "start answer"
    STOP_ANSWER = "stop answer"
    START_ACK = "start no ACK"
    STOP_ACK = "stop no ACK"
    SEND_AGAIN = "send INVITE again"
    ESTABLISH = "establish"
    """Make the dialog of a 2xx."""
    ACKNOWLEDGE = "acknowledge"
    SEND_CANCEL = "send CANCEL"
    ABANDON = "abandon INVITE"
    SEND_PROGRESS = "send 1xx"
    SEND_ANSWER = "send 2xx"
    REPEAT_ANSWER = "repeat 2xx"
    SEND_REFUSAL = "send refusal"
    SEND_TERMINATED = "send 487"
    SEND_TIMEOUT = "send 504"
    SEND_BYE = "send BYE"
    ANSWER_BYE = "answer BYE"
    PENDING = "answer 491"
    TOO_SOON = "answer 500"
    GONE = "answer 481"
    REPORT_TRYING = "report trying"
    REPORT_PROGRESS = "report progress"
    REPORT_ANSWER = "report answer"
    REPORT_CROSSED = "report crossed answer"
    REPORT_REFUSAL = "report refusal"
    REPORT_ACK = "report ACK"
    REPORT_REINVITE = "report re-INVITE"
    REPORT_WITHDRAWAL = "report withdrawal"
    REPORT_BYE = "report BYE"
    REPORT_CANCEL = "report CANCEL"
    REPORT_NO_ACK = "report no ACK"
    REPORT_EXPIRY = "report expiry"
    REPORT_LOSS = "report loss"
    REPORT_NO_PRACK = "report no PRACK"


Row = tuple[State, tuple[Action, ...]]
Table = dict[tuple[State, Input], Row]

(
    CALLING, PROCEEDING, CANCEL_DUE, CANCELLING, DROP_DUE, DROPPING, OWING, INCOMING, ACCEPTED, LEAVING,
    CONFIRMED, REINVITED, REANSWERED, ENDING, ENDED,
) = State  # fmt: skip
(
    TRYING, PROGRESS, SUCCESS, OFFERED, AGAIN, FAILURE, INVITE, ACK, BYE, CANCELLED, BYE_DONE, RING, ACCEPT,
    REJECT, CANCEL, HANGUP, TIMER_C, TIMER_CANCEL, TIMER_ANSWER, TIMER_ACK, EXPIRED, LOST, UNACKNOWLEDGED,
) = Input  # fmt: skip
(
    START_C, STOP_C, START_CANCEL, STOP_CANCEL, START_ANSWER, STOP_ANSWER, START_ACK, STOP_ACK, SEND_AGAIN,
    ESTABLISH, ACKNOWLEDGE, SEND_CANCEL, ABANDON, SEND_PROGRESS, SEND_ANSWER, REPEAT_ANSWER, SEND_REFUSAL,
    SEND_TERMINATED, SEND_TIMEOUT, SEND_BYE, ANSWER_BYE, PENDING, TOO_SOON, GONE, REPORT_TRYING,
    REPORT_PROGRESS, REPORT_ANSWER, REPORT_CROSSED, REPORT_REFUSAL, REPORT_ACK, REPORT_REINVITE,
    REPORT_WITHDRAWAL, REPORT_BYE, REPORT_CANCEL, REPORT_NO_ACK, REPORT_EXPIRY, REPORT_LOSS, REPORT_NO_PRACK,
) = Action  # fmt: skip

_CALLER: Final[Table] = {  # sections 9.1, 13.2 and 15; Timer C: 16.6 step 11, 16.7 step 2, 16.8
    (CALLING,    TRYING):       (PROCEEDING, (START_C, REPORT_TRYING)),
    (CALLING,    PROGRESS):     (PROCEEDING, (START_C, REPORT_PROGRESS)),
    (CALLING,    SUCCESS):      (CONFIRMED,  (ESTABLISH, ACKNOWLEDGE, REPORT_ANSWER)),
    (CALLING,    OFFERED):      (OWING,      (ESTABLISH, REPORT_ANSWER)),
    (CALLING,    AGAIN):        (CALLING,    (SEND_AGAIN,)),
    (CALLING,    FAILURE):      (ENDED,      (REPORT_REFUSAL,)),
    (CALLING,    CANCEL):       (CANCEL_DUE, ()),
    (CALLING,    HANGUP):       (DROP_DUE,   ()),
    (PROCEEDING, TRYING):       (PROCEEDING, ()),
    (PROCEEDING, PROGRESS):     (PROCEEDING, (STOP_C, START_C, REPORT_PROGRESS)),
    (PROCEEDING, SUCCESS):      (CONFIRMED,  (STOP_C, ESTABLISH, ACKNOWLEDGE, REPORT_ANSWER)),
    (PROCEEDING, OFFERED):      (OWING,      (STOP_C, ESTABLISH, REPORT_ANSWER)),
    (PROCEEDING, AGAIN):        (CALLING,    (STOP_C, SEND_AGAIN)),
    (PROCEEDING, FAILURE):      (ENDED,      (STOP_C, REPORT_REFUSAL)),
    (PROCEEDING, TIMER_C):      (CANCELLING, (SEND_CANCEL, START_CANCEL)),
    (PROCEEDING, CANCEL):       (CANCELLING, (STOP_C, SEND_CANCEL, START_CANCEL)),
    (PROCEEDING, HANGUP):       (DROPPING,   (STOP_C, SEND_CANCEL, START_CANCEL)),
    (PROCEEDING, INVITE):       (PROCEEDING, (PENDING,)),
    (PROCEEDING, BYE):          (ENDED,      (STOP_C, REPORT_REFUSAL, ANSWER_BYE, ABANDON)),
    (CANCEL_DUE, TRYING):       (CANCELLING, (SEND_CANCEL, START_CANCEL, REPORT_TRYING)),
    (CANCEL_DUE, PROGRESS):     (CANCELLING, (SEND_CANCEL, START_CANCEL, REPORT_PROGRESS)),
    (CANCEL_DUE, SUCCESS):      (CONFIRMED,  (ESTABLISH, ACKNOWLEDGE, REPORT_CROSSED)),
    (CANCEL_DUE, OFFERED):      (OWING,      (ESTABLISH, REPORT_CROSSED)),
    (CANCEL_DUE, FAILURE):      (ENDED,      (REPORT_REFUSAL,)),
    (CANCEL_DUE, CANCEL):       (CANCEL_DUE, ()),
    (CANCEL_DUE, HANGUP):       (DROP_DUE,   ()),
    (CANCELLING, TRYING):       (CANCELLING, ()),
    (CANCELLING, PROGRESS):     (CANCELLING, ()),
    (CANCELLING, SUCCESS):      (CONFIRMED,  (STOP_CANCEL, ESTABLISH, ACKNOWLEDGE, REPORT_CROSSED)),
    (CANCELLING, OFFERED):      (OWING,      (STOP_CANCEL, ESTABLISH, REPORT_CROSSED)),
    (CANCELLING, FAILURE):      (ENDED,      (STOP_CANCEL, REPORT_REFUSAL)),
    (CANCELLING, TIMER_CANCEL): (ENDED,      (ABANDON, REPORT_REFUSAL)),
    (CANCELLING, CANCEL):       (CANCELLING, ()),
    (CANCELLING, HANGUP):       (DROPPING,   ()),
    (CANCELLING, INVITE):       (CANCELLING, (PENDING,)),
    (CANCELLING, BYE):          (ENDED,      (STOP_CANCEL, REPORT_REFUSAL, ANSWER_BYE, ABANDON)),
    (DROP_DUE,   TRYING):       (DROPPING,   (SEND_CANCEL, START_CANCEL)),
    (DROP_DUE,   PROGRESS):     (DROPPING,   (SEND_CANCEL, START_CANCEL)),
    (DROP_DUE,   SUCCESS):      (ENDING,     (ESTABLISH, ACKNOWLEDGE, SEND_BYE)),
    (DROP_DUE,   OFFERED):      (ENDING,     (ESTABLISH, ACKNOWLEDGE, SEND_BYE)),
    (DROP_DUE,   FAILURE):      (ENDED,      ()),
    (DROPPING,   TRYING):       (DROPPING,   ()),
    (DROPPING,   PROGRESS):     (DROPPING,   ()),
    (DROPPING,   SUCCESS):      (ENDING,     (STOP_CANCEL, ESTABLISH, ACKNOWLEDGE, SEND_BYE)),
    (DROPPING,   OFFERED):      (ENDING,     (STOP_CANCEL, ESTABLISH, ACKNOWLEDGE, SEND_BYE)),
    (DROPPING,   FAILURE):      (ENDED,      (STOP_CANCEL,)),
    (DROPPING,   TIMER_CANCEL): (ENDED,      (ABANDON,)),
    (DROPPING,   INVITE):       (DROPPING,   (PENDING,)),
    (DROPPING,   BYE):          (ENDED,      (STOP_CANCEL, ANSWER_BYE, ABANDON)),
    (OWING,      ACCEPT):       (CONFIRMED,  (ACKNOWLEDGE,)),
    (OWING,      REJECT):       (ENDING,     (ACKNOWLEDGE, SEND_BYE)),
    (OWING,      HANGUP):       (ENDING,     (ACKNOWLEDGE, SEND_BYE)),
    (OWING,      CANCEL):       (OWING,      ()),
    (OWING,      BYE):          (ENDED,      (ACKNOWLEDGE, REPORT_BYE, ANSWER_BYE)),
    (OWING,      EXPIRED):      (ENDING,     (ACKNOWLEDGE, SEND_BYE, REPORT_EXPIRY)),
    (OWING,      INVITE):       (OWING,      (PENDING,)),
}  # fmt: skip

_CALLEE: Final[Table] = {  # sections 9.2, 13.3, 15 and 15.1.2
    (INCOMING,   RING):         (INCOMING,   (SEND_PROGRESS,)),
    (INCOMING,   ACCEPT):       (ACCEPTED,   (SEND_ANSWER, START_ANSWER, START_ACK)),
    (INCOMING,   REJECT):       (ENDED,      (SEND_REFUSAL,)),
    (INCOMING,   HANGUP):       (ENDED,      (SEND_REFUSAL,)),
    (INCOMING,   CANCELLED):    (ENDED,      (REPORT_CANCEL, SEND_TERMINATED)),
    (INCOMING,   BYE):          (ENDED,      (REPORT_BYE, ANSWER_BYE, SEND_TERMINATED)),
    (INCOMING,   INVITE):       (INCOMING,   (TOO_SOON,)),
    (INCOMING,   UNACKNOWLEDGED): (ENDED,    (SEND_TIMEOUT, REPORT_NO_PRACK)),
    (ACCEPTED,   ACK):          (CONFIRMED,  (STOP_ANSWER, STOP_ACK, REPORT_ACK)),
    (ACCEPTED,   TIMER_ANSWER): (ACCEPTED,   (REPEAT_ANSWER,)),
    (ACCEPTED,   TIMER_ACK):    (ENDING,     (STOP_ANSWER, SEND_BYE, REPORT_NO_ACK)),
    (ACCEPTED,   EXPIRED):      (ENDING,     (STOP_ANSWER, STOP_ACK, SEND_BYE, REPORT_EXPIRY)),
    (ACCEPTED,   BYE):          (ENDED,      (STOP_ANSWER, STOP_ACK, REPORT_BYE, ANSWER_BYE)),
    (ACCEPTED,   HANGUP):       (LEAVING,    ()),
    (ACCEPTED,   INVITE):       (ACCEPTED,   (PENDING,)),
    (LEAVING,    ACK):          (ENDING,     (STOP_ANSWER, STOP_ACK, SEND_BYE)),
    (LEAVING,    TIMER_ANSWER): (LEAVING,    (REPEAT_ANSWER,)),
    (LEAVING,    TIMER_ACK):    (ENDING,     (STOP_ANSWER, SEND_BYE)),
    (LEAVING,    BYE):          (ENDED,      (STOP_ANSWER, STOP_ACK, ANSWER_BYE)),
    (LEAVING,    INVITE):       (LEAVING,    (PENDING,)),
}  # fmt: skip

_EITHER: Final[Table] = {  # sections 14.2 and 15; expiry: RFC 4028 section 10
    (CONFIRMED,  INVITE):       (REINVITED,  (REPORT_REINVITE,)),
    (CONFIRMED,  BYE):          (ENDED,      (REPORT_BYE, ANSWER_BYE)),
    (CONFIRMED,  HANGUP):       (ENDING,     (SEND_BYE,)),
    (CONFIRMED,  LOST):         (ENDING,     (SEND_BYE, REPORT_LOSS)),
    (CONFIRMED,  EXPIRED):      (ENDING,     (SEND_BYE, REPORT_EXPIRY)),
    (CONFIRMED,  ACK):          (CONFIRMED,  ()),
    (CONFIRMED,  CANCEL):       (CONFIRMED,  ()),
    (REINVITED,  ACCEPT):       (REANSWERED, (SEND_ANSWER, START_ANSWER, START_ACK)),
    (REINVITED,  REJECT):       (CONFIRMED,  (SEND_REFUSAL,)),
    (REINVITED,  CANCELLED):    (CONFIRMED,  (SEND_TERMINATED, REPORT_WITHDRAWAL)),
    (REINVITED,  INVITE):       (REINVITED,  (TOO_SOON,)),
    (REINVITED,  BYE):          (ENDED,      (REPORT_BYE, ANSWER_BYE, SEND_TERMINATED)),
    (REINVITED,  HANGUP):       (ENDING,     (SEND_TERMINATED, SEND_BYE)),
    (REINVITED,  LOST):         (ENDING,     (SEND_TERMINATED, SEND_BYE, REPORT_LOSS)),
    (REINVITED,  EXPIRED):      (ENDING,     (SEND_TERMINATED, SEND_BYE, REPORT_EXPIRY)),
    (REINVITED,  ACK):          (REINVITED,  ()),
    (REINVITED,  CANCEL):       (REINVITED,  ()),
    (REANSWERED, ACK):          (CONFIRMED,  (STOP_ANSWER, STOP_ACK, REPORT_ACK)),
    (REANSWERED, TIMER_ANSWER): (REANSWERED, (REPEAT_ANSWER,)),
    (REANSWERED, TIMER_ACK):    (ENDING,     (STOP_ANSWER, SEND_BYE, REPORT_NO_ACK)),
    (REANSWERED, LOST):         (ENDING,     (STOP_ANSWER, STOP_ACK, SEND_BYE, REPORT_LOSS)),
    (REANSWERED, EXPIRED):      (ENDING,     (STOP_ANSWER, STOP_ACK, SEND_BYE, REPORT_EXPIRY)),
    (REANSWERED, INVITE):       (REANSWERED, (PENDING,)),
    (REANSWERED, BYE):          (ENDED,      (STOP_ANSWER, STOP_ACK, REPORT_BYE, ANSWER_BYE)),
    (REANSWERED, HANGUP):       (ENDING,     (STOP_ANSWER, STOP_ACK, SEND_BYE)),
    (REANSWERED, CANCEL):       (REANSWERED, ()),
    (ENDING,     BYE_DONE):     (ENDED,      ()),
    (ENDING,     BYE):          (ENDING,     (ANSWER_BYE,)),
    (ENDING,     INVITE):       (ENDING,     (GONE,)),
    (ENDING,     ACK):          (ENDING,     ()),
}  # fmt: skip

_LATE: Final[Table] = {  # the application's calls that crossed what ended or refused, or that it made twice
    (state, call): (state, ())
    for state, calls in {
        DROP_DUE: (CANCEL, HANGUP),
        DROPPING: (CANCEL, HANGUP),
        LEAVING: (CANCEL, HANGUP),
        CONFIRMED: (ACCEPT, REJECT),
        ENDING: (RING, ACCEPT, REJECT, CANCEL, HANGUP),
    }.items()
    for call in calls
}

SESSION: Final[Table] = {**_CALLER, **_CALLEE, **_EITHER, **_LATE}
