"""People who talk: espeak-ng in English and Spanish, several voices, made when a test asks."""

import os
import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from media.wav import decode_wav
from tests.peers.audio import Pcm

SENTENCES = {
    "en": (
        "Good morning, you are through to the front desk; how may I help you?",
        "I would like to ask about invoice number {a}, which came on the {b}th of May.",
        "Every one of our agents is busy at the moment, so please hold the line.",
        "The parcel weighs {c} grams and should reach Southampton by half past {b}.",
        "Could you spell that for me, please? It is W, double E, K, then {a}.",
        "We measured you, too: she chews fuel, he sees three cheap sheep.",
        "No, no, no, I never said {c}. Ooh! Aah! Mmm, all right then.",
        "The weather along the western shore will be rough, with gusts of {b} knots.",
    ),
    "es": (
        "Buenos días, le atiende la centralita, ¿en qué puedo ayudarle?",
        "Quisiera preguntar por la factura {a}, que llegó el {b} de febrero.",
        "Todas nuestras operadoras están ocupadas; espere un momento, por favor.",
        "El paquete pesa {c} gramos y saldrá hacia Logroño a las {b} de la tarde.",
        "¿Me lo deletrea? Uve doble, eñe, i griega, y después {a}.",
        "Rodrigo corría por el jardín mientras Ángela guisaba lentejas con chorizo.",
        "No, no, no, yo nunca dije {c}. ¡Uy! ¡Ay! Mmm, bueno, de acuerdo.",
        "Lloverá en toda la sierra, con rachas de {b} kilómetros por hora.",
    ),
}
VOICES = (
    ("en-gb", "en"),
    ("es", "es"),
    ("en-us+f3", "en"),
    ("es-419+f2", "es"),
    ("en-gb+m5", "en"),
    ("es+m4", "es"),
    ("en-029+f4", "en"),
    ("es+f5", "es"),
)
MOST_DBM0 = -12.0
LEAST_DBM0 = -30.0


@dataclass(frozen=True, slots=True)
class Talk:
    """What one voice says, at 8 kHz, and how loud."""

    voice: str
    level_dbm0: float
    samples: Pcm


def talks(seconds: float, seed: int = 1) -> Iterator[Talk]:
    """So much speech, half a minute or so from each voice in turn."""
    chance = random.Random(seed)
    spoken = 0.0
    while spoken < seconds:
        for voice, language in VOICES:
            talk = _talk(chance, voice, language)
            spoken += len(talk.samples) / 8000
            yield talk


def said(text: str, voice: str = "en-gb", speed: int = 160, pitch: int = 50) -> Pcm:
    """`text` as that voice says it."""
    command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "--stdin", "--stdout"]
    # A sanitizer that is loaded into us would be loaded into it, too.
    alone = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    spoken = subprocess.run(
        command, input=text.encode(), capture_output=True, check=True, timeout=30, env=alone
    )
    return np.frombuffer(decode_wav(_whole(spoken.stdout)), np.int16)


def levelled(samples: NDArray[Any], level_dbm0: float) -> Pcm:
    """At that mean level, pauses included; the highest peaks may be clipped."""
    wanted = 32768 * 10 ** ((level_dbm0 - 3.14) / 20) / np.sqrt(2)
    mean = float(np.sqrt(np.mean(samples.astype(float) ** 2)))
    loud: Pcm = np.clip(np.round(samples * (wanted / mean)), -32768, 32767).astype(np.int16)
    return loud


def _talk(chance: random.Random, voice: str, language: str) -> Talk:
    sentences = chance.choices(SENTENCES[language], k=10)
    text = " ".join(
        each.format(a=chance.randrange(10**6), b=chance.randrange(2, 30), c=chance.randrange(10**4))
        for each in sentences
    )
    level = chance.uniform(LEAST_DBM0, MOST_DBM0)
    samples = said(text, voice, chance.randrange(120, 220), chance.randrange(20, 90))
    return Talk(voice, level, levelled(samples, level))


def _whole(wav: bytes) -> bytes:
    """What goes to a pipe has no lengths in its heads: the file's and the samples'."""
    data = wav.index(b"data") + 8
    riff, samples = (length.to_bytes(4, "little") for length in (len(wav) - 8, len(wav) - data))
    return wav[:4] + riff + wav[8 : data - 4] + samples + wav[data:]
