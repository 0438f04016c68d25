"""The four transactions of RFC 3261 section 17, corrected by RFC 6026, as tables.

A row reads (state, input): (next state, actions). A row without actions that stays where it is says that the
input is expected there and means nothing. A pair without a row changes nothing and counts as a fault of ours.
"""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """RFC 3261 figures 5 to 8, RFC 6026 figures 1 and 2. INITIAL is where the first arrow starts."""

    INITIAL = "initial"
    CALLING = "calling"
    TRYING = "trying"
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    ACCEPTED = "accepted"
    TERMINATED = "terminated"


class Input(StrEnum):
    """What can happen. Responses arrive at clients from the wire and at servers from their users."""

    REQUEST = "request"
    ACK = "ack"
    PROVISIONAL = "provisional"
    SUCCESS = "success"
    FAILURE = "failure"
    ABANDON = "abandon"
    """The user gives up an INVITE that nobody ends after its CANCEL (RFC 3261 section 9.1)."""
    BROKEN = "broken"
    """Nothing can be sent (RFC 3261 section 17.1.4)."""
    TIMER_A = "A"
    TIMER_B = "B"
    TIMER_D = "D"
    TIMER_E = "E"
    TIMER_F = "F"
    TIMER_G = "G"
    TIMER_H = "H"
    TIMER_I = "I"
    TIMER_J = "J"
    TIMER_K = "K"
    TIMER_L = "L"
    TIMER_M = "M"
    TIMER_TRYING = "trying"
    """200 ms in which the user may answer before we send 100 (RFC 3261 section 17.2.1)."""


class Action(StrEnum):
    """What a row does. START and STOP name their timer; a retransmission timer starts on UDP only."""

    SEND = "send"
    RESEND = "resend"
    SEND_TRYING = "send 100"
    SEND_ACK = "send ACK"
    PASS_UP = "pass up"
    TIMED_OUT = "timed out"
    UNREACHABLE = "unreachable"
    SHRINK = "shrink"
    """Keep only key, last message and timer."""
    DROP_INVITE = "drop INVITE"
    """Keep only key, owner and timer: the owner acknowledges each 2xx that comes again (RFC 6026)."""
    DOUBLE_A = "double A"
    DOUBLE_E = "double E up to T2"
    DOUBLE_G = "double G up to T2"
    REPEAT_E = "repeat E at T2"
    START_A = "start A"
    START_B = "start B"
    START_D = "start D"
    START_E = "start E"
    START_F = "start F"
    START_G = "start G"
    START_H = "start H"
    START_I = "start I"
    START_J = "start J"
    START_K = "start K"
    START_L = "start L"
    START_M = "start M"
    START_TRYING = "start trying"
    STOP_A = "stop A"
    STOP_B = "stop B"
    STOP_E = "stop E"
    STOP_F = "stop F"
    STOP_G = "stop G"
    STOP_H = "stop H"
    STOP_TRYING = "stop trying"


Row = tuple[State, tuple[Action, ...]]
Table = dict[tuple[State, Input], Row]

INITIAL, CALLING, TRYING, PROCEEDING, COMPLETED, CONFIRMED, ACCEPTED, TERMINATED = State
(
    REQUEST, ACK, PROVISIONAL, SUCCESS, FAILURE, ABANDON, BROKEN, TIMER_A, TIMER_B, TIMER_D, TIMER_E, TIMER_F,
    TIMER_G, TIMER_H, TIMER_I, TIMER_J, TIMER_K, TIMER_L, TIMER_M, TIMER_TRYING,
) = Input  # fmt: skip
(
    SEND, RESEND, SEND_TRYING, SEND_ACK, PASS_UP, TIMED_OUT, UNREACHABLE, SHRINK, DROP_INVITE,
    DOUBLE_A, DOUBLE_E, DOUBLE_G, REPEAT_E,
    START_A, START_B, START_D, START_E, START_F, START_G, START_H, START_I, START_J, START_K, START_L,
    START_M, START_TRYING, STOP_A, STOP_B, STOP_E, STOP_F, STOP_G, STOP_H, STOP_TRYING,
) = Action  # fmt: skip

