"""What `centralita call why` says, by language; `{agent}` is the chosen one."""

from collections.abc import Mapping
from typing import Final

from acd.counterfactual import Change
from acd.explaining import Bar
from acd.strategies import Ranking
from acd.why import Rule
from switch.config.schema import Language

Texts = Mapping[object, str]

DECIMAL_POINT: Final[Mapping[Language, str]] = {Language.EN: ".", Language.ES: ","}

# Why the chosen agent went before `{next}`, by what the strategy ranks by; `{own}`, `{other}`: their terms.
RANKS: Final[Mapping[Language, Mapping[Ranking, str]]] = {
    Language.EN: {
        Ranking.IDLE: "{agent} had been available longest ({own}; next {next}, {other})",
        Ranking.LAST_OFFER: "{agent}'s last offer was longest ago ({own}; next {next}, {other})",
        Ranking.CALLS: "{agent} had taken the fewest calls ({own}; next {next}, {other})",
        Ranking.TALK: "{agent} had talked least ({own}; next {next}, {other})",
        Ranking.PLACE: "{agent} stands before the others in the configuration (next {next})",
        Ranking.SKILL: "{agent}'s levels in what is asked for are the highest ({own}; next {next}, {other})",
        Ranking.CHANCE: "the draw fell on {agent}",
    },
    Language.ES: {
        Ranking.IDLE: "{agent} era quien llevaba más tiempo disponible ({own}; después {next}, {other})",
        Ranking.LAST_OFFER: "la última oferta a {agent} era la más antigua ({own}; después {next}, {other})",
        Ranking.CALLS: "{agent} era quien menos llamadas había atendido ({own}; después {next}, {other})",
        Ranking.TALK: "{agent} era quien menos había hablado ({own}; después {next}, {other})",
        Ranking.PLACE: "{agent} va delante en la configuración (después {next})",
        Ranking.SKILL: "{agent} tiene los niveles más altos ({own}; después {next}, {other})",
        Ranking.CHANCE: "el sorteo eligió a {agent}",
    },
}

# Why the caller went before `{next}`, by the place of the term in the caller's key.
CALLERS: Final[Mapping[Language, tuple[str, ...]]] = {
    Language.EN: (
        "this call's priority was the highest ({own}; next {next}, {other})",
        "this caller had waited longest ({own}; next {next}, {other})",
        "this caller had arrived first (next {next})",
        "this call's name comes first (next {next})",
    ),
    Language.ES: (
        "esta llamada tenía la prioridad más alta ({own}; después {next}, {other})",
        "era quien llevaba más tiempo esperando ({own}; después {next}, {other})",
        "había llegado primero (después {next})",
        "su nombre va primero (después {next})",
    ),
}

