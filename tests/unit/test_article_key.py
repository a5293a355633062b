"""One article, one key: spellings of an address that lead to one page compare equal, and no others do."""

import pytest

from service.domain.article_url import APART, article_key, article_keys, host_of

SITE = "https://news.example/"
PATHS = {
    # spellings of one page, behind the site's address
    "percent-encoding and Unicode": ["caf%C3%A9", "caf%c3%a9", "café", "cafe\u0301", "cafe%CC%81"],
    "letters that need no escape": ["abc-_.~", "%61bc%2D%5f%2E%7e", "a%62c-_.~"],
    "dot segments": ["abc", "x/../abc", "./abc", "../../abc", "x/%2e%2E/abc", "abc/x/.."],
    "characters that no address may hold": ["a|b", "a%7Cb", "a%7cb"],
    "a percent sign by itself": ["100%", "100%25"],
    "bytes that are no UTF-8": ["caf%e9", "caf%E9"],
    "reserved letters": ["a%2fb", "a%2Fb"],
    "a query as servers read it": ["?q=a%20b", "?q=a+b", "?%71=a%20b&utm_source=x"],
    "a query's letters": ["?q=é", "?q=%c3%a9&gclid=1"],
    "what programs escape or not": ["it's_(new),_a:b@c!*", "it%27s_%28new%29%2C_a%3Ab%40c%21%2A"],
    "one page in its other forms": [
        "a?p=5",
        "a?p=5&amp=1",
        "a?amp&p=5&amp_js_v=a6&usqp=mq331",
        "a?p=5&replytocom=7#respond",
        "a?outputType=amp&p=5",
    ],
    "campaigns of other programs": [
        "a?p=5",
        "a?p=5&pk_campaign=x&pk_kwd=y&xtor=RSS-3208",
        "a?p=5&wt_mc=nl.1&ns_campaign=x&__twitter_impression=true",
        "a?fb_comment_id=1_2&p=5&_branch_match_id=3",
        "a?p=5&at_medium=social&at_campaign=x&at_custom2=y&at_link_id=3&at_bbc_team=z",
        "a?p=5&AT_Campaign=x&at_recipient_list=1&at_recipient_id=2&at_send_date=20261130",
        "a?p=5&mibextid=x&ref_src=twsrc%5Etfw&wprov=sfla1&sfnsn=mo&__s=x&ef_id=y&cmpid=z",
        "a?mtm_campaign=x&mtm_kwd=y&p=5&matomo_source=z&piwik_campaign=a&hsa_cam=1",
    ],
    "an address out of HTML": ["a?p=5", "a?p=5&amp;utm_source=x", "a?utm_source=x&amp;utm_medium=y&p=5"],
    "an ampersand out of HTML": [
        "?post_type=story&p=5",
        "?post_type=story&amp;p=5",
        "?post_type=story&#038;p=5",
        "?post_type=story&#38;p=5#comments",
        "?post_type=story&#x26;p=5&utm_source=x",
    ],
    "a flag": ["?print", "?print=", "?print&utm_id=1"],
}
ONE_PAGE = {kind: [SITE + path for path in paths] for kind, paths in PATHS.items()} | {
    "one host": [
        "https://münchen.example/a",
        "https://MÜNCHEN.example/a",
        "https://mu\u0308nchen.example/a",
        "https://münchen。example/a",
        "https://xn--mnchen-3ya.example/a",
        "https://m%C3%BCnchen.example./a",
        "https://www.münchen.example/a",
    ],
    "sharp s is its own letter": ["https://straße.example/", "https://xn--strae-oqa.example/"],
    "a pictograph, which browsers take": ["https://☕.example/", "https://xn--53h.example/"],
    "scheme, www and the slash at the end": [
        "https://news.example/a",
        "http://news.example/a",
        "https://www.news.example/a",
        "http://www.news.example:80/a/",
        "https://news.example:443/a/",
        "https://news.example/a?",
        "https://news.example/a/?utm_source=x#comments",
    ],
    "the front page": ["https://news.example", "https://news.example/", "http://www.news.example/?fbclid=1"],
}
OTHER_PATHS = """
a A a/b a%2Fb a%3Fb a%2Bb a+b a%3Bb a;b a%00 a%20 a?b a?b&c a?c&b a?b%26c a?q=1%2B1 a?q=1+1 a?name=caf%e9
a?name=caf%C3%A9 a?a[]=1&a[]=2 a?a[]=2&a[]=1 a?amp=230 a?ampere a?type=story&#038;p=5 a?type=story&#038;p=6
a?pk_article=1 a?pk_article=2 a?at_id=1 a?at_id=2 a?at_customer=1 a?at_customer=2 a?mtm_id=1 a?mtm_id=2
a?piwik_page=1 a?piwik_page=2 a?matomo_page=1 a?matomo_page=2 a?hsa_id=1 a?hsa_id=2
"""
OTHER_HOSTS = "news.example:8443/a blog.news.example/a www2.news.example/a strasse.example straße.example"


@pytest.mark.parametrize("kind", ONE_PAGE)
def test_spellings_of_one_page_share_a_key(kind):
    keys = {article_key(url) for url in ONE_PAGE[kind]}
    assert len(keys) == 1
    assert all(keys <= set(article_keys(url)) for url in ONE_PAGE[kind])


def test_other_pages_have_other_keys():
    pages = [SITE + path for path in OTHER_PATHS.split()]
    pages += [f"https://{host}" for host in OTHER_HOSTS.split()]
    assert len({article_key(url) for url in pages}) == len(pages)


@pytest.mark.parametrize(
    ("apart", "one", "other"),
    [
        ("scheme", "http://news.example/a", "https://news.example/a"),
        ("www", "https://www.news.example/a", "https://news.example/a"),
        ("slash", "https://news.example/a/", "https://news.example/a"),
        ("slash", "https://news.example/a/?q=1", "https://news.example/a?q=1"),
    ],
)
def test_a_site_may_keep_each_kind_of_spelling_apart_by_itself(apart, one, other):
    assert article_key(one, (apart,)) != article_key(other, (apart,))
    for rest in set(APART) - {apart}:
        assert article_key(one, (rest,)) == article_key(other, (rest,))
    assert {article_key(one, (apart,)), article_key(one)} <= set(article_keys(one))
    assert article_key(other, (apart,)) not in article_keys(one)


def test_what_is_no_address_has_no_article_and_no_host():
    assert article_keys("the bridge") == article_keys("ftp://news.example/") == article_keys("") == ()
    assert host_of("no address") == host_of("https://[::1/") == ""
    assert host_of("http://www.MÜNCHEN.example:8080/x") == host_of("https://xn--mnchen-3ya.example") != ""
