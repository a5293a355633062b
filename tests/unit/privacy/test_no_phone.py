"""Dates, times, scores, prices, places and years are no phone numbers, in whatever country; numbers still are."""

import re

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType

from service.domain.comment import Article, Source, Submission
from service.privacy.keys import Keyring
from service.privacy.masking import mask
from service.privacy.sanitizer import Sanitizer
from service.privacy.sealing import Address
from tests.factories import NOON, courier

NATIONAL = phonenumbers.PhoneNumberFormat.NATIONAL
COUNTRIES = "IL UA GR TH DE US FR IT ES GB PL BR NL AT CH IN SE DK RU JP"
REGIONS = [*COUNTRIES.split(), None]
NO_PHONES = [
    # reported
    "geboren am 05.10.1986", "03.07 - 17.07.15", "08.00-12.00 13.00-18.00", "won 6-4 6-3 7-6 3-6 6-2", "2024-01-15 12",
    # days
    "24.12.-26.12.2024", "24.12. - 06.01.", "3.-17.7.2015", "5. 10. 1986 - 7. 10. 1986", "15.01.2024-20.01.2024",
    "01/02/2024 - 03/04/2024", "12/25/2024 12/26/2024", "2024/01/15 - 2024/01/20", "1986-10-05 1987-11-06",
    "20240115 1230", "vom 1.5.2024 bis 3.5.2024", "1.1.2000 2.2.2002 3.3.2003", "am 12.12.2012 12.12",
    "1986.10.05 12.30", "24-26.12.2024", "24/25.12.2024", "2024-03-15/16", "03-04 2024", "03/04 2024", "24/12-26/12",
    "24.12. 25.12. 26.12.", "07.2024 - 12.2024", "03.2020-06.2021", "07-2024 - 12-2024", "circa 3.300.000.000 di euro",
    "02.2025/03.2025", "Bebauungsplan 030/2024",
    "Drs. 0815/2024", "buses at 0700 0730 0800 0830",
    "15-01-2024 16-01-2024", "Call for papers 05.10.2024 12.10.2024",
    "04.06.-07.06", "03.06-07.06.2015", "16.8.-1.9", "CA 03/2015 – 03/2016", "12/2015-01/2016 02/2016-03/2017",
    "CA801c26f98cd16e231354125ad046e40b",
    # times
    "18h45-19h", "8.30-12.00 14.00-18.30", "um 19.30 20.15 22.00", "0800-1200 1300-1800",
    "05.10 18.10 11.59", "täglich 00.00-24.00", "00.30-03.30 02.10-03.59", "09.10 16.00 12.00",
    "05.10.1986 14.30-18.00", "Mo-Fr 08-12 13-17 Uhr", "08-12 13-17 08-12",
    # years
    "1939-1945 1914-1918", "2010 2011 2012 2013", "2023/24 2024/25", "1990-2000", "1998, 1999, 2000 2001 2002",
    # scores and odds
    "102-98 99-101", "6-4 6-7(5) 7-6(11)", "10-8 11-9 12-10", "3-5-2 4-4-2 4-3-3", "1.85 2.10 3.40",
    "0.25 0.50 0.75", "10.15 11.20 12.75", "21–19 18–21 15–13",
    # prices and amounts
    "1.234.567", "kostet 1.234.567 Euro", "10.000-20.000", "2500-3000 Euro", "1 000 000", "25.000.000 Menschen",
    "$2 125 557 890", "2 125 557 890 $", "EUR 1 250 000", "100.000 – 250.000 Besucher",
    "27652-47236 Euro", "806509546 Euro", "57395-65153 € im Jahr", "von 87028 - 122329 dollars", "31.4 59.1 74.8 9.0",
    "06.07.2023-08.09.2023", "06.07.23 - 08.09.23", "Rs 25 000 000", "10 000 000 kr", "1 000 000 - 2 000 000",
    # numbers of things
    "ISBN 978-3-16-148410-0", "ISBN-10: 0-306-40615-2", "ISBN 0306406152", "978 3 16 148410 0", "invoice 2024-000123",
    "Rechnung 2023-01234", "order no. 4711 0815 123", "IBAN DE89 3704 0044 0532 0130 00", "NL91 ABNA 0417 1643 00",
    "naar NL91ABNA0417164300 of AT61 1904 3002 3457 3201", "tracking 1Z999AA10123456784",
    "Discord on 2015-05-13 launched", "Das Signal 05.10.1986 war rot", "Snap 2024-01-15 12 Uhr", "Skype: 24.12.2024",
    "WhatsApp has 2 000 000 000 users", "Telegram 900.000.000 Nutzer", "call 2.000.000 people", "text 1 000 000 times",
    "+10.000.000 EUR", "+44 000 000 views", "+20.01.2024", "+ 2.000.000.000",
    "4 8 15 16 23 42", "1 1 2 3 5 8 13 21", "1 2 3 4 5 6 7 8 9", "2024/000123", "30-40 000 osób",
    "Order number: 12345678", "My booking number is 2125551234.", "Order no. 2125551234", "Case number: 20-12345678",
    "Bestell-Nummer: 12345678", "Kundennummer 612345678", "Rechnungsnr. 2024001234",
    "56/17 29/52", "1/12 17/29 33/41", "3-12-19-27-33-41", "32-18-23-1-30-8", "121.0.5150.160", "91.0.6942.121",
    "UPC 036000291452", "GTIN 00012345600012",
    # years and sums behind a word that may be one of calls
    "La Liga 2023-2024", "Ligue des champions 2023-2024", "Mobile World Congress 2023-2024", "Tel Aviv 1948-1973",
    "Das Handy 1992-2007", "Ich rufe 2024/2025 zum Streik auf", "La Liga: 2023/24 2024/25", "Call it 1000000 dollars",
    # times before days
    "um 20:00 2024-05-12", "2024-05-12T20:00:00 2024-05-12T21:00:00", "2024-05-12T20:00:00+0200 2024-05-12",
    "2024-05-12 20:00:00 2024-05-12 21:00:00", "20:00 12.05.2024 21:30", "2024-05-12T20:00:00-05:00 2024-05-12",
    # of cases, firms, journals, towns and draws
    "Sentenza n. 01234/2021", "Drucksache 0123/2024-1", "Partita IVA 01234567890", "REGON 012345678",
    "NIP 526-10-40-828", "ISSN 0317-8471", "CVR 32123456", "KVK 61234567", "PLZ 01067-01099",
    "Lotto 6 aus 49: 07 12 19 23 28 33",
    # places and addresses of machines
    "70.09926/177.64188", "52.52000/13.40495",
    "255.255.255.0", "10.0.0.0/8 172.16.0.0/12", "Chrome 120.0.6099.129", "13.404953999999975 52.52000659999999",
    "52.520008 13.404954", "-33.8688197 151.2092955", "52.5200, 13.4050", "192.168.100.200",
]  # fmt: skip
PHONES = [
    ("DE", "0171 2345678"), ("DE", "030/1234567"), ("DE", "(030) 1234567"), ("DE", "0171 2012-2013"),
    ("DE", "Tel. 0800 1200 1300"), ("DE", "tel 2012 2013"), ("FR", "06 12 34 56 78"), ("FR", "06.12.34.56.78"),
    ("FR", "01-02-03-04-05"), ("US", "212-736-5000"), ("US", "(212) 736-5000"), ("US", "2127365000"),
    ("GB", "020 7946 0958"), ("ES", "612 345 678"), ("ES", "612.345.678"), ("DK", "20 12 20 13"), ("IT", "06 1234567"),
    ("FR", "06/12/34/56/78"), ("DE", "0171\u20122345678"), ("DE", "0171\u20152345678"), (None, "090ー1234ー5678"),
    ("JP", "０９０ー１２３４ー５６７８"), ("DE", "+ 49 171 2345678"), ("DE", "+ 49 (0) 171 2345678"),
    (None, "Tel. Nr. 0171 2345678"), (None, "phone no 212-555-0123"), (None, "your number: 2345678"),
 ("DE", "Kundennummer 0800 1234567"),
    (None, "+33 6 12.12.20 12"), (None, "+49 171 05.10.1986"), (None, "0049 171 2345678"), ("US", "call 1939-1945"),
    # ends like a year or a time
    ("GB", "0121 234 1984"), (None, "020 7946 2012"), ("GB", "(0161) 496 2012"), ("CN", "131 2341 1979"),
    ("DE", "0171 234 2012"), ("HU", "06 20 122 1923"), ("IT", "02 1234 1984"), ("BR", "(11) 2345-0640"),
    ("BR", "11 96123 2024"), ("DK", "34.97.20.12"), ("SE", "08/12/20/15"), ("KR", "010/2002 1922"),
    ("NO", "40-62-16-50"), ("IT", "+39 02 1231 1300"), ("ES", "612/34/76/82"),
    (None, "0123451017"), (None, "02 4596 1350"), (None, "(02) 1234 2012"), ("US", "010/2000 1450"),
    # two in a row
    (None, "06 17821678-06 12340440"), ("DE", "0712 098 069-0712 036 553"), ("SE", "08-13-98-40-08-12-52-35"),
    ("US", "(02) 1234 2012-(02) 1236 5560"), (None, "0049 30 158991-0049 30 194411"),
    ("GB", "07400 123456-07400 123457"), ("DE", "0171 1234567-0171 7654321"), (None, "0171 1234567-0171 7654321"),
    ("FR", "06 12 34 56 78-06 12 34 56 79"), ("ES", "612 345 678-612 345 679"), ("NO", "40-62-16-50-40-62-90-71"),
    ("DE", "+49 171 1234567-0171 7654321"), ("AT", "0668 501995 0662 532012"), ("BR", "11 96189 2012/11 96189 2012"),
]  # fmt: skip

