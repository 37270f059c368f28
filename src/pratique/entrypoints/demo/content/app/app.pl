#!/usr/bin/perl
# The demo's application: an HTTP server that answers with the versions of the packages that it really runs with.
use strict;
use warnings;
use IO::Socket::INET;

$SIG{TERM} = sub { exit 0 };
$SIG{PIPE} = 'IGNORE';
my $server = IO::Socket::INET->new(LocalPort => 8080, Listen => 16, ReuseAddr => 1) or die "cannot listen: $!\n";
while (1) {
    my $client = $server->accept or next;
    while (defined(my $line = <$client>)) { last if $line =~ /^\r?\n$/ }
    my $body = `dpkg-query --show --showformat='\${Package} \${Version}\n' liblzma5 libpcre2-8-0 libssl3 perl-base`;
    print $client "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ", length $body, "\r\n\r\n", $body;
    close $client;
}
