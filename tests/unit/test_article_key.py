"""One article, one key: spellings of an address that lead to one page compare equal, and no others do."""

import time

import pytest

from service.domain.article_url import APART, URL_LIMIT, article_key, article_keys, host_of

ONE_PAGE = {
    "percent-encoding and Unicode": [
        "https://news.example/caf%C3%A9",
        "https://news.example/caf%c3%a9",
        "https://news.example/café",
        "https://news.example/cafe\u0301",
        "https://news.example/cafe%CC%81",
    ],
    "letters that need no escape": [
        "https://news.example/abc-_.~",
        "https://news.example/%61bc%2D%5f%2E%7e",
        "https://news.example/a%62c-_.~",
    ],
    "dot segments": [
        "https://news.example/abc",
        "https://news.example/x/../abc",
        "https://news.example/./abc",
        "https://news.example/../../abc",
        "https://news.example/x/%2e%2E/abc",
        "https://news.example/abc/x/..",
    ],
    "characters that no address may hold": [
        "https://news.example/a|b",
        "https://news.example/a%7Cb",
        "https://news.example/a%7cb",
    ],
    "a percent sign by itself": ["https://news.example/100%", "https://news.example/100%25"],
    "bytes that are no UTF-8": ["https://news.example/caf%e9", "https://news.example/caf%E9"],
    "reserved letters": ["https://news.example/a%2fb", "https://news.example/a%2Fb"],
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
    "a query as servers read it": [
        "https://news.example/?q=a%20b",
        "https://news.example/?q=a+b",
        "https://news.example/?%71=a%20b&utm_source=x",
    ],
    "a query's letters": ["https://news.example/?q=é", "https://news.example/?q=%c3%a9&gclid=1"],
    "what programs escape or not as they like": [
        "https://news.example/it's_(new),_a:b@c!*",
        "https://news.example/it%27s_%28new%29%2C_a%3Ab%40c%21%2A",
    ],
    "one page in its other forms": [
        "https://news.example/a?p=5",
        "https://news.example/a?p=5&amp=1",
        "https://news.example/a?amp&p=5&amp_js_v=a6&usqp=mq331",
        "https://news.example/a?p=5&replytocom=7#respond",
        "https://news.example/a?outputType=amp&p=5",
    ],
    "campaigns of other programs": [
        "https://news.example/a?p=5",
        "https://news.example/a?p=5&pk_campaign=x&pk_kwd=y",
        "https://news.example/a?p=5&xtor=RSS-3208",
        "https://news.example/a?p=5&wt_mc=nl.1&ns_campaign=x&__twitter_impression=true",
        "https://news.example/a?fb_comment_id=1_2&p=5&_branch_match_id=3",
        "https://news.example/a?p=5&at_medium=social&at_campaign=x&at_custom2=y&at_link_id=3&at_bbc_team=z",
        "https://news.example/a?p=5&AT_Campaign=x&at_recipient_list=1&at_recipient_id=2&at_send_date=20261130",
        "https://news.example/a?p=5&mibextid=x&ref_src=twsrc%5Etfw&wprov=sfla1&sfnsn=mo&__s=x&ef_id=y&cmpid=z",
        "https://news.example/a?mtm_campaign=x&mtm_kwd=y&p=5&matomo_source=z&piwik_campaign=a&hsa_cam=1",
    ],
    "an address out of HTML": [
        "https://news.example/a?p=5",
        "https://news.example/a?p=5&amp;utm_source=x",
        "https://news.example/a?utm_source=x&amp;utm_medium=y&p=5",
    ],
    "an ampersand out of HTML": [
        "https://news.example/?post_type=story&p=5",
        "https://news.example/?post_type=story&amp;p=5",
        "https://news.example/?post_type=story&#038;p=5",
        "https://news.example/?post_type=story&#38;p=5#comments",
        "https://news.example/?post_type=story&#x26;p=5&utm_source=x",
    ],
    "a flag": [
        "https://news.example/?print",
        "https://news.example/?print=",
        "https://news.example/?print&utm_id=1",
    ],
}
OTHER_PAGES = [
    "https://news.example/a",
    "https://news.example/A",
    "https://news.example/a/b",
    "https://news.example/a%2Fb",
    "https://news.example/a?b",
    "https://news.example/a?pk_article=1",
    "https://news.example/a?pk_article=2",
    "https://news.example/a?at_id=1",
    "https://news.example/a?at_id=2",
    "https://news.example/a?at_customer=1",
    "https://news.example/a?at_customer=2",
    "https://news.example/a?mtm_id=1",
    "https://news.example/a?mtm_id=2",
    "https://news.example/a?piwik_page=1",
    "https://news.example/a?piwik_page=2",
    "https://news.example/a?matomo_page=1",
    "https://news.example/a?matomo_page=2",
    "https://news.example/a?hsa_id=1",
    "https://news.example/a?hsa_id=2",
    "https://news.example/a%3Fb",
    "https://news.example/a?b&c",
    "https://news.example/a?c&b",
    "https://news.example/a?b%26c",
    "https://news.example/a?q=1%2B1",
    "https://news.example/a?q=1+1",
    "https://news.example/a?name=caf%e9",
    "https://news.example/a?name=caf%C3%A9",
    "https://news.example/a?a[]=1&a[]=2",
    "https://news.example/a?amp=230",
    "https://news.example/a?ampere",
    "https://news.example/a?type=story&#038;p=5",
    "https://news.example/a?type=story&#038;p=6",
    "https://news.example/a%2Bb",
    "https://news.example/a+b",
    "https://news.example/a%3Bb",
    "https://news.example/a;b",
    "https://news.example/a?a[]=2&a[]=1",
    "https://news.example/a%00",
    "https://news.example/a%20",
    "https://news.example:8443/a",
    "https://blog.news.example/a",
    "https://www2.news.example/a",
    "https://strasse.example/",
    "https://straße.example/",
]


