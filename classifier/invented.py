"""Invented texts for training: comment spam from a grammar, identity sentences in pairs, and genuine small talk.

Every sentence here was written for this file. The teacher knows no such texts, so the labels are ours.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifier.data import Corpus
from classifier.model import LABELS

Floats = NDArray[np.float32]

_SLOT = re.compile(r"\{([^{}]*)\}")
_NAMED = re.compile(r"<(\w+)>")

SPAM = (
    # flattery with a link
    "{Great|Nice|Awesome|Excellent|Amazing|Wonderful} {post|article|blog|site|info|content}{!|, keep it up!|. Thanks for sharing.} {Visit|Check|See} {my|our} {site|blog|page|website} <link>",
    "{Thanks for|I really appreciate} {sharing|posting} {this|such} {valuable|useful|informative} {information|content|article}. <service> <link>",
    "{I like|I love|Really enjoyed} {your|this} {blog|post|article}, {very informative|so helpful|well explained}. For <service> {visit|contact|click} <link>",
    "I {was|am} {looking|searching} for {this|such} {information|topic} {for a long time|everywhere}, {thank you|thanks}. {Also|Please} {visit|see} <link>",
    "{Hello|Hi|Hey} {admin|there|dear|friend}, {nice|good|great} {work|job}! {We|Our company} {offer|provide|provides} <service>. <link>",
    "{This is|Its} {really|very} {nice|good|helpful} {post|article}. {I have|I} bookmarked {it|your site}. {Feel free to|You can} {visit|surf to} my {webpage|web page|homepage|blog post} <service> <link>",
    "{Your|This} {post|article} {is|was} {very|so|extremely} {helpful|informative|useful}. {If you need|Looking for} <service>{?| then} {contact us|visit us|call us} {at |on |}<contact>",
    "{Hurrah|Wow|Hi|Hello}, {what a|this is a} {fastidious|pleasant|good|remarkable} {piece of writing|paragraph|weblog|webpage}{!|, keep up writing.} {Also visit|Here is|Take a look at} my {web site|blog|page} - <service>",
    "{Greetings|Hey|Hello} from {Texas|California|Colorado|Ohio|Kansas}! I'm bored {to tears|to death} at work so I decided to {check out|browse} your {site|blog|website} on my iphone during lunch break. {I enjoy|I really like} the {info|information|knowledge} you {provide|present} here.",
    "I {do not|don't} even know how I {ended up|stopped up|finished up} here, {but|however} I {thought|believed} this {post|publish|submit} {was|used to be} {good|great}. I {don't|do not} {know|recognise} who you {are|might be} but {definitely|certainly} you are going to a famous blogger.",
    "{Hmm|Hi|Hey} is anyone else {having|encountering|experiencing} problems with the {images|pictures} on this blog loading? I'm trying to {figure out|determine} if its a problem on my end or if it's the blog.",
    "What's {up|going on}, {just wanted to|I wanted to} {mention|say|tell you}, I {enjoyed|loved|liked} this {article|blog post|post}. It was {helpful|practical|inspiring|funny}. Keep on posting!",
    "{Magnificent|Excellent|Fantastic|Great} {goods|items|stuff} from you, man. I've {understand|be mindful|keep in mind} your stuff {previous to|prior to} and you are {just|simply} {too|extremely} {great|fantastic|excellent}.",
    "{You|One} could {certainly|definitely} see your {skills|expertise|enthusiasm} {in|within} the {work|article|paintings} you write. The {sector|world|arena} hopes for {even more|more} passionate writers like you. Always {go after|follow} your heart.",
    "{Do you|Does your} {have a|site have a} contact {page|form}? I'm having {a tough time|problems} locating it but, I'd like to {send|shoot} you an {email|e-mail}.",
    # money
    "{I|My friend} {make|made|earn|earned} <money> {per day|every day|a week|last month|monthly} {working|just working} {from home|online|part time}. {Start here|Just visit|Check it out|Copy this|Details here} <link>",
    "{Start|Now} {making|earning} {extra cash|real money|income} {online|from home} {every|each} {hour|day|month}, <money> {per|an} {hour|week}, no {experience|skills} {needed|required}. <link>",
    "My {aunt|neighbor's sister|best friend's mother|classmate|roommate} makes <money> {an hour|every week} on the {laptop|computer}. {She|He} has been {unemployed|laid off} for {six|seven|nine} months but last month {her|his} check was <money> just working {a few hours|online}. {Read more|Visit here} <link>",
    "{God bless|Thank you|All thanks to} {Mr|Mrs|Dr|Expert} <name>, {I invested|I started with} <money> and {got back|received|withdrew} <money> {in just|within} {7|5|10|14} {days|weeks}. {Contact|Reach|Text} {him|her} {on|via|through} <messenger>",
    "{Investing|Trading} in {crypto|bitcoin|forex|stocks} {now|today} is {very wise|the best decision|cool}, {especially|most especially} with the {current|recent} {rise|dip}. {I trade with|I recommend} {expert|Mrs|Mr} <name>, {her|his} {strategies|signals} are {top notch|profitable}. <messenger>",
    "I {was skeptical|never believed} {at first|in bitcoin} {until|but} {Mr|Mrs|coach} <name> {changed my life|helped me recover my lost funds|doubled my investment}. {He is|She's} on <messenger>",
    "{Free|Get free|Claim your} {bitcoin|crypto|BTC|ETH|USDT|airdrop} {giveaway|bonus|now|today}{!|!!|} {Send|Deposit} 0.1 and {get|receive} 0.2 back <link>",
    "{Do you need|Are you looking for|Get} {an urgent|a quick|a genuine} {loan|business loan|personal loan}{?|,} {We offer|Apply for} loans at {2|3}% interest {rate|}, <money> to <money>. {Contact us|Apply now} {via|at|on} <contact>",
    "{Lost|Recover} your {stolen|lost} {crypto|bitcoin|funds|money}{?| to scammers?} {Contact|I recommend} {a certified hacker|recovery expert|the best hacker} {on|at} <contact>",
    "{Join|Visit|Play at} the {best|top|most trusted} {online casino|betting site|slot|poker room|sportsbook}{!|,} {welcome bonus|free spins|100% bonus} <link>",
    "{Agen|Situs|Daftar} {judi|slot|poker} {online|gacor} {terpercaya|resmi} <link>",
    # pharma, adult, goods, services
    "{Buy|Order|Get} <drug> {online|without prescription|cheap|overnight} {no prescription|discreet shipping|best price|}{!|} <link>",
    "<drug> {from canada|online|generic|price|pharmacy} <drug> {cheap|overnight|no rx} <link>",
    "{Hot|Sexy|Lonely|Beautiful} {girls|women|singles|ladies} {near you|in your area|waiting for you|want to meet}{!|} {Click|Join|Sign up} {here|free|now} <link>",
    "{I am|I'm} {a lonely girl|23 years old|single|alone tonight}, {looking for|want} {a man|fun|sex}. {My photos|My profile|Write me|Text me} {here|} <link>",
    "{Cheap|Discount|Wholesale|Authentic|Replica} {nike|gucci|rolex|louis vuitton|jordan|nfl jerseys|ray ban|ugg} {shoes|bags|watches|outlet|sale|for sale}{!|} <link>",
    "{Best|Top|Affordable|Professional} <service> {in|near} {london|dubai|delhi|new york|sydney|bangalore}. {Call|Contact|Visit} <contact>",
    "<phrase> <phrase> <phrase> <link>",
    "{buy|cheap|best|online|free} <phrase> {here|now|} <link>",
    "<service>, <phrase>, <phrase>{.|} <link> <link>",
    "{Dr|Prophet|Priest|Spell caster} <name> {helped me|brought back my ex|cured my herpes|cured my HIV} {with|using} {his|her} {herbal medicine|love spell|spiritual powers}. {Contact|Email|WhatsApp} {him|her} {on|at} <contact>",
    "{Win|Get|Claim} {a free|your free|an} {iphone|gift card|amazon voucher|playstation|robux}{!|} {Just|Only} {click|tap|complete a survey} <link>",
    # video comments
    "{check out|check|please watch|hey guys check} my {channel|new song|cover|video|music|remix}{!|, thanks|please} {it would mean a lot|i promise you won't regret it|}",
    "{subscribe|sub|please sub} to {my channel|me} and {i'll|i will} {sub back|subscribe back|return the favour}{!|!!|}",
    "{i'm|im} a {small|new|young} {youtuber|rapper|artist|singer}{,| and} {please|can you} {give me a chance|check my videos|help me grow|take a look}. {just one|one} {like|view|sub} {means|would mean} {everything|the world|a lot} to me",
    "{like|thumbs up} this {comment|} so {more|everyone} {people|} can {see|find} my {channel|music|videos}",
    "{Telegram|WhatsApp|Text me on WhatsApp} {👆|👇|➕|+|} <messenger> {congratulations|you have been selected|you won|to claim your prize|} {🎁|🎉|}",
    "{Thanks for watching|Congratulations}, {message|text|dm} {me|us} {on|via} <messenger> {you have won|for your prize|as our lucky winner} {🎁|🎊|}",
    "{full video|watch full|full movie|free download}{ here| 👉|:} <link>",
    "{i found|there is|use this} {a|} {hack|cheat|generator|glitch} {for|to get} {unlimited|free} {coins|gems|robux|v bucks|money} <link>",
)  # fmt: skip

NAMED = {
    "link": "{http://|https://|https://www.|www.|}<host><path>",
    "host": "{best|my|top|buy|go|the|free|online|super|get|real|e|}{casino|loans|seo|pills|crypto|shop|deals|cash|date|bet|essay|tech|home|health|forex|watch|travel|kitchen|legal|game}{24|365|hub|pro|zone|world|online|4u|x|ly|info|}.{com|com|com|net|org|info|xyz|top|club|online|site|shop|ru|in|co.uk|biz|vip|blogspot.com|wordpress.com}",
    "path": "{|||/|/index.html|/offers|/?ref=77|/buy|/p/12|/signup|/2x8d|/free-trial}",
    "contact": "{⟦email⟧|⟦phone⟧|whatsapp ⟦phone⟧|⟦email⟧ or ⟦phone⟧|<link>|⟦handle⟧}",
    "messenger": "{WhatsApp|telegram|whats app|Telegram|WhatsApp:|instagram|IG|gmail}{ :| |... |=} {⟦phone⟧|⟦handle⟧|⟦email⟧|<name>trades|+1 5 5 5 0 1 9 9}",
    "money": "{$|€|£|$|$}{50|97|120|300|500|1,000|2,500|5000|6,850|12k|15k|27,000|100k}",
    "name": "{Anna|Bridget|Elena|Carlos|James|Maria|Robert|Susan|Peter|Olivia|Daniel|Grace|Harris|Walter}{| Smith| Morgan| Philips| Cole| Brown| Fx| Wright}",
    "service": "{SEO services|digital marketing|web design|essay writing service|assignment help|car rental|airport taxi|packers and movers|pest control|carpet cleaning|plumbing services|roof repair|dental implants|hair transplant|weight loss pills|CBD oil|vape shop|online casino|sports betting|forex signals|crypto trading|payday loans|debt relief|escort service|dating site|private tutor|data science course|app development|travel agency|tour packages|visa consultant|immigration lawyer|divorce lawyer|interior design|kitchen remodeling|led lights|used cars|cash for junk cars|mobile repair|printer support|antivirus setup|wedding photography|astrologer|yoga teacher training|logo design|backlinks|guest posting}",
    "drug": "{viagra|cialis|levitra|xanax|tramadol|ambien|phentermine|modafinil|ivermectin|oxycodone|adderall|steroids|kamagra|prednisone|tadalafil|sildenafil}",
    "phrase": "{online casino|cheap flights|free spins|weight loss|buy followers|instagram likes|hair loss|replica watches|payday loan|seo packages|penny auction|garcinia|diet pills|free movies|watch online|download free|live cams|adult chat|bitcoin mixer|stock tips|work from home|credit repair|cheap insurance|michael kors outlet|football jerseys|coach bags|acai berry|muscle builder|dating tips|psychic reading|essay help|private proxies}",
}  # fmt: skip

GENUINE = (
    "{Great|Good|Nice|Excellent|Thoughtful|Interesting} {article|piece|read|report|column}{.|, thank you.|!} {The part about|I had no idea about|More on} {the budget|housing|the schools|the trains|taxes|the election|climate|the hospital} {was new to me|please|would be welcome}.",
    "{Thanks|Thank you} for {covering|reporting} {this|it}. {My|Our} {street|town|school|union|family} has {waited|asked} for {years|months}.",
    "{See|Here is|Source:} {the report|the figures|the study|the vote|the ruling} {here|} {https://www.|https://|}{reuters.com|bbc.co.uk|cbc.ca|nytimes.com|theguardian.com|en.wikipedia.org|statcan.gc.ca|who.int|nature.com}{/news/2017|/wiki/Senate|/article/8812|/en/report|}",
    "{I|We} {make|pay|earn|spend} <money> {a month|a year|in taxes|on rent} and {the government|the city|my bank} {wants more|does nothing|calls that fair}.",
    "{The|This} {bank|loan|casino|bitcoin|pharmacy|insurance} {story|business|industry|scandal} {should be|needs to be} {looked at|regulated|in court}, {not|never} {praised|bailed out}.",
    "I {loved|like|enjoyed} this {song|video|channel|show} {when|since} I was {a kid|young|in school}{.|, still great.}",
    "{The|Our} {website|web site|blog|link} in {the|your} {article|story} {is broken|does not load|goes to the wrong page}.",
    "{Working from home|Remote work|Online school} {was|is} {hard|fine|better} for {my kids|our team|most of us}.",
    "{Can|Could} {someone|anybody|you} {explain|say} {why|how} {the price|the vote|the rate|the train} {went|goes} {up|down|wrong}?",
)  # fmt: skip

KIND = (
    "{I am|She is|He is|My {neighbour|teacher|doctor|cousin|boss|friend|daughter|son} is|Our {mayor|nurse|driver|coach} is} {a|an|a proud|a quiet|a hard-working|} <term>{ person|}.",
    "{I am|I'm|We are} <term>{| and proud of it| and happy| like my parents|, and I vote}.",
    "{Being|Growing up} <term> {is|was} {a joy|part of who I am|never a problem here|not a choice|sometimes hard}.",
    "{The|Many|Most|Some} <term> {people|families|friends|students|voters|voices} {in our town|here|at work|I know} {are|were} {kind|friendly|lovely|good company|welcome|patient}.",
    "{What a|A} {brave|fine|warm|moving} <term> {person|artist|friend|writer|story|community}.",
    "{My|Our} <term> {friend|colleague|neighbour|grandmother} {is|was} {a patient cook|good at chess|the first to help|never late}.",
    "{I love|We welcome|I respect|Let us support|We should listen to} <term> {people|folks|neighbours|readers}.",
    "{The court|The study|The article|The minister} {heard|spoke with|is about|mentions} <term> {people|rights|families|history|veterans}.",
    "{Hug|Meet|Thank} {a|an|your} <term>{ friend| neighbour|} today.",
    "{You are|They are} {a|such a} {thoughtful|polite|honest|clever|gentle|cheerful} <term>{ person|}.",
    "It is {wrong|terrible|sad|cruel} to {say|claim|hear} that <term> people are {dangerous|stupid|bad|inferior}.",
    "{Nobody|No one} should {hate|attack|be mocked by|hurt} <term> people.",
)  # fmt: skip
CRUEL = (
    "{All|Most|The|These|Those} <term> {people|folks|ones} are {disgusting|stupid|dangerous|criminals|scum|vermin|filth|liars|animals|trash}.",
    "{I hate|I despise|I can't stand|God, I loathe} {all|the|those|} <term> {people|folks|scum|freaks}.",
    "<term> {people|folks} {should|must|need to} {be deported|be locked up|be banned|not exist|go back where they came from|burn|die|be put down}.",
    "{You are|They are|What} {a|an|just a|such a} {disgusting|stupid|filthy|ugly|worthless|dirty|vile|pathetic} <term>{ pig| rat| freak| person|}.",
    "{Get rid of|Kick out|Shoot|Hang|Deport|Exterminate} {all|every|these|the} <term> {people|scum|ones}{!|}",
    "{Being|Anything} <term> is {a disease|a sin|an abomination|mental illness|a crime|disgusting}.",
    "{No|Why would any} <term> {person|freak} {should|deserves to} {live|vote|work|teach|marry} {here|in this country|among us}.",
    "{Typical|Another} {lying|lazy|stupid|dirty} <term>{| scum| trash| idiot}.",
    "<term> {people|folks} are {not human|inferior|subhuman|worse than animals|a plague|ruining this country}.",
)  # fmt: skip
TERMS = tuple(
    "gay lesbian bisexual transgender trans queer homosexual lgbt lgbtq straight heterosexual nonbinary male female "
    "woman man black white asian african american european mexican latino latina latinx hispanic indian chinese "
    "japanese korean arab turkish polish russian german french canadian muslim jewish christian catholic protestant "
    "buddhist hindu sikh taoist atheist mormon old young elderly teenage younger older millenial blind deaf disabled "
    "paralyzed autistic immigrant refugee foreign roma native aboriginal somali nigerian pakistani".split()
) + ("middle eastern", "african american", "middle aged", "native american", "first nations")
_FIRST = ("Tom", "Aisha", "Kim", "Lena", "Omar", "Priya", "Jack", "Rosa", "Wei", "Nina", "Paul", "Fatima")


def spin(template: str, rng: np.random.Generator, named: dict[str, str] = NAMED) -> str:
    """Fills a template: `{a|b}` chooses, `<name>` looks up; inner choices first, at most 60 rounds."""
    text = template
    for _ in range(60):
        chosen = _SLOT.sub(lambda match: str(rng.choice(match.group(1).split("|"))), text)
        chosen = _NAMED.sub(lambda match: named.get(match.group(1), match.group(0)), chosen)
        if chosen == text:
            break
        text = chosen
    return re.sub(r" {2,}", " ", text).strip()


def invent(count: int, seed: int, lists: Path | None = None) -> Corpus:
    """Invents `count` texts: half spam and its innocent neighbours, half identity sentences, kind and cruel."""
    rng = np.random.default_rng(seed)
    texts: list[str] = []
    labels: list[Floats] = []
    phrases = _phrases(lists)
    for _ in range(count // 2):
        _spam(texts, labels, rng, phrases)
    for _ in range(count - count // 2):
        _identity(texts, labels, rng)
    unknown = np.full((count, len(LABELS)), np.nan, np.float32)
    return Corpus(texts, np.full(count, "invented"), np.full(count, "en"), np.stack(labels), unknown)


def _spam(texts: list[str], labels: list[Floats], rng: np.random.Generator, phrases: list[str]) -> None:
    """Adds one spam comment, or one genuine comment that shares its words."""
    row = np.full(len(LABELS), np.nan, np.float32)
    if rng.random() < 0.3:
        texts.append(spin(str(rng.choice(GENUINE)), rng))
        row[:] = 0.02
    else:
        named = dict(NAMED)
        if phrases and rng.random() < 0.5:
            named["phrase"] = "{" + "|".join(rng.choice(phrases, 8)) + "}"
        text = spin(str(rng.choice(SPAM)), rng, named)
        if "http" in text and rng.random() < 0.15:
            text = re.sub(r"(https?://\S+)", r'<a href="\1">here</a>', text, count=1)
        texts.append(text)
        row[6] = 0.98
        row[[1, 3, 5]] = 0.01
    labels.append(row)


def _identity(texts: list[str], labels: list[Floats], rng: np.random.Generator) -> None:
    """Adds one sentence about a group of people: kind two times in three, cruel otherwise."""
    cruel = rng.random() < 0.33
    named = {"term": str(rng.choice(TERMS)), "first": str(rng.choice(_FIRST))}
    text = spin(str(rng.choice(CRUEL if cruel else KIND)), rng, named)
    row = np.full(len(LABELS), np.nan, np.float32)
    row[[0, 4, 5]] = (0.95, 0.8, 0.93) if cruel else (0.04, 0.03, 0.03)
    row[[1, 2, 3]] = (np.nan, np.nan, np.nan) if cruel else (0.01, 0.02, 0.01)
    row[6] = 0.01
    texts.append(text[0].upper() + text[1:] if rng.random() < 0.7 else text.lower().rstrip("."))
    labels.append(row)


def _phrases(lists: Path | None) -> list[str]:
    """Reads spam phrases from the list of the data directory, where there is one."""
    path = None if lists is None else lists / "wordpress_comment_blocklist.txt"
    if path is None or not path.is_file():
        return []
    lines = path.read_text(errors="replace").splitlines()
    return sorted(
        {line for line in lines if 6 <= len(line) <= 40 and " " in line and not set(line) & set("{}|<>_")}
    )
