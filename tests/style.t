#!/usr/bin/env perl
# style.t: what the compiler does not check: formatting, which folder includes which, names of symbols.
use strict;
use warnings;
use File::Basename;

chdir(dirname(__FILE__) . "/..") or die;
my @files = grep { -e } split /\n/, `git ls-files '*.c' '*.h'`;
my $n = 0;

sub report {
	my ($what, @bad) = @_;
	$n++;
	print @bad ? "not " : "", "ok $n - $what\n";
	print "# $_\n" for @bad;
}

# Which folders a folder's files may include (docs/architecture.md).
my %may = (
	types    => [qw(types)],
	abi      => [qw(abi)],
	run      => [qw(types run)],
	lib      => [qw(types run)],          # and the libraries that the descriptor names
	targets  => [qw(types run abi)],
	libc     => [qw(types run)],
	tender   => [qw(abi)],
	cli      => [qw(types run lib abi)],
	examples => [qw(types run lib)],
	tests    => [qw(types run lib targets cli abi)],
	bench    => [qw(types run lib targets)],
);

my %owner;    # mir/NAME.h -> folder that has it
for (grep m{(^|/)mir/[^/]+\.h$}, @files) {
	my ($dir, $name) = m{^(.*?)/?mir/([^/]+\.h)$};
	$owner{"mir/$name"} = $dir;
}

sub slurp {
	my ($path) = @_;
	open my $f, '<', $path or die "$path: $!";
	local $/;
	return <$f>;
}

my (%names, %provider, %named, %text);    # library folder -> the folders that its descriptor allows
for my $conf (split /\n/, `git ls-files '*device.conf'`) {
	$text{$conf} = slurp($conf);
	$named{$1} = dirname($conf) if $text{$conf} =~ /^(?:device|library):\s*(\S+)/m;
	push @{ $provider{$1} }, dirname($conf) if $text{$conf} =~ /^provides:\s*(\w+)/m;
}
for my $conf (keys %text) {
	my $allowed = $names{ dirname($conf) } ||= [];
	push @$allowed, map { $named{$_} || "lib/$_" } map { split /\s*,\s*/ } $text{$conf} =~ /^uses:\s*(.*?)\s*(?:#.*)?$/mg;
	push @$allowed, map { @{ $provider{$_} || [] } } $text{$conf} =~ /^need-\w+:\s*(\w+)/mg;
}

my @direction;
for my $path (@files) {
	my ($top) = split m{/}, $path;
	my ($dir) = $path =~ m{^(lib/[^/]+)/};
	next if $path =~ m{/(tests|fuzz)/} || !$may{$top};
	my $text = slurp($path);
	while ($text =~ /^\s*#\s*include\s+<(mir\/[^>]+)>/mg) {
		my $from = $owner{$1};
		next unless defined $from;
		my ($folder) = split m{/}, $from;
		next if grep { $_ eq $folder } @{ $may{$top} };
		next if $dir && ($from eq $dir || grep { $_ eq $from } @{ $names{$dir} || [] });
		next if $top =~ /^(targets|libc)$/ && ($folder eq $top || grep { $_ eq $from } @{ $names{ dirname($path) } || [] });
		push @direction, "$path includes <$1> of $from/";
	}
}
report("includes point the right way", @direction);

my @banned;
for my $path (@files) {
	my $line = 0;
	for (split /\n/, slurp($path)) {
		$line++;
		push @banned, "$path:$line: $1" if /\b(strcpy|strcat|sprintf|vsprintf|strncpy)\s*\(|\bgets\(/;
	}
}
report("no unbounded copies", @banned);

report("files of at most 600 lines", grep { (() = slurp($_) =~ /\n/g) > 600 } @files);

my @ifdef;
for my $path (grep m{^(run|lib|types)/.*\.[ch]$}, @files) {
	next if $path =~ m{/(tests|fuzz)/};
	push @ifdef, $path if slurp($path) =~ /^\s*#\s*if.*\b(__linux__|__unix__|MIR_TARGET_(?!H\b)\w+)\b/m;
}
report("no target is named in run, lib or types", @ifdef);

if (system("command -v clang-format-14 >/dev/null") == 0) {
	my @bad = map { /^(\S+?:\d+)/ ? $1 : () } `clang-format-14 --dry-run @files 2>&1`;
	my %seen;
	report("clang-format", grep { !$seen{$_}++ } @bad);
} else {
	$n++;
	print "ok $n - clang-format # SKIP clang-format-14 is not installed\n";
}

# Symbols of objects that go into images start with mir_ (main.c's and the application's are its own).
my @objects = grep { -e } map { s/\.c$/.o/r } map { "build/san/$_" } grep m{^(run|lib|targets)/} && !m{/(tests|fuzz)/}, @files;
if (@objects) {
	my @bad;
	for my $object (@objects) {
		for (`nm -g --defined-only $object`) {
			my ($name) = /\s([A-Za-z_]\w*)$/ or next;
			next if $name =~ /^(mir_|llhttp_|__asan_|__odr_asan|__sanitizer|__asan|__wrap_|main$)/;
			push @bad, "$object: $name";
		}
	}
	report("external symbols start with mir_", @bad);
} else {
	$n++;
	print "ok $n - external symbols start with mir_ # SKIP no objects: make test builds them\n";
}

print "1..$n\n";
exit 0;
