"""What the address of an article is: how it is kept, and the key by which two spellings are known as one page.

An address is kept as the site wrote it, without what names no page (RFC 3986: default port, fragment, user part; and
tracking parameters). Its key goes further, for comparison alone: percent-encoding, dot segments, Unicode NFC, and what
the site's option `articles_apart` does not keep apart: scheme, `www.` and the slash at the end.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache
from itertools import chain, combinations
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, unquote_plus, urlsplit

import idna

from service.domain.faults import InvalidValue

URL_LIMIT: Final = 2_000
HOST_LIMIT: Final = 253
APART: Final = ("scheme", "www", "slash")
"""What a site may ask to be kept apart."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_TRACKING = frozenset(
    {
        *(
            "_ga",
            "_gac",
            "_gl",
            "dclid",
            "gad_campaignid",
            "gad_source",
            "gbraid",
            "gclid",
            "gclsrc",
            "wbraid",
        ),
        *("epik", "fb_action_ids", "fb_action_types", "fb_source", "fbclid", "igsh", "igshid", "li_fat_id"),
        *("msclkid", "rdt_cid", "sccid", "srsltid", "ttclid", "twclid", "yclid", "ysclid", "_openstat"),
        *("mc_cid", "mc_eid", "mkt_tok", "ml_subscriber", "ml_subscriber_hash", "oly_anon_id", "oly_enc_id"),
        *("__s", "_ke", "cmpid", "dm_i", "ef_id", "hss_channel", "mibextid", "obclid", "ref_src", "s_kwcid"),
        *("sfnsn", "ss_campaign_id", "ss_campaign_name", "ss_source", "tblci", "wprov"),
        *("_hsenc", "_hsmi", "__hsfp", "__hssc", "__hstc", "hsctatracking", "s_cid", "vero_id", "wickedid"),
        *("pk_campaign", "pk_kwd", "pk_keyword", "pk_source", "pk_medium", "pk_content", "pk_cid", "pk_vid"),
        *("xtor", "wt_mc", "wt_zmc", "ns_campaign", "ns_mchannel", "ns_source", "ns_linkname", "ns_fee"),
        *("__twitter_impression", "_branch_match_id", "fb_comment_id", "fb_ref"),
        *("amp_js_v", "amp_gsa", "usqp", "guccounter", "guce_referrer", "guce_referrer_sig", "replytocom"),
        *("at_medium", "at_campaign", "at_campaign_group", "at_campaign_type", "at_creation", "at_variant"),
        *("at_custom1", "at_custom2", "at_custom3", "at_custom4", "at_network", "at_platform", "at_format"),
        *("at_general", "at_general_placement", "at_detail_placement", "at_emplacement", "at_advertiser"),
        *("at_channel", "at_type", "at_emailtype", "at_identifier", "at_term", "at_objective", "at_ptr_name"),
        *("at_bbc_team", "at_link", "at_link_id", "at_link_origin", "at_link_type", "at_send_date"),
        *("at_send_time", "at_recipient_id", "at_recipient_list"),
        *("mtm_campaign", "mtm_kwd", "mtm_keyword", "mtm_source", "mtm_medium", "mtm_content", "mtm_cid"),
        *("mtm_group", "mtm_placement", "piwik_campaign", "piwik_kwd", "piwik_keyword"),
        *("matomo_campaign", "matomo_kwd", "matomo_keyword", "matomo_source", "matomo_medium"),
        *("matomo_content", "matomo_cid", "matomo_group", "matomo_placement"),
        *("hsa_acc", "hsa_ad", "hsa_cam", "hsa_grp", "hsa_kw", "hsa_la", "hsa_mt", "hsa_net", "hsa_ol"),
        *("hsa_src", "hsa_tgt", "hsa_ver"),
    }
)
_TRACKING_PREFIX = "utm_"
"""Nobody names a page so, and newsrooms make up names of their own behind it."""
_FORMS = frozenset({"amp", "amp=1", "amp=true", "noamp=mobile", "outputtype=amp"})
"""Parameters that ask for the same page in another form."""
_UNSEEN = re.compile(r"[\x00-\x20\x7f]")
_AMPERSAND = re.compile(r"&#(?:0{0,4}38|[xX]0{0,4}26);")
"""An ampersand as HTML writes it by number: all behind it would be taken for a fragment."""
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_RESERVED = frozenset("$&+/;=?#%")
"""What an escape stands for something else than, in a path: the percent sign, and RFC 3986's reserved characters but
for those that programs escape or not as they like: ! ' ( ) * , : @
"""
_NOT_IN_HOSTS = frozenset("/?#@:%[]\\ ")