SENTENCES: Final[Mapping[Language, Texts]] = {
    Language.EN: {
        Rule.CALLER_CHOSE: "{free} agents were free for the call, and {because}.",
        Rule.AGENT_CHOSE: "{agent} became free when {open} callers waited whom {agent} could serve, "
        "and {because}.",
        Rule.MATCHED: "Several callers and agents came together; callers chose in the order of the line, "
        "and {because}.",
        Rule.CHEAPEST: "This pair cost least by routing.weights{costs}. Agents free for the call: {free}; "
        "callers whom {agent} could serve: {open}.",
        Rule.ASSIGNED: "A supervisor kept the call for {agent}.",
        Rule.PREFERRED: "{agent} came first for the call, for a time.",
        Rule.PULLED: "{agent} took the call out of its turn.",
        Rule.HOOK: "The program that the queue asks named {agent}.",
        Rule.EVERYBODY: "The queue rings everybody who is free for the call, and {agent} was.",
        Rule.ONE_MORE: "The call rang for others already, and {agent} was the next who was free for it.",
        "alone": "{agent} was the only agent free for the call{others}.",
        "alone for": "{agent} became free, and this was the only waiting caller whom {agent} could serve.",
        "rule": "{agent} got the call by the rule {rule}.",
        "others": "; of the others, {counts}",
        "idle": "{agent} was as good as {next} by {strategy} and had been available longer "
        "({own} against {other})",
        "tie": "{agent} and {next} were equal in everything, so the name decided",
        "nothing": "nobody stood against it",
        "relaxed": " Steps of the queue's recipe that the call had taken by then: {n}.",
        "not kept": "{agent} was chosen by {strategy}. The journal does not reach back so far any more: "
        "who else could have been chosen is not known.",
        "differs": "{agent} was chosen by {strategy}. The router decides otherwise from the same facts now: "
        "it is another version, or the ledger was changed. Who else could have been chosen is not known.",
        "altered": "The ledger's entry was altered after it was sealed; nothing in it can be relied on.",
        "nobody": "No agent was offered this call.",
    },
    Language.ES: {
        Rule.CALLER_CHOSE: "Había {free} agentes libres para la llamada, y {because}.",
        Rule.AGENT_CHOSE: "{agent} quedó libre cuando esperaban {open} llamadas que podía atender, "
        "y {because}.",
        Rule.MATCHED: "Coincidieron varias llamadas y varios agentes; eligieron las llamadas en el orden de "
        "la cola, y {because}.",
        Rule.CHEAPEST: "Esta pareja era la de menor coste según routing.weights{costs}. Agentes libres para "
        "la llamada: {free}; llamadas en espera que {agent} podía atender: {open}.",
        Rule.ASSIGNED: "Un supervisor reservó la llamada para {agent}.",
        Rule.PREFERRED: "{agent} tenía preferencia para la llamada, por un tiempo.",
        Rule.PULLED: "{agent} tomó la llamada fuera de turno.",
        Rule.HOOK: "El programa al que consulta la cola eligió a {agent}.",
        Rule.EVERYBODY: "La cola llama a todas las personas libres para la llamada, y {agent} lo estaba.",
        Rule.ONE_MORE: "La llamada ya sonaba para otros, y {agent} fue la siguiente persona libre para ella.",
        "alone": "{agent} era la única persona libre para la llamada{others}.",
        "alone for": "{agent} quedó libre, y esta era la única llamada en espera que podía atender.",
        "rule": "{agent} recibió la llamada por la regla {rule}.",
        "others": "; de los demás, {counts}",
        "idle": "{agent} iba igual que {next} según {strategy} y llevaba más tiempo disponible "
        "({own} frente a {other})",
        "tie": "{agent} y {next} iban iguales en todo, así que decidió el nombre",
        "nothing": "no había con quién compararla",
        "relaxed": " Pasos de la receta de la cola que llevaba dados: {n}.",
        "not kept": "Se eligió a {agent} según {strategy}. El diario ya no llega tan atrás: "
        "no se sabe a quién más se podía elegir.",
        "differs": "Se eligió a {agent} según {strategy}. Con los mismos hechos el enrutador decide ahora "
        "otra cosa: es otra versión, o se cambió la anotación. No se sabe a quién más se podía elegir.",
        "altered": "La anotación se alteró después de sellarla; nada de lo que dice es de fiar.",
        "nobody": "Esta llamada no se ofreció a ningún agente.",
    },
}

# What a pair cost, term by term, in points.
COSTS: Final[Mapping[Language, tuple[str, ...]]] = {
    Language.EN: ("wait and priority", "free time", "level", "rare skills", "acquaintance"),
    Language.ES: ("espera y prioridad", "tiempo libre", "nivel", "competencias escasas", "trato previo"),
}