AMOUNTS = [
    ("DK", "25.345.678 kr."), ("DK", "47.420.000 indbyggere"), ("PL", "146 447 424 mieszkańców"),
    ("PL", "512 345 678 zł"), ("ES", "745.173.774 habitantes"), ("CZ", "605 123 456 Kč"), ("CZ", "605 123 456 korun"),
    ("TR", "5321234567 lira"),
    ("VN", "912 345 678 đồng"), ("GR", "6912345678 ευρώ"), ("IN", "9876543210 रुपये"), ("US", "2125557890 dollars"),
    ("NO", "45 123 456 kroner"), ("CN", "13123411979元"), ("HU", "201 234 567 forint"), ("BR", "11961232024 reais"),
]  # fmt: skip


@pytest.mark.parametrize(("region", "text"), AMOUNTS)
def test_an_amount_stays_in_the_words_of_its_country(region, text):
    assert mask(f"so {text}", region).text == f"so {text}"


@pytest.mark.parametrize(
    "text", ["{} €5", "{} R$ 50", "{} kr 50", "50 R$ {}", "{} Europa", "{} tel", "{} um 20:00", "Loto {}"]
)
def test_a_number_goes_beside_the_price_of_something(text):
    for region, number in (
        ("ES", "612345678"),
        ("FR", "06 12 34 56 78"),
        ("BR", "11961234567"),
        ("DK", "20123456"),
        ("US", "2127365000"),
    ):
        assert mask(text.format(number), region).text == text.format("⟦phone⟧")


