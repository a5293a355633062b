"""The net of rules: plain violence and personal data are found, reported speech and public places are not."""

import pytest

from service.domain.personal_data import find_personal_data
from service.domain.threats import find_threats

THREATS = (
    "I will bring my rifle to the next council meeting.",
    "We know where you live, Karen.",
    "I know where your kids go to school",
    "Turn that turbine on and I'll put a bullet in you",
    "i’ll find you and smash your teeth in",
    "gonna stab the next ticket inspector",
    "You're dead, Hennessy.",
    "He won't see Christmas.",
    "Come to our ground again and you leave in a bag",
    "I'm waiting outside your office tonight",
    "It would be a shame about all that glass",
    "Ich weiß, wo du wohnst.",
    "je sais où tu habites",
    "Eu sei onde você mora, vou te matar",
    '"I will kill you"',
    "Kys.",
    "kill urself, nobody would miss you",
    "Go hang yourselves, all of you",
    "just drink bleach",
    "Go home and die.",
    "I hope they rot, and I hope your kids get cancer",
    "I will find out who wrote this and I will come to the office.",
    "Bring dich doch um",
)
HARMLESS = (
    'He shouted "I\'ll slit your throat" at a driver over 20p.',
    "The letter said 'we know where you live' and the police did nothing.",
    "“You're dead” is what they painted on the door.",
    "> I will kill you\nThis comment should go, moderators.",
    "I'd take a bullet for that lasagne",
    "Two bullet points, and then the rifle range closes at five.",
    "You're dead right about the bins.",
    "I don't know where you live, but here the bus is late.",
    "I am going to beat the traffic and burn some toast.",
    "The killer used a shotgun, the court heard.",
    "We could not find you in the register, sorry.",
    "You could kill yourself laughing at this plan; the club shot itself in the foot.",
    "Do not shoot yourself in the foot again, United",
    "I hope the old mill doesn't burn down, and that they die out, those parking meters.",
    "“Kys”, one of them wrote to a girl of twelve.",
    "We will find out who won on Friday.",
    "Let it go and burn off some steam",
    "",
)
PRIVATE = {
    "address": (
        "Judge lives at 14 Osterby Drive.",
        "Mrs K.: 2207 Cottonwood Court, she is in after six",
        "he lives 52 orchard drive, can't miss it",
        "flat 3B, Lotus Residency, after nine",
        "The house is BT7 1NN, pass it on",
        "Er wohnt Lindenweg 7, dritter Stock",
        "Goethestr. 12a ist es",
        "12 bis, rue des Lilas, au fond",
        "É na Rua das Flores, 123, porta azul",
        "Av. Central n.º 12, 3.º esquerdo",
    ),
    "home": (
        "Nurse who turned us away lives over the florist, buzzer 2",
        "keeper lives on Larch Hill, house with gold gates",
        "moved to 3 Sorrel Way yesterday",
        "number 9, single mum, green door",
        "her house: the grey one",
        "Der Schiri wohnt in der Kastanienallee gleich vorn",
        "il habite rue des Lilas",
        "ela mora na rua de trás",
        "his address is no secret any more",
        "Found him, flat 304",
        "it's the corner house with the hedge",
        "gate code's her birth year",
        "the key is under the boot scraper",
    ),
    "whereabouts": (
        "You can find her at the bakery most days",
        "he drops his kids off at ten to nine",
        "works nights at the petrol station till six",
        "drives a small yellow hatchback",
    ),
    "plate": (
        "her car is the silver one, TX07 QPL",
        "C'est AB-123-CD, la grise",
        "o carro 12-AB-34",
        "white pickup HB-Q 17",
        "drives a black saloon 181-ZQ-4471",
        "Lineman's plate 4KDZ-077",
        "reg ends KVB",
    ),
    "contact": (
        "His manager's number is ⟦phone⟧",
        "Write to ⟦email⟧ and ask why",
        "mail a.person@example.org",
        "the landlord's landline 555-0117, he's in after 8",
    ),
    "number": (
        "DE89 3704 0044 0532 0130 00 ist sein Konto",
        "fr14 2004 1010 0505 0001 3m02 606",
        "1 84 12 76 451 089 46",
        "12345678Z",
        "111.444.777-35",
        "RSSMRA85T10A562S",
        "QQ 12 34 56 C".replace("QQ", "AB"),
        "219-09-9998",
        "Steuer-ID 86 095 742 719",
        "NIF: 123456789",
        "BSN 111222333",
        "PESEL 44051401359",
    ),
}
PUBLIC = (
    "The town hall, 12 Market Street, is open till five.",
    "Lost property: council office, 3 Station Road",
    "Das Rathaus, Marktplatz 1, hat zu.",
    "Le musée, 12 rue de la Paix, est gratuit le dimanche.",
    "A Câmara, Praça Central 1, fecha às cinco.",
    "Ring the library on ⟦phone⟧ to book.",
    "Objections to the council by Friday: ⟦email⟧",
    "I live on Hob Street and the bus is late again.",
    "My mother lives above the bakery, and hears every van.",
    "The 2015 Supreme Court ruling, and 10 Downing Street",
    "Arbeitsplatz 4.0 und Platz 3 in der Tabelle",
    "Articles 12-14 of 1998, page 555",
    "IBAN DE89 3704 0044 0532 0130 01 has a wrong checksum",
    "He held plate 7 up, a plate of 12 oysters",
    "number 9 scored twice",
    "They met in the White House in 1972",
    "my wife works nights at the hospital until June",
    "Dying of boredom in waiting room 4",
    "We found the old door in the end",
    "Episode 3 on court cases was good",
    "In 2020 America changed.",
)


@pytest.mark.parametrize("text", [*THREATS, *HARMLESS])
def test_plain_violence_is_found_and_reported_or_figurative_speech_is_not(text):
    assert {one.label for one in find_threats(text)} == ({"threat"} if text in THREATS else set())


@pytest.mark.parametrize(
    ("what", "text"), [(what, text) for what, texts in PRIVATE.items() for text in texts]
)
def test_personal_data_is_found(what, text):
    found = list(find_personal_data(text))
    assert what in {one.what for one in found}
    assert {one.label for one in found} == {"personal_info"}


@pytest.mark.parametrize("text", PUBLIC)
def test_public_places_and_plain_numbers_are_no_personal_data(text):
    assert list(find_personal_data(text)) == []


def test_a_find_names_its_stretch_of_the_text():
    text = "İstanbul — Judge lives at 14 Osterby Drive, and I’ll find you."
    (threat,) = find_threats(text)
    assert text[threat.begin : threat.end] == "I’ll find you"
    assert "14 Osterby Drive" in {text[one.begin : one.end] for one in find_personal_data(text)}
