# Runs Perl's Net::Akismet, unchanged; names of the service lead to the service through the proxy that LWP knows of.
use strict; use warnings; use JSON::PP; use Net::Akismet; use LWP::UserAgent;
my ($port, $key) = @ARGV;
{ no warnings 'redefine'; my $new = \&LWP::UserAgent::new;
  *LWP::UserAgent::new = sub { my $ua = $new->(@_); $ua->proxy('http', "http://127.0.0.1:$port/"); $ua }; }
my $texts = decode_json(do { local $/; <STDIN> });
my %out = (bad => defined Net::Akismet->new(KEY => 'wrongwrongwr', URL => 'https://courier.example') ? 1 : 0);
my $client = Net::Akismet->new(KEY => $key, URL => 'https://courier.example') or die 'the key is not taken';
utf8::encode($_) for values %$texts;
for my $name (keys %$texts) {
    $out{$name} = $client->check(USER_IP => '192.0.2.7', COMMENT_USER_AGENT => 'Mozilla/5.0', COMMENT_AUTHOR => 'Ada', COMMENT_CONTENT => $texts->{$name});
}
my %told = (USER_IP => '192.0.2.7', COMMENT_USER_AGENT => 'Mozilla/5.0', COMMENT_AUTHOR => 'Chi', COMMENT_CONTENT => $texts->{doubt});
$out{spam_reported} = $client->spam(%told) ? 1 : 0;
$out{ham_reported} = $client->ham(%told) ? 1 : 0;
print encode_json(\%out);