@pytest.mark.parametrize("region", REGIONS)
def test_what_is_no_number_to_call_stays(region):
    masked = {text: mask(text, region).text for text in NO_PHONES}
    assert {text: shown for text, shown in masked.items() if shown != text} == {}


@pytest.mark.parametrize(("region", "text"), PHONES)
def test_a_number_to_call_still_goes(region, text):
    shown = mask(f"so {text} it is", region).text
    assert "⟦phone⟧" in shown
    assert not any(character.isdigit() for character in shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("am 05.10.1986 030 1234567", "am 05.10.1986 ⟦phone⟧"),
        ("0171 2345678 05.10.1986", "⟦phone⟧ 05.10.1986"),
        ("0171 2345678 08.00-12.00", "⟦phone⟧ 08.00-12.00"),
        ("2024-01-15 0171 2345678 2024-01-16", "2024-01-15 ⟦phone⟧ 2024-01-16"),
        ("+49 1512 3456789 24/7", "⟦phone⟧ 24/7"),
        ("+49 1512 3456789 8-18 Uhr", "⟦phone⟧ 8-18 Uhr"),
        ("+49 1512 3456789 2024", "⟦phone⟧ 2024"),
        ("+49 1512 3456789 12.05.2024", "⟦phone⟧ 12.05.2024"),
        ("+39 02 1234 7195 24/7", "⟦phone⟧ 24/7"),
        ("06 12 34 12 24 100 €", "⟦phone⟧ 100 €"),
    ],
)
def test_a_number_beside_a_day_goes_alone(text, shown):
    assert mask(text, "DE").text == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://shop.example/1234567 0171 2345678", "https://shop.example/1234567 ⟦phone⟧"),
        ("https://shop.example/?phone=01712345678", "https://shop.example/?phone=⟦phone⟧"),
        ("https://shop.example/?n=+491712345678", "https://shop.example/?n=⟦phone⟧"),
        ("https://shop.example/a电话13812345678", "https://shop.example/a电话⟦phone⟧"),
        ("Order no. 12345678, 0171 2345678", "Order no. 12345678, ⟦phone⟧"),
        ("Order no. 12345678 0171 2345678", "Order no. 12345678 ⟦phone⟧"),
        ("Order no. 1234 0171 2345678", "Order no. 1234 ⟦phone⟧"),
        ("5 + 4917123 and 2", "5 + 4917123 and 2"),
    ],
)
def test_a_number_beside_a_link_or_an_order_goes_alone(text, shown):
    assert mask(text, "DE").text == shown