# What kept an agent from the call.
BARS: Final[Mapping[Language, Mapping[Bar, str]]] = {
    Language.EN: {
        Bar.LEAVING: "no longer in the configuration",
        Bar.SKILL: "{requires} is not met ({levels})",
        Bar.LOGGED_OUT: "not logged in",
        Bar.PAUSED: "paused{reason}",
        Bar.UNREACHABLE: "the phone could not be reached",
        Bar.ON_CALL: "on the call {call}",
        Bar.OWN_CALL: "on a call of their own",
        Bar.RINGING: "already ringing for {call}",
        Bar.WRAP_UP: "in wrap-up for {until} more",
        Bar.HELD_OFF: "refused an offer, held off for {until} more",
        Bar.AT_CODE: "dialling a feature code",
        Bar.FULL: "in as many chats as allowed at a time ({n})",
        Bar.RESERVED: "the call was kept for {whom}",
        Bar.BEHIND: "free, but behind {agent}",
    },
    Language.ES: {
        Bar.LEAVING: "ya no está en la configuración",
        Bar.SKILL: "no cumple {requires} ({levels})",
        Bar.LOGGED_OUT: "sin sesión",
        Bar.PAUSED: "en pausa{reason}",
        Bar.UNREACHABLE: "no se llegaba a su teléfono",
        Bar.ON_CALL: "en la llamada {call}",
        Bar.OWN_CALL: "en una llamada propia",
        Bar.RINGING: "ya le sonaba {call}",
        Bar.WRAP_UP: "en tareas posteriores durante {until} más",
        Bar.HELD_OFF: "rechazó una oferta, en espera durante {until} más",
        Bar.AT_CODE: "marcando un código",
        Bar.FULL: "con tantos chats como puede atender a la vez ({n})",
        Bar.RESERVED: "la llamada estaba reservada para {whom}",
        Bar.BEHIND: "libre, pero detrás de {agent}",
    },
}

# How many agents something kept from the call, for one sentence.
COUNTS: Final[Mapping[Language, Mapping[Bar, str]]] = {
    Language.EN: {
        Bar.LEAVING: "{n} no longer in the configuration",
        Bar.SKILL: "{n} without the skills",
        Bar.LOGGED_OUT: "{n} not logged in",
        Bar.PAUSED: "{n} paused",
        Bar.UNREACHABLE: "{n} unreachable",
        Bar.ON_CALL: "{n} on a call",
        Bar.OWN_CALL: "{n} on a call of their own",
        Bar.RINGING: "{n} ringing already",
        Bar.WRAP_UP: "{n} in wrap-up",
        Bar.HELD_OFF: "{n} held off after a refusal",
        Bar.AT_CODE: "{n} dialling a code",
        Bar.FULL: "{n} without room for another chat",
        Bar.RESERVED: "{n} for whom it was not kept",
        Bar.BEHIND: "{n} behind",
    },
    Language.ES: {
        Bar.LEAVING: "{n} fuera ya de la configuración",
        Bar.SKILL: "{n} sin las competencias",
        Bar.LOGGED_OUT: "{n} sin sesión",
        Bar.PAUSED: "{n} en pausa",
        Bar.UNREACHABLE: "{n} sin conexión",
        Bar.ON_CALL: "{n} en una llamada",
        Bar.OWN_CALL: "{n} en una llamada propia",
        Bar.RINGING: "{n} con el teléfono sonando",
        Bar.WRAP_UP: "{n} en tareas posteriores",
        Bar.HELD_OFF: "{n} en espera tras un rechazo",
        Bar.AT_CODE: "{n} marcando un código",
        Bar.FULL: "{n} sin sitio para otro chat",
        Bar.RESERVED: "{n} sin ella, por estar reservada",
        Bar.BEHIND: "{n} detrás",
    },
}

# What became of a caller whom the agent did not get.
RIVALS: Final[Mapping[Language, Texts]] = {
    Language.EN: {
        "chosen": "chosen",
        "behind": "behind this call",
        "before": "before this call",
        "requires": "{agent} does not meet {requires}",
        "reserved": "kept for {whom}",
    },
    Language.ES: {
        "chosen": "elegida",
        "behind": "detrás de esta",
        "before": "delante de esta",
        "requires": "{agent} no cumple {requires}",
        "reserved": "reservada para {whom}",
    },
}

