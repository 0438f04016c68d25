"""What agents hear who dial feature codes: the words of the built-in prompts."""

from collections.abc import Mapping
from typing import Final

REASON: Final = "reason-"
"""Before the name of a reason for a pause: the prompt that says it."""

DESK: Final[Mapping[str, Mapping[str, str]]] = {
    "desk-logged-in": {"en": "You are logged in.", "es": "Sesión iniciada."},
    "desk-logged-out": {"en": "You are logged out.", "es": "Sesión cerrada."},
    "desk-ready": {"en": "You are ready.", "es": "Está disponible."},
    "desk-paused": {"en": "Paused.", "es": "Pausa."},
    "desk-wrap-up-over": {"en": "Wrap-up finished.", "es": "Fin del trabajo posterior."},
    "desk-wrap-up-extended": {"en": "Wrap-up extended.", "es": "Trabajo posterior prolongado."},
    "desk-recording": {"en": "The call is being recorded.", "es": "La llamada se está grabando."},
    "desk-not-recording": {"en": "The recording is paused.", "es": "La grabación está en pausa."},
    "desk-later": {"en": "After this call.", "es": "Después de esta llamada."},
    "desk-not-now": {"en": "That is not possible now.", "es": "Ahora no es posible."},
    "desk-wrong-pin": {"en": "Wrong number or PIN.", "es": "Número o clave incorrectos."},
    "desk-locked": {
        "en": "Too many attempts. Please try again later.",
        "es": "Demasiados intentos. Inténtelo más tarde.",
    },
    "desk-talking": {
        "en": "You are in a call at another phone.",
        "es": "Está en una llamada en otro teléfono.",
    },
    "desk-taken": {
        "en": "An agent is in a call at this phone.",
        "es": "Hay un agente en una llamada en este teléfono.",
    },
    "desk-nobody": {
        "en": "Nobody is logged in at this phone.",
        "es": "No hay nadie identificado en este teléfono.",
    },
    "desk-not-allowed": {"en": "You are not allowed to do that.", "es": "No está autorizado."},
    "desk-do-not-disturb-on": {"en": "Do not disturb is on.", "es": "No molestar, activado."},
    "desk-do-not-disturb-off": {"en": "Do not disturb is off.", "es": "No molestar, desactivado."},
    "desk-forwarded": {"en": "Your calls are forwarded.", "es": "Desvío activado."},
    "desk-not-forwarded": {"en": "Forwarding is off.", "es": "Desvío desactivado."},
    "desk-not-forwardable": {
        "en": "Calls cannot be forwarded there.",
        "es": "No se puede desviar a ese número.",
    },
    "desk-unknown-reason": {"en": "There is no such reason.", "es": "Ese motivo no existe."},
    "desk-ask-agent": {
        "en": "Your agent number, then hash.",
        "es": "Su número de agente y almohadilla.",
    },
    "desk-ask-pin": {"en": "Your PIN, then hash.", "es": "Su clave y almohadilla."},
    "desk-ask-phone": {
        "en": "The number of the phone, then hash.",
        "es": "El número del teléfono y almohadilla.",
    },
    f"{REASON}break": {"en": "Break.", "es": "Descanso."},
    f"{REASON}lunch": {"en": "Lunch.", "es": "Comida."},
    f"{REASON}meeting": {"en": "Meeting.", "es": "Reunión."},
    f"{REASON}training": {"en": "Training.", "es": "Formación."},
    f"{REASON}paperwork": {"en": "Paperwork.", "es": "Gestión."},
}
"""Name, then language, then the words that are spoken."""