REAL = [
    (None, "0612678157"), (None, "078 785 84 85"), (None, "02 4596 1350"), ("US", "0712 074 744"),
    ("DE", "030 12345678"), ("DE", "0171 1234567"), ("DE", "+49 171 1234567"), ("DE", "0171/1234567"),
    ("DE", "+49 1512 3456789"), ("IT", "02 1234 7195"), ("PL", "512-371-940"), ("FR", "06 12 34 12 24"),
    ("DE", "089-123456-78"), ("DE", "(030) 123456"), ("DE", "0049 30 123456"),
    ("US", "(212) 555-0123"), ("US", "212-555-0123"), ("US", "212.555.0123"), ("US", "+1 212 555 0123"),
    ("US", "2125550123"), ("US", "1-800-555-0199"), ("US", "212 555 0123"),
    ("GB", "020 7946 0958"), ("GB", "07911 123456"), ("GB", "+44 20 7946 0958"), ("GB", "01632 960123"),
    ("FR", "01 23 45 67 89"), ("FR", "06.12.34.56.78"), ("FR", "+33 6 12 34 56 78"), ("FR", "06-12-34-56-78"),
    ("IN", "98765 43210"), ("IN", "+91 98765 43210"), ("IN", "9876543210"), ("IN", "022 2345 6789"),
    ("SE", "070-123 45 67"), ("SE", "08-123 456 78"), ("SE", "+46 70 123 45 67"),
    ("ES", "612 345 678"), ("ES", "912 34 56 78"), ("ES", "61 234 56 78"), ("SG", "81 28 50 89"),
    ("IT", "333 12 34 567"), ("PT", "912 34 54 40"), ("DE", "[0171] 2345678"), ("FR", "06·12·34·56·78"),
    ("US", "(0049) 171 2345678"), (None, "0171 1234567"), (None, "+49 171 1234567"),
]  # fmt: skip
BESIDE = [
    "{} 05.10.1986", "05.10.1986 {}", "2024-01-15 12:30 {}", "2024-01-15 12 {}", "6-4 6-3 {}", "{} 6-4 6-3 7-6",
    "08.00-12.00 13.00-18.00 {}", "{} 08.00-12.00", "52.520008 13.404954 {}", "ISBN 978-3-16-148410-0 {}",
    "{} ISBN 978-3-16-148410-0", "1.200.000 € {}", "$1,200,000 {}", "{} 25.000 €", "10.000-20.000 {}", "1939-1945 {}",
    "2010 2011 {}", "{} 2010 2011", "192.168.100.200 {}", "{} 192.168.100.200", "24.12.-26.12. {}", "24.12. {}",
    "24/7 {}", "1.85 2.10 3.40 {}", "0-0 {}", "order 302-7654321-7654321, {}",
]  # fmt: skip


@pytest.mark.parametrize(("region", "number"), REAL)
def test_a_number_goes_whatever_digits_stand_beside_it(region, number):
    shown = {beside: mask(beside.format(number), region).text for beside in BESIDE}
    assert {beside: text for beside, text in shown.items() if text != beside.format("⟦phone⟧")} == {}


@pytest.mark.parametrize(
    ("region", "number"), [("BH", "1708 8668"), ("MT", "2069 8440"), ("CR", "2002 5765")]
)
def test_a_number_that_begins_like_a_year_goes(region, number):
    for beside in ("24/7 {}", "{} 50%", "7 {}"):
        assert mask(beside.format(number), region).text == beside.format("⟦phone⟧")