def normalise_url(url: str) -> str:
    """Return the article's address as it is kept.

    Scheme and host are lower-cased, the host in IDNA's ASCII form; default port, fragment, user part and tracking
    parameters are dropped; an empty path becomes "/"; path and query stay byte for byte. Raises InvalidValue when the
    address is no absolute http(s) URL with a host.
    """
    if max(len(url), len(url.encode(errors="replace"))) > URL_LIMIT:  # an index of the store takes no more
        raise InvalidValue("url.long", count=URL_LIMIT)
    if _UNSEEN.search(url):
        raise InvalidValue("url.spaces")
    try:
        parts = urlsplit(_AMPERSAND.sub("&", url))
        host, port = _host(parts.hostname or ""), parts.port
    except ValueError:
        raise InvalidValue("url") from None
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not host:
        raise InvalidValue("url")
    netloc = host if port is None or port == _DEFAULT_PORTS[scheme] else f"{host}:{port}"
    return SplitResult(scheme, netloc, parts.path or "/", _without_tracking(parts.query), "").geturl()


def host_of(url: str) -> str:
    """Return the host of a site or an article in the form that compares, without `www.`; "" where there is none."""
    try:
        return _host(urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


@lru_cache(maxsize=4096)
def article_key(url: str, apart: Collection[str] = ()) -> str:
    """Return the key of the page at an address, for a site that keeps `apart` (a tuple of `APART`) what it names.

    Equal keys mean one article. What is no address has a key of its own.
    """
    try:
        parts = urlsplit(normalise_url(url))
    except ValueError:
        return _digest(url)
    scheme = f"{parts.scheme}:" if "scheme" in apart else ""
    host = parts.netloc if "www" in apart else parts.netloc.removeprefix("www.")
    path = _path(parts.path)
    if "slash" not in apart:
        path = path.rstrip("/")
    return _digest("\n".join([*sorted(apart), f"{scheme}//{host}{path}", *_pairs(parts.query)]))


@lru_cache(maxsize=4096)
def article_keys(url: str) -> tuple[str, ...]:
    """Return every key that a site may know the address by, whatever it keeps apart; none for what is no address."""
    try:
        normal = normalise_url(url)
    except ValueError:
        return ()
    choices = chain.from_iterable(combinations(APART, count) for count in range(len(APART) + 1))
    return tuple(article_key(normal, apart) for apart in choices)


def _host(name: str) -> str:
    """Return a host as the network knows it: lower-case ASCII, no dot at its end. Raises ValueError."""
    if ":" in name:
        return f"[{ipaddress.IPv6Address(name).compressed}]"
    plain = unquote(name, errors="strict") if "%" in name else name
    if not _NOT_IN_HOSTS.isdisjoint(plain):
        return name  # no host that anybody has; nothing is read into it
    if not plain.isascii():
        plain = _in_ascii(plain)
        if _UNSEEN.search(plain) or not _NOT_IN_HOSTS.isdisjoint(plain):
            raise ValueError("is no host")  # a character that compatibility turns into a space or a slash
    return plain.lower().removesuffix(".")


def _in_ascii(host: str) -> str:
    """Return an international host in ASCII; where IDNA knows no such name, such as a pictograph, as browsers do."""
    if len(host) > HOST_LIMIT:
        raise ValueError("is too long")
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        labels = unicodedata.normalize("NFKC", host.lower()).split(".")
        encoded = [one if one.isascii() else f"xn--{one.encode('punycode').decode()}" for one in labels]
    if sum(map(len, encoded), len(encoded)) > HOST_LIMIT:
        raise ValueError("is too long")
    return ".".join(encoded)


def _without_tracking(query: str) -> str:
    """Cut out the parameters that name a campaign, not a page; the rest stays byte for byte."""
    return "&".join(one for one in query.split("&") if not _is_tracking(one))


def _is_tracking(parameter: str) -> bool:
    plain = parameter.lower().removeprefix(
        "amp;"
    )  # of an address that was taken from HTML as it stands there
    name = unquote_plus(plain.partition("=")[0])
    return name in _TRACKING or name.startswith(_TRACKING_PREFIX) or plain in _FORMS


def _path(path: str) -> str:
    """Return a path that compares: escapes undone where that changes no meaning, NFC, no dot segments."""
    read = unicodedata.normalize("NFC", _ESCAPES.sub(_unescaped, _STRAY_PERCENT.sub("%25", path)))
    kept: list[str] = []
    segments = read.split("/")
    for segment in segments:
        if segment == ".." and len(kept) > 1:
            kept.pop()
        elif segment not in (".", ".."):
            kept.append(segment)
    return "/".join([*kept, ""] if segments[-1] in (".", "..") else kept)


def _unescaped(run: re.Match[str]) -> str:
    read = bytes.fromhex(run[0].replace("%", "")).decode("utf-8", "surrogateescape")
    return "".join(_escaped(char) if _must_stay(char) else char for char in read)


def _must_stay(char: str) -> bool:
    return char in _RESERVED or char <= " " or char == "\x7f" or "\udc80" <= char <= "\udcff"


def _escaped(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogateescape"))


def _pairs(query: str) -> list[str]:
    """Return a query that compares, as servers read it: names and values in order."""
    pairs = parse_qsl(query.replace("&amp;", "&"), keep_blank_values=True, errors="surrogateescape")
    return [unicodedata.normalize("NFC", f"{name}\0{value}") for name, value in pairs]


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
