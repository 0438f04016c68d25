"""Twenty sentences, spoken by espeak-ng 26 dB below overload; and how good they still sound afterwards."""

from functools import cache

import numpy as np
from pesq import pesq

from tests.media.voices import levelled, said
from tests.peers.audio import RATE, Pcm

LEVEL_DBM0 = -26.0 + 3.01 + 3.14
"""-26 dBov (ITU-T P.56): 0 dBov is a full-scale square wave, and a full-scale sine 3.14 dBm0."""
QUIET = np.zeros(RATE * 3 // 10, np.int16)

SENTENCES = (
    ("en-gb", "The birch canoe slid along while two old men mended their nets."),
    ("es", "El tren de las siete llega tarde porque ha nevado en la sierra."),
    ("en-us+f3", "Please take a number and wait until the green light comes on."),
    ("es-419+f2", "Mi hermana guarda las llaves en el segundo cajón de la cocina."),
    ("en-gb+m5", "Nobody knew why the garden gate was open so early this morning."),
    ("es+m4", "Quisiera cambiar la dirección de envío de mi último pedido."),
    ("en-029+f4", "A cup of hot coffee and a quiet corner are all that she asked for."),
    ("es+f5", "Cuatro barcos de pesca salieron del puerto antes del amanecer."),
    ("en-gb", "Your appointment is on Thursday at a quarter past eleven."),
    ("es", "No encuentro la factura del mes pasado por ninguna parte."),
    ("en-us+f3", "The engineer will ring you shortly before he sets out."),
    ("es-419+f2", "El viejo reloj de la plaza da las horas con mucho retraso."),
    ("en-gb+m5", "Fresh bread smells best when the window is still shut."),
    ("es+m4", "Llámeme usted mañana a partir de las nueve y media, por favor."),
    ("en-029+f4", "We shall send the spare keys by post within five working days."),
    ("es+f5", "La lluvia no ha dejado de golpear los cristales en toda la noche."),
    ("en-gb", "Three blue jars stood in a row on the narrow kitchen shelf."),
    ("es", "Hay que firmar dos veces al final de cada una de las páginas."),
    ("en-us+f3", "Could you tell me once more which of the two boxes was broken?"),
    ("es-419+f2", "Su llamada es importante, aunque hoy tardemos un poco más."),
)
"""Voice and words."""


@cache
def spoken(number: int) -> Pcm:
    """One of them at 8 kHz, between 0.3 s of silence before and after, in whole 60 ms."""
    voice, text = SENTENCES[number]
    sound = np.concatenate([QUIET, levelled(said(text, voice), LEVEL_DBM0), QUIET])
    return sound[: len(sound) // 480 * 480]


def score(original: Pcm, after: Pcm) -> float:
    """Narrow-band PESQ (ITU-T P.862, mapped by P.862.1), from 1 to 4.55."""
    return float(pesq(RATE, original, after, "nb"))