@pytest.mark.parametrize("kind", ONE_PAGE)
def test_spellings_of_one_page_share_a_key(kind):
    keys = {article_key(url) for url in ONE_PAGE[kind]}
    assert len(keys) == 1
    assert all(keys <= set(article_keys(url)) for url in ONE_PAGE[kind])


def test_other_pages_have_other_keys():
    assert len({article_key(url) for url in OTHER_PAGES}) == len(OTHER_PAGES)


@pytest.mark.parametrize(
    ("apart", "one", "other"),
    [
        ("scheme", "http://news.example/a", "https://news.example/a"),
        ("www", "https://www.news.example/a", "https://news.example/a"),
        ("slash", "https://news.example/a/", "https://news.example/a"),
        ("slash", "https://news.example/a/?q=1", "https://news.example/a?q=1"),
    ],
)
def test_a_site_may_keep_them_apart(apart, one, other):
    """Each by its own word, and nothing else with it."""
    assert article_key(one, (apart,)) != article_key(other, (apart,))
    for rest in set(APART) - {apart}:
        assert article_key(one, (rest,)) == article_key(other, (rest,))
    assert {article_key(one, (apart,)), article_key(one)} <= set(article_keys(one))
    assert article_key(other, (apart,)) not in article_keys(one)


def test_what_is_no_address_is_under_no_article():
    assert article_keys("the bridge") == article_keys("ftp://news.example/") == article_keys("") == ()


@pytest.mark.parametrize(
    "piece", ["%", "%c3", "../", "/..", "%2e%2e/", "a&", "=", "é", "e\u0301", "%CC%81", "www."]
)
def test_the_longest_address_takes_no_time(piece):
    url = "https://news.example/" + (piece * URL_LIMIT)[: URL_LIMIT // 4]
    started = time.process_time()
    article_keys(url)
    article_keys(f"https://{(piece * 300)[:200]}.example/")
    assert time.process_time() - started < 0.5


def test_the_host_of_a_site():
    assert host_of("http://www.MÜNCHEN.example:8080/x") == host_of("https://xn--mnchen-3ya.example") != ""
    assert host_of("no address") == host_of("https://[::1/") == ""
