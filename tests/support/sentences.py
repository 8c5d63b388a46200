"""Sentences that the synthetic voice speaks; self-written."""

STORY = (
    "The engineers met on Tuesday to discuss the plan for the coming winter.",
    "A visitor from Norway told us how her company moves goods by train.",
    "After a short break, we looked at pictures of the new building.",
    "The kitchen is on the ground floor, next to the garden.",
    "Nobody knew why the lights went out before dinner.",
    "They saved almost a third of their fuel, and the drivers are happy to sleep at home again.",
    "Her brother repairs old clocks in a small shop behind the station.",
    "If the weather stays dry, the farmers will harvest the wheat next week.",
    "The library opens at nine, but the reading room is closed for repairs.",
    "We should write down what we learned, so that the next team does not repeat our mistakes.",
)
FACTS = (
    "The train to Boston leaves at 6:45 in the morning from platform 9.",
    "In 1969, Neil Armstrong landed on the moon with Apollo 11.",
    "We sold 10,000 copies in March, and 12,500 copies in April.",
    "Doctor Patricia Delgado lives at 221 Baker Street in London.",
    "On September 2nd, 2024, the price rose by 17.5 percent to 1,000,000 dollars.",
)
"""Numbers, times, dates and names."""
FOREIGN = {
    "de": (
        "Guten Morgen, heute ist das Wetter sehr schön und wir gehen in den Garten.",
        "Meine Schwester wohnt seit drei Jahren in einer kleinen Stadt am Meer.",
        "Der Zug nach Hamburg fährt in zehn Minuten ab.",
        "Nach dem Essen haben wir lange über die Arbeit gesprochen.",
        "Können Sie mir bitte sagen, wo der Bahnhof ist?",
    ),
    "fr": (
        "Bonjour, aujourd'hui il fait très beau et nous allons dans le jardin.",
        "Ma sœur habite depuis trois ans dans une petite ville au bord de la mer.",
        "Le train pour Paris part dans dix minutes.",
        "Après le repas, nous avons longtemps parlé de notre travail.",
        "Pouvez-vous me dire où se trouve la gare, s'il vous plaît ?",
    ),
    "es": (
        "Buenos días, hoy hace muy buen tiempo y vamos al jardín.",
        "Mi hermana vive desde hace tres años en una ciudad pequeña cerca del mar.",
        "El tren para Madrid sale en diez minutos.",
        "Después de la comida hablamos mucho tiempo sobre el trabajo.",
        "¿Puede decirme dónde está la estación, por favor?",
    ),
}
"""By language, for voices that are not English."""
