"""What users read of the formulas, by language: a name, and what is divided by what."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Words(NamedTuple):
    """In one language."""

    name: str
    definition: str


_ENGLISH: Final[Mapping[str, Words]] = {
    "service_level.abandons_negative": Words(
        "Service level",
        "answered within the target ÷ (answered + abandoned, short ones left out)",
    ),
    "service_level.answered_only": Words(
        "Service level of the answered",
        "answered within the target ÷ answered; abandoned calls do not count, which flatters a bad queue",
    ),
    "service_level.abandons_ignored": Words(
        "Service level, early abandons ignored",
        "answered within the target ÷ (answered + abandoned after the target)",
    ),
    "service_level.abandons_positive": Words(
        "Service level, early abandons as met",
        "(answered + abandoned, both within the target) ÷ (answered + abandoned)",
    ),
    "service_level.offered": Words(
        "Service level of the offered",
        "answered within the target ÷ offered; over short intervals it may exceed 100 %, as "
        "who came in the one before is answered in this",
    ),
    "service_level.live": Words(
        "Service level now",
        "over the last 30 minutes: answered within the target ÷ (answered + abandoned, short "
        "ones left out + those who already wait longer than the target)",
    ),
    "speed_of_answer": Words(
        "Average speed of answer (ASA)",
        "the waits of the answered ÷ answered; a wait begins as the caller enters the queue",
    ),
    "abandon_time": Words(
        "Average time to abandon",
        "the waits of the abandoned ÷ abandoned",
    ),
    "abandon_rate": Words(
        "Abandon rate",
        "(abandoned − short abandons) ÷ (offered − short abandons)",
    ),
    "abandon_rate.raw": Words(
        "Abandon rate, short ones included",
        "abandoned ÷ offered",
    ),
    "talk_time": Words(
        "Average talk time (ATT)",
        "talk of the agents with those answered in the interval ÷ answered",
    ),
    "handle_time": Words(
        "Average handle time (AHT)",
        "(talk + hold + wrap-up) of those answered in the interval ÷ answered",
    ),
    "occupancy": Words(
        "Occupancy",
        "time in on_call, wrap_up and ringing ÷ time in on_call, wrap_up, ringing and ready; "
        "paused, unreachable and offline are left out",
    ),
    "utilisation": Words(
        "Utilisation",
        "time in on_call and wrap_up ÷ time logged in: every state but offline",
    ),
    "pause_time": Words(
        "Average pause",
        "time in paused ÷ pauses that began; over short intervals, one that began in the one "
        "before is in the time alone",
    ),
    "transfer_rate": Words(
        "Transfer rate",
        "transfers by agents ÷ answered",
    ),
    "transfer_rate.blind": Words(
        "Transfer rate, blind",
        "transfers by agents who had not spoken to who gets the caller ÷ answered",
    ),
    "transfer_rate.attended": Words(
        "Transfer rate, attended",
        "transfers by agents who had spoken to who gets the caller ÷ answered",
    ),
    "no_answer_rate": Words(
        "No-answer rate (RONA)",
        "offers that rang out ÷ offers to agents that ended; one call may be offered several times",
    ),
    "trunk.answer_seizure": Words(
        "Answer-seizure ratio (ASR)",
        "answered ÷ attempts sent to the trunk",
    ),
    "trunk.network_effectiveness": Words(
        "Network effectiveness ratio (NER)",
        "(answered + busy + no answer) ÷ attempts; busy is 486 or 600, no answer has rung or "
        "ended by 408 or 480",
    ),
    "trunk.call_duration": Words(
        "Average call duration (ACD)",
        "from answer to end of the answered attempts ÷ answered",
    ),
    "trunk.post_dial_delay": Words(
        "Post-dial delay (PDD)",
        "from INVITE to the first ringing ÷ attempts that rang",
    ),
    "trunk.mos": Words(
        "Mean opinion score (MOS)",
        "the MOS of the trunk's legs, by the E-model of what we received ÷ legs that were measured",
    ),
    "speed_of_answer.p50": Words(
        "Speed of answer, p50",
        "the wait that 50 % of the answered did not exceed (nearest rank), in tenths of a second, rounded up",
    ),
    "speed_of_answer.p90": Words(
        "Speed of answer, p90",
        "the wait that 90 % of the answered did not exceed (nearest rank), in tenths of a second, rounded up",
    ),
}
_SPANISH: Final[Mapping[str, Words]] = {
    "service_level.abandons_negative": Words(
        "Nivel de servicio",
        "atendidas dentro del objetivo ÷ (atendidas + abandonadas, sin los abandonos cortos)",
    ),
    "service_level.answered_only": Words(
        "Nivel de servicio de las atendidas",
        "atendidas dentro del objetivo ÷ atendidas; los abandonos no cuentan, lo que favorece"
        " a una mala cola",
    ),
    "service_level.abandons_ignored": Words(
        "Nivel de servicio sin abandonos tempranos",
        "atendidas dentro del objetivo ÷ (atendidas + abandonadas después del objetivo)",
    ),
    "service_level.abandons_positive": Words(
        "Nivel de servicio con abandonos tempranos a favor",
        "(atendidas + abandonadas, ambas dentro del objetivo) ÷ (atendidas + abandonadas)",
    ),
    "service_level.offered": Words(
        "Nivel de servicio sobre ofrecidas",
        "atendidas dentro del objetivo ÷ ofrecidas; en intervalos cortos puede superar el 100"
        " %, pues quien entró en el anterior se atiende en este",
    ),
    "service_level.live": Words(
        "Nivel de servicio ahora",
        "en los últimos 30 minutos: atendidas dentro del objetivo ÷ (atendidas + abandonadas,"
        " sin los abandonos cortos + quienes ya esperan más que el objetivo)",
    ),
    "speed_of_answer": Words(
        "Tiempo medio de respuesta (ASA)",
        "esperas de las atendidas ÷ atendidas; la espera empieza al entrar en la cola",
    ),
    "abandon_time": Words(
        "Tiempo medio de abandono",
        "esperas de las abandonadas ÷ abandonadas",
    ),
    "abandon_rate": Words(
        "Tasa de abandono",
        "(abandonadas − abandonos cortos) ÷ (ofrecidas − abandonos cortos)",
    ),
    "abandon_rate.raw": Words(
        "Tasa de abandono, con los cortos",
        "abandonadas ÷ ofrecidas",
    ),
    "talk_time": Words(
        "Tiempo medio de conversación (ATT)",
        "conversación de los agentes con las atendidas en el intervalo ÷ atendidas",
    ),
    "handle_time": Words(
        "Tiempo medio de gestión (AHT)",
        "(conversación + retención + postllamada) de las atendidas en el intervalo ÷ atendidas",
    ),
    "occupancy": Words(
        "Ocupación",
        "tiempo en on_call, wrap_up y ringing ÷ tiempo en on_call, wrap_up, ringing y ready; "
        "sin paused, unreachable ni offline",
    ),
    "utilisation": Words(
        "Utilización",
        "tiempo en on_call y wrap_up ÷ tiempo conectado: todos los estados salvo offline",
    ),
    "pause_time": Words(
        "Pausa media",
        "tiempo en paused ÷ pausas que empezaron; en intervalos cortos, la que empezó en el"
        " anterior solo está en el tiempo",
    ),
    "transfer_rate": Words(
        "Tasa de transferencia",
        "transferencias de los agentes ÷ atendidas",
    ),
    "transfer_rate.blind": Words(
        "Tasa de transferencia ciega",
        "transferencias de agentes que no hablaron antes con el destino ÷ atendidas",
    ),
    "transfer_rate.attended": Words(
        "Tasa de transferencia atendida",
        "transferencias de agentes que hablaron antes con el destino ÷ atendidas",
    ),
    "no_answer_rate": Words(
        "Tasa de no respuesta (RONA)",
        "ofertas que sonaron sin respuesta ÷ ofertas a agentes terminadas; una llamada puede "
        "ofrecerse varias veces",
    ),
    "trunk.answer_seizure": Words(
        "Tasa de respuesta de tomas (ASR)",
        "contestadas ÷ intentos enviados al enlace",
    ),
    "trunk.network_effectiveness": Words(
        "Eficacia de la red (NER)",
        "(contestadas + ocupado + sin respuesta) ÷ intentos; ocupado es 486 o 600, sin "
        "respuesta sonó o acabó con 408 o 480",
    ),
    "trunk.call_duration": Words(
        "Duración media de llamada (ACD)",
        "desde la respuesta hasta el final de los intentos contestados ÷ contestadas",
    ),
    "trunk.post_dial_delay": Words(
        "Demora tras marcar (PDD)",
        "desde el INVITE hasta el primer tono de llamada ÷ intentos que sonaron",
    ),
    "trunk.mos": Words(
        "Calidad media (MOS)",
        "MOS de los tramos del enlace, por el modelo E de lo recibido ÷ tramos medidos",
    ),
    "speed_of_answer.p50": Words(
        "Tiempo de respuesta, p50",
        "la espera que el 50 % de las atendidas no superó (rango más próximo), en décimas de "
        "segundo hacia arriba",
    ),
    "speed_of_answer.p90": Words(
        "Tiempo de respuesta, p90",
        "la espera que el 90 % de las atendidas no superó (rango más próximo), en décimas de "
        "segundo hacia arriba",
    ),
}
WORDS: Final[Mapping[str, Mapping[str, Words]]] = {"en": _ENGLISH, "es": _SPANISH}
"""By language, then by the id of the formula."""