def test_a_number_goes_that_is_glued_to_an_address():
    shown = mask("www.maler-meier.example,Tel.0171/2345678", "DE").text
    assert shown == "www.maler-meier.example,Tel.⟦phone⟧"
    assert mask("https://news.example/a,12345678.html", "DE").text == "https://news.example/a,12345678.html"


YEARS_AND_TIMES = ["1934", "1984", "2012", "2024", "1230", "2015"]
KINDS = [PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE]


def _ending(region, kind, end):
    """Return the groups of the region's example number with another end, if that is a number too."""
    example = phonenumbers.example_number_for_type(region, kind)
    example.national_number = int(str(example.national_number)[: -len(end)] + end)
    valid = phonenumbers.is_valid_number_for_region(example, region)
    return re.findall("[0-9]+", phonenumbers.format_number(example, NATIONAL)) if valid else None


@pytest.mark.parametrize("region", f"{COUNTRIES} AU BE CN CZ FI HU IE KR NO PT TR ZA".split())
def test_a_number_that_ends_like_a_year_goes(region):
    numbers = [_ending(region, kind, end) for kind in KINDS for end in YEARS_AND_TIMES]
    written = [
        form
        for groups in filter(None, numbers)
        for form in (*(sign.join(groups) for sign in " .-/"), f"({groups[0]}) {' '.join(groups[1:])}")
    ]
    assert len(written) >= 20
    assert [
        form for form in written if mask(f"Ask Dave on {form}", region).text != "Ask Dave on ⟦phone⟧"
    ] == []


@pytest.mark.parametrize("beside", ["{} 8-12", "{}/{}", "{}/08.00-12.00"])
def test_of_two_numbers_none_is_left(beside):
    for region, number in (("DE", "0171 1234567"), ("GB", "01632 960123"), ("ES", "612 345 678")):
        shown = mask(beside.format(number, number), region).text
        assert number[-5:] not in shown


PLACES = [
    "git@host:team/app.git",
    "clone git@github.com:team/app.git now",
    "git@git.company.example:team/app",
    "hg@code.example:repo/x, svn@code.example:trunk/a.c",
    "ssh://git@code.example/team/app.git",
    "see https://x.example/a/20240115/1234567890-story",
    "https://booking.example/x?checkin=2024-01-15&checkout=2024-01-20&dest=-1746443",
    "https://news.example/artikel/0612345678.html and www.news.example/p/2125551234",
    "(https://shop.example/dp/0306406152), https://news.example/?id=0171234567&p=912345678",
    "https://news.example/item-987654321-b https://news.example/uk-68912345",
]


@pytest.mark.parametrize("region", ["DE", "US", "FR", "ES", "DK", "BR", None])
def test_places_of_repositories_and_links_stay_readable(region):
    assert [mask(text, region).text for text in PLACES] == PLACES
    own = Address.parse("git@example.org")
    assert mask("git@example.org:team/app.git", region, own).text == "⟦email⟧:team/app.git"


@pytest.mark.parametrize(
    ("sentence", "address"),
    [
        ("Book at https://booking.example/stay?guest={}&in=2024-01-15, please.", "jane.doe@example.org"),
        ("See https://booking.example/r/{}/2024-01-15/12345678 for it.", "jane.doe@example.org"),
        ("write to {}, thanks", "git@example.org"),
        ("{}: hello/there", "jane@example.org"),
        ("{}:hello/there", "jane@example.org"),
    ],
)
def test_an_address_goes_without_its_sentence(sentence, address):
    assert mask(sentence.format(address), "DE").text == sentence.format("⟦email⟧")


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("Fire of 05.10.1986 remembered", None),
        ("Hotline 0800 123 4567 is open", None),
        ("Follow us: telegram @courier, discord.gg/AbC", None),
        ("Meyer wins 6-4 6-3 7-6", None),
        ("Tips to ada.quince@mail.example or ada (at) mail (dot) example", "Tips to ⟦email⟧ or ⟦email⟧"),
    ],
)
def test_a_title_loses_addresses_alone(title, kept):
    given = Submission(Article("https://courier.example/a", title), "Ada", "Hello.", Source.API)
    draft = Sanitizer(Keyring(bytes(32))).draft(courier(id=1, region="DE"), given, NOON)
    assert draft.article.title == (kept or title)
