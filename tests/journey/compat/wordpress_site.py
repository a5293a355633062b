"""A real WordPress with its Akismet plugin: Debian's files, a database of its own, PHP's own server."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request
import uuid
from pathlib import Path
from typing import Any

from tests.journey.installation import Answer
from tests.processes import until
from tests.servers import free_port

FILES = Path("/usr/share/wordpress")
PLUGIN = Path(__file__).parents[3] / "integrations" / "wordpress" / "replydesk.php"
PASSWORD = "made-up-for-the-test"


def absent() -> str | None:
    if not (FILES / "wp-content/plugins/akismet/akismet.php").is_file():
        return "no WordPress: install the packages wordpress, php-cli, php-mysql and php-xml"
    if not shutil.which("php"):
        return "no PHP: install the packages php-cli, php-mysql and php-xml"
    if (
        not shutil.which("mariadb")
        or subprocess.run(["mariadb", "-e", "SELECT 1"], capture_output=True, check=False).returncode
    ):
        return "no MariaDB that answers: install and start the package mariadb-server"
    return None


class WordPress:
    """One blog with one article, run by PHP's own server; `config` are lines of its wp-config.php."""

    def __init__(self, home: Path, *config: str) -> None:
        self.root = home / "wordpress"
        self.database = f"replydesk_wp_{uuid.uuid4().hex[:12]}"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._config = config
        self._server: subprocess.Popen[bytes] | None = None
        self._browser = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), _NoRedirect()
        )

    def __enter__(self) -> WordPress:
        shutil.copytree(FILES, self.root, symlinks=False, ignore_dangling_symlinks=True)
        must = self.root / "wp-content" / "mu-plugins"
        must.mkdir(exist_ok=True)
        shutil.copy(PLUGIN, must / PLUGIN.name)
        # WordPress lets one address comment every 15 seconds
        (must / "no-flood.php").write_text("<?php add_filter('wp_is_comment_flood', '__return_false', 99);")
        self._mariadb(
            f"CREATE DATABASE {self.database};"
            f"CREATE USER '{self.database}'@'localhost' IDENTIFIED BY '{PASSWORD}';"
            f"GRANT ALL ON {self.database}.* TO '{self.database}'@'localhost';"
        )
        (self.root / "wp-config.php").write_text(self._wp_config())
        self.php(
            "define('WP_INSTALLING', true); require 'wp-load.php'; require 'wp-admin/includes/upgrade.php';"
            f"wp_install('Courier', 'editor', 'editor@courier.example', true, '', '{PASSWORD}');"
            "update_option('siteurl', WP_SITEURL); update_option('home', WP_HOME);"
        )
        self.php(
            "require 'wp-load.php'; require 'wp-admin/includes/plugin.php';"
            "activate_plugin('akismet/akismet.php'); update_option('comment_registration', 0);"
            "update_option('require_name_email', 1); update_option('comments_notify', 0);"
            "update_option('moderation_notify', 0); update_option('permalink_structure', '');"
        )
        environment = {**os.environ, "PHP_CLI_SERVER_WORKERS": "3"}
        with (self.root.parent / "php.txt").open("wb") as output:
            self._server = subprocess.Popen(
                ["php", "-d", "display_errors=0", "-S", f"127.0.0.1:{self.port}", "-t", str(self.root)],
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        until(self._answers, 30)
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            os.killpg(self._server.pid, 15)
            self._server.wait(10)
        self._mariadb(f"DROP DATABASE {self.database}; DROP USER '{self.database}'@'localhost';")

    def php(self, code: str) -> str:
        """Run PHP in the blog's folder and return what it printed."""
        done = subprocess.run(
            [
                "php",
                "-d",
                "display_errors=stderr",
                "-r",
                f"$_SERVER['HTTP_HOST'] = '127.0.0.1:{self.port}'; {code}",
            ],
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def comment(self, text: str, name: str = "Ada", email: str = "ada@mail.example", **more: str) -> int:
        """Send the comment form as a reader's browser does; return the status of the answer."""
        told = {
            "comment_post_ID": "1",
            "comment_parent": "0",
            "author": name,
            "email": email,
            "url": "",
            "comment": text,
            "submit": "Post Comment",
        }
        answer = self._open(
            "/wp-comments-post.php", told | more, {"User-Agent": "Mozilla/5.0", "Referer": f"{self.url}/?p=1"}
        )
        return answer.status

    def found(self, text: str) -> dict[str, Any]:
        """Return the stored comment with this text: number, state and Replydesk's id; empty when there is none."""
        printed = self.php(
            "require 'wp-load.php'; global $wpdb; $c = $wpdb->get_row($wpdb->prepare("
            "'SELECT * FROM '.$wpdb->comments.' WHERE REPLACE(comment_content, \"&amp;\", \"&\") = %s', "
            f"{_quoted(text)}));"
            "echo $c ? json_encode(['number' => (int) $c->comment_ID, 'state' => $c->comment_approved,"
            " 'id' => get_comment_meta($c->comment_ID, 'replydesk_id', true)]) : '{}';"
        )
        found: dict[str, Any] = json.loads(printed)
        return found

    def sign_in(self) -> None:
        self._open("/wp-login.php", None)
        told = {"log": "editor", "pwd": PASSWORD, "wp-submit": "Log In", "testcookie": "1"}
        assert self._open("/wp-login.php", told).status == 302

    def moderate(self, number: int, action: str) -> None:
        """Follow the link of wp-admin's list of comments: spamcomment, unspamcomment, approvecomment, trashcomment."""
        page = self._open("/wp-admin/edit-comments.php?comment_status=all", None)
        page_spam = self._open("/wp-admin/edit-comments.php?comment_status=spam", None)
        text = page.body.decode() + page_spam.body.decode()
        links = re.findall(r"""href=['"](comment\.php\?[^'"]*)['"]""", text)
        link = next(
            one
            for one in (each.replace("&amp;", "&").replace("&#038;", "&") for each in links)
            if f"action={action}" in one and re.search(rf"[?&]c={number}(&|$)", one)
        )
        assert self._open(f"/wp-admin/{link}", None).status == 302

    def fill(self, count: int) -> dict[str, int]:
        """Let it have so many comments by hand, in threads, of three states; return how many of each state."""
        return dict(
            json.loads(
                self.php(
                    "require 'wp-load.php'; global $wpdb; $counts = []; $states = ['1', '1', '1', '0', 'trash'];"
                    "$rows = []; $last = (int) $wpdb->get_var('SELECT MAX(comment_ID) FROM '.$wpdb->comments);"
                    f"for ($n = 1; $n <= {count}; $n++) {{"
                    " $state = $states[$n % 5]; $counts[$state] = ($counts[$state] ?? 0) + 1;"
                    " $rows[] = $wpdb->prepare('(%d, 1, %s, %s, %s, %s, %s, %s, %s, %d, %s)', $last + $n,"
                    "  'Reader '.$n, 'reader'.$n.'@mail.example', '192.0.2.'.($n % 250), '2026-10-01 10:00:00',"
                    "  '2026-10-01 10:00:00', 'Remark number '.$n.' on the <b>bridge</b> &amp; its lamps.', $state,"
                    "  $n % 3 ? $last + $n - 1 : 0, 'comment');"
                    " if (count($rows) == 500 || $n == " + str(count) + ") {"
                    "  $wpdb->query('INSERT INTO '.$wpdb->comments.' (comment_ID, comment_post_ID, comment_author,"
                    " comment_author_email, comment_author_IP, comment_date, comment_date_gmt, comment_content,"
                    " comment_approved, comment_parent, comment_type) VALUES '.implode(',', $rows)); $rows = [];"
                    " } } echo json_encode($counts);"
                )
            )
        )

    def export(self) -> bytes:
        return self.php(
            "require 'wp-load.php'; require 'wp-admin/includes/export.php'; export_wp(['content' => 'all']);"
        ).encode()

    def _answers(self) -> bool:
        try:
            return self._open("/?p=1", None).status == 200
        except OSError:
            return False

    def _open(self, path: str, told: dict[str, str] | None, headers: dict[str, str] | None = None) -> Answer:
        data = urllib.parse.urlencode(told).encode() if told is not None else None
        request = urllib.request.Request(self.url + path, data=data, headers=headers or {})  # noqa: S310  # loopback
        try:
            with self._browser.open(request, timeout=60) as answer:
                return Answer(answer.status, answer.read(), {})
        except urllib.error.HTTPError as other:
            with other:
                return Answer(other.code, other.read(), {})

    def _wp_config(self) -> str:
        lines = [
            "<?php",
            f"define('DB_NAME', '{self.database}'); define('DB_USER', '{self.database}');",
            f"define('DB_PASSWORD', '{PASSWORD}'); define('DB_HOST', 'localhost');",
            "define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');",
            f"define('WP_HOME', '{self.url}'); define('WP_SITEURL', '{self.url}');",
            "define('DISABLE_WP_CRON', true); define('AUTOMATIC_UPDATER_DISABLED', true);",
            "define('WP_HTTP_BLOCK_EXTERNAL', true);",
            *(f"define('{name}', '{uuid.uuid4().hex}');" for name in _SALTS),
            "$table_prefix = 'wp_';",
            *self._config,
            "define('ABSPATH', __DIR__ . '/');",
            "require_once ABSPATH . 'wp-settings.php';",
        ]
        return "\n".join(lines) + "\n"

    def _mariadb(self, statements: str) -> None:
        subprocess.run(["mariadb", "-e", statements], check=True, capture_output=True, timeout=30)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_SALTS = [
    f"{name}_{kind}" for name in ("AUTH", "SECURE_AUTH", "LOGGED_IN", "NONCE") for kind in ("KEY", "SALT")
]


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