# The fact that was otherwise. Together with what came of it: IF + THEN.
IFS: Final[Mapping[Language, Mapping[Change, str]]] = {
    Language.EN: {
        Change.AGENT_LATER: "If {who} had been ready {by} later",
        Change.OFFERED_LATER: "If {who} had been offered the last call {by} later",
        Change.TALKED_LONGER: "If {who} had talked {by} more",
        Change.MORE_CALLS: "If {who} had taken {level} calls instead of {was}",
        Change.LISTED_LATER: "If {who} stood further back in the configuration",
        Change.NOT_ASSIGNED: "If the call had not been kept for {agent}",
        Change.NOT_KNOWN: "If the caller had not known {agent}",
        Change.WRAP_UP_SHORTER: "If {who}'s wrap-up had been over {by} earlier",
        Change.CALLER_EARLIER: "If {who} had come {by} earlier",
        Change.LEVEL: "If {who} had {skill} at {level} instead of {was}",
        Change.PRIORITY: "If {who} had the priority {level} instead of {was}",
        Change.MORE_ROOM: "If {who} could take {level} chats at a time instead of {was}",
        Change.NOT_HELD_OFF: "If {who} had not refused an offer before",
        Change.NOT_AT_CODE: "If {who} had not been dialling a feature code",
        Change.NOT_PAUSED: "If {who} had not been paused",
        Change.NOT_IN_OWN_CALL: "If {who} had not been on a call of their own",
        Change.REACHABLE: "If {who}'s phone had been reachable",
        Change.LOGGED_IN: "If {who} had been logged in",
        Change.AWAY: "If {who} had not been there",
    },
    Language.ES: {
        Change.AGENT_LATER: "Si {who} hubiera quedado libre {by} más tarde",
        Change.OFFERED_LATER: "Si a {who} le hubieran ofrecido la última llamada {by} más tarde",
        Change.TALKED_LONGER: "Si {who} hubiera hablado {by} más",
        Change.MORE_CALLS: "Si {who} hubiera atendido {level} llamadas en vez de {was}",
        Change.LISTED_LATER: "Si {who} estuviera más atrás en la configuración",
        Change.NOT_ASSIGNED: "Si la llamada no hubiera estado reservada para {agent}",
        Change.NOT_KNOWN: "Si quien llamaba no hubiera conocido a {agent}",
        Change.WRAP_UP_SHORTER: "Si {who} hubiera acabado las tareas posteriores {by} antes",
        Change.CALLER_EARLIER: "Si {who} hubiera entrado {by} antes",
        Change.LEVEL: "Si {who} tuviera {skill} a {level} en vez de a {was}",
        Change.PRIORITY: "Si {who} tuviera prioridad {level} en vez de {was}",
        Change.MORE_ROOM: "Si {who} pudiera atender {level} chats a la vez en vez de {was}",
        Change.NOT_HELD_OFF: "Si {who} no hubiera rechazado antes una oferta",
        Change.NOT_AT_CODE: "Si {who} no hubiera estado marcando un código",
        Change.NOT_PAUSED: "Si {who} no hubiera estado en pausa",
        Change.NOT_IN_OWN_CALL: "Si {who} no hubiera estado en una llamada propia",
        Change.REACHABLE: "Si se hubiera llegado al teléfono de {who}",
        Change.LOGGED_IN: "Si {who} hubiera tenido la sesión abierta",
        Change.AWAY: "Si {who} no hubiera estado",
    },
}
THENS: Final[Mapping[Language, Texts]] = {
    Language.EN: {
        "agent": ", {then} would have got the call.",
        "call": ", {agent} would have got {then} instead.",
        "nobody": ", the caller would have gone on waiting.",
        "left": ", the caller would have left the queue.",
        "silent": ", {agent}'s phone would not have rung for it.",
    },
    Language.ES: {
        "agent": ", la llamada habría sido para {then}.",
        "call": ", {agent} habría recibido {then}.",
        "nobody": ", la llamada habría seguido esperando.",
        "left": ", la llamada habría salido de la cola.",
        "silent": ", no habría sonado el teléfono de {agent}.",
    },
}