INVITE_CLIENT: Final[Table] = {  # RFC 3261 figure 5, amended by RFC 6026 section 7.2
    (INITIAL,    REQUEST):     (CALLING,    (SEND, START_A, START_B)),
    (CALLING,    TIMER_A):     (CALLING,    (RESEND, DOUBLE_A)),
    (CALLING,    TIMER_B):     (TERMINATED, (STOP_A, TIMED_OUT)),
    (CALLING,    BROKEN):      (TERMINATED, (STOP_A, STOP_B, UNREACHABLE)),
    (CALLING,    PROVISIONAL): (PROCEEDING, (STOP_A, STOP_B, PASS_UP)),
    (CALLING,    SUCCESS):     (ACCEPTED,   (STOP_A, STOP_B, START_M, PASS_UP, DROP_INVITE)),
    (CALLING,    FAILURE):     (COMPLETED,  (STOP_A, STOP_B, START_D, SEND_ACK, PASS_UP, SHRINK)),
    (PROCEEDING, PROVISIONAL): (PROCEEDING, (PASS_UP,)),
    (PROCEEDING, SUCCESS):     (ACCEPTED,   (START_M, PASS_UP, DROP_INVITE)),
    (PROCEEDING, FAILURE):     (COMPLETED,  (START_D, SEND_ACK, PASS_UP, SHRINK)),
    (PROCEEDING, ABANDON):     (TERMINATED, ()),
    (PROCEEDING, BROKEN):      (PROCEEDING, ()),  # the other side rings; Timer C ends what it forgets
    (COMPLETED,  FAILURE):     (COMPLETED,  (RESEND,)),
    (COMPLETED,  PROVISIONAL): (COMPLETED,  ()),
    (COMPLETED,  SUCCESS):     (COMPLETED,  ()),
    (COMPLETED,  TIMER_D):     (TERMINATED, ()),
    (ACCEPTED,   SUCCESS):     (ACCEPTED,   (PASS_UP,)),
    (ACCEPTED,   PROVISIONAL): (ACCEPTED,   ()),
    (ACCEPTED,   FAILURE):     (ACCEPTED,   ()),
    (ACCEPTED,   TIMER_M):     (TERMINATED, ()),
}  # fmt: skip

NON_INVITE_CLIENT: Final[Table] = {  # RFC 3261 figure 6
    (INITIAL,    REQUEST):     (TRYING,     (SEND, START_E, START_F)),
    (TRYING,     TIMER_E):     (TRYING,     (RESEND, DOUBLE_E)),
    (TRYING,     TIMER_F):     (TERMINATED, (STOP_E, TIMED_OUT)),
    (TRYING,     BROKEN):      (TERMINATED, (STOP_E, STOP_F, UNREACHABLE)),
    (TRYING,     PROVISIONAL): (PROCEEDING, (PASS_UP,)),
    (TRYING,     SUCCESS):     (COMPLETED,  (STOP_E, STOP_F, START_K, PASS_UP, SHRINK)),
    (TRYING,     FAILURE):     (COMPLETED,  (STOP_E, STOP_F, START_K, PASS_UP, SHRINK)),
    (PROCEEDING, TIMER_E):     (PROCEEDING, (RESEND, REPEAT_E)),
    (PROCEEDING, TIMER_F):     (TERMINATED, (STOP_E, TIMED_OUT)),
    (PROCEEDING, BROKEN):      (TERMINATED, (STOP_E, STOP_F, UNREACHABLE)),
    (PROCEEDING, PROVISIONAL): (PROCEEDING, (PASS_UP,)),
    (PROCEEDING, SUCCESS):     (COMPLETED,  (STOP_E, STOP_F, START_K, PASS_UP, SHRINK)),
    (PROCEEDING, FAILURE):     (COMPLETED,  (STOP_E, STOP_F, START_K, PASS_UP, SHRINK)),
    (COMPLETED,  PROVISIONAL): (COMPLETED,  ()),
    (COMPLETED,  SUCCESS):     (COMPLETED,  ()),
    (COMPLETED,  FAILURE):     (COMPLETED,  ()),
    (COMPLETED,  TIMER_K):     (TERMINATED, ()),
}  # fmt: skip

