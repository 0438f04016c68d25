"""Every family of the switch, under the contract's names: what it counts, and by which labels."""

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from switch.metrics.exposition import Declared, DeclaredHistogram


def _counter(name: str, text: str, *labels: str) -> Declared:
    return Declared(CounterMetricFamily, name, text, labels)


def _gauge(name: str, text: str, *labels: str) -> Declared:
    return Declared(GaugeMetricFamily, name, text, labels)


def _histogram(name: str, text: str, *labels: str) -> DeclaredHistogram:
    return DeclaredHistogram(name, text, labels)


BUILD_INFO = _gauge("build_info", "1, with the version and the kernels in use.", "version", "kernels")
CONFIG_OK = _gauge("config_last_reload_successful", "1 if the last reload was applied.")
READY = _gauge("ready", "1 while new calls are taken: /readyz answers 200.")
CALLS_ACTIVE = _gauge("calls_active", "Calls in progress.", "direction")
CALLS = _counter("calls", "Calls that ended.", "direction", "result", "reason")
CALL_SETUP = _histogram("call_setup_seconds", "From INVITE received to final response.")
SIP_MESSAGES = _counter("sip_messages", "SIP messages.", "direction", "method", "code", "transport")
SIP_RETRANSMISSIONS = _counter("sip_retransmissions", "Messages that we sent again.", "method")
SIP_PARSE_ERRORS = _counter("sip_parse_errors", "Messages that could not be read.", "transport", "reason")
SIP_STRANGERS = _counter("sip_strangers", "Messages of strangers, which nothing answers.", "transport")
SIP_CONNECTIONS = _gauge("sip_connections", "Open TCP and TLS connections.", "transport")
SIP_CONNECTIONS_CLOSED = _counter(
    "sip_connections_closed", "Connections that ended or were turned away.", "transport", "reason"
)
SIP_TRUNCATED = _counter("sip_datagrams_truncated", "Datagrams that came larger than any may be.")
SIP_BANNED = _counter("sip_banned", "Requests of banned addresses and users, unanswered.", "transport")
SIP_UNREAD = _counter("sip_unread", "Requests that were dropped unread in a flood.", "transport")
BANS_ACTIVE = _gauge("bans_active", "Addresses, and users at an address, that are banned.")
OVERLOAD_REFUSED = _counter("overload_refused", "Requests refused with 503 for overload.", "method")
TOLL_REFUSALS = _counter("toll_refusals", "Calls to trunks that met a limit of their toll.", "limit")
TOLL_ALARMS = _counter("toll_alarms", "Alarms about such calls.", "limit")
SIP_TRANSACTIONS = _gauge("sip_transactions_active", "SIP transactions.")
SIP_DIALOGS = _gauge("sip_dialogs_active", "SIP dialogs.")
SIP_AUTH_FAILURES = _counter("sip_auth_failures", "Requests with wrong credentials.")
PROVISIONING = _counter("provisioning_requests", "Requests for phones' files.", "answer")
STIR = _counter("stir_verifications", "Calls whose signed identity was checked.", "result")
REGISTRATIONS = _gauge("registrations", "Bindings of phones.", "transport")
TRUNK_UP = _gauge("trunk_up", "0 while none of the trunk's targets answers.", "trunk")
TRUNK_REGISTERED = _gauge("trunk_registered", "0 while we are not registered with the carrier.", "trunk")
TRUNK_CALLS = _gauge("trunk_calls_active", "Calls in progress over the trunk.", "trunk")
QUEUE_OFFERED = _counter("queue_offered", "Calls that joined the line.", "queue")
QUEUE_ANSWERED = _counter("queue_answered", "Calls that an agent took.", "queue")
QUEUE_WITHIN = _counter("queue_answered_within_target", "Calls answered within the target.", "queue")
QUEUE_ABANDONED = _counter("queue_abandoned", "Callers who hung up while they waited.", "queue")
QUEUE_SHORT = _counter("queue_abandoned_short", "Those of them who did so within short_abandon.", "queue")
QUEUE_OVERFLOWED = _counter("queue_overflowed", "Calls that left the line for another place.", "queue")
QUEUE_OTHERWISE = _counter("queue_ended_otherwise", "Calls that left the line otherwise.", "queue", "reason")
QUEUE_WAITING = _gauge("queue_waiting", "Calls in the line.", "queue")
QUEUE_LONGEST = _gauge("queue_longest_wait_seconds", "How long the first in line has waited.", "queue")
QUEUE_WAIT = _histogram("queue_wait_seconds", "Time in the line.", "queue", "result")
QUEUE_LEVEL = _gauge("queue_service_level_ratio", "Service level of the last 30 minutes.", "queue")
QUEUE_TARGET = _gauge("queue_service_level_target_ratio", "What it is to be, as configured.", "queue")
QUEUE_CLOSED = _gauge("queue_closed", "1 while the queue is closed, with the reason.", "queue", "reason")
DECISIONS = _counter(
    "decisions", "Questions to outside programs, by what became of them.", "queue", "outcome"
)
AGENTS = _gauge("agents", "Agents that may take the queue's calls.", "queue", "state")
AGENTS_BY_STATE = _gauge("agents_by_state", "Agents.", "state")
OFFERS = _counter("offers", "Offers of a call to an agent that ended.", "queue", "result")
OFFER_LATENCY = _histogram("offer_latency_seconds", "From agent free and caller eligible to INVITE written.")
DECISION = _histogram("decision_seconds", "One step of the router.")
HANDLE = _histogram("handle_seconds", "An agent's time for one call.", "queue", "phase")
REPAIRS = _counter("state_repairs", "States that disagreed with the facts and were corrected.", "kind")
RTP_PACKETS = _counter("rtp_packets", "RTP packets.", "direction")
RTP_BYTES = _counter("rtp_bytes", "Octets of RTP packets.", "direction")
RTP_LOST = _counter("rtp_packets_lost", "RTP packets that never came.")
RTP_STRANGERS = _counter("rtp_strangers", "Packets on our ports from elsewhere than the peer.")
SRTP_REFUSED = _counter("srtp_refused", "SRTP packets that were forged or came before.", "reason")
DATAGRAMS_DROPPED = _counter("media_datagrams_dropped", "STUN and DTLS that found no room on their way.")
RTP_JITTER = _histogram("rtp_jitter_seconds", "Mean interarrival jitter (RFC 3550) of a leg that ended.")
RTP_MOS = _histogram("rtp_mos", "Mean opinion score (E-model) of a leg that ended.")
RTP_SENT_JITTER = _histogram("rtp_sent_jitter_seconds", "Jitter of what we sent, as its party reported it.")
RTP_SENT_MOS = _histogram("rtp_sent_mos", "Mean opinion score of what we sent, by its party's reports.")
RTP_ROUND_TRIP = _histogram("rtp_round_trip_seconds", "Round trip to the party of a leg that ended.")
RTP_PORTS = _gauge("rtp_ports", "RTP ports.", "state")
WORKER_LAG = _gauge("media_worker_lag_seconds", "How late the media workers run.")
EVENTS_MERGED = _counter("engine_events_merged", "Media events merged because their ring was full.")
RECORDINGS = _gauge("recordings_active", "Recordings in progress.")
RECORDER_DROPPED = _counter("recorder_dropped_frames", "Frames that the recorder could not keep.")
LOOP_LAG = _histogram("event_loop_lag_seconds", "How late the event loop ran a timer.")
GC_PAUSE = _histogram("gc_pause_seconds", "Pauses for garbage collection.")
EVENTS = _counter("events", "Events that were told.", "type")
EVENT_LISTENERS = _gauge("event_listeners", "WebSockets that events are told to.")
EVENT_SNAPSHOTS = _counter("event_snapshots", "Snapshots that began to be told, by why.", "why")
WEBHOOK_ATTEMPTS = _counter(
    "webhook_attempts", "Events told to webhooks, by the answer.", "webhook", "outcome"
)
WEBHOOK_WAITING = _gauge("webhook_waiting", "Events that the webhook is still to be told.", "webhook")
WEBHOOK_DROPPED = _counter("webhook_dropped", "Events that it will never be told.", "webhook")
WEBHOOK_DEAD = _gauge("webhook_dead", "1 while nobody tries the webhook any more.", "webhook")
HEP_PACKETS = _counter("hep_packets", "Copies of SIP messages for the Homer server.", "result")
HISTORY = _counter("history_entries", "What became of what the history was told.", "outcome")
HISTORY_SPOOLED = _gauge("history_spooled_bytes", "What waits on the disk for the database.")
DISK_FREE = _gauge("disk_free_bytes", "Room that is left on the disk of data_dir.")
DISK_SIZE = _gauge("disk_size_bytes", "Size of that disk.")
CPU = _counter("cpu_seconds", "Processor time of all threads, the media workers' included.")
MEMORY = _gauge("resident_memory_bytes", "Memory that the switch occupies.")
STARTED = _gauge("start_time_seconds", "When the switch began, in seconds since 1970.")
TASKS = _gauge("tasks_active", "Tasks in the event loop.")