INVITE_SERVER: Final[Table] = {  # RFC 3261 figure 7, amended by RFC 6026 section 7.1
    (INITIAL,    REQUEST):      (PROCEEDING, (START_TRYING, PASS_UP)),
    (PROCEEDING, TIMER_TRYING): (PROCEEDING, (SEND_TRYING,)),
    (PROCEEDING, REQUEST):      (PROCEEDING, (RESEND,)),
    (PROCEEDING, PROVISIONAL):  (PROCEEDING, (STOP_TRYING, SEND)),
    (PROCEEDING, SUCCESS):      (ACCEPTED,   (STOP_TRYING, SEND, START_L, SHRINK)),
    (PROCEEDING, FAILURE):      (COMPLETED,  (STOP_TRYING, SEND, START_G, START_H, SHRINK)),
    (COMPLETED,  REQUEST):      (COMPLETED,  (RESEND,)),
    (COMPLETED,  TIMER_G):      (COMPLETED,  (RESEND, DOUBLE_G)),
    (COMPLETED,  TIMER_H):      (TERMINATED, (STOP_G,)),
    (COMPLETED,  ACK):          (CONFIRMED,  (STOP_G, STOP_H, START_I)),
    (CONFIRMED,  REQUEST):      (CONFIRMED,  ()),
    (CONFIRMED,  ACK):          (CONFIRMED,  ()),
    (CONFIRMED,  TIMER_I):      (TERMINATED, ()),
    (ACCEPTED,   REQUEST):      (ACCEPTED,   ()),  # its session repeats the 2xx
    (ACCEPTED,   TIMER_L):      (TERMINATED, ()),
}  # fmt: skip

NON_INVITE_SERVER: Final[Table] = {  # RFC 3261 figure 8; Timer F ends what its user never answers (RFC 4320)
    (INITIAL,    REQUEST):     (TRYING,     (START_F, PASS_UP)),
    (TRYING,     REQUEST):     (TRYING,     ()),
    (TRYING,     PROVISIONAL): (PROCEEDING, (SEND,)),
    (TRYING,     SUCCESS):     (COMPLETED,  (STOP_F, SEND, START_J, SHRINK)),
    (TRYING,     FAILURE):     (COMPLETED,  (STOP_F, SEND, START_J, SHRINK)),
    (TRYING,     TIMER_F):     (TERMINATED, (TIMED_OUT,)),
    (PROCEEDING, REQUEST):     (PROCEEDING, (RESEND,)),
    (PROCEEDING, PROVISIONAL): (PROCEEDING, (SEND,)),
    (PROCEEDING, SUCCESS):     (COMPLETED,  (STOP_F, SEND, START_J, SHRINK)),
    (PROCEEDING, FAILURE):     (COMPLETED,  (STOP_F, SEND, START_J, SHRINK)),
    (PROCEEDING, TIMER_F):     (TERMINATED, (TIMED_OUT,)),
    (COMPLETED,  REQUEST):     (COMPLETED,  (RESEND,)),
    (COMPLETED,  TIMER_J):     (TERMINATED, ()),
}  # fmt: skip

TABLES: Final = {
    "INVITE client": INVITE_CLIENT,
    "non-INVITE client": NON_INVITE_CLIENT,
    "INVITE server": INVITE_SERVER,
    "non-INVITE server": NON_INVITE_SERVER,
}
